#include "core/condition/rule.h"

#include <algorithm>

#include "core/condition/literal.h"
#include "core/condition/operators.h"

namespace workflow {
namespace {

std::string Quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

constexpr const char* kFinish = "Finish the rule, or take it out.";

class RuleCompiler {
 public:
  RuleCompiler(const Json& rule, const std::string& path, FieldScope& scope, Problems* problems)
      : rule_(rule), path_(path), scope_(scope), problems_(problems) {}

  std::optional<ConditionNode> Compile(const Siblings& siblings);

 private:
  const std::string* Word(std::string_view key);
  const OperatorInfo* ReadOperator();
  bool CheckFit(const OperatorInfo& op, const Field& field);
  bool ReadValue(const Subject& subject, ConditionNode* node);
  bool ReadDuration(const Subject& subject, ConditionNode* node);
  std::optional<std::vector<Item>> Items(const Subject& subject);
  std::optional<uint32_t> OtherField(const Subject& subject, const Item& item);
  bool ReadLiterals(const Subject& subject, ConditionNode* node);
  bool ReadFields(const Subject& subject, ConditionNode* node);
  bool CheckCount(const Subject& subject, size_t count);
  bool Defer(const OperatorInfo& op, const Field& field, ConditionNode* node);
  void WarnOfEmpty(const OperatorInfo& op, const Field& field, const Siblings& siblings);

  const std::string& field_name() const { return rule_.Find("field")->string(); }
  std::string value_path() const { return Pointer(path_, "value"); }

