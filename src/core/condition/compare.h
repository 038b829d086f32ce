// Comparing two values as SQL would. Internal to core/condition. Values that cannot be compared give null, which only happens
// where one of them comes out of json: everything else was checked when the condition was compiled.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "core/base/value.h"
#include "core/condition/condition.h"

namespace workflow {

inline Outcome ToOutcome(bool holds) { return holds ? Outcome::kTrue : Outcome::kFalse; }

inline Outcome Not(Outcome outcome) {
  if (outcome == Outcome::kTrue) return Outcome::kFalse;
  return outcome == Outcome::kFalse ? Outcome::kTrue : outcome;
}

// Outcomes stand in the order of `or`: of two the greater one counts. `and` is the same seen from the other side, and swaps true
// with false but not deferred with null.
inline Outcome Or(Outcome a, Outcome b) { return a > b ? a : b; }
inline Outcome And(Outcome a, Outcome b) { return Not(Or(Not(a), Not(b))); }

// How the values of a field are compared, by its type.
struct Manner {
  TypeKind type = TypeKind::kOther;
  TypeKind element = TypeKind::kOther;
};

bool IsEmpty(const Value& value);  // null, or json's null

// A scalar kept as whole json becomes that scalar, in `room`; everything else is itself.
const Value& Unwrapped(const Value& value, Value* room);

Outcome Equal(const Value& a, const Value& b, Manner manner);
bool IsDistinct(const Value& a, const Value& b, Manner manner);  // never null: SQL's IS DISTINCT FROM
std::optional<std::strong_ordering> Order(const Value& a, const Value& b, Manner manner);

// `part` in a text, or among the members of a list.
Outcome Contains(const Value& whole, const Value& part, Manner manner);
Outcome HasMember(const Value& list, const Value& member, Manner manner);
Outcome BeginsWith(const Value& whole, const Value& part, Manner manner);
Outcome EndsWith(const Value& whole, const Value& part, Manner manner);

}  // namespace workflow
