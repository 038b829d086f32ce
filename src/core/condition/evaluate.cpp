// Evaluating a condition. It runs inside the transaction of whoever writes a row, for every row and every listening workflow: a
// simple rule is a few comparisons and takes no memory.
#include <cassert>
#include <new>

#include "core/calendar/civil.h"
#include "core/condition/compare.h"
#include "core/condition/condition.h"

namespace workflow {
namespace {

class Evaluator {
 public:
  Evaluator(const Facts& facts, Instant now, const Zone* zone) : facts_(facts), now_(now), zone_(zone) {}

  Outcome Node(const ConditionNode& node) const;
  void Incomparable(const ConditionNode& node, std::vector<uint32_t>* fields) const;
  void Asked(const ConditionNode& node, std::vector<uint32_t>* rules) const;

 private:
  Outcome Rule(const ConditionNode& rule) const;
  Outcome Deferred(const ConditionNode& rule) const;
  Outcome Change(const ConditionNode& rule, const Value& now, const Value& old) const;
  Outcome Compare(const ConditionNode& rule, Operator op, const Value& value) const;
  template <typename Test>
  Outcome WithOperand(const ConditionNode& rule, size_t index, Test test) const;
  Outcome Any(const ConditionNode& rule, const Value& value) const;
  Outcome Ordered(const ConditionNode& rule, size_t index, Operator op, const Value& value) const;
  Outcome Overlap(const ConditionNode& rule, const Value& value) const;
  Outcome Age(const ConditionNode& rule, const Value& value) const;
  Outcome AgeOf(const ConditionNode& rule, Instant value) const;
  Outcome AgeOf(const ConditionNode& rule, LocalTime value) const;
  Outcome AgeOf(const ConditionNode& rule, Date value) const;

  bool IsKnown(const ConditionNode& rule) const;
  const Value& Fact(uint32_t field) const {
    assert(field < facts_.size() && facts_[field] != nullptr);
    return *facts_[field];
  }

