#include "core/condition/seen.h"

#include <algorithm>

#include "core/condition/operators.h"

namespace workflow {
namespace {

constexpr size_t kValueMost = 80;
constexpr size_t kTextMost = 400;

// Between characters, never inside one.
std::string Cut(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most) + "…";
}

void CollectSeen(const ConditionNode& node, std::vector<const ConditionNode*>* rules) {
  if (node.kind == ConditionNode::Kind::kRule) rules->push_back(&node);
  for (const ConditionNode& child : node.children) CollectSeen(child, rules);
}

std::string NameAt(const FieldTable& table, uint32_t field) {
  return field < table.fields.size() ? FieldPath(table.fields[field]) : "field " + std::to_string(field);
}

std::string RuleWords(const ConditionNode& rule, const FieldTable& table) {
  if (rule.op == Operator::kSql) {
    return rule.deferred < 0 ? "sql" : "sql (" + Cut(table.deferred[static_cast<size_t>(rule.deferred)]->sql, kValueMost) + ')';
  }
  std::string words = NameAt(table, rule.field) + ' ' + std::string(InfoOf(rule.op).name);
  if (rule.duration) return words + ' ' + FormatDuration(*rule.duration);
  std::string operands;
  const auto add = [&](const std::string& operand) { operands += (operands.empty() ? "" : ", ") + operand; };
  for (const uint32_t field : rule.value_fields) add(NameAt(table, field));
  for (const Value& value : rule.values) add(ValueSeen(value));
  return operands.empty() ? words : words + ' ' + Cut(std::move(operands), kValueMost);
}

}  // namespace

std::string FieldPath(const Field& field) {
  std::string name;
  switch (field.scope) {
    case Scope::kRow: name = field.entity + '.' + field.name; break;
    case Scope::kOld: name = "old." + field.name; break;
    case Scope::kEvent: name = "event." + field.name; break;
    case Scope::kEnrollment: name = "enrollment." + field.name; break;
    case Scope::kMessage: name = "message." + field.entity + '.' + field.name; break;
    case Scope::kLine: name = "line"; break;
    case Scope::kStep: name = "step." + field.name; break;
    case Scope::kWorkflow: name = "workflow." + field.name + ".active"; break;
    case Scope::kAccount: name = "account." + field.name; break;
  }
  for (const std::string& key : field.path) name += '.' + key;
  return name;
}

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTrue: return "true";
    case Outcome::kFalse: return "false";
    case Outcome::kNull: return "null";
    case Outcome::kDeferred: return "unknown";
  }
  return "unknown";
}

std::string ValueSeen(const Value& value) {
  if (value.is_null()) return "empty";
  std::string text = Cut(FormatValue(value), kValueMost);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return value.As<std::string>() != nullptr ? '"' + text + '"' : text;
}

std::vector<RuleSeen> RulesSeen(const Condition& condition, const FieldTable& table, const Facts& facts, Instant now, const Zone* zone) {
  std::vector<const ConditionNode*> rules;
  CollectSeen(condition.root, &rules);
  std::vector<RuleSeen> seen;
  for (const ConditionNode* rule : rules) {
    const bool sql = rule->op == Operator::kSql;
    const Value* value = sql || rule->field >= facts.size() ? nullptr : facts[rule->field];
    seen.push_back({rule->number < condition.paths.size() ? condition.paths[rule->number] : std::string(), RuleWords(*rule, table),
                    sql ? std::string() : value == nullptr ? "not known" : ValueSeen(*value), EvaluateRule(*rule, facts, now, zone)});
    // Of a change, what it was before tells as much.
    if (!sql && rule->old_field && facts[*rule->old_field] != nullptr) seen.back().value += ", before " + ValueSeen(*facts[*rule->old_field]);
  }
  return seen;
}

std::string SeenText(const Condition& condition, const FieldTable& table, const Facts& facts, Instant now, const Zone* zone) {
  const bool holds = Evaluate(condition, facts, now, zone) == Outcome::kTrue;
  std::vector<RuleSeen> all = RulesSeen(condition, table, facts, now, zone);
  const auto decides = [&](const RuleSeen& rule) { return (rule.outcome == Outcome::kTrue) == holds; };
  const bool some = std::any_of(all.begin(), all.end(), decides);  // none: it was turned round by a "not"
  std::string text;
  for (const RuleSeen& rule : all) {
    if (some && !decides(rule)) continue;
    text += (text.empty() ? "" : "; ") + rule.rule + (rule.value.empty() ? std::string(" is ") + OutcomeName(rule.outcome) : " (it is " + rule.value + ')');
    if (text.size() > kTextMost) break;
  }
  return Cut(std::move(text), kTextMost);
}

}  // namespace workflow
