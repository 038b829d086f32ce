// What receipts and reasons of suppression mean: the core's answers for the SQL functions.
#include "core/delivery/consent.h"
#include "pg/convert.h"
#include "pg/server/entry.h"

// (kind text, data jsonb) -> (event text, scope text, by_address boolean, machine boolean)
WF_FUNCTION(workflow_judge_receipt) {
  using namespace workflow::pg;  // NOLINT: the body of one function
  const auto data = JsonOfJsonb(PG_GETARG_DATUM(1));
  if (!data) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the data is nested too deeply"};
  const workflow::ReceiptMeaning meaning = workflow::MeaningOfReceipt(TextOf(PG_GETARG_DATUM(0)), *data);
  Datum values[4] = {};
  const bool nulls[4] = {meaning.event.empty(), !meaning.stops, false, false};
  if (!nulls[0]) values[0] = TextDatum(meaning.event);
  if (!nulls[1]) values[1] = TextDatum(workflow::ConsentScopeName(*meaning.stops));
  values[2] = BoolGetDatum(meaning.by_address);
  values[3] = BoolGetDatum(meaning.machine);
  return CallBackend([&] {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "judge_receipt returns a row");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, const_cast<bool*>(nulls)));
  });
}

// (by_address boolean, reason text) -> text
WF_FUNCTION(workflow_suppression_scope) {
  using namespace workflow::pg;  // NOLINT
  std::optional<std::string> reason;
  if (!PG_ARGISNULL(1)) reason = TextOf(PG_GETARG_DATUM(1));
  return TextDatum(workflow::ConsentScopeName(workflow::ScopeOfReason(!PG_ARGISNULL(0) && PG_GETARG_BOOL(0), reason)));
}
