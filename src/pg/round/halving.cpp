#include "pg/round/halving.h"

#include <algorithm>

#include "core/enrollment/fault.h"
#include "pg/round/suspending.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"

namespace workflow::pg {
namespace {

struct Fault {
  std::string sqlstate, message, detail;
  std::string step;      // the step that failed; empty: none was being taken
  int64_t pause_us = 0;  // > 0: no attempt is counted, so much later it is tried again
};

std::string StateOf(const Raised& raised) { return unpack_sql_state(raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate); }

Fault Describe(const Raised& raised) {
  Fault fault;
  fault.sqlstate = StateOf(raised);
  const char* message = raised.backend != nullptr ? raised.backend->message : raised.message;
  const char* detail = raised.backend != nullptr ? raised.backend->detail : raised.detail;
  fault.message = message == nullptr ? "" : message;
  fault.detail = detail == nullptr ? "" : detail;
  fault.pause_us = FaultPauseUs(ClassifyFault(fault.sqlstate, raised.backend == nullptr));
  return fault;
}

class RoundRun {
 public:
  RoundRun(RoundContext& context, RoundResult* result) : context_(context), result_(result) {}

  // Takes the events in a subtransaction; on failure halves them until the failing one is alone (semantics 28).
  void Events(const std::vector<const LogEvent*>& events) {
    if (events.empty()) return;
    const auto fault = Attempt([&](Batch& batch) { batch.TakeEvents(events); });
    if (!fault) return;
    if (events.size() > 1) {
      const auto middle = events.begin() + static_cast<std::ptrdiff_t>(events.size() / 2);
      Events({events.begin(), middle});
      Events({middle, events.end()});
      return;
    }
    // It may be the first steps of one whom it lets in: those then fail for themselves, by their own workflow's rules.
    const auto again = Attempt([&](Batch& batch) { batch.TakeEvents(events); }, /*defer_start=*/true);
    if (again) EventFailed(*events.front(), *again);
  }

  void Timers(const std::vector<TimerItem>& timers) {
    if (timers.empty()) return;
    const auto fault = Attempt([&](Batch& batch) { batch.TakeTimers(timers); });
    if (!fault) return;
    if (timers.size() > 1) {
      const auto middle = timers.begin() + static_cast<std::ptrdiff_t>(timers.size() / 2);
      Timers({timers.begin(), middle});
      Timers({middle, timers.end()});
      return;
    }
    TimerFailed(timers.front(), *fault);
  }

 private:
  template <typename Work>
  std::optional<Fault> Attempt(Work&& work, bool defer_start = false, const std::string& stop_before = {}) {
    Subtransaction attempt;
    Raised raised;
    Counts counts;
    const int32_t locks = context_.locks_left;
    const std::map<int32_t, int32_t> epochs = context_.epochs;
    context_.at_step.clear();
    const bool done = Contained(
        [&] {
          Batch batch(context_, defer_start, stop_before);
          work(batch);
          batch.Save();
          counts = batch.counts();
        },
        raised);
    if (done) {
      attempt.Release();
      for (const auto& [version, tally] : counts.by_version) {
        context_.tallies[version].Add(tally);
        if (tally.steps > 0 && stop_before.empty()) NoteSuccess(&context_, version);  // what only leads up to a failure is none
      }
      result_->steps += counts.steps;
      result_->messages += counts.messages;
      result_->errors += counts.errors;
      return std::nullopt;
    }
    attempt.RollBack();
    context_.timers.Reload();
    context_.locks_left = locks;
    context_.epochs = epochs;
    const std::string state = StateOf(raised);
    if (ClassifyFault(state, raised.backend == nullptr) == FaultKind::kInterrupt) Rethrow(raised);
    // Waiting once is enough: the halves of this batch must not wait one after the other.
    if (IsLockTimeout(state)) run_as_lock_timeout_ms = 1;
    Fault fault = Describe(raised);
    fault.step = context_.at_step;
    return fault;
  }

  // What fails for good reasons of its own is retried by the program's rules, what is transient a moment later; what cannot even be loaded (its
  // version does not compile) waits a minute and is seen by doctor().
  void TimerFailed(const TimerItem& fired, const Fault& fault) {
    TimerItem timer = fired;
    if (!fault.step.empty() && !StandsAt(timer.enrollment, fault.step)) {
      const auto up_to = Attempt([&](Batch& batch) { batch.TakeTimers({timer}); }, /*defer_start=*/false, /*stop_before=*/fault.step);
      const auto number = up_to ? std::nullopt : StandsAt(timer.enrollment, fault.step);
      if (!up_to && !number) return;  // this time it has gone another way
      if (number) timer.number = *number;
    }
    ++result_->errors;
    Failure failure;
    const auto again = Attempt([&](Batch& batch) { failure = batch.FailTimer(timer, fault.message, fault.pause_us, fault.step); });
    if (again) {
      context_.timers.Add({{Instant{context_.now.us + kMinute}, timer.enrollment, timer.number}});
    } else {
      NoteFailure(&context_, failure);
    }
    if (fault.pause_us > 0) return;
    Execute("INSERT INTO workflow.error (at, enrollment, step, sqlstate, message, detail)"
            " SELECT $1, $2, coalesce(nullif($6, ''), s.step), $3, $4, $5 FROM workflow.state s WHERE s.enrollment = $2",
            Params().Time(context_.now).Int8(timer.enrollment).Text(fault.sqlstate).Text(fault.message).Text(fault.detail).Text(fault.step));
  }

