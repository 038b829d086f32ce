// What steps leave to the server, tried where a mistake still costs nothing: values by {"sql"} on no rows, functions of `call` by their names.
#include "core/condition/sql.h"
#include "pg/deferred/deferred.h"
#include "pg/round/functions.h"
#include "pg/round/rows.h"

namespace workflow::pg {
namespace {

// An error that speaks of what the author wrote; others (cancelled, out of memory) are the caller's own.
bool IsAboutStep(const Raised& raised) {
  if (raised.backend == nullptr) return true;
  const int category = ERRCODE_TO_CATEGORY(raised.backend->sqlerrcode);
  return category == ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION || category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_FEATURE_NOT_SUPPORTED;
}

void TryStep(const ServerCheck& check, const Registry& registry, const Asker& asker) {
  RequireAllowed(asker.role);
  RunAs(asker.role, asker.search_path, ProbeOf(registry), [&] {
    if (check.sql.empty()) {
      FindFunction(check.function, check.arguments);
      return;
    }
    RequireExpression(check.sql);
    DeferredRule rule;
    rule.sql = SqlValueText(check.sql, check.type);
    rule.entities = check.entities;
    ExecuteOnce(ExpressionStatement(registry, rule, {}), ExpressionParams(registry, rule, {}, {})).Free();
  });
}

}  // namespace

std::string SqlValueText(const std::string& sql, const Type& type) { return "(\n" + sql + "\n)::" + CastName(type) + "::text"; }

void CheckSteps(const std::vector<ServerCheck>& checks, const Registry& registry, const Asker& asker, Problems* problems) {
  for (const ServerCheck& check : checks) {
    Subtransaction attempt;
    Raised raised;
    const bool fine = Contained([&] { TryStep(check, registry, asker); }, raised);
    attempt.RollBack();
    if (fine) continue;
    if (!IsAboutStep(raised)) Rethrow(raised);
    const char* message = raised.backend != nullptr ? raised.backend->message : raised.message;
    const char* hint = raised.backend != nullptr ? raised.backend->hint : raised.hint;
    problems->Error(check.path, message == nullptr ? "the database refuses it" : message, hint == nullptr ? "" : hint);
  }
}

}  // namespace workflow::pg
