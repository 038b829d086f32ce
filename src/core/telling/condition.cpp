// Conditions in words.
#include <algorithm>
#include <array>

#include "core/telling/parts.h"
#include "core/telling/telling.h"
#include "core/telling/words.h"

namespace workflow {
namespace telling {
namespace {

// How the value of an operator is told.
enum class Takes { kNothing, kOne, kAny, kAll, kNone, kTwo, kAge };

struct OperatorWords {
  std::string_view name, words;
  Takes takes = Takes::kOne;
  std::string_view of_times = {};  // where the value is a date or a time
};

constexpr std::array kOperatorWords = {
    OperatorWords{"=", "is"}, OperatorWords{"!=", "is not"}, OperatorWords{"<", "is less than", Takes::kOne, "is before"},
    OperatorWords{">", "is more than", Takes::kOne, "is after"}, OperatorWords{"<=", "is at most", Takes::kOne, "is not after"},
    OperatorWords{">=", "is at least", Takes::kOne, "is not before"}, OperatorWords{"contains", "contains"}, OperatorWords{"beginsWith", "begins with"},
    OperatorWords{"endsWith", "ends with"}, OperatorWords{"doesNotContain", "does not contain"},
    OperatorWords{"doesNotBeginWith", "does not begin with"}, OperatorWords{"doesNotEndWith", "does not end with"},
    OperatorWords{"null", "is empty", Takes::kNothing}, OperatorWords{"notNull", "is not empty", Takes::kNothing},
    OperatorWords{"in", "is one of", Takes::kAny}, OperatorWords{"notIn", "is none of", Takes::kNone},
    OperatorWords{"between", "is between", Takes::kTwo}, OperatorWords{"notBetween", "is not between", Takes::kTwo},
    OperatorWords{"changed", "has changed", Takes::kNothing}, OperatorWords{"changedTo", "has changed to"},
    OperatorWords{"changedFrom", "has changed from"}, OperatorWords{"becameNull", "has become empty", Takes::kNothing},
    OperatorWords{"becameNotNull", "is no longer empty", Takes::kNothing}, OperatorWords{"withinLast", "is within the last", Takes::kAge},
    OperatorWords{"olderThan", "is longer ago than", Takes::kAge}, OperatorWords{"containsAny", "contains any of", Takes::kAny},
    OperatorWords{"containsAll", "contains all of", Takes::kAll}, OperatorWords{"matches", "matches the pattern"}};

// What happens to a message, by the field that has its time.
struct Happening {
  std::string_view field, yes, no;
};
constexpr std::array kHappenings = {Happening{"sent_at", "was sent", "was not sent"}, Happening{"delivered_at", "was delivered", "was not delivered"},
                                    Happening{"opened_at", "was opened", "was not opened"}, Happening{"clicked_at", "was clicked", "was not clicked"},
                                    Happening{"replied_at", "was answered", "was not answered"}, Happening{"bounced_at", "bounced", "did not bounce"}};

bool IsMuted(const Json& json) {
  const Json* muted = json.Find("muted");
  return muted != nullptr && muted->is_boolean() && muted->boolean();
}

bool LooksLikeTime(const Json& value) {
  if (!value.is_string() || value.string().size() < 10) return false;
  const std::string& text = value.string();
  return text[4] == '-' && text[7] == '-' && std::all_of(text.begin(), text.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
}

std::string ListWords(const Json& value, Takes takes) {
  const std::vector<std::string> parts = Each(value);
  return Joined(parts, takes == Takes::kAny || takes == Takes::kNone ? "or" : "and");
}

std::string OperandWords(const OperatorWords& op, const Json& value, bool is_field) {
  if (is_field && value.is_string()) return FieldWords(value.string());
  if (op.takes == Takes::kOne) return value.is_string() ? Quoted(value.string()) : ValueWords(value);
  if (op.takes == Takes::kAge) return value.is_string() ? value.string() : ValueWords(value);
  if (is_field && value.is_array()) {
    std::vector<std::string> fields;
    for (const Json& field : value.array()) fields.push_back(field.is_string() ? FieldWords(field.string()) : ValueWords(field));
    return Joined(fields, "and");
  }
  return ListWords(value, op.takes);
}

// "message "hello" was opened", where a rule asks whether and when something happened to a message; else "".
std::string HappeningWords(std::string_view field, std::string_view op, const Json* value) {
  constexpr std::string_view kRoot = "message.";
  const size_t last = field.rfind('.');
  if (!field.starts_with(kRoot) || last < kRoot.size()) return {};
  const std::string_view what = field.substr(last + 1);
  const auto* known = std::find_if(kHappenings.begin(), kHappenings.end(), [&](const Happening& one) { return one.field == what; });
  if (known == kHappenings.end()) return {};
  const std::string message = "message " + Quoted(field.substr(kRoot.size(), last - kRoot.size())) + ' ';
  if (op == "notNull") return message + std::string(known->yes);
  if (op == "null") return message + std::string(known->no);
  if (value == nullptr || !value->is_string()) return {};
  if (op == "withinLast") return message + std::string(known->yes) + " within the last " + value->string();
  if (op == "olderThan") return message + std::string(known->yes) + " longer ago than " + value->string();
  return {};
}

std::string RuleWords(const Json& rule) {
  Members members(rule);
  for (const char* key : {"id", "path", "disabled", "muted", "valueSource"}) members.Pass(key);
  const std::string field = members.TakeText("field");
  const std::string name = members.TakeText("operator");
  const Json* value = rule.Find("value");
  const auto* op = std::find_if(kOperatorWords.begin(), kOperatorWords.end(), [&](const OperatorWords& one) { return one.name == name; });
  if (op == kOperatorWords.end()) return FieldWords(field) + " " + name + members.Rest();
  members.Pass("value");
  std::string words = HappeningWords(field, name, value);
  const bool is_member = field.starts_with("workflow.") && field.ends_with(".active") && value != nullptr && value->is_boolean();
  if (is_member && (name == "=" || name == "!=")) {
    const std::string_view which = std::string_view(field).substr(9, field.size() - 16);
    return ((name == "=") == value->boolean() ? "the contact is in workflow " : "the contact is not in workflow ") + Quoted(which) + members.Rest();
  }
  if (words.empty()) {
    const bool is_field = TextAt(rule, "valueSource") == "field";
    const bool of_times = value != nullptr && !op->of_times.empty() && !is_field && LooksLikeTime(*value);
    words = FieldWords(field) + ' ' + std::string(of_times ? op->of_times : op->words);
    if (op->takes != Takes::kNothing && value != nullptr) words += ' ' + OperandWords(*op, *value, is_field);
  }
  return words + members.Rest();
}

std::string GroupWords(const Json& rules, const std::string& combinator);

// In brackets where it would else run together with what stands beside it.
std::string PartWords(const Json& part) {
  std::string words = ConditionWords(part);
  const Json* rules = part.is_array() ? &part : part.Find("rules");
  const Json* negated = part.Find("not");
  const bool is_negated = negated != nullptr && negated->is_boolean() && negated->boolean();
  const bool several = rules != nullptr && rules->is_array() && rules->array().size() > 1 && !is_negated;
  return several ? '(' + words + ')' : words;
}

std::string GroupWords(const Json& rules, const std::string& combinator) {
  std::string words;
  for (const Json& rule : rules.array()) {
    if (rule.is_object() && IsMuted(rule)) continue;
    const std::string part = rule.is_string() ? rule.string() : PartWords(rule);
    words += (words.empty() ? "" : ' ' + combinator + ' ') + part;
  }
  return words.empty() ? "nothing" : words;
}

}  // namespace

std::string ConditionWords(const Json& condition) {
  if (condition.is_array()) return GroupWords(condition, "and");
  if (!condition.is_object()) return condition.Dump();
  const Json* rules = condition.Find("rules");
  if (rules == nullptr || !rules->is_array()) {
    Members members(condition);
    const std::string sql = members.TakeText("sql");
    return sql.empty() ? RuleWords(condition) : "the SQL expression (" + sql + ") is true" + members.Rest();
  }
  Members members(condition);
  for (const char* key : {"id", "path", "disabled", "muted", "rules"}) members.Pass(key);
  const std::string combinator = members.TakeText("combinator");
  const std::string words = GroupWords(*rules, combinator.empty() ? "and" : combinator);
  const Json* negated = members.Take("not");
  const bool is_negated = negated != nullptr && negated->is_boolean() && negated->boolean();
  return (is_negated ? "it is not so that (" + words + ')' : words) + members.Rest();
}

}  // namespace telling

std::string DescribeCondition(const Json& condition) { return telling::ConditionWords(condition); }

}  // namespace workflow
