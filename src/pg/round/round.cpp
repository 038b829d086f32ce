#include "pg/round/round.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/round/batch.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

// "pg_workf": the key of the advisory lock that makes a round the only writer.
constexpr int64_t kRoundLock = 0x70675f776f726b66;

bool TakeLock(bool wait) {
  Rows tried = Execute("SELECT pg_try_advisory_xact_lock($1)", Params().Int8(kRoundLock));
  if (tried.Bool(0, 1)) return true;
  if (!wait) return false;
  // Up to lock_timeout; where the session sets none, a second. The setting ends here, for the caller's transaction goes on.
  Subtransaction attempt;
  Raised raised;
  const bool got = Contained(
      [] {
        const int level = CallBackend([] {
          const int begun = NewGUCNestLevel();
          if (LockTimeout == 0) (void)set_config_option("lock_timeout", "1s", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
          return begun;
        });
        Execute("SELECT pg_advisory_xact_lock($1)", Params().Int8(kRoundLock));
        CallBackend([=] { AtEOXact_GUC(true, level); });
      },
      raised);
  if (got) {
    attempt.Release();
    return true;
  }
  attempt.RollBack();
  if (raised.backend == nullptr || raised.backend->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE) Rethrow(raised);
  return false;
}

void CheckPlace() {
  if (RecoveryInProgress()) {
    throw SqlError{ERRCODE_READ_ONLY_SQL_TRANSACTION, "a round cannot run during recovery", {}, "Call it on the primary server."};
  }
  if (IsolationUsesXactSnapshot()) {
    throw SqlError{ERRCODE_ACTIVE_SQL_TRANSACTION, "a round cannot run above READ COMMITTED",
                   "It must see what has committed since its transaction began.", {}};
  }
}

// Whether rounds are halted: by halt(), or because this is a copy of another database (semantics 33). While a dump is being restored there are
// events and timers, and nothing yet that says whose they are.
bool IsHalted() {
  Rows rows = Execute("SELECT i.halted_at IS NOT NULL OR i.database::int8 <> $1 OR i.system_identifier <> $2 FROM workflow.installation i",
                      Params().Int8(MyDatabaseId).Int8(static_cast<int64_t>(GetSystemIdentifier())));
  return rows.empty() || rows.Bool(0, 1);
}

struct Fault {
  std::string sqlstate, message, detail;
  std::string step;      // the step that failed; empty: none was being taken
  int64_t pause_us = 0;  // > 0: no attempt is counted, so much later it is tried again
};

// Must end the round instead of being charged to one enrollment: somebody wants this process to stop, or waits for locks that only the end of the
// transaction gives up.
bool IsInterrupt(int sqlstate) {
  return sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED || sqlstate == ERRCODE_QUERY_CANCELED || sqlstate == ERRCODE_ADMIN_SHUTDOWN || sqlstate == ERRCODE_CRASH_SHUTDOWN ||
         sqlstate == ERRCODE_OUT_OF_MEMORY;
}

Fault Describe(const Raised& raised) {
  const int state = raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate;
  Fault fault;
  fault.sqlstate = unpack_sql_state(state);
  const char* message = raised.backend != nullptr ? raised.backend->message : raised.message;
  const char* detail = raised.backend != nullptr ? raised.backend->detail : raised.detail;
  fault.message = message == nullptr ? "" : message;
  fault.detail = detail == nullptr ? "" : detail;
  const int category = ERRCODE_TO_CATEGORY(state);
  if (category == ERRCODE_TRANSACTION_ROLLBACK || category == ERRCODE_INSUFFICIENT_RESOURCES || state == ERRCODE_LOCK_NOT_AVAILABLE) {
    fault.pause_us = kSecond;
  } else if (raised.backend == nullptr && state == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE) {
    fault.pause_us = kMinute;  // a source or version of ours is broken: that is for an operator to mend, and nobody's fault till then
  }
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
  std::optional<Fault> Attempt(Work&& work, bool defer_start = false) {
    Subtransaction attempt;
    Raised raised;
    Counts counts;
    const int32_t locks = context_.locks_left;
    const std::map<int32_t, int32_t> epochs = context_.epochs;
    context_.at_step.clear();
    const bool done = Contained(
        [&] {
          Batch batch(context_, defer_start);
          work(batch);
          batch.Save();
          counts = batch.counts();
        },
        raised);
    if (done) {
      attempt.Release();
      result_->steps += counts.steps;
      result_->messages += counts.messages;
      return std::nullopt;
    }
    attempt.RollBack();
    context_.locks_left = locks;
    context_.epochs = epochs;
    const int state = raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate;
    if (IsInterrupt(state)) Rethrow(raised);
    // Waiting once is enough: the halves of this batch must not wait one after the other.
    if (state == ERRCODE_LOCK_NOT_AVAILABLE) run_as_lock_timeout_ms = 1;
    Fault fault = Describe(raised);
    fault.step = context_.at_step;
    return fault;
  }

  // What fails for good reasons of its own is retried by the program's rules, what is transient a moment later; what cannot even be loaded (its
  // version does not compile) waits a minute and is seen by doctor().
  void TimerFailed(const TimerItem& timer, const Fault& fault) {
    ++result_->errors;
    const auto again = Attempt([&](Batch& batch) { batch.FailTimer(timer, fault.message, fault.pause_us); });
    if (again) {
      Execute("UPDATE workflow.timer SET due = $4 WHERE due = $1 AND enrollment = $2 AND number = $3",
              Params().Time(timer.due).Int8(timer.enrollment).Int4(timer.number).Time(Instant{context_.now.us + kMinute}));
    }
    if (fault.pause_us > 0) return;
    Execute("INSERT INTO workflow.error (at, enrollment, step, sqlstate, message, detail)"
            " SELECT $1, $2, coalesce(nullif($6, ''), s.step), $3, $4, $5 FROM workflow.state s WHERE s.enrollment = $2",
            Params().Time(context_.now).Int8(timer.enrollment).Text(fault.sqlstate).Text(fault.message).Text(fault.detail).Text(fault.step));
  }

  // An event that fails is kept and tried again, as one whose contact is not found is; after five tries it is given up.
  void EventFailed(const LogEvent& event, const Fault& fault) {
    ++result_->errors;
    Execute("INSERT INTO workflow.error (at, event_id, sqlstate, message, detail) VALUES ($1, $2, $3, $4, $5)",
            Params().Time(context_.now).Int8(event.id).Text(fault.sqlstate).Text(fault.message).Text(fault.detail));
    Execute("DELETE FROM workflow.parked WHERE event_id = $1", Params().Int8(event.id));
    if (event.tries >= kEventTriesMax && fault.pause_us == 0) return;
    Execute("INSERT INTO workflow.parked (event_id, source, row_key, event, reason, parked_at, retry_at, tries)"
            " VALUES ($1, $2, $3, $4::json, 'error', $5, $6, $7)",
            Params().Int8(event.id).Int4(event.source.value_or(0)).Text(event.row_key)
                .Text(ToParkedText(event, context_.is_virtual ? std::optional(context_.now) : std::nullopt)).Time(event.parked_at.value_or(context_.now))
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
  return event.kind != 'e' && event.kind != 'n';
}

std::vector<LogEvent> ReadParked(const std::vector<LogEvent>& events, Instant now, int limit) {
  std::vector<std::string> match;
  for (const LogEvent& event : events) {
    const Json* list = event.body.Find("match");
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& item : list->array()) if (item.is_string()) match.push_back(item.string());
  }
  std::vector<LogEvent> parked;
  Rows rows = Execute("SELECT p.event::text, p.tries, p.parked_at, p.reason <> 'error' FROM workflow.parked p WHERE p.event_id IN (SELECT event_id FROM workflow.parked"
                      " WHERE retry_at <= $1 UNION SELECT event_id FROM workflow.parked WHERE lookup && $2::text[]) ORDER BY p.event_id LIMIT " +
                          std::to_string(limit),
                      Params().Time(now).Texts(match));
  for (size_t i = 0; i < rows.size(); ++i) {
    auto event = FromParkedText(rows.Text(i, 1));
    if (!event) continue;
    event->tries = rows.Int4(i, 2);
    event->applied = rows.Bool(i, 4);  // one that failed left nothing behind
    event->parked_at = rows.Time(i, 3);
    parked.push_back(std::move(*event));
  }
  rows.Free();
  return parked;
}

std::vector<TimerItem> ReadTimers(Instant now, int limit) {
  std::vector<TimerItem> timers;
  Rows rows = Execute("SELECT t.due, t.enrollment, t.number FROM workflow.timer t WHERE t.due <= $1 ORDER BY t.due, t.enrollment, t.number LIMIT " +
                          std::to_string(limit),
                      Params().Time(now));
  for (size_t i = 0; i < rows.size(); ++i) timers.push_back({rows.Time(i, 1), rows.Int8(i, 2), rows.Int4(i, 3)});
  rows.Free();
  // In key order the rows of a batch lie together, and two rounds never lock in different orders.
  std::sort(timers.begin(), timers.end(), [](const TimerItem& a, const TimerItem& b) { return a.enrollment < b.enrollment; });
  return timers;
}

std::map<int32_t, int32_t> ReadEpochs() {
  std::map<int32_t, int32_t> epochs;
  Rows rows = Execute("SELECT s.id, s.epoch FROM workflow.source s");
  for (size_t i = 0; i < rows.size(); ++i) epochs[rows.Int4(i, 1)] = rows.Int4(i, 2);
  rows.Free();
  return epochs;
}

std::map<int32_t, std::vector<std::pair<Instant, Instant>>> ReadPauses() {
  std::map<int32_t, std::vector<std::pair<Instant, Instant>>> pauses;
  Rows rows = Execute("SELECT p.workflow, p.paused_at, p.resumed_at FROM workflow.pause p");
  for (size_t i = 0; i < rows.size(); ++i) pauses[rows.Int4(i, 1)].emplace_back(rows.Time(i, 2), rows.Time(i, 3));
  rows.Free();
  return pauses;
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

void TakeEvents(RoundRun* run, const std::vector<LogEvent>& events) {
  const std::vector<const LogEvent*> ordered = InOrder(events);
  const auto together = [](const LogEvent& a, const LogEvent& b) {
    if (Renames(a) || Renames(b)) return Renames(a) && Renames(b) && a.xid == b.xid;
    return IsAftermath(a) == IsAftermath(b);
  };
  for (size_t at = 0; at < ordered.size();) {
    std::vector<const LogEvent*> segment = {ordered[at++]};
    while (at < ordered.size() && together(*segment.front(), *ordered[at])) segment.push_back(ordered[at++]);
    run->Events(segment);
  }
}

// A trigger of the CRM may call tick() while a round changes its row; the advisory lock would let it in.
class OnlyOne {
 public:
  OnlyOne() : is_nested_(running_) { running_ = true; }
  ~OnlyOne() { running_ = is_nested_; }
  OnlyOne(const OnlyOne&) = delete;
  OnlyOne& operator=(const OnlyOne&) = delete;
  bool is_nested() const { return is_nested_; }

 private:
  static inline constinit bool running_ = false;
  const bool is_nested_;
};

}  // namespace

RoundResult RunRound(const RoundRequest& request) {
  RoundResult result;
  const OnlyOne only_one;
  result.busy = only_one.is_nested();
  if (result.busy) return result;
  CheckPlace();
  FlushForRound();
  run_as_lock_timeout_ms = kLockTimeout_ms;
  Spi spi;
  LogReader log;
  if (!log.Open()) {  // nothing has ever been attached
    spi.Finish();
    return result;
  }
  if (!TakeLock(request.wait_for_lock) || IsHalted()) {
    spi.Finish();
    result.busy = true;
    return result;
  }
  log = LogReader();
  log.Open();  // again: the latest snapshot, under the lock

  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const TemplateStore& templates = TemplateStore::Current(registry);
  const NeededFields needed(registry, templates.references());
  const Instant now = request.as_of ? *request.as_of : ToInstant(GetCurrentTimestamp());
  RoundContext context{registry, needed, templates, now, request.as_of.has_value(), ReadPauses(), ReadEpochs(), 100};
  RoundRun run(context, &result);

  const int limit = std::min(settings::batch_size, request.max_steps.value_or(settings::batch_size));
  const std::vector<LogEvent> events = log.Read(limit);
  TakeEvents(&run, events);
  TakeEvents(&run, ReadParked(events, now, limit));
  const std::vector<TimerItem> timers = ReadTimers(now, limit);
  run.Timers(timers);

  result.events = static_cast<int32_t>(events.size());
  result.more = log.more() || static_cast<int>(timers.size()) == limit;
  if (log.moved() || !timers.empty() || (request.as_of && log.last_as_of() != request.as_of)) log.Append(result, request.as_of);
  Rows next = Execute("SELECT min(t.due) FROM workflow.timer t");
  result.next_due = next.MaybeTime(0, 1);
  spi.Finish();
  return result;
}

}  // namespace workflow::pg
