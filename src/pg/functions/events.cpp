// Small functions under the SQL ones: appending an event, waking the worker, names and places.
#include "core/base/problem.h"
#include "pg/capture/event_log.h"
#include "pg/convert.h"
#include "pg/server/entry.h"
#include "pg/wakeup.h"
#include "pg/zones.h"

// Outside of namespace workflow, whose Pointer() would hide the type that the server's macros name.
namespace {

using workflow::pg::CallBackend;
using workflow::pg::TextOf;

std::string UuidTextOf(Datum uuid) {
  return CallBackend([=] { return DatumGetCString(DirectFunctionCall1(uuid_out, uuid)); });
}

std::vector<std::string> TextsOf(Datum array) {
  struct Items {
    Datum* values;
    bool* nulls;
    int count;
  };
  const Items items = CallBackend([=] {
    Items found = {};
    deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &found.values, &found.nulls, &found.count);
    return found;
  });
  std::vector<std::string> texts;
  for (int i = 0; i < items.count; ++i) {
    if (!items.nulls[i]) texts.push_back(TextOf(items.values[i]));
  }
  return texts;
}

}  // namespace

// (kind "char", name text, contact text, account text, event uuid, at timestamptz, timed boolean, body jsonb) -> boolean: false where no
// table of the event log is there or free. The row is written as capture writes its own: it waits for no lock.
WF_FUNCTION(workflow_append_event) {
  using namespace workflow::pg;
  for (const int needed : {0, 1, 3, 5, 6, 7}) {
    if (PG_ARGISNULL(needed)) throw SqlError{ERRCODE_NULL_VALUE_NOT_ALLOWED, "an event without this argument cannot be written"};
  }
  // Deeper than that a round could not read it back.
  if (!JsonOfJsonb(PG_GETARG_DATUM(7))) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the data is nested too deeply"};
  EventRow row;
  row.kind = DatumGetChar(PG_GETARG_DATUM(0));
  row.name = TextOf(PG_GETARG_DATUM(1));
  if (!PG_ARGISNULL(2)) row.row_key = TextOf(PG_GETARG_DATUM(2));
  row.account = TextOf(PG_GETARG_DATUM(3));
  if (!PG_ARGISNULL(4)) row.event = UuidTextOf(PG_GETARG_DATUM(4));
  row.depth = capture_depth;  // a trigger of the CRM may emit while a round changes its row
  row.at = ToInstant(PG_GETARG_TIMESTAMPTZ(5));
  row.timed = PG_GETARG_BOOL(6);
  row.body = JsonbText(PG_GETARG_DATUM(7));
  if (std::string chains = ChainsText(capture_chains, 0, {}); !chains.empty() && row.body.starts_with('{')) {
    if (row.body == "{}") chains.pop_back();
    row.body.insert(1, chains);
  }
  const bool done = AppendEvents({row}) == AppendResult::kDone;
  if (done) WakeWorkerAtCommit();
  return BoolGetDatum(done);
}

WF_FUNCTION(workflow_wake) {
  workflow::pg::WakeWorkerAtCommit();
  return Datum{0};
}

// (wrong text, known text[]) -> text, NULL where none is near.
WF_FUNCTION(workflow_nearest) {
  using namespace workflow::pg;
  const std::string name = workflow::NearestName(TextOf(PG_GETARG_DATUM(0)), TextsOf(PG_GETARG_DATUM(1)));
  if (!name.empty()) return TextDatum(name);
  fcinfo->isnull = true;
  return Datum{0};
}

WF_FUNCTION(workflow_is_zone) { return BoolGetDatum(workflow::pg::Zones().Find(workflow::pg::TextOf(PG_GETARG_DATUM(0))) != nullptr); }

WF_FUNCTION(workflow_system_identifier) { return Int64GetDatum(static_cast<int64_t>(GetSystemIdentifier())); }
