// A condition as SQL, with the same three-valued meaning: what the round asks the server about deferred rules, and what filter_to_sql gives.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/problem.h"
#include "core/condition/condition.h"

namespace workflow {

// 'text', whatever standard_conforming_strings says; "name".
std::string SqlText(std::string_view text);
std::string SqlName(std::string_view name);

// What a text is cast to, to be of this type: without a length, which would cut it.
std::string CastName(const Type& type);

// A value of this type as a constant; a list as the server's arrays are written.
std::string SqlLiteral(const Value& value, const Type& type);
std::string ArrayLiteral(const List& list);

// The way from a json expression to a place inside it; nothing where SQL would go another way than Dig.
std::optional<std::string> SqlPath(const std::string& json, const std::vector<std::string>& path);

// How the statement that the SQL becomes part of calls things.
class SqlNames {
 public:
  virtual ~SqlNames() = default;
  // An expression for the value of a field, of the field's type; for json (a field with a path is that) a jsonb of the place itself. Where there
  // is none a problem is reported at `path`.
  virtual std::string Of(uint32_t field, const std::string& path, Problems* problems) const = 0;
  // The collation by which texts of this field are ordered, as a name in SQL; empty: that of the expression.
  virtual std::string Collation(uint32_t) const { return {}; }
  virtual std::string Now() const { return "now()"; }  // a timestamptz
  virtual std::string Zone() const { return "UTC"; }   // where days begin
  // An {"sql"} of the author's.
  virtual std::string Expression(const std::string& sql, const std::string& path, Problems* problems) const = 0;
};

// The whole condition, and one rule of it. What cannot be said in SQL with the same meaning is an error; the text is of no use then.
std::string ToSql(const Condition& condition, const FieldTable& table, const SqlNames& names, Problems* problems);
// What must hold of a row for which the condition is true, as far as it can be said in SQL whatever the time and the zone: `true` where nothing can. For
// finding rows that the evaluator is then asked about.
std::string NecessarySql(const Condition& condition, const FieldTable& table, const SqlNames& names);
std::string RuleToSql(const ConditionNode& rule, const std::string& path, const FieldTable& table, const SqlNames& names, Problems* problems);

}  // namespace workflow
