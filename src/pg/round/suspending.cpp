// A suspended workflow is paused, and says why. Its row is not waited for: whoever publishes or pauses it at this moment holds it, and the next
// failure comes again.
#include "pg/round/suspending.h"

#include "pg/server/keyed_table.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

void Suspend(RoundContext* context, int32_t workflow, const std::string& why) {
  Rows rows = Execute("SELECT workflow.suspend($1, $2, $3)", Params().Int4(workflow).Text(why).Time(context->now));
  const bool done = rows.Bool(0, 1);
  rows.Free();
  if (!done) return;
  context->suspended.insert(workflow);
  context->failing.erase(workflow);
}

}  // namespace

std::map<int32_t, int32_t> ReadFailing() {
  std::map<int32_t, int32_t> failing;
  KeyedTable rows("failing", "failing_pkey");
  for (rows.Seek({}); rows.Next();) failing[rows.Int4(1)] = rows.Int4(2);
  rows.Finish();
  return failing;
}

void NoteSuccess(RoundContext* context, int32_t version) {
  if (context->failing.empty()) return;
  const LoadedVersion* loaded = context->registry.VersionById(version);
  if (loaded == nullptr || context->failing.erase(loaded->workflow) == 0) return;
  Execute("DELETE FROM workflow.failing WHERE workflow = $1", Params().Int4(loaded->workflow)).Free();
}

void NoteFailure(RoundContext* context, const Failure& failure) {
  if (failure.workflow == 0 || context->suspended.contains(failure.workflow)) return;
  const int32_t failures = ++context->failing[failure.workflow];
  Execute("INSERT INTO workflow.failing (workflow, failures) VALUES ($1, $2) ON CONFLICT (workflow) DO UPDATE SET failures = excluded.failures",
          Params().Int4(failure.workflow).Int4(failures)).Free();
  if (failure.suspends) {
    Suspend(context, failure.workflow, "a step went on failing");
  } else if (SuspendsWorkflow(failures)) {
    Suspend(context, failure.workflow, std::to_string(failures) + " failures without a success between");
  }
}

}  // namespace workflow::pg
