// Asking a condition about a row, for the tests of what conditions mean.
#pragma once

#include <gtest/gtest.h>

#include "condition_scope.h"
#include "core/calendar/civil.h"

namespace workflow::testing {

inline Value Text(std::string text) { return Value(std::move(text)); }
inline Value Number(std::string_view text) { return Value(*Decimal::Parse(text)); }
inline Value JsonOf(std::string_view text) { return Value::OfJson(*Json::Parse(text, nullptr)); }
inline Value InstantOf(std::string_view text) { return Value(*ParseInstant(text)); }

// Fields by name; one that is not given is not known. "old.contact.email" is the value before the change.
using Row = std::map<std::string, Value>;

inline const UtcZone kUtc;

struct Clock {
  Instant now = *ParseInstant("2026-03-31T12:00:00Z");
  const Zone* zone = &kUtc;
};

inline Outcome Answer(std::string_view text, const Row& row, Clock clock = {}) {
  TestScope scope;
  Problems problems;
  const std::optional<Json> json = Json::Parse(text, nullptr);
  EXPECT_TRUE(json.has_value()) << text;
  const std::optional<Condition> condition = json ? CompileCondition(*json, "", scope, &problems) : std::nullopt;
  EXPECT_TRUE(condition.has_value()) << text << ": " << (problems.list().empty() ? "" : problems.list().front().message);
  if (!condition) return Outcome::kDeferred;
  std::vector<const Value*> facts;
  for (const Field& field : scope.table.fields) {
    std::string name = (field.scope == Scope::kOld ? "old." : "") + field.entity + "." + field.name;
    for (const std::string& key : field.path) name += "." + key;
    const auto found = row.find(name);
    facts.push_back(found == row.end() ? nullptr : &found->second);
  }
  return Evaluate(*condition, facts, clock.now, clock.zone);
}

inline Outcome Rule(std::string_view field, std::string_view op, std::string_view value, const Value& fact, Clock clock = {}) {
  return Answer(RuleOf(field, op, value), {{std::string(field), fact}}, clock);
}

inline Outcome Against(std::string_view field, std::string_view op, std::string_view others, const Row& row) {
  return Answer(R"({"field": ")" + std::string(field) + R"(", "operator": ")" + std::string(op) +
                    R"(", "valueSource": "field", "value": )" + std::string(others) + "}",
                row);
}

}  // namespace workflow::testing
