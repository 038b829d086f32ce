// An order table and short ways to attach it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "binding_corpus.h"

namespace workflow::binding_test {

inline Json Parsed(const std::string& text) {
  std::string error;
  std::optional<Json> json = Json::Parse(text, &error);
  EXPECT_TRUE(json.has_value()) << error << " in " << text;
  return json.value_or(Json());
}

inline RelationDescription Orders() {
  return RelationOf(Parsed(R"j({"name": "orders", "primary_key": ["id"], "columns": [
    {"name": "id", "type": "bigint", "not_null": true}, {"name": "org_id", "type": "integer"},
    {"name": "customer_id", "type": "uuid"}, {"name": "email", "type": "text"}, {"name": "status", "type": "text"},
    {"name": "total", "type": "numeric(10,2)", "not_null": true, "generated": true}, {"name": "paid_at", "type": "timestamptz"},
    {"name": "eta", "type": "date"}, {"name": "shipped", "type": "timestamp"}, {"name": "labels", "type": "text[]"},
    {"name": "data", "type": "jsonb"}, {"name": "flags", "type": "integer[]"}, {"name": "place", "type": "point"}]})j"));
}

// The binding with the entity order and a contact, and `more` members after them.
inline Json OrderBinding(const std::string& more = "") {
  return Parsed(R"({"entity": "order", "contact": "customer_id")" + (more.empty() ? "" : ", " + more) + "}");
}

struct Attached {
  std::optional<Binding> binding;
  Problems problems;

  const Binding& operator*() const { return *binding; }
  const Binding* operator->() const { return &*binding; }
  // The problem at `path`; an empty one where there is none.
  Problem At(const std::string& path) const {
    for (const Problem& problem : problems.list()) {
      if (problem.path == path) return problem;
    }
    return {};
  }
};

inline Attached Attach(const Json& document, const RelationDescription& relation = Orders()) {
  Attached attached;
  attached.binding = CompleteBinding(document, relation, &attached.problems);
  EXPECT_EQ(attached.binding.has_value(), !attached.problems.HasErrors());
  return attached;
}

inline const BoundEvent* Event(const Binding& binding, const std::string& name) {
  for (const BoundEvent& event : binding.events) {
    if (event.name == name) return &event;
  }
  return nullptr;
}

inline std::vector<std::string> EventNames(const Binding& binding) {
  std::vector<std::string> names;
  for (const BoundEvent& event : binding.events) names.push_back(event.name);
  return names;
}

}  // namespace workflow::binding_test
