// workflow.validate(), workflow.check_definition(), workflow.schema(): what the core says about a definition.
#include "core/binding/binding.h"
#include "core/definition/compile.h"
#include "pg/convert.h"
#include "pg/deferred/deferred.h"
#include "pg/functions/problems.h"
#include "pg/settings.h"
#include "pg/sources/registry.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

constexpr int kResultColumns = 4;

// Which zones there are is the server's to say, so the core does not know it.
void CheckZone(const Json& definition, const char* part, Problems* problems) {
  const Json* settings = definition.Find(part);
  const Json* zone = settings == nullptr ? nullptr : settings->Find("timezone");
  if (zone == nullptr || !zone->is_string() || zone->string() == "account" || zone->string() == "contact") return;
  if (Zones().Find(zone->string()) != nullptr) return;
  problems->Error("/" + std::string(part) + "/timezone", "time zone \"" + zone->string() + "\" is not known",
                  "Use \"account\", \"contact\", or a name of the view pg_timezone_names.");
}

// `owner` is who the definition would run as; `levels` of functions with a search_path of their own are between the caller and here.
Problems ProblemsOf(Datum definition, bool publishing, const std::string& owner, const std::string& account, int levels) {
  Problems problems;
  const auto json = JsonOfJsonb(definition);
  if (json) {
    const RegistryPin pin;  // what is tried on the server may make capture load another
    const Registry& registry = CurrentRegistry();
    FieldTable table;
    const CompileLimits limits{settings::max_steps, settings::max_depth, settings::max_triggers, settings::max_definition_bytes};
    CompileDefinition(*json, CatalogOf(registry, /*with_templates=*/true, account), /*require_templates=*/publishing, &problems, limits, &table);
    for (const char* part : {"settings", "automated_action"}) CheckZone(*json, part, &problems);
    if (!table.deferred.empty() || !table.checks.empty()) {
      const std::string search_path = CallersSearchPath(levels);
      Spi spi;
      CheckDeferred(table, registry, {owner, search_path, /*keep_plans=*/false}, &problems);
      CheckSteps(table.checks, registry, {owner, search_path, /*keep_plans=*/false}, &problems);
      spi.Finish();
    }
  } else {
    problems.Error("", "the definition is nested too deeply");
  }
  return problems;
}

std::string SessionUserName() {
  return CallBackend([] { return GetUserNameFromId(GetSessionUserId(), false); });
}

void PutRow(ReturnSetInfo* result, const Problem& problem) {
  Datum values[kResultColumns] = {TextDatum(problem.severity == Severity::kError ? "error" : "warning"), TextDatum(problem.path),
                                  TextDatum(problem.message), problem.hint.empty() ? Datum{0} : TextDatum(problem.hint)};
  bool nulls[kResultColumns] = {false, false, false, problem.hint.empty()};
  Datum* const value = values;
  bool* const is_null = nulls;
  CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, is_null); });
}

void Warn(const Problem& problem) {
  const std::string line = LineOf(problem.path, problem.message);
  const char* const text = line.c_str();
  const char* const hint = problem.hint.empty() ? nullptr : problem.hint.c_str();
  CallBackend([=] { ereport(WARNING, (errmsg("%s", text), hint != nullptr ? errhint("%s", hint) : 0)); });
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(workflow_validate) {
  using namespace workflow;
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  auto* const result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Problems problems = ProblemsOf(PG_GETARG_DATUM(0), /*publishing=*/false, SessionUserName(), {}, 1);
  for (const Problem& problem : problems.list()) PutRow(result, problem);
  return Datum{0};
}

WF_FUNCTION(workflow_check_definition) {
  using namespace workflow;
  using namespace workflow::pg;
  const std::string owner = NameStr(*reinterpret_cast<NameData*>(PG_GETARG_DATUM(2)));
  const Problems problems = ProblemsOf(PG_GETARG_DATUM(0), PG_GETARG_BOOL(1), owner, TextOf(PG_GETARG_DATUM(3)), 2);
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kWarning) Warn(problem);
  }
  if (problems.HasErrors()) throw ErrorOf(problems, kInvalidDefinition, "definition");
  return Datum{0};
}

WF_FUNCTION(workflow_schema) {
  using namespace workflow;
  using namespace workflow::pg;
  const std::string which = TextOf(PG_GETARG_DATUM(0));
  const char* const schema = which == "definition" ? DefinitionSchema() : which == "binding" ? BindingSchema() : nullptr;
  if (schema == nullptr) {
    const std::string hint = NearestHint(which, {"definition", "binding"});
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "there is no schema \"" + which + "\"", {},
                   hint.empty() ? "There are \"definition\" and \"binding\"." : hint};
  }
  return CallBackend([=] { return DirectFunctionCall1(jsonb_in, CStringGetDatum(schema)); });
}

// The caller of this is a function with a search_path of its own, and so is this.
WF_FUNCTION(workflow_callers_search_path) { return workflow::pg::TextDatum(workflow::pg::CallersSearchPath(2)); }
