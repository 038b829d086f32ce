// workflow.plan_migration(): who of a version could go to another one, by the same decision that a round takes.
#include "core/definition/compile.h"
#include "core/enrollment/migrate.h"
#include "pg/convert.h"
#include "pg/functions/problems.h"
#include "pg/sources/registry.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

constexpr int kChunk = 10'000;  // states in memory at a time

// Compiled here, not taken from the registry: nobody may live on the version yet.
Program ProgramOfVersion(int32_t version) {
  Rows rows = Execute("SELECT v.definition, w.account FROM workflow.version v JOIN workflow.workflow w ON w.id = v.workflow WHERE v.id = $1",
                      Params().Int4(version));
  bool is_null = false;
  const auto definition = rows.empty() ? std::nullopt : JsonOfJsonb(rows.Raw(0, 1, &is_null));
  const std::string account = rows.empty() ? std::string() : rows.Text(0, 2);
  rows.Free();
  if (!definition) throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '2'), "there is no such version"};
  Problems problems;
  auto program = CompileDefinition(*definition, CatalogOf(CurrentRegistry(), /*with_templates=*/false, account), /*require_templates=*/false, &problems,
                                   CompileLimits::None());
  if (!program) throw ErrorOf(problems, kInvalidDefinition, "version");
  return std::move(*program);
}

StepMapping MappingOf(Datum jsonb) {
  StepMapping mapping;
  const auto json = JsonOfJsonb(jsonb);
  if (!json || !json->is_object()) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"mapping\" must be an object", {}, "Write {\"old step\": \"new step\"}."};
  for (const auto& [old, fresh] : json->object()) {
    if (!fresh.is_string()) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"mapping\" must give a step for \"" + old + "\", not " + fresh.KindName()};
    mapping[old] = fresh.string();
  }
  return mapping;
}

void PutMigration(ReturnSetInfo* result, int64_t enrollment, const Migration& moved) {
  Datum values[4] = {Int64GetDatum(enrollment), TextDatum(moved.from_step), TextDatum(moved.to_step), TextDatum(moved.problem)};
  bool nulls[4] = {false, false, moved.to_step.empty(), moved.problem.empty()};
  Datum* const value = values;
  bool* const is_null = nulls;
  CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, is_null); });
}

// Times do not matter here: whether somebody can move does not hang on the clock.
void PlanOf(const Program& from, const Program& to, const StepMapping& mapping, int32_t version, ReturnSetInfo* result) {
  static const UtcZone utc;
  const Surroundings around{Instant{}, &utc, {}};
  int64_t after = 0;
  while (true) {
    Rows rows = Execute("SELECT s.enrollment, s.phase, s.step, s.clock, s.due, s.memo FROM workflow.state s WHERE s.version = $1 AND s.enrollment > $2"
                        " AND s.phase <> 'ended' ORDER BY s.enrollment LIMIT " + std::to_string(kChunk),
                        Params().Int4(version).Int8(after));
    for (size_t i = 0; i < rows.size(); ++i) {
      after = rows.Int8(i, 1);
      State state;
      state.phase = ParsePhase(rows.Text(i, 2)).value_or(Phase::kReady);
      state.step = from.StepIndex(rows.Text(i, 3));
      state.clock = rows.Time(i, 4);
      state.due = rows.MaybeTime(i, 5);
      if (const auto memo = rows.MaybeText(i, 6)) ReadMemo(from, *memo, &state);
      Migration moved = Migrate(from, to, state, mapping, 0, around);
      if (moved.from_step.empty()) moved.from_step = rows.Text(i, 3);
      PutMigration(result, after, moved);
    }
    const bool more = rows.size() == kChunk;
    rows.Free();
    if (!more) return;
  }
}

}  // namespace
}  // namespace workflow::pg

// (from_version integer, to_version integer, mapping jsonb) -> setof (enrollment, from_step, to_step, problem)
WF_FUNCTION(workflow_plan_migration) {
  using namespace workflow;
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC); });
  auto* const result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Spi spi;
  const Program from = ProgramOfVersion(PG_GETARG_INT32(0)), to = ProgramOfVersion(PG_GETARG_INT32(1));
  const StepMapping mapping = MappingOf(PG_GETARG_DATUM(2));
  const std::vector<std::string> problems = CheckMapping(from, to, mapping);
  if (!problems.empty()) {
    std::string detail;
    for (const std::string& problem : problems) detail += (detail.empty() ? "" : "\n") + problem;
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"mapping\" names steps that are not there", detail};
  }
  PlanOf(from, to, mapping, PG_GETARG_INT32(0), result);
  spi.Finish();
  return Datum{0};
}
