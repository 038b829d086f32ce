// Rules that only the server can decide: asked about many rows by one statement, checked when a definition is published.
#pragma once

#include <string>
#include <vector>

#include "core/base/problem.h"
#include "core/condition/condition.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

// The rows that an {"sql"} sees, as they are now, and the event.
struct AskedRows {
  const Source* contact = nullptr;
  std::string contact_key;
  const Source* entry = nullptr;   // of the row that made the event
  std::string entry_row;
  std::string event_name;
  Instant event_at;
  const Json* event_data = nullptr;
  std::string account = {};
  bool by_caller = false;          // a function's: the caller's own setting of the tenant holds

  // Whose rows an expression over them reads. SqlError where that must be known and is not.
  Tenant tenant() const;
};

// One rule about one set of facts. `values` are those of the rule's table; they and what they point to outlive the question.
struct Question {
  const FieldTable* table = nullptr;
  uint32_t rule = 0;
  const std::vector<const Value*>* values = nullptr;
  AskedRows rows = {};
  Outcome answer = Outcome::kDeferred;
};

// Who is asked about the rules of a definition: its owner, with the search_path that was in force when it was published.
struct Asker {
  std::string role;
  std::string search_path;
  bool keep_plans = true;  // the same rules will be asked again
};

// Fills the answers: one statement for each rule and pair of tables. SPI is connected. What the server raises is passed on.
void Answer(const Registry& registry, const Asker& asker, std::vector<Question>* questions);

// The collation of a field's column, as a name in SQL; empty where it is no column of `tables` or has none.
std::string CollationOfField(const Field& field, const AskedRows& tables);

// Tries every deferred rule of `table` on no rows. Problems are reported where the rules stand.
void CheckDeferred(const FieldTable& table, const Registry& registry, const Asker& asker, Problems* problems);

// expression.cpp -----------------------------------------------------------------------------------------------------------------------

// SqlError 42601 where `sql` is not one expression by itself.
void RequireExpression(const std::string& sql);
// SqlError where a superuser's {"sql"} may not run.
void RequireAllowed(const std::string& role);
// The statement that asks an {"sql"} about rows of `tables`, and its parameters, which say which rows.
std::string ExpressionStatement(const Registry& registry, const DeferredRule& rule, const AskedRows& tables);
Params ExpressionParams(const Registry& registry, const DeferredRule& rule, const AskedRows& tables, const std::vector<const AskedRows*>& rows);

// The value of a column by an {"sql"}, as an expression that gives its text.
std::string SqlValueText(const std::string& sql, const Type& type);
// Tries what steps leave to the server: values by {"sql"} on no rows, and whether the functions are there.
void CheckSteps(const std::vector<ServerCheck>& checks, const Registry& registry, const Asker& asker, Problems* problems);

// The search_path that was in force before the innermost `levels` functions with one of their own were called.
std::string CallersSearchPath(int levels);

}  // namespace workflow::pg
