#include <algorithm>
#include <exception>
#include <new>

#include "pg/capture/append.h"
#include "pg/capture/buffer.h"
#include "pg/capture/capture.h"
#include "pg/capture/event_log.h"
#include "pg/capture/fold.h"
#include "pg/server/entry.h"
#include "pg/wakeup.h"

namespace workflow::pg {

constinit bool event_log_missing = false;

namespace {

constexpr size_t kBatch = 1000;  // events that are held in memory at once

EventRow TruncateRow(const Transition& transition) {
  EventRow row;
  row.kind = 't';
  row.depth = transition.depth;
  row.source = transition.plan->source;
  row.at = ToInstant(GetCurrentTransactionStartTimestamp());
  row.body = "{}";
  return row;
}

// An exception of ours in one row must not cost the others; an error of the server is the host's as well.
bool TryEvaluate(const Folded& folded, EventRow* row, std::string* fault) {
  try {
    if (!folded.truncated) {
      if (!EvaluateTransition(folded.transition, nullptr, row)) return false;
      // What this transaction does after a round has read it is another occasion: an event that comes again may come once more.
      if (journal->settled() > 0) row->body.insert(1, "\"part\":" + std::to_string(journal->settled()) + ",");
      row->body.insert(1, ChainsText(folded.transition.chains, row->source.value_or(0), *row->row_key));
      return true;
    }
    *row = TruncateRow(folded.transition);
    return true;
  } catch (const SqlError& error) {
    *fault = error.message;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    *fault = error.what();
  }
  return false;
}

void Append(const std::vector<EventRow>& rows, const std::vector<Folded>& folded) {
  if (rows.empty()) return;
  if (AppendEvents(rows) == AppendResult::kDone) {
    WakeWorkerAtCommit();
    return;
  }
  event_log_missing = true;
  for (const Folded& entry : folded) ReportFault(entry.transition.plan->name, kNoEventLog);
}

void Write(const std::vector<Folded>& folded) {
  const MemoryContext memory =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow evaluation", ALLOCSET_DEFAULT_SIZES); });
  std::vector<EventRow> rows;
  for (size_t i = 0; i < folded.size() && !event_log_missing; ++i) {
    EventRow row;
    std::string fault;
    const InContext inside(memory);
    if (TryEvaluate(folded[i], &row, &fault)) rows.push_back(std::move(row));
    if (!fault.empty()) ReportFault(folded[i].transition.plan->name, fault);
    if (rows.size() < kBatch) continue;
    Append(rows, folded);
    rows.clear();
    CallBackend([=] { MemoryContextReset(memory); });
  }
  if (!event_log_missing) Append(rows, folded);
  CallBackend([=] { MemoryContextDelete(memory); });
}

void BeforeCommit() {
  FlushCapture();
  AppendFaults();
}

extern "C" void CaptureOnTransaction(XactEvent event, void*) {
  switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE: {
      Raised raised;
      if (!Contained(BeforeCommit, raised)) Raise(raised);
      break;
    }
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE:
      journal->TransactionEnded();
      ForgetChains();
      ForgetOldPlans();
      ForgetFaults();
      event_log_missing = false;
      break;
    default: break;
  }
}

extern "C" void CaptureOnSubtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void*) noexcept {
  if (event == SUBXACT_EVENT_COMMIT_SUB) journal->SubtransactionCommitted(subtransaction, parent);
  else if (event == SUBXACT_EVENT_ABORT_SUB) journal->SubtransactionAborted(subtransaction);
}

}  // namespace

void FlushCapture() {
  if (journal == nullptr || !journal->HasPending()) return;
  if (!event_log_missing) {
    const MemoryContext memory =
        CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow flush", ALLOCSET_DEFAULT_SIZES); });
    {
      const InContext inside(memory);
      Write(Fold(journal->records(), journal->flushed()));
    }
    CallBackend([=] { MemoryContextDelete(memory); });
  }
  journal->MarkFlushed();
}

void FlushForRound() {
  FlushCapture();
  if (journal != nullptr) journal->Settle(CallBackend([] { return GetCurrentCommandId(false); }));
}

void RegisterCapture() {
  if (journal != nullptr) return;
  RegisterPlanInvalidation();
  auto* made = new Journal();
  CallBackend([] {
    RegisterXactCallback(CaptureOnTransaction, nullptr);
    RegisterSubXactCallback(CaptureOnSubtransaction, nullptr);
  });
  journal = made;
}

}  // namespace workflow::pg
