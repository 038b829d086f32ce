#include "pg/round/round.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/round/batch.h"
#include "pg/round/halving.h"
#include "pg/round/intake.h"
#include "pg/round/settling.h"
#include "pg/round/suspending.h"
#include "pg/server/index_scan.h"
#include "pg/server/keyed_table.h"
#include "pg/server/memory.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"
#include "pg/sources/needs.h"

namespace workflow::pg {
namespace {

// "pg_workf": the key of the advisory lock that makes a round the only writer.
constexpr int64_t kRoundLock = 0x70675f776f726b66;

bool TakeLock(bool wait) {
  if (CallBackend([] { return DatumGetBool(DirectFunctionCall1(pg_try_advisory_xact_lock_int8, Int64GetDatum(kRoundLock))); })) return true;
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
        CallBackend([=] {
          (void)DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum(kRoundLock));
          AtEOXact_GUC(true, level);
        });
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
  enum : int { kSystemIdentifier = 2, kDatabase, kHaltedAt };
  KeyedTable rows("installation", "installation_pkey");
  const bool runs = rows.Find({}) && rows.IsNull(kHaltedAt) && rows.ObjectId(kDatabase) == MyDatabaseId &&
                    static_cast<uint64_t>(rows.Int8(kSystemIdentifier)) == GetSystemIdentifier();
  rows.Finish();
  return !runs;
}

std::vector<LogEvent> ReadParked(const std::vector<LogEvent>& events, Instant now, int limit) {
  if (!AnyRow("parked", "parked_pkey")) return {};
  std::vector<std::string> match;
  for (const LogEvent& event : events) {
    const Json* list = event.body.Find("match");
    if (list == nullptr || !list->is_array()) continue;
    for (const Json& item : list->array()) if (item.is_string()) match.push_back(item.string());
  }
  std::vector<LogEvent> parked;
  Rows rows = Execute("SELECT p.event::text, p.tries, p.parked_at, p.reason <> 'error', p.reason = 'broken_version' FROM workflow.parked p WHERE p.event_id IN (SELECT event_id FROM workflow.parked"
                      " WHERE retry_at <= $1 UNION SELECT event_id FROM workflow.parked WHERE lookup && $2::text[]) ORDER BY p.event_id LIMIT " +
                          std::to_string(limit),
                      Params().Time(now).Texts(match));
  for (size_t i = 0; i < rows.size(); ++i) {
    auto event = FromParkedText(rows.Text(i, 1));
    if (!event) continue;
    event->tries = rows.Int4(i, 2);
    event->applied = rows.Bool(i, 4);  // one that failed left nothing behind
    event->parked_at = rows.Time(i, 3);
    event->heard = rows.Bool(i, 5);  // its contacts were found
    parked.push_back(std::move(*event));
  }
  rows.Free();
  return parked;
}

std::vector<TimerItem> ReadTimers(TimerStore* store, int limit) {
  std::vector<TimerItem> timers = store->Read(limit);
  // In key order the rows of a batch lie together, and two rounds never lock in different orders.
  std::sort(timers.begin(), timers.end(), [](const TimerItem& a, const TimerItem& b) { return a.enrollment < b.enrollment; });
  return timers;
}

std::map<int32_t, int32_t> ReadEpochs() {
  enum : int { kId = 1, kEpoch = 9 };
  std::map<int32_t, int32_t> epochs;
  KeyedTable rows("source", "source_pkey");
  for (rows.Seek({}); rows.Next();) epochs[rows.Int4(kId)] = rows.Int4(kEpoch);
  rows.Finish();
  return epochs;
}

std::map<int32_t, std::vector<Pause>> ReadPauses() {
  enum : int { kWorkflow = 1, kPausedAt, kResumedAt, kMode };
  std::map<int32_t, std::vector<Pause>> pauses;
  KeyedTable rows("pause", "pause_pkey");
  for (rows.Seek({}); rows.Next();) {
    pauses[rows.Int4(kWorkflow)].push_back({rows.Time(kPausedAt), rows.Time(kResumedAt), ParseOnResume(rows.Text(kMode))});
  }
  rows.Finish();
  return pauses;
}

bool HasSuppressions() { return AnyRow("suppression", "suppression_pkey") || AnyRow("subscription", "subscription_withdrawn"); }

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

// A round touches pages all over the tables, and the first touch of each after a checkpoint puts its image into the WAL: compressed to a third it
// is written sooner than as it is. Only the server's own choice of no compression is overruled, and only while the round lasts.
class CompressedImages {
 public:
#ifdef USE_LZ4
  CompressedImages() : saved_(wal_compression) {
    if (settings::compress_wal && wal_compression == WAL_COMPRESSION_NONE) wal_compression = WAL_COMPRESSION_LZ4;
  }
#else
  CompressedImages() : saved_(wal_compression) {}
#endif
  CompressedImages(const CompressedImages&) = delete;
  CompressedImages& operator=(const CompressedImages&) = delete;
  ~CompressedImages() { wal_compression = saved_; }

 private:
  const int saved_;
};

}  // namespace

RoundResult RunRound(const RoundRequest& request) {
  RoundResult result;
  const OnlyOne only_one;
  result.busy = only_one.is_nested();
  if (result.busy) return result;
  const CompressedImages compressed;
  KeepFreedMemory();
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

  const TimestampTz began = GetCurrentTimestamp();
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  SaveNeeds(registry);
  const TemplateStore& templates = TemplateStore::Current(registry);
  const Instant now = request.as_of ? *request.as_of : ToInstant(GetCurrentTimestamp());
  Intakes intakes(registry, templates, now, request.as_of.has_value());
  const NeededFields needed(registry, templates.references(), intakes.programs());
  TimerStore store(now, log.timer_cursor());
  RoundContext context{registry, needed, templates, store, now, request.as_of.has_value(), ReadPauses(), ReadEpochs(), 100};

  context.has_suppressions = HasSuppressions();
  context.failing = ReadFailing();
  context.has_caps = HasCaps(registry, templates);
  const int limit = std::min(settings::batch_size, request.max_steps.value_or(settings::batch_size));
  const std::vector<LogEvent> events = log.Read(limit);
  TakeEvents(&context, &result, events);
  TakeEvents(&context, &result, ReadParked(events, now, limit));
  // What has not been read yet may have touched a row once more.
  const bool settles = AnySettles(registry);
  if (settles && !log.more()) TakeEvents(&context, &result, ReadSettled(now, limit));
  intakes.Take(&context, &result, limit);
  const std::vector<TimerItem> timers = ReadTimers(&store, limit);
  TakeTimers(&context, &result, timers);

  result.events = static_cast<int32_t>(events.size());
  result.more = result.more || log.more() || static_cast<int>(timers.size()) == limit;
  SaveTallies(context.tallies, now);
  result.took_us = GetCurrentTimestamp() - began;
  if (log.moved() || store.moved() || (request.as_of && log.last_as_of() != request.as_of)) log.Append(result, request.as_of, store.cursor());
  result.next_due = store.NextDue();
  const std::optional<Instant> settled = settles ? NextSettled() : std::nullopt;
  if (settled && (!result.next_due || *settled < *result.next_due)) result.next_due = settled;
  if (intakes.next() && (!result.next_due || *intakes.next() < *result.next_due)) result.next_due = intakes.next();
  spi.Finish();
  return result;
}

}  // namespace workflow::pg
