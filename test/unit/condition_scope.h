// A place of a document as tests of conditions need it: a few attached columns, names and paths into json.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/condition/condition.h"

namespace workflow::testing {

class TestScope final : public FieldScope {
 public:
  TestScope() {
    Add("contact.email", TypeKind::kText);
    Add("contact.name", TypeKind::kText, false);
    Add("contact.nick", TypeKind::kCitext);
    Add("contact.active", TypeKind::kBoolean);
    Add("contact.vip", TypeKind::kBoolean);
    Add("contact.key", TypeKind::kUuid);
    Add("contact.birthday", TypeKind::kDate);
    Add("contact.seen", TypeKind::kTimestamp);
    Add("contact.code", TypeKind::kOther);
    known_["contact.code"].type.sql_name = "character(5)";
    Add("contact.fee", TypeKind::kOther);
    known_["contact.fee"].type.sql_name = "money";
    Add("contact.tags", TypeKind::kList, true, TypeKind::kText);
    Add("contact.numbers", TypeKind::kList, true, TypeKind::kInteger);
    Add("contact.codes", TypeKind::kList, true, TypeKind::kOther);
    Add("contact.data", TypeKind::kJson);
    Add("contact.data.a", TypeKind::kJson);
    Add("contact.data.b", TypeKind::kJson);
    Add("order.lines", TypeKind::kInteger);
    Add("order.total", TypeKind::kNumeric);
    Add("order.limit", TypeKind::kNumeric);
    Add("order.paid_at", TypeKind::kTimestamptz);
    Add("order.sent_at", TypeKind::kTimestamptz);
    Add("order.status", TypeKind::kEnum);
    known_["order.status"].type.labels =
        std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"draft", "shipped", "delivered"});
    known_["order.status"].type.sql_name = "public.order_status";
    known_["contact.nick"].type.sql_name = "public.citext";
  }

  std::optional<uint32_t> Resolve(std::string_view name, const std::string& path, Problems* problems) override {
    const auto found = known_.find(std::string(name));
    if (found != known_.end()) return table.Intern(found->second);
    std::vector<std::string> names;
    for (const auto& [known, field] : known_) names.push_back(known);
    problems->Error(path, "unknown field \"" + std::string(name) + "\"", NearestHint(name, names));
    return {};
  }

  std::optional<uint32_t> Old(uint32_t field, const std::string& path, Problems* problems) override {
    if (!knows_old) {
      problems->Error(path, "there is no change here");
      return {};
    }
    Field old = table.fields[field];
    old.scope = Scope::kOld;
    return table.Intern(std::move(old));
  }

  const Field& At(uint32_t field) const override { return table.fields[field]; }

  std::optional<uint32_t> Defer(DeferredRule rule) override {
    if (!asks_server) return {};
    table.deferred.push_back(std::make_shared<const DeferredRule>(std::move(rule)));
    return static_cast<uint32_t>(table.deferred.size() - 1);
  }

  bool asks_server = true;
  bool knows_old = true;
  FieldTable table;

 private:
  void Add(const std::string& name, TypeKind kind, bool nullable = true, TypeKind element = TypeKind::kOther) {
    Field field;
    const size_t dot = name.find('.');
    const size_t second = name.find('.', dot + 1);
    field.entity = name.substr(0, dot);
    field.name = name.substr(dot + 1, second == name.npos ? name.npos : second - dot - 1);
    if (second != name.npos) field.path = {name.substr(second + 1)};
    field.type.kind = kind;
    field.type.element = element;
    field.nullable = nullable;
    known_[name] = std::move(field);
  }

  std::map<std::string, Field> known_;
};

// A rule as JSON text; `value` is JSON.
inline std::string RuleOf(std::string_view field, std::string_view op, std::string_view value) {
  return R"({"field": ")" + std::string(field) + R"(", "operator": ")" + std::string(op) + R"(", "value": )" +
         std::string(value) + "}";
}

}  // namespace workflow::testing
