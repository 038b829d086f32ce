// workflow.tick(): the same round as the worker's, in the calling session and inside its transaction.
#include "pg/convert.h"
#include "pg/round/round.h"
#include "pg/server/entry.h"
#include "pg/settings.h"

WF_FUNCTION(workflow_tick) {
  using namespace workflow::pg;
  RoundRequest request;
  request.wait_for_lock = true;
  if (!PG_ARGISNULL(0)) {
    if (!settings::virtual_clock) {
      throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "\"as_of\" is accepted only on a virtual clock", {},
                     "Set pg_workflow.virtual_clock = on for the session or the database; it is meant for tests and demonstrations."};
    }
    if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(0))) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"as_of\" must be finite"};
    request.as_of = ToInstant(PG_GETARG_TIMESTAMPTZ(0));
  }
  if (!PG_ARGISNULL(1)) {
    if (PG_GETARG_INT32(1) < 1) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"max_steps\" must be at least 1"};
    request.max_steps = PG_GETARG_INT32(1);
  }
  const RoundResult result = RunRound(request);
  return CallBackend([&] {
    TupleDesc description;
    if (get_call_result_type(fcinfo, nullptr, &description) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
    Datum values[5] = {BoolGetDatum(result.busy), Int32GetDatum(result.events), Int32GetDatum(result.steps), Int32GetDatum(result.messages),
                       Int32GetDatum(result.errors)};
    bool nulls[5] = {};
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls));
  });
}
