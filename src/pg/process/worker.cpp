// The worker of one database: a round, a sleep outside any transaction until something is due, a commit wakes it or the nap is over.
#include <algorithm>

#include "pg/convert.h"
#include "pg/process/shared.h"
#include "pg/round/round.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"

extern "C" {
PGDLLEXPORT void workflow_worker_main(Datum argument);
}

namespace workflow::pg {
namespace {

constexpr int64_t kMaintain_us = 50'000'000;  // what is over leaves within a minute
constexpr int64_t kAgain_us = 10'000'000;     // and what somebody used then, soon after he has gone (P6)
constexpr long kAfterError_ms = 1000;
// After a round that had events: whoever commits meanwhile need not wake the worker, and is read together with the others.
constexpr long kBreath_us = 500;

constinit WorkerSlot* mine = nullptr;

void Leave(int, Datum) noexcept {
  if (mine == nullptr) return;
  mine->process = kNobody;
  mine->pid = 0;
  mine->resting = false;
  ConditionVariableBroadcast(&SharedMemory()->left);
  SetProcessLatch(SharedMemory()->launcher);
}

// Whatever ALTER DATABASE or ALTER ROLE says, rounds run under these.
void ChooseSettings() {
  const char* const chosen[][2] = {
      {"application_name", "pg_workflow worker"}, {"default_transaction_isolation", "read committed"}, {"default_transaction_read_only", "off"},
      {"default_transaction_deferrable", "off"}, {"statement_timeout", "0"}, {"idle_in_transaction_session_timeout", "0"},
      {"lock_timeout", "2s"}, {"TimeZone", "UTC"}, {"DateStyle", "ISO, YMD"}, {"search_path", "pg_catalog, pg_temp"},
      {"session_replication_role", "origin"}, {"row_security", "off"}, {"jit", "off"}, {"pg_workflow.capture", "on"},
      // The worker finds a deadlock before any user's session does, and so is its victim (semantics 31).
      {"deadlock_timeout", "10ms"},
  };
  for (const auto& [name, value] : chosen) SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

// The first row of a catalog with these keys, by its index, whose columns they are; none where `read` gives none. Read each round: no plan is worth it.
template <typename Read>
auto OfCatalog(Oid catalog, Oid index, ScanKeyData* keys, int count, const Read& read) {
  const Relation relation = CallBackend([=] { return table_open(catalog, AccessShareLock); });
  const SysScanDesc scan = CallBackend([=] { return systable_beginscan(relation, index, true, nullptr, count, keys); });
  const HeapTuple row = CallBackend([=] { return systable_getnext(scan); });
  auto result = HeapTupleIsValid(row) ? read(row, RelationGetDescr(relation)) : decltype(read(row, RelationGetDescr(relation)))();
  CallBackend([=] {
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
  });
  return result;
}

// Of the extension's SQL in this database; nothing where it is not installed.
std::optional<std::string> VersionHere() {
  ScanKeyData name;
  CallBackend([&] { ScanKeyInit(&name, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum("pg_workflow")); });
  return OfCatalog(ExtensionRelationId, ExtensionNameIndexId, &name, 1, [](HeapTuple row, TupleDesc columns) -> std::optional<std::string> {
    bool is_null = true;
    const Datum version = CallBackend([&] { return heap_getattr(row, Anum_pg_extension_extversion, columns, &is_null); });
    return is_null ? std::nullopt : std::optional(TextOf(version));
  });
}

// pg_workflow.virtual_clock as ALTER DATABASE has set it; nothing where it has not.
std::optional<bool> ClockOfDatabase() {
  ScanKeyData keys[2];
  CallBackend([&] {
    ScanKeyInit(&keys[0], Anum_pg_db_role_setting_setdatabase, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(MyDatabaseId));
    ScanKeyInit(&keys[1], Anum_pg_db_role_setting_setrole, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(InvalidOid));
  });
  return OfCatalog(DbRoleSettingRelationId, DbRoleSettingDatidRolidIndexId, keys, 2, [](HeapTuple row, TupleDesc columns) -> std::optional<bool> {
    bool is_null = true;
    const Datum all = CallBackend([&] { return heap_getattr(row, Anum_pg_db_role_setting_setconfig, columns, &is_null); });
    if (is_null) return std::nullopt;
    Datum* items = nullptr;
    int count = 0;
    CallBackend([&] { deconstruct_array(reinterpret_cast<ArrayType*>(pg_detoast_datum(reinterpret_cast<struct varlena*>(static_cast<uintptr_t>(all)))), TEXTOID, -1, false, TYPALIGN_INT, &items, nullptr, &count); });
    constexpr std::string_view kName = "pg_workflow.virtual_clock=";
    for (int i = 0; i < count; ++i) {
      const std::string item = TextOf(items[i]);
      bool on = false;
      if (item.starts_with(kName) && CallBackend([&] { return parse_bool(item.c_str() + kName.size(), &on); })) return on;
    }
    return std::nullopt;
  });
}

enum class Place { kReady, kNoExtension, kOtherVersion, kResting };

Place Look() {
  const std::optional<std::string> version = VersionHere();
  if (!version) return Place::kNoExtension;
  if (*version != WF_VERSION) return Place::kOtherVersion;
  // ALTER DATABASE tells only sessions that begin after it, hence the catalog; it comes before the configuration file.
  const std::optional<bool> database = ClockOfDatabase();
  bool resting = database.value_or(settings::virtual_clock);
  if (resting && !database) {
    // Where the session got it from the database, the database has been reset since: what the files say holds.
    Rows files = Execute("SELECT s.source <> 'database' OR EXISTS (SELECT FROM pg_file_settings f WHERE CASE WHEN f.name = s.name AND f.applied THEN f.setting::boolean END)"
                         " FROM pg_settings s WHERE s.name = 'pg_workflow.virtual_clock'");
    resting = files.empty() || files.Bool(0, 1);
  }
  return resting ? Place::kResting : Place::kReady;
}

// What a crash undoes is done again.
void NeedNotReachDisk() {
  CallBackend([] { (void)set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false); });
}

// One round; how long to sleep after it. `had_events`: it read what others have committed.
long Round(Place* place, bool* had_events) {
  long sleep_ms = settings::nap_ms;
  const bool done = InTransaction([&] {
    *place = Look();
    if (*place != Place::kReady) return;
    NeedNotReachDisk();  // a claim flushes all before anyone sees a message; rounds that write the CRM's rows raise it again
    const RoundResult result = RunRound({});
    *had_events = result.events > 0;
    if (result.more) sleep_ms = 0;
    else if (result.next_due) {
      const int64_t until_ms = (result.next_due->us - ToInstant(GetCurrentTimestamp()).us) / 1000 + 1;
      sleep_ms = static_cast<long>(std::clamp<int64_t>(until_ms, 0, sleep_ms));
    }
  });
  return done ? sleep_ms : kAfterError_ms;
}

// The housekeeping, when its time has come. Tables that others use are asked for again in between, and only those.
class Upkeep {
 public:
  // How long the worker may sleep now.
  long Do(long sleep_ms) {
    const TimestampTz now = GetCurrentTimestamp();
    if (now - maintained_ > kMaintain_us) {
      maintained_ = asked_ = now;
      busy_.clear();
      // Where a round of somebody else's was running, soon again.
      if (!InTransaction([this] { Ask("SELECT m ->> 'tables_busy', (m ->> 'busy')::boolean FROM workflow.maintain() m"); })) return sleep_ms;
      if (was_busy_) maintained_ = now - kMaintain_us + kAgain_us;
    } else if (!busy_.empty() && now - asked_ > kAgain_us) {
      asked_ = now;
      InTransaction([this] {
        NeedNotReachDisk();
        Ask("SELECT to_jsonb(t)::text, false FROM workflow.empty_again(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) t", Params().Text(busy_));
      });
    }
    return busy_.empty() ? sleep_ms : std::min<long>(sleep_ms, kAgain_us / 1000);
  }

