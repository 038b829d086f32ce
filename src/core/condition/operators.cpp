#include "core/condition/operators.h"

#include <algorithm>
#include <array>

#include "core/condition/sql.h"

namespace workflow {
namespace {

constexpr std::array<OperatorInfo, 28> kOperators = {{
    {"=", Operator::kEqual, Family::kEquality},
    {"!=", Operator::kNotEqual, Family::kEquality, true},
    {"<", Operator::kLess, Family::kOrder},
    {">", Operator::kGreater, Family::kOrder},
    {"<=", Operator::kLessOrEqual, Family::kOrder},
    {">=", Operator::kGreaterOrEqual, Family::kOrder},
    {"contains", Operator::kContains, Family::kContains},
    {"beginsWith", Operator::kBeginsWith, Family::kSubstring},
    {"endsWith", Operator::kEndsWith, Family::kSubstring},
    {"doesNotContain", Operator::kDoesNotContain, Family::kContains, true},
    {"doesNotBeginWith", Operator::kDoesNotBeginWith, Family::kSubstring, true},
    {"doesNotEndWith", Operator::kDoesNotEndWith, Family::kSubstring, true},
    {"null", Operator::kNull, Family::kPresence},
    {"notNull", Operator::kNotNull, Family::kPresence},
    {"in", Operator::kIn, Family::kChoice},
    {"notIn", Operator::kNotIn, Family::kChoice, true},
    {"between", Operator::kBetween, Family::kRange},
    {"notBetween", Operator::kNotBetween, Family::kRange, true},
    {"changed", Operator::kChanged, Family::kPresence, false, true},
    {"changedTo", Operator::kChangedTo, Family::kEquality, false, true},
    {"changedFrom", Operator::kChangedFrom, Family::kEquality, false, true},
    {"becameNull", Operator::kBecameNull, Family::kPresence, false, true},
    {"becameNotNull", Operator::kBecameNotNull, Family::kPresence, false, true},
    {"withinLast", Operator::kWithinLast, Family::kAge},
    {"olderThan", Operator::kOlderThan, Family::kAge},
    {"containsAny", Operator::kContainsAny, Family::kOverlap},
    {"containsAll", Operator::kContainsAll, Family::kOverlap},
    {"matches", Operator::kMatches, Family::kPattern},
}};

bool IsNumber(TypeKind kind) { return kind == TypeKind::kInteger || kind == TypeKind::kNumeric; }
bool IsText(TypeKind kind) { return kind == TypeKind::kText || kind == TypeKind::kCitext; }
bool IsCivil(TypeKind kind) { return kind == TypeKind::kDate || kind == TypeKind::kTimestamp; }
bool IsTime(TypeKind kind) { return IsCivil(kind) || kind == TypeKind::kTimestamptz; }

Fit FitOfOrder(TypeKind kind) {
  if (IsText(kind) || kind == TypeKind::kEnum) return Fit::kServer;
  return kind == TypeKind::kList ? Fit::kNo : Fit::kYes;
}

// Of a type that only the server knows: whether it can be compared at all the server says when the definition is published.
Fit FitOfOther(Family family, const Type& type) {
  const bool compared = family == Family::kEquality || family == Family::kChoice || family == Family::kOrder || family == Family::kRange;
  const bool text = family == Family::kSubstring || family == Family::kContains || family == Family::kPattern;
  return compared || (text && IsPadded(type)) ? Fit::kServer : Fit::kNo;
}

Fit YesIf(bool fits) { return fits ? Fit::kYes : Fit::kNo; }

}  // namespace

const OperatorInfo* FindOperator(std::string_view name) {
  for (const OperatorInfo& info : kOperators) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

const OperatorInfo& InfoOf(Operator op) {
  return *std::find_if(kOperators.begin(), kOperators.end(), [op](const OperatorInfo& info) { return info.op == op; });
}

std::vector<std::string> OperatorNames() {
  std::vector<std::string> names;
  for (const OperatorInfo& info : kOperators) names.emplace_back(info.name);
  return names;
}

Fit FitOf(Family family, const Type& type) {
  const TypeKind kind = type.kind;
  const bool list = kind == TypeKind::kList;
  const bool json = kind == TypeKind::kJson;  // what it holds is known when it is evaluated
  if (family == Family::kPresence) return Fit::kYes;
  if (kind == TypeKind::kOther) return FitOfOther(family, type);
  if (list && (type.element == TypeKind::kOther || type.element == TypeKind::kJson || type.element == TypeKind::kList)) {
    const bool whole = family == Family::kEquality;
    return whole || family == Family::kContains || family == Family::kOverlap ? Fit::kServer : Fit::kNo;
  }
  switch (family) {
    case Family::kPresence:
    case Family::kEquality:
      return Fit::kYes;
    case Family::kChoice:
      return YesIf(!list);
    case Family::kOrder:
    case Family::kRange:
      return FitOfOrder(kind);
    case Family::kSubstring:
      return YesIf(IsText(kind) || json);
    case Family::kContains:
      return YesIf(IsText(kind) || json || list);
    case Family::kOverlap:
      return YesIf(json || list);
    case Family::kAge:
      return YesIf(IsTime(kind) || json);
    case Family::kPattern:
      return IsText(kind) || json ? Fit::kServer : Fit::kNo;
  }
  return Fit::kNo;
}

bool Comparable(Family family, const Type& left_type, const Type& right) {
  const Type left = OperandType(family, left_type);
  const auto holds_scalar = [](TypeKind kind) {
    return kind == TypeKind::kJson || kind == TypeKind::kBoolean || IsNumber(kind) || IsText(kind);
  };
  if (left.kind == TypeKind::kJson || right.kind == TypeKind::kJson) {
    const bool ordered = family == Family::kOrder || family == Family::kRange;
    if (ordered && (IsText(left.kind) || IsText(right.kind))) return false;
    return holds_scalar(left.kind) && holds_scalar(right.kind);
  }
  if (IsNumber(left.kind)) return IsNumber(right.kind);
  if (IsText(left.kind)) return IsText(right.kind);
  if (IsCivil(left.kind)) return IsCivil(right.kind);
  if (left.kind != right.kind) return false;
  if (left.kind == TypeKind::kOther) return CastName(left) == CastName(right);
  if (left.kind == TypeKind::kEnum) return left.sql_name == right.sql_name;
  if (left.kind == TypeKind::kList)
    return Comparable(Family::kEquality, OperandType(Family::kOverlap, left), OperandType(Family::kOverlap, right));
  return true;
}

Type OperandType(Family family, const Type& type) {
  const bool member = type.kind == TypeKind::kList && (family == Family::kContains || family == Family::kOverlap);
  if (!member) return type;
  Type element;
  element.kind = type.element;
  element.labels = type.labels;
  if (type.sql_name.ends_with("[]")) element.sql_name = type.sql_name.substr(0, type.sql_name.size() - 2);
  return element;
}

bool IsPadded(const Type& type) {
  return type.kind == TypeKind::kOther && CastName(type) == "bpchar";
}

}  // namespace workflow