  const Json& rule_;
  const std::string& path_;
  FieldScope& scope_;
  Problems* problems_;
};

// A key that must hold a non-empty string. "~" is what the query builder writes where nothing is chosen yet.
const std::string* RuleCompiler::Word(std::string_view key) {
  const Json* word = rule_.Find(key);
  if (word != nullptr && !word->is_string()) {
    problems_->Error(Pointer(path_, key), Quoted(key) + " must be a string, not a " + word->KindName());
    return nullptr;
  }
  if (word == nullptr || word->string().empty() || word->string() == "~") {
    problems_->Error(word == nullptr ? path_ : Pointer(path_, key), "the rule is unfinished: it has no " + Quoted(key), kFinish);
    return nullptr;
  }
  return &word->string();
}

const OperatorInfo* RuleCompiler::ReadOperator() {
  const std::string* name = Word("operator");
  if (name == nullptr) return nullptr;
  if (const OperatorInfo* op = FindOperator(*name)) return op;
  const std::string place = Pointer(path_, "operator");
  const std::vector<std::string> known = OperatorNames();
  std::string hint = NearestHint(*name, known);
  if (hint.empty()) {
    for (const std::string& one : known) hint += (hint.empty() ? "The operators are " : ", ") + one;
    hint += '.';
  }
  problems_->Error(place, "unknown operator " + Quoted(*name), hint);
  return nullptr;
}

bool RuleCompiler::CheckFit(const OperatorInfo& op, const Field& field) {
  const Fit fit = FitOf(op.family, field.type);
  if (fit != Fit::kNo) return true;
  const std::string what = "operator " + Quoted(op.name) + " on " + Quoted(field_name()) + " of type " + TypeName(field.type);
  const std::string place = Pointer(path_, "operator");
  const bool list = field.type.kind == TypeKind::kList;
  problems_->Error(place, what + " has no meaning",
                   list ? "Use \"contains\", \"containsAny\" or \"containsAll\" for the members of a list." : "");
  return false;
}

bool RuleCompiler::CheckCount(const Subject& subject, size_t count) {
  const std::string unfinished = "the rule on " + Quoted(subject.name) + " is unfinished: ";
  const std::string op = "operator " + Quoted(subject.op.name);
  if (subject.op.family == Family::kRange && count < 2) {
    problems_->Error(value_path(), unfinished + op + " needs two bounds");
  } else if (subject.op.family == Family::kRange && count > 2) {
    problems_->Error(value_path(), op + " takes two bounds, not " + std::to_string(count));
  } else if (count == 0) {
    problems_->Error(value_path(), unfinished + "its list is empty");
  } else {
    return true;
  }
  return false;
}

bool IsPlural(Family family) { return family == Family::kChoice || family == Family::kRange || family == Family::kOverlap; }

// The value, or the values of an operator that takes several, each with its place.
std::optional<std::vector<Item>> RuleCompiler::Items(const Subject& subject) {
  const Json& json = *rule_.Find("value");
  if (!IsPlural(subject.op.family)) return std::vector<Item>{{json, value_path()}};
  std::optional<std::vector<Item>> items = SplitItems(subject, json, value_path(), problems_);
  if (items && !CheckCount(subject, items->size())) return {};
  return items;
}

bool RuleCompiler::ReadLiterals(const Subject& subject, ConditionNode* node) {
  const std::optional<std::vector<Item>> items = Items(subject);
  if (!items) return false;
  for (const Item& item : *items) {
    std::optional<Value> value = CompileLiteral(subject, item.json, item.path, problems_);
    if (value) node->values.push_back(*std::move(value));
  }
  return node->values.size() == items->size();
}

// valueSource "field": `value` names fields instead of literals.
bool RuleCompiler::ReadFields(const Subject& subject, ConditionNode* node) {
  const Family family = subject.op.family;
  if (subject.op.change || family == Family::kOverlap || family == Family::kAge || family == Family::kPattern) {
    problems_->Error(Pointer(path_, "valueSource"), "operator " + Quoted(subject.op.name) + " cannot be used with another field");
    return false;
  }
  const std::optional<std::vector<Item>> items = Items(subject);
  if (!items) return false;
  for (const Item& item : *items) {
    if (const std::optional<uint32_t> other = OtherField(subject, item)) node->value_fields.push_back(*other);
  }
  return node->value_fields.size() == items->size();
}

std::optional<uint32_t> RuleCompiler::OtherField(const Subject& subject, const Item& item) {
  if (!item.json.is_string() || item.json.string().empty()) {
    problems_->Error(item.path, "the name of a field is needed here");
    return {};
  }
  const std::optional<uint32_t> other = scope_.Resolve(item.json.string(), item.path, problems_);
  if (!other || Comparable(subject.op.family, subject.type, scope_.At(*other).type)) return other;
  problems_->Error(item.path, Quoted(subject.name) + " of type " + TypeName(subject.type) + " cannot be compared with " +
                                  Quoted(item.json.string()) + " of type " + TypeName(scope_.At(*other).type));
  return {};
}

bool RuleCompiler::ReadDuration(const Subject& subject, ConditionNode* node) {
  const Json& json = *rule_.Find("value");
  if (IsUnfinished(subject, json)) {
    problems_->Error(value_path(), "the rule on " + Quoted(subject.name) + " is unfinished: its value is empty", kFinish);
    return false;
  }
  const std::string hint = "Write a duration such as \"30 days\".";
  node->duration = json.is_string() ? ParseDuration(json.string()) : std::nullopt;
  if (!node->duration) {
    problems_->Error(value_path(), "operator " + Quoted(subject.op.name) + " needs a duration", hint);
    return false;
  }
  if (node->duration->is_negative() || node->duration->is_zero()) {
    problems_->Error(value_path(), "the duration of " + Quoted(subject.op.name) + " must be greater than zero", hint);
    return false;
  }
  if (subject.type.kind == TypeKind::kDate && node->duration->us != 0) {
    problems_->Error(value_path(), Quoted(subject.name) + " is a date and has no hours", "Use days, weeks, months or years.");
    return false;
  }
  return true;
}

bool RuleCompiler::ReadValue(const Subject& subject, ConditionNode* node) {
  if (subject.op.family == Family::kPresence) return true;  // the query builder keeps a value here that means nothing
  const Json* source = rule_.Find("valueSource");
  const bool literal = source == nullptr || (source->is_string() && source->string() == "value");
  if (!literal && !(source->is_string() && source->string() == "field")) {
    problems_->Error(Pointer(path_, "valueSource"), "\"valueSource\" must be \"value\" or \"field\"");
    return false;
  }
  if (rule_.Find("value") == nullptr) {
    problems_->Error(path_, "the rule on " + Quoted(subject.name) + " is unfinished: it has no \"value\"", kFinish);
    return false;
  }
  if (!literal) return ReadFields(subject, node);
  return subject.op.family == Family::kAge ? ReadDuration(subject, node) : ReadLiterals(subject, node);
}

// What the core cannot decide is put to the server, where somebody asks it.
bool RuleCompiler::Defer(const OperatorInfo& op, const Field& field, ConditionNode* node) {
  const auto is_other = [&](uint32_t other) { return FitOf(op.family, scope_.At(other).type) == Fit::kServer; };
  const bool asks = FitOf(op.family, field.type) == Fit::kServer ||
                    (op.family != Family::kPresence && std::any_of(node->value_fields.begin(), node->value_fields.end(), is_other));
  if (!asks) return true;
  const std::optional<uint32_t> index = scope_.Defer({.rule = *node, .path = path_});
  if (index) {
    node->deferred = static_cast<int32_t>(*index);
    return true;
  }
  problems_->Error(Pointer(path_, "operator"),
                   "operator " + Quoted(op.name) + " on " + Quoted(field_name()) + " of type " + TypeName(field.type) + " is not known here",
                   "Only the database can decide it; put it into the filter of a trigger.");
  return false;
}

// Whether a rule beside this one says what empty means: `or null`, or `and notNull`.
void RuleCompiler::WarnOfEmpty(const OperatorInfo& op, const Field& field, const Siblings& siblings) {
  if (!op.negative || !field.nullable) return;
  const auto holds = [](const Json& rule, std::string_view key, std::string_view text) {
    const Json* found = rule.Find(key);
    return found != nullptr && found->is_string() && found->string() == text;
  };
  const auto answers = [&](const Json& rule) {
    const Json* muted = rule.Find("muted");
    if (muted != nullptr && muted->is_boolean() && muted->boolean()) return false;
    return holds(rule, "field", field_name()) && holds(rule, "operator", siblings.any ? "null" : "notNull");
  };
  if (siblings.rules != nullptr && std::any_of(siblings.rules->begin(), siblings.rules->end(), answers)) return;
  problems_->Warning(path_, Quoted(field_name()) + " may be empty, and rows where it is empty do not match",
                     "Add a rule with the operator \"null\", joined by \"or\", if they should match.");
}

std::optional<ConditionNode> RuleCompiler::Compile(const Siblings& siblings) {
  const std::vector<std::string> known = {"field", "operator", "value", "valueSource", "id", "path", "disabled", "muted"};
  CheckKeys(rule_, known, "rule", path_, problems_);
  Flag(rule_, "disabled", path_, problems_);
  const std::string* name = Word("field");
  const OperatorInfo* op = ReadOperator();
  const std::optional<uint32_t> index =
      name == nullptr ? std::nullopt : scope_.Resolve(*name, Pointer(path_, "field"), problems_);
  if (op == nullptr || !index) return {};

  // A copy: resolving another field may move the scope's table.
  const Field field = scope_.At(*index);
  if (!CheckFit(*op, field)) return {};
  ConditionNode node;
  node.op = op->op;
  node.field = *index;
  node.type = field.type.kind;
  node.element = field.type.element;
  const Type operand = OperandType(op->family, field.type);
  if (!ReadValue({*name, operand, *op}, &node)) return {};
  if (op->change) {
    node.old_field = scope_.Old(*index, Pointer(path_, "operator"), problems_);
    if (!node.old_field) return {};
  }
  if (!Defer(*op, field, &node)) return {};
  WarnOfEmpty(*op, field, siblings);
  return node;
}

// {"sql": "…"}: whether it is one boolean expression the server says when the definition is published.
std::optional<ConditionNode> CompileSql(const Json& rule, const std::string& path, FieldScope& scope, Problems* problems) {
  const std::vector<std::string> known = {"sql", "id", "path", "disabled", "muted"};
  CheckKeys(rule, known, "rule of SQL", path, problems);
  Flag(rule, "disabled", path, problems);
  const Json& sql = *rule.Find("sql");
  const std::string place = Pointer(path, "sql");
  if (!sql.is_string() || sql.string().find_first_not_of(" \t\r\n") == std::string::npos) {
    problems->Error(place, "\"sql\" must be one boolean expression, as a text that is not empty");
    return {};
  }
  ConditionNode node;
  node.op = Operator::kSql;
  const std::optional<uint32_t> index = scope.Defer({.rule = node, .sql = sql.string(), .path = place});
  if (!index) {
    problems->Error(place, "\"sql\" is not known here", "Only the database can decide it; put it into the filter of a trigger.");
    return {};
  }
  node.deferred = static_cast<int32_t>(*index);
  return node;
}

}  // namespace

std::optional<ConditionNode> CompileRule(const Json& rule, const std::string& path, const Siblings& siblings, RuleList* rules) {
  std::optional<ConditionNode> node = rule.Find("sql") != nullptr
                                          ? CompileSql(rule, path, rules->scope, rules->problems)
                                          : RuleCompiler(rule, path, rules->scope, rules->problems).Compile(siblings);
  if (!node) return {};
  node->number = static_cast<uint32_t>(rules->paths.size());
  rules->paths.push_back(path);
  return node;
}

void CheckKeys(const Json& object, const std::vector<std::string>& known, const char* what, const std::string& path,
               Problems* problems) {
  for (const auto& [key, value] : object.object()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems->Error(Pointer(path, key), "unknown key " + Quoted(key) + " in a " + what, NearestHint(key, known));
  }
}

bool Flag(const Json& object, std::string_view key, const std::string& path, Problems* problems) {
  const Json* flag = object.Find(key);
  if (flag == nullptr) return false;
  if (!flag->is_boolean()) problems->Error(Pointer(path, key), Quoted(key) + " must be true or false");
  return flag->is_boolean() && flag->boolean();
}

}  // namespace workflow