 private:
  void Ask(const char* sql, const Params& params = {}) {
    Rows rows = Execute(sql, params);
    busy_ = rows.Text(0, 1) == "[]" ? "" : rows.Text(0, 1);
    was_busy_ = rows.Bool(0, 2);
    rows.Free();
  }
  TimestampTz maintained_ = GetCurrentTimestamp() - kMaintain_us + USECS_PER_SEC, asked_ = 0;  // soon after the start for the first time
  std::string busy_;  // tables, as a json array
  bool was_busy_ = false;
};

long KeepUp(long sleep_ms) {
  static constinit Upkeep* upkeep = nullptr;  // what ends the process destroys nothing on the stack
  if (upkeep == nullptr) upkeep = new Upkeep();
  return upkeep->Do(sleep_ms);
}

}  // namespace
}  // namespace workflow::pg

void workflow_worker_main(Datum argument) {
  using namespace workflow::pg;
  const Oid database = DatumGetObjectId(argument);
  pqsignal(SIGTERM, die);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  mine = FindSlot(database, true);
  if (mine == nullptr) ereport(FATAL, (errmsg("there are more than %d databases with pg_workflow", kWorkersMax)));
  // A launcher that was restarted may not know yet that this database has a worker.
  int nobody = 0;
  if (!mine->pid.compare_exchange_strong(nobody, MyProcPid)) proc_exit(0);
  before_shmem_exit(Leave, 0);
  mine->leaving = Leaving::kUnready;
  if (mine->shut_by != 0) {
    mine->leaving = Leaving::kNone;
    proc_exit(0);
  }
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
  mine->process = MyProc->pgprocno;
  ChooseSettings();
  mine->leaving = Leaving::kNone;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    Place place = Place::kReady;
    bool had_events = false;
    long sleep_ms = Round(&place, &had_events);
    mine->resting = place == Place::kResting;
    if (place == Place::kNoExtension) {
      mine->leaving = Leaving::kNoExtension;
      proc_exit(0);
    }
    if (place == Place::kReady) sleep_ms = KeepUp(sleep_ms);
    pgstat_report_stat(false);
    pgstat_report_activity(STATE_IDLE, nullptr);
    if (had_events && sleep_ms > 0) pg_usleep(kBreath_us);
    (void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, sleep_ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}