  // The number of its timer, where it stands at this step. Else something comes before the step that failed: a message, say, that must not wait for it.
  static std::optional<int32_t> StandsAt(int64_t enrollment, const std::string& step) {
    Rows rows = Execute("SELECT s.timer FROM workflow.state s WHERE s.enrollment = $1 AND s.step = $2 AND s.phase <> 'ended'", Params().Int8(enrollment).Text(step));
    const auto number = rows.empty() ? std::nullopt : std::optional(rows.Int4(0, 1));
    rows.Free();
    return number;
  }

  // An event that fails is kept and tried again, as one whose contact is not found is; after five tries it is given up.
  void EventFailed(const LogEvent& event, const Fault& fault) {
    ++result_->errors;
    const std::string whole = ToParkedText(event, context_.is_virtual ? std::optional(context_.now) : std::nullopt);
    Execute("INSERT INTO workflow.error (at, event_id, sqlstate, message, detail, input) VALUES ($1, $2, $3, $4, $5, $6::json)",
            Params().Time(context_.now).Int8(event.id).Text(fault.sqlstate).Text(fault.message).Text(fault.detail).Text(whole));
    Execute("DELETE FROM workflow.parked WHERE event_id = $1", Params().Int8(event.id));
    if (event.tries >= kEventTriesMax && fault.pause_us == 0) return;
    Execute("INSERT INTO workflow.parked (event_id, source, row_key, event, reason, parked_at, retry_at, tries)"
            " VALUES ($1, $2, $3, $4::json, 'error', $5, $6, $7)",
            Params().Int8(event.id).Int4(event.source.value_or(0)).Text(event.row_key)
                .Text(whole).Time(event.parked_at.value_or(context_.now))
                .Time(Instant{context_.now.us + (fault.pause_us > 0 ? fault.pause_us : ParkedPauseUs(event.tries + 1))}).Int4(event.tries + (fault.pause_us > 0 ? 0 : 1)));
  }

  RoundContext& context_;
  RoundResult* result_;
};

// Events that do something to those who are already in make a batch of their own kind, so that order between the kinds is kept.
bool IsAftermath(const LogEvent& event) {
  if (event.kind == 'r') {
    const Json* wanted = event.body.Find("wanted");
    return wanted == nullptr || !wanted->is_array() || wanted->array().empty() || event.body.Find("gone") != nullptr;
  }
  return event.kind != 'e' && event.kind != 'n' && event.kind != 's';
}

bool Renames(const LogEvent& event) { return event.kind == 'r' && !event.applied && event.body.Find("was") != nullptr; }

// Rows that got other keys in one transaction did so together, after the deletions that may have made room for them.
std::vector<const LogEvent*> InOrder(const std::vector<LogEvent>& events) {
  std::map<std::string, int64_t> first;  // transaction -> where its first such row stands
  for (size_t i = 0; i < events.size(); ++i) if (Renames(events[i])) first.emplace(events[i].xid, static_cast<int64_t>(i));
  std::vector<std::pair<std::pair<int64_t, int>, const LogEvent*>> places;
  for (size_t i = 0; i < events.size(); ++i) {
    const auto renamed = first.find(events[i].xid);
    const bool gone = events[i].kind == 'r' && events[i].body.Find("gone") != nullptr;
    const bool moves = renamed != first.end() && (gone || Renames(events[i]));
    places.push_back({{moves ? renamed->second : static_cast<int64_t>(i), moves && gone ? 0 : 1}, &events[i]});
  }
  if (!first.empty()) std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const LogEvent*> ordered;
  for (const auto& place : places) ordered.push_back(place.second);
  return ordered;
}

}  // namespace

void TakeEvents(RoundContext* context, RoundResult* result, const std::vector<LogEvent>& events) {
  RoundRun run(*context, result);
  const std::vector<const LogEvent*> ordered = InOrder(events);
  const auto together = [](const LogEvent& a, const LogEvent& b) {
    if (Renames(a) || Renames(b)) return Renames(a) && Renames(b) && a.xid == b.xid;
    if (a.kind == 'o' || b.kind == 'o') return false;  // it may move whom the others act on
    return IsAftermath(a) == IsAftermath(b);
  };
  for (size_t at = 0; at < ordered.size();) {
    std::vector<const LogEvent*> segment = {ordered[at++]};
    while (at < ordered.size() && together(*segment.front(), *ordered[at])) segment.push_back(ordered[at++]);
    run.Events(segment);
  }
}

void TakeTimers(RoundContext* context, RoundResult* result, const std::vector<TimerItem>& timers) {
  RoundRun run(*context, result);
  run.Timers(timers);
}

}  // namespace workflow::pg