  const Facts& facts_;
  Instant now_;
  const Zone* zone_;
};

Manner MannerOf(const ConditionNode& rule) { return {.type = rule.type, .element = rule.element}; }

Outcome Evaluator::Node(const ConditionNode& node) const {
  if (node.kind == ConditionNode::Kind::kRule) return Rule(node);
  const bool all = node.kind == ConditionNode::Kind::kAnd;
  const Outcome decided = all ? Outcome::kFalse : Outcome::kTrue;
  Outcome outcome = Not(decided);
  for (const ConditionNode& child : node.children) {
    outcome = all ? And(outcome, Node(child)) : Or(outcome, Node(child));
    if (outcome == decided) break;
  }
  return node.negated ? Not(outcome) : outcome;
}

void Evaluator::Incomparable(const ConditionNode& node, std::vector<uint32_t>* fields) const {
  for (const ConditionNode& child : node.children) Incomparable(child, fields);
  if (node.kind != ConditionNode::Kind::kRule || node.deferred >= 0 || !IsKnown(node)) return;
  Value room;
  if (IsEmpty(Unwrapped(Fact(node.field), &room))) return;
  for (const uint32_t other : node.value_fields) {
    if (IsEmpty(Unwrapped(Fact(other), &room))) return;
  }
  if (Rule(node) == Outcome::kNull) fields->push_back(node.field);
}

bool Evaluator::IsKnown(const ConditionNode& rule) const {
  const auto known = [this](uint32_t field) {
    assert(field < facts_.size());
    return facts_[field] != nullptr;
  };
  if (!known(rule.field) || (rule.old_field && !known(*rule.old_field))) return false;
  for (const uint32_t field : rule.value_fields) {
    if (!known(field)) return false;
  }
  return true;
}

bool Holds(Operator op, std::strong_ordering order) {
  switch (op) {
    case Operator::kLess:
      return order < 0;
    case Operator::kGreater:
      return order > 0;
    case Operator::kLessOrEqual:
      return order <= 0;
    case Operator::kGreaterOrEqual:
      return order >= 0;
    default:
      break;
  }
  assert(false);
  return false;
}

// The operator that a negative one is the opposite of; nothing where it is none.
std::optional<Operator> Opposite(Operator op) {
  switch (op) {
    case Operator::kNotEqual:
      return Operator::kEqual;
    case Operator::kDoesNotContain:
      return Operator::kContains;
    case Operator::kDoesNotBeginWith:
      return Operator::kBeginsWith;
    case Operator::kDoesNotEndWith:
      return Operator::kEndsWith;
    case Operator::kNotIn:
      return Operator::kIn;
    case Operator::kNotBetween:
      return Operator::kBetween;
    default:
      return {};
  }
}

// The server's answer. Nobody is asked about what is empty: no operator but those of changes is true or false for it.
Outcome Evaluator::Deferred(const ConditionNode& rule) const {
  const bool strict = rule.op != Operator::kSql && !rule.old_field;
  if (strict && facts_[rule.field] != nullptr) {
    Value room;
    if (IsEmpty(Unwrapped(*facts_[rule.field], &room))) return Outcome::kNull;
  }
  return facts_.Answer(static_cast<size_t>(rule.deferred));
}

// The rules that the server must decide for this condition to be decided. One whose field is not known cannot be asked about.
void Evaluator::Asked(const ConditionNode& node, std::vector<uint32_t>* rules) const {
  if (Node(node) != Outcome::kDeferred) return;
  for (const ConditionNode& child : node.children) Asked(child, rules);
  if (node.kind != ConditionNode::Kind::kRule || node.deferred < 0) return;
  if (node.op == Operator::kSql || IsKnown(node)) rules->push_back(static_cast<uint32_t>(node.deferred));
}

Outcome Evaluator::Rule(const ConditionNode& rule) const {
  if (rule.deferred >= 0) return Deferred(rule);
  if (!IsKnown(rule)) return Outcome::kDeferred;
  Value room;
  const Value& value = Unwrapped(Fact(rule.field), &room);
  if (rule.old_field) {
    Value old_room;
    return Change(rule, value, Unwrapped(Fact(*rule.old_field), &old_room));
  }
  if (rule.op == Operator::kNull) return ToOutcome(IsEmpty(value));
  if (rule.op == Operator::kNotNull) return ToOutcome(!IsEmpty(value));
  if (IsEmpty(value)) return Outcome::kNull;
  const std::optional<Operator> opposite = Opposite(rule.op);
  return opposite ? Not(Compare(rule, *opposite, value)) : Compare(rule, rule.op, value);
}

// What became of a value. True or false, as IS DISTINCT FROM is; on insert all that was there before is null.
Outcome Evaluator::Change(const ConditionNode& rule, const Value& now, const Value& old) const {
  const auto is = [&](const Value& value) { return !IsDistinct(value, rule.values.front(), MannerOf(rule)); };
  switch (rule.op) {
    case Operator::kChanged:
      return ToOutcome(IsDistinct(now, old, MannerOf(rule)));
    case Operator::kChangedTo:
      return ToOutcome(is(now) && !is(old));
    case Operator::kChangedFrom:
      return ToOutcome(is(old) && !is(now));
    case Operator::kBecameNull:
      return ToOutcome(IsEmpty(now) && !IsEmpty(old));
    case Operator::kBecameNotNull:
      return ToOutcome(!IsEmpty(now) && IsEmpty(old));
    default:
      break;
  }
  assert(false);
  return Outcome::kNull;
}

// `test` of the rule's value, or of the one in the field that stands in its place.
template <typename Test>
Outcome Evaluator::WithOperand(const ConditionNode& rule, size_t index, Test test) const {
  if (rule.value_fields.empty()) return test(rule.values[index]);
  Value room;
  return test(Unwrapped(Fact(rule.value_fields[index]), &room));
}

Outcome Evaluator::Compare(const ConditionNode& rule, Operator op, const Value& value) const {
  const auto test = [&](auto how) {
    return WithOperand(rule, 0, [&](const Value& operand) { return how(value, operand, MannerOf(rule)); });
  };
  switch (op) {
    case Operator::kEqual:
      return test(Equal);
    case Operator::kContains:
      return test(Contains);
    case Operator::kBeginsWith:
      return test(BeginsWith);
    case Operator::kEndsWith:
      return test(EndsWith);
    case Operator::kIn:
      return Any(rule, value);
    case Operator::kBetween:
      return And(Ordered(rule, 0, Operator::kGreaterOrEqual, value), Ordered(rule, 1, Operator::kLessOrEqual, value));
    case Operator::kContainsAny:
    case Operator::kContainsAll:
      return Overlap(rule, value);
    case Operator::kWithinLast:
    case Operator::kOlderThan:
      return Age(rule, value);
    default:
      return Ordered(rule, 0, op, value);
  }
}

Outcome Evaluator::Ordered(const ConditionNode& rule, size_t index, Operator op, const Value& value) const {
  return WithOperand(rule, index, [&](const Value& operand) {
    const std::optional<std::strong_ordering> order = Order(value, operand, MannerOf(rule));
    return order ? ToOutcome(Holds(op, *order)) : Outcome::kNull;
  });
}

Outcome Evaluator::Any(const ConditionNode& rule, const Value& value) const {
  const size_t count = rule.values.size() + rule.value_fields.size();
  Outcome outcome = Outcome::kFalse;
  for (size_t i = 0; i < count && outcome != Outcome::kTrue; ++i) {
    outcome = Or(outcome, WithOperand(rule, i, [&](const Value& operand) { return Equal(value, operand, MannerOf(rule)); }));
  }
  return outcome;
}

Outcome Evaluator::Overlap(const ConditionNode& rule, const Value& value) const {
  const bool all = rule.op == Operator::kContainsAll;
  Outcome outcome = ToOutcome(all);
  for (const Value& member : rule.values) {
    const Outcome here = HasMember(value, member, MannerOf(rule));
    outcome = all ? And(outcome, here) : Or(outcome, here);
  }
  return outcome;
}

template <typename T>
Outcome Place(Operator op, T value, T from, T now) {
  return ToOutcome(op == Operator::kOlderThan ? value < from : value >= from && value <= now);
}

Duration Backwards(const Duration& duration) { return {.months = -duration.months, .days = -duration.days, .us = -duration.us}; }

Outcome Evaluator::AgeOf(const ConditionNode& rule, Instant value) const {
  const Duration& duration = *rule.duration;
  const bool civil = duration.months != 0 || duration.days != 0;
  if (civil && zone_ == nullptr) return Outcome::kDeferred;
  const Instant from = civil ? Add(now_, Backwards(duration), *zone_) : Add(now_, Backwards(duration), UtcZone());
  return Place(rule.op, value, from, now_);
}

Outcome Evaluator::AgeOf(const ConditionNode& rule, LocalTime value) const {
  if (zone_ == nullptr) return Outcome::kDeferred;
  const Instant from = Add(now_, Backwards(*rule.duration), *zone_);
  return Place(rule.op, value, ToLocal(from, *zone_), ToLocal(now_, *zone_));
}

Outcome Evaluator::AgeOf(const ConditionNode& rule, Date value) const {
  if (zone_ == nullptr) return Outcome::kDeferred;
  const Date today = DateOf(ToLocal(now_, *zone_));
  const int64_t first = int64_t{AddMonths(today, -rule.duration->months).days} - rule.duration->days;
  return Place<int64_t>(rule.op, value.days, first, today.days);
}

Outcome Evaluator::Age(const ConditionNode& rule, const Value& value) const {
  if (const Instant* at = value.As<Instant>()) return AgeOf(rule, *at);
  if (const LocalTime* local = value.As<LocalTime>()) return AgeOf(rule, *local);
  if (const Date* date = value.As<Date>()) return AgeOf(rule, *date);
  // A text out of json.
  const std::string* text = value.As<std::string>();
  const std::optional<Instant> at = text == nullptr ? std::nullopt : ParseInstant(*text);
  return at ? AgeOf(rule, *at) : Outcome::kNull;
}

}  // namespace

std::vector<uint32_t> Incomparable(const Condition& condition, const Facts& facts, Instant now) {
  std::vector<uint32_t> fields;
  Evaluator(facts, now, nullptr).Incomparable(condition.root, &fields);
  return fields;
}

Outcome Evaluate(const Condition& condition, const Facts& facts, Instant now, const Zone* zone) noexcept {
  try {
    const Evaluator evaluator(facts, now, zone);
    const Outcome outcome = evaluator.Node(condition.root);
    std::vector<uint32_t>* asked = facts.asked();
    if (outcome == Outcome::kDeferred && asked != nullptr && asked->empty()) evaluator.Asked(condition.root, asked);
    return outcome;
  } catch (const std::bad_alloc&) {
    return Outcome::kDeferred;
  }
}

Outcome EvaluateRule(const ConditionNode& rule, const Facts& facts, Instant now, const Zone* zone) noexcept {
  try {
    return Evaluator(facts, now, zone).Node(rule);
  } catch (const std::bad_alloc&) {
    return Outcome::kDeferred;
  }
}

}  // namespace workflow
