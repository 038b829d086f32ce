#include "core/condition/index.h"

namespace workflow {
namespace {

bool IsTextual(TypeKind kind) { return kind == TypeKind::kText || kind == TypeKind::kUuid || kind == TypeKind::kEnum; }

// The rules of which all must hold for the condition to hold.
void Necessary(const ConditionNode& node, std::vector<const ConditionNode*>* rules) {
  if (node.kind == ConditionNode::Kind::kRule) rules->push_back(&node);
  if (node.kind != ConditionNode::Kind::kAnd || node.negated) return;
  for (const ConditionNode& child : node.children) Necessary(child, rules);
}

// The value, or the member of a list, has to be one of the rule's values.
bool IsEquality(const ConditionNode& rule) {
  switch (rule.op) {
    case Operator::kEqual:
    case Operator::kIn:
    case Operator::kChangedTo:
      return rule.type != TypeKind::kList;
    case Operator::kContains:
    case Operator::kContainsAny:
    case Operator::kContainsAll:
      return rule.type == TypeKind::kList;
    default:
      return false;
  }
}

bool AllAre(const std::vector<Value>& values, bool textual) {
  return !values.empty() && std::all_of(values.begin(), values.end(), [=](const Value& value) {
    return textual ? value.As<std::string>() != nullptr : value.As<int64_t>() != nullptr;
  });
}

}  // namespace

ConditionIndex::OfFact& ConditionIndex::About(const Value* fact) {
  const auto known = std::find_if(by_fact_.begin(), by_fact_.end(), [=](const OfFact& of) { return of.fact == fact; });
  if (known != by_fact_.end()) return *known;
  by_fact_.emplace_back();
  by_fact_.back().fact = fact;
  return by_fact_.back();
}

bool ConditionIndex::PlaceEqual(const ConditionNode& rule, const Value* fact, uint32_t number) {
  if (!IsEquality(rule)) return false;
  const TypeKind kind = rule.type == TypeKind::kList ? rule.element : rule.type;
  const bool textual = IsTextual(kind);
  if ((!textual && kind != TypeKind::kInteger) || !AllAre(rule.values, textual)) return false;
  OfFact& of = About(fact);
  for (const Value& value : rule.values) {
    if (textual) of.texts[*value.As<std::string>()].push_back(number);
    else of.wholes[*value.As<int64_t>()].push_back(number);
  }
  return true;
}

bool ConditionIndex::PlaceBounds(const ConditionNode& rule, const Value* fact, uint32_t number) {
  if (rule.type != TypeKind::kInteger || !AllAre(rule.values, false)) return false;
  const std::pair<int64_t, uint32_t> bound = {*rule.values.front().As<int64_t>(), number};
  std::vector<std::pair<int64_t, uint32_t>>* bounds = nullptr;
  switch (rule.op) {
    case Operator::kGreater:
    case Operator::kGreaterOrEqual:
    case Operator::kBetween:
      bounds = &About(fact).above;
      break;
    case Operator::kLess:
    case Operator::kLessOrEqual:
      bounds = &About(fact).below;
      break;
    default:
      return false;
  }
  bounds->insert(std::upper_bound(bounds->begin(), bounds->end(), bound), bound);
  return true;
}

bool ConditionIndex::Place(const ConditionNode& rule, std::span<const Value* const> facts, uint32_t number, bool bounds) {
  if (rule.deferred >= 0 || !rule.value_fields.empty() || rule.op == Operator::kSql) return false;
  const Value* fact = rule.field < facts.size() ? facts[rule.field] : nullptr;
  if (fact == nullptr) return false;
  return bounds ? PlaceBounds(rule, fact, number) : PlaceEqual(rule, fact, number);
}

void ConditionIndex::Add(const Condition* condition, std::span<const Value* const> facts) {
  const uint32_t number = count_++;
  std::vector<const ConditionNode*> rules;
  if (condition != nullptr) Necessary(condition->root, &rules);
  for (const bool bounds : {false, true}) {  // equality leaves fewer candidates
    for (const ConditionNode* rule : rules) {
      if (Place(*rule, facts, number, bounds)) return;
    }
  }
  always_.push_back(number);
}

void ConditionIndex::FindOne(const OfFact& of, const Value& value) const {
  const auto take = [this](const auto& table, const auto& key) {
    const auto place = table.find(key);
    if (place != table.end()) found_.insert(found_.end(), place->second.begin(), place->second.end());
  };
  if (const std::string* text = value.As<std::string>(); text != nullptr && !of.texts.empty()) take(of.texts, *text);
  const int64_t* whole = value.As<int64_t>();
  if (whole == nullptr) return;
  if (!of.wholes.empty()) take(of.wholes, *whole);
  for (const auto& [bound, number] : of.above) {
    if (bound > *whole) break;
    found_.push_back(number);
  }
  for (auto place = of.below.rbegin(); place != of.below.rend() && place->first >= *whole; ++place) found_.push_back(place->second);
}

void ConditionIndex::Find() const {
  found_.assign(always_.begin(), always_.end());
  const size_t known = found_.size();
  for (const OfFact& of : by_fact_) {
    const List* list = of.fact->AsList();
    if (list == nullptr) {
      FindOne(of, *of.fact);
      continue;
    }
    for (const Value& item : *list) FindOne(of, item);
  }
  if (found_.size() == known || found_.size() == 1) return;
  // A list may lead to one condition more than once.
  std::sort(found_.begin(), found_.end());
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
}

}  // namespace workflow
