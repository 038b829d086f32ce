#include <algorithm>
#include <exception>
#include <new>

#include "pg/capture/append.h"
#include "pg/capture/buffer.h"
#include "pg/capture/capture.h"
#include "pg/capture/event_log.h"
#include "pg/capture/fold.h"
#include "pg/capture/import.h"
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

void Complete(int32_t chains, EventRow* row) {
  // What this transaction does after a round has read it is another occasion: an event that comes again may come once more.
  if (journal->settled() > 0) row->body.insert(1, "\"part\":" + std::to_string(journal->settled()) + ",");
  row->body.insert(1, ChainsText(chains, row->source.value_or(0), *row->row_key));
}

// An exception of ours in one row must not cost the others; an error of the server is the host's as well.
template <typename Evaluate>
bool Guarded(const Evaluate& evaluate, std::string* fault) {
  try {
    return evaluate();
  } catch (const SqlError& error) {
    *fault = error.message;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    *fault = error.what();
  }
  return false;
}

bool TryEvaluate(const Folded& folded, EventRow* row, std::string* fault) {
  return Guarded(
      [&] {
        if (folded.truncated) *row = TruncateRow(folded.transition);
        else if (!EvaluateTransition(folded.transition, nullptr, row)) return false;
        else Complete(folded.transition.chains, row);
        return true;
      },
      fault);
}

// The rows that tie an owner to a word may be several, and come and go by each other: what counts is whether there was one before, and is one after.
class Ties {
 public:
  void Add(const Transition& transition) {
    Tie tie;
    if (transition.old != nullptr && TieOf(*transition.plan, *transition.old, &tie)) ++Of(transition, tie).before;
    if (transition.fresh != nullptr && TieOf(*transition.plan, *transition.fresh, &tie)) ++Of(transition, tie).after;
  }

  template <typename Use>
  void Each(Use use) const {
    for (const auto& [key, count] : counts_) {
      if ((count.before == 0) == (count.after == 0)) continue;
      use(TieChange{count.plan, key.second, count.after > 0, count.depth, count.chains});
    }
  }

 private:
  struct Count {
    const SourcePlan* plan = nullptr;
    int32_t before = 0, after = 0;
    int16_t depth = 0;
    int32_t chains = -1;
  };
  Count& Of(const Transition& transition, const Tie& tie) {
    Count& count = counts_[{transition.plan->layout->id, tie}];
    count.plan = transition.plan;
    count.depth = std::max(count.depth, transition.depth);
    count.chains = std::max(count.chains, transition.chains);
    return count;
  }
  std::map<std::pair<uint64_t, Tie>, Count> counts_;
};

// Evaluates what folding tells, and appends what somebody wants, some at once.
class Writing {
 public:
  explicit Writing(MemoryContext memory) : memory_(memory) {}

  void Take(const Folded& folded) {
    const SourcePlan* plan = folded.transition.plan;
    if (plan != last_) plans_.insert(last_ = plan);
    if (event_log_missing) return;
    const InContext inside(memory_);
    std::string fault;
    EventRow row;
    if (plan->ties) Guarded([&] { ties_.Add(folded.transition); return true; }, &fault);
    else if (TryEvaluate(folded, &row, &fault)) rows_.push_back(std::move(row));
    if (!fault.empty()) ReportFault(plan->name, fault);
    if (rows_.size() < kBatch) return;
    Append();
    CallBackend([=, this] { MemoryContextReset(memory_); });
  }

  void Finish() {
    ties_.Each([this](const TieChange& change) { Take(change); });
    if (!event_log_missing) Append();
    if (!event_log_missing) return;
    for (const SourcePlan* plan : plans_) ReportFault(plan->name, kNoEventLog);
  }

 private:
  void Take(const TieChange& change) {
    EventRow row;
    std::string fault;
    const InContext inside(memory_);
    const bool wanted = Guarded(
        [&] {
          if (!EvaluateTie(change, &row)) return false;
          Complete(change.chains, &row);
          return true;
        },
        &fault);
    if (wanted) rows_.push_back(std::move(row));
    if (!fault.empty()) ReportFault(change.plan->name, fault);
  }

  void Append() {
    if (rows_.empty()) return;
    if (AppendEvents(rows_) == AppendResult::kDone) WakeWorkerAtCommit();
    else event_log_missing = true;
    rows_.clear();
  }

  const MemoryContext memory_;
  std::vector<EventRow> rows_;
  Ties ties_;
  std::set<const SourcePlan*> plans_;
  const SourcePlan* last_ = nullptr;
};

void Write() {
  const MemoryContext memory =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow evaluation", ALLOCSET_DEFAULT_SIZES); });
  Writing writing(memory);
  Fold(journal->records(), journal->flushed(), [&](const Folded& folded) { writing.Take(folded); });
  writing.Finish();
  CallBackend([=] { MemoryContextDelete(memory); });
}

void BeforeCommit() {
  FlushCapture();
  FlushImports();
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
      imports->TransactionEnded();
      ForgetImportPlans();
      ForgetChains();
      ForgetOldPlans();
      ForgetFaults();
      event_log_missing = false;
      break;
    default: break;
  }
}

extern "C" void CaptureOnSubtransaction(SubXactEvent event, SubTransactionId subtransaction, SubTransactionId parent, void*) noexcept {
  for (Journal* each : {journal, imports}) {
    if (event == SUBXACT_EVENT_COMMIT_SUB) each->SubtransactionCommitted(subtransaction, parent);
    else if (event == SUBXACT_EVENT_ABORT_SUB) each->SubtransactionAborted(subtransaction);
  }
}

}  // namespace

void FlushCapture() {
  if (journal == nullptr || !journal->HasPending()) return;
  if (!event_log_missing) {
    const MemoryContext memory =
        CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow flush", ALLOCSET_DEFAULT_SIZES); });
    {
      const InContext inside(memory);
      Write();
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
  auto made = std::make_unique<Journal>();
  if (imports == nullptr) imports = new Journal();
  CallBackend([] {
    RegisterXactCallback(CaptureOnTransaction, nullptr);
    RegisterSubXactCallback(CaptureOnSubtransaction, nullptr);
  });
  journal = made.release();
}

}  // namespace workflow::pg
