// The shape of a condition: groups, levels, what is muted. What a single rule says is compiled in rule.cpp.
#include <algorithm>

#include "core/condition/condition.h"
#include "core/condition/rule.h"

namespace workflow {
namespace {

size_t CountErrors(const Problems& problems) {
  return static_cast<size_t>(std::count_if(problems.list().begin(), problems.list().end(),
                                           [](const Problem& p) { return p.severity == Severity::kError; }));
}

bool EqualsIgnoringCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

class GroupCompiler {
 public:
  GroupCompiler(FieldScope& scope, Problems* problems) : list_{scope, problems}, problems_(problems) {}

  std::vector<std::string>& paths() { return list_.paths; }

  std::optional<ConditionNode> Root(const Json& json, const std::string& path);

 private:
  using Kind = ConditionNode::Kind;

  std::optional<ConditionNode> Node(const Json& json, const std::string& path, int level, const Siblings& siblings);
  std::optional<ConditionNode> Group(const Json& json, const std::string& path, int level);
  std::optional<ConditionNode> Members(const Json::Array& rules, Kind kind, const std::string& path, int level);
  std::optional<Kind> Combinator(const Json& group, const std::string& path);
  bool HasSeparators(const Json* rules, const std::string& path);

  RuleList list_;
  Problems* problems_;
  int rules_ = 0;
};

std::optional<ConditionNode> GroupCompiler::Root(const Json& json, const std::string& path) {
  if (json.is_array()) return Members(json.array(), Kind::kAnd, path, 1);
  if (json.is_object() && Flag(json, "muted", path, problems_)) {
    problems_->Error(path, "the whole condition is muted", "Leave the condition out, or unmute it.");
    return {};
  }
  return Node(json, path, 1, {});
}

std::optional<ConditionNode> GroupCompiler::Node(const Json& json, const std::string& path, int level, const Siblings& siblings) {
  if (!json.is_object()) {
    problems_->Error(path, std::string("a rule or a group of rules is needed here, not a ") + json.KindName());
    return {};
  }
  if (json.Find("rules") != nullptr || json.Find("combinator") != nullptr) return Group(json, path, level);
  if (++rules_ > kConditionRulesMax) {
    if (rules_ == kConditionRulesMax + 1) {
      problems_->Error(path, "a condition may have at most " + std::to_string(kConditionRulesMax) + " rules");
    }
    return {};
  }
  return CompileRule(json, path, siblings, &list_);
}

// In the query builder's other form of group, combinators stand between the rules.
bool GroupCompiler::HasSeparators(const Json* rules, const std::string& path) {
  if (rules == nullptr || !rules->is_array()) return false;
  const auto is_string = [](const Json& rule) { return rule.is_string(); };
  if (std::none_of(rules->array().begin(), rules->array().end(), is_string)) return false;
  problems_->Error(Pointer(path, "rules"), "combinators between the rules of a group are not supported",
                   "Give the group one \"combinator\" and use nested groups where it has to differ.");
  return true;
}

std::optional<ConditionNode::Kind> GroupCompiler::Combinator(const Json& group, const std::string& path) {
  const Json* combinator = group.Find("combinator");
  if (combinator == nullptr) {
    problems_->Error(path, "the group has no \"combinator\"", "Write \"and\" or \"or\".");
    return {};
  }
  const std::string text = combinator->is_string() ? combinator->string() : std::string();
  if (EqualsIgnoringCase(text, "and")) return Kind::kAnd;
  if (EqualsIgnoringCase(text, "or")) return Kind::kOr;
  if (EqualsIgnoringCase(text, "xor")) {
    problems_->Error(Pointer(path, "combinator"), "combinator \"xor\" is not supported",
                     "Write it with \"and\", \"or\" and \"not\".");
  } else {
    problems_->Error(Pointer(path, "combinator"), "\"combinator\" must be \"and\" or \"or\"");
  }
  return {};
}

std::optional<ConditionNode> GroupCompiler::Group(const Json& json, const std::string& path, int level) {
  if (level > kConditionLevelsMax) {
    problems_->Error(path, "a condition may have at most " + std::to_string(kConditionLevelsMax) + " levels of groups");
    return {};
  }
  const std::vector<std::string> known = {"combinator", "not", "rules", "id", "path", "disabled", "muted"};
  CheckKeys(json, known, "group", path, problems_);
  Flag(json, "disabled", path, problems_);
  const bool negated = Flag(json, "not", path, problems_);
  const Json* rules = json.Find("rules");
  if (HasSeparators(rules, path)) return {};
  const std::optional<Kind> kind = Combinator(json, path);
  if (rules == nullptr) {
    problems_->Error(path, "the group has no \"rules\"");
    return {};
  }
  if (!rules->is_array()) {
    problems_->Error(Pointer(path, "rules"), std::string("\"rules\" must be an array, not a ") + rules->KindName());
    return {};
  }
  std::optional<ConditionNode> group = Members(rules->array(), kind.value_or(Kind::kAnd), Pointer(path, "rules"), level);
  if (!group || !kind) return {};
  group->negated = negated;
  return group;
}

std::optional<ConditionNode> GroupCompiler::Members(const Json::Array& rules, Kind kind, const std::string& path, int level) {
  ConditionNode group;
  group.kind = kind;
  const Siblings siblings{.rules = &rules, .any = kind == Kind::kOr};
  bool heard = false;  // one that is not muted
  for (size_t i = 0; i < rules.size(); ++i) {
    const std::string place = Pointer(path, i);
    if (rules[i].is_object() && Flag(rules[i], "muted", place, problems_)) continue;
    heard = true;
    if (std::optional<ConditionNode> child = Node(rules[i], place, level + 1, siblings))
      group.children.push_back(*std::move(child));
  }
  if (!heard) {
    problems_->Error(path, rules.empty() ? "the group is empty" : "all rules of the group are muted",
                     "A group without rules would be true for everybody.");
  }
  if (group.children.empty()) return {};
  return group;
}

void Collect(const ConditionNode& node, std::vector<uint32_t>* fields) {
  if (node.kind == ConditionNode::Kind::kRule && node.op != Operator::kSql) {
    fields->push_back(node.field);
    if (node.old_field) fields->push_back(*node.old_field);
    fields->insert(fields->end(), node.value_fields.begin(), node.value_fields.end());
  }
  for (const ConditionNode& child : node.children) Collect(child, fields);
}

void CollectDeferred(const ConditionNode& node, std::vector<uint32_t>* rules) {
  if (node.deferred >= 0) rules->push_back(static_cast<uint32_t>(node.deferred));
  for (const ConditionNode& child : node.children) CollectDeferred(child, rules);
}

bool HasSql(const ConditionNode& node) {
  return (node.kind == ConditionNode::Kind::kRule && node.op == Operator::kSql) ||
         std::any_of(node.children.begin(), node.children.end(), HasSql);
}

std::vector<uint32_t> Sorted(std::vector<uint32_t> numbers) {
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

}  // namespace

std::optional<Condition> CompileCondition(const Json& json, const std::string& path, FieldScope& scope, Problems* problems) {
  const size_t errors = CountErrors(*problems);
  GroupCompiler compiler(scope, problems);
  std::optional<ConditionNode> root = compiler.Root(json, path);
  if (!root || CountErrors(*problems) > errors) return {};
  return Condition{*std::move(root), std::move(compiler.paths())};
}

std::vector<uint32_t> FieldsOf(const Condition& condition) {
  std::vector<uint32_t> fields;
  Collect(condition.root, &fields);
  return Sorted(std::move(fields));
}

std::vector<uint32_t> DeferredOf(const Condition& condition) {
  std::vector<uint32_t> rules;
  CollectDeferred(condition.root, &rules);
  return Sorted(std::move(rules));
}

bool ReadsSql(const Condition& condition) { return HasSql(condition.root); }

}  // namespace workflow
