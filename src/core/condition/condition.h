// Conditions: React Query Builder's rule group as format, SQL's three-valued logic as meaning (definition.md, "Conditions").
//
// Evaluation is partial: a field that is not known here (another row is needed) makes its rule deferred, and
//   deferred and false = false, deferred and anything else = deferred, deferred or true = true, not deferred = deferred.
// null stays null: it never becomes a maybe. So capture can turn a row away without reading another one, and the round, which knows
// all fields, gets true, false or null. An answer given without all fields is the answer with all of them, unless it is deferred.
//
// Choices where SQL leaves one:
//   citext is compared with ASCII letters folded, in substrings and members of lists too;
//   a null inside a list matches nothing, as with PostgreSQL's @> and &&;
//   withinLast is now - duration <= value <= now, olderThan is value < now - duration: a past value is one or the other;
//   a date is compared as a whole day, today included; so its durations have no hours;
//   json is compared with literals of its own kind and is null otherwise; only its numbers have an order, and a string in it has an
//   age where it is an instant with an offset.
//
// The order of texts (collations) and enums, regular expressions, SQL, and types that the core does not know are the server's to decide.
// Such a rule is compiled to a DeferredRule; whoever evaluates asks the server and gives the answers with the facts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "core/base/duration.h"
#include "core/base/instant.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/value.h"
#include "core/calendar/zone.h"
#include "core/condition/field.h"

namespace workflow {

enum class Outcome : uint8_t { kFalse, kNull, kDeferred, kTrue };

enum class Operator : uint8_t {
  kEqual, kNotEqual, kLess, kGreater, kLessOrEqual, kGreaterOrEqual,
  kContains, kBeginsWith, kEndsWith, kDoesNotContain, kDoesNotBeginWith, kDoesNotEndWith,
  kNull, kNotNull, kIn, kNotIn, kBetween, kNotBetween,
  kChanged, kChangedTo, kChangedFrom, kBecameNull, kBecameNotNull,
  kWithinLast, kOlderThan, kContainsAny, kContainsAll, kMatches,
  kSql,  // {"sql": …} in place of a rule
};

// A node of the compiled tree. Literals are already values of the field's type.
struct ConditionNode {
  enum class Kind : uint8_t { kAnd, kOr, kRule };
  Kind kind = Kind::kRule;
  bool negated = false;                   // `not` of a group
  std::vector<ConditionNode> children;    // of a group; never empty
  Operator op = Operator::kEqual;
  TypeKind type = TypeKind::kOther;       // of the field
  TypeKind element = TypeKind::kOther;    // of its members, where it is a list
  uint32_t field = 0;                     // but of kSql, which names none
  int32_t deferred = -1;                  // index into the table's deferred rules; -1: the core decides
  uint32_t number = 0;                    // of a rule: its place is Condition::paths[number]
  std::optional<uint32_t> old_field;      // of the changed… and became… operators
  std::vector<uint32_t> value_fields;     // valueSource "field": in the place of values
  std::vector<Value> values;              // one; two for between; any number for in and contains…
  std::optional<Duration> duration;       // of withinLast and olderThan
  friend bool operator==(const ConditionNode&, const ConditionNode&) = default;
};

struct Condition {
  ConditionNode root;
  std::vector<std::string> paths = {};    // of each rule, as JSON Pointers
  friend bool operator==(const Condition&, const Condition&) = default;
};

// A rule that only the server can decide. sql.h writes it down.
struct DeferredRule {
  ConditionNode rule;                     // its op is kSql where it is an expression of the author's
  std::string sql = {};                   // that expression
  std::vector<std::string> entities = {}; // whose rows the expression may name
  std::string path = {};
};

// What is known where a condition is evaluated.
class Facts {
 public:
  Facts() = default;
  template <typename Values>
    requires std::is_convertible_v<const Values&, std::span<const Value* const>>
  Facts(const Values& values) : values_(values) {}  // NOLINT: values alone are facts
  // `answers` are the server's, by index of the deferred rule; kDeferred where it has not been asked. What an evaluation would have had to ask
  // goes into `asked`, which may be nullptr: of the first condition that is not decided for want of it, and only while `asked` is empty.
  Facts(std::span<const Value* const> values, std::span<const Outcome> answers, std::vector<uint32_t>* asked)
      : values_(values), answers_(answers), asked_(asked) {}

  // The value of each field of the table, by index; nullptr where it is not known here. Of a field with a path it is what Dig finds.
  const Value* operator[](size_t field) const { return values_[field]; }
  size_t size() const { return values_.size(); }
  Outcome Answer(size_t rule) const { return rule < answers_.size() ? answers_[rule] : Outcome::kDeferred; }
  std::vector<uint32_t>* asked() const { return asked_; }

 private:
  std::span<const Value* const> values_;
  std::span<const Outcome> answers_;
  std::vector<uint32_t>* asked_ = nullptr;
};

// A condition may not be deeper (an array is a group) or longer, so that evaluating it is bounded.
inline constexpr int kConditionLevelsMax = 16;
inline constexpr int kConditionRulesMax = 500;

// Compiles `json` (a group, a lone rule, or an array of them, which is `and`). Every problem is reported with its place under `path`;
// the result is nothing where one of them is an error. Unfinished rules are errors: without value, with an empty list, with one
// bound. An empty string is a value only for text and json, and there only with =, != and inside an array of in and notIn. Muted
// rules are left out; a group of muted rules only is an error.
std::optional<Condition> CompileCondition(const Json& json, const std::string& path, FieldScope& scope, Problems* problems);

// `zone` is where civil dates and times of fields are compared with `now`; may be absent: such rules are then deferred.
// Takes no memory unless a number of more than 15 digits meets one of another type, or json is met whole; where there is none to be
// had the condition is deferred, since nothing is known about it then.
Outcome Evaluate(const Condition& condition, const Facts& facts, Instant now, const Zone* zone) noexcept;

// The outcome of one rule of a condition, by the same facts.
Outcome EvaluateRule(const ConditionNode& rule, const Facts& facts, Instant now, const Zone* zone) noexcept;

// The fields whose value is there and still cannot be compared as their rule wants (text where a number is meant, inside of json): such a rule is
// null, and its rows do not match. For telling an operator; no rule is deferred or decided by it.
std::vector<uint32_t> Incomparable(const Condition& condition, const Facts& facts, Instant now);

// Every field index the condition reads, sorted, old ones included. What an {"sql"} in it reads is not among them.
std::vector<uint32_t> FieldsOf(const Condition& condition);

// Every deferred rule of it, sorted; and whether one of them is an {"sql"}, which may read anything.
std::vector<uint32_t> DeferredOf(const Condition& condition);
bool ReadsSql(const Condition& condition);

// The value at `path` inside json, typed by what is there (text, numeric, boolean, json, null); null where there is none.
Value Dig(const Json& json, std::span<const std::string> path);

}  // namespace workflow
