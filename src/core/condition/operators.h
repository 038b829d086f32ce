// What each operator is called, what it takes and which types it fits. Internal to core/condition.
#pragma once

#include <string_view>

#include "core/base/value.h"
#include "core/condition/condition.h"

namespace workflow {

// Operators of one family take the same values and fit the same types.
enum class Family : uint8_t {
  kPresence,   // no value, any type: null, changed, becameNull
  kEquality,   // one value
  kChoice,     // a list of values
  kOrder,      // one value that has an order
  kRange,      // two of them
  kSubstring,  // one text
  kContains,   // one text, or one member of a list
  kOverlap,    // members of a list
  kAge,        // a duration
  kPattern,    // a regular expression
};

struct OperatorInfo {
  std::string_view name;
  Operator op;
  Family family;
  bool negative = false;  // true for "everything but": leaves out empty fields, which surprises
  bool change = false;    // needs the value before the change
};

const OperatorInfo* FindOperator(std::string_view name);
const OperatorInfo& InfoOf(Operator op);  // not of kSql, which has no name
std::vector<std::string> OperatorNames();

enum class Fit : uint8_t {
  kYes,
  kNo,      // makes no sense for this type
  kServer,  // makes sense, but only the server knows the answer: collations, the order of enums, patterns, other types
};

Fit FitOf(Family family, const Type& type);

// Text that is padded with blanks: a type of the server's alone, and still a text.
bool IsPadded(const Type& type);

// Whether the values of two fields can be compared by an operator of this family.
bool Comparable(Family family, const Type& left, const Type& right);

// What one value in the operator's `value` is: the field's own type, or a member's where the operator looks into a list.
Type OperandType(Family family, const Type& type);

}  // namespace workflow
