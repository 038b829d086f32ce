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
constexpr long kAfterError_ms = 1000;

constinit WorkerSlot* mine = nullptr;

void Leave(int, Datum) noexcept {
  if (mine == nullptr) return;
  mine->process = kNobody;
  mine->pid = 0;
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

enum class Place { kReady, kNoExtension, kOtherVersion, kResting };

Place Look() {
  Rows extension = Execute("SELECT e.extversion FROM pg_extension e WHERE e.extname = 'pg_workflow'");
  if (extension.empty()) return Place::kNoExtension;
  if (extension.Text(0, 1) != WF_VERSION) return Place::kOtherVersion;
  // ALTER DATABASE tells only sessions that begin after it, hence the catalog; it comes before the configuration file.
  Rows database = Execute("SELECT split_part(c, '=', 2)::boolean FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
                          " AND d.datname = current_database(), unnest(s.setconfig) c"
                          " WHERE s.setrole = 0 AND c LIKE 'pg\\_workflow.virtual\\_clock=%'");
  bool resting = database.empty() ? settings::virtual_clock : database.Bool(0, 1);
  if (resting && database.empty()) {
    // Where the session got it from the database, the database has been reset since: what the files say holds.
    Rows files = Execute("SELECT s.source <> 'database' OR EXISTS (SELECT FROM pg_file_settings f WHERE CASE WHEN f.name = s.name AND f.applied THEN f.setting::boolean END)"
                         " FROM pg_settings s WHERE s.name = 'pg_workflow.virtual_clock'");
    resting = files.empty() || files.Bool(0, 1);
  }
  return resting ? Place::kResting : Place::kReady;
}

// One round; how long to sleep after it.
long Round(Place* place) {
  long sleep_ms = settings::nap_ms;
  const bool done = InTransaction([&] {
    *place = Look();
    if (*place != Place::kReady) return;
    // What a crash undoes is done again: a claim flushes all of it before anyone sees a message. Rounds that write the CRM's rows raise it again.
    CallBackend([] { (void)set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false); });
    const RoundResult result = RunRound({});
    if (result.more) sleep_ms = 0;
    else if (result.next_due) {
      const int64_t until_ms = (result.next_due->us - ToInstant(GetCurrentTimestamp()).us) / 1000 + 1;
      sleep_ms = static_cast<long>(std::clamp<int64_t>(until_ms, 0, sleep_ms));
    }
  });
  return done ? sleep_ms : kAfterError_ms;
}

void Maintain() {
  InTransaction([] { Execute("SELECT workflow.maintain()"); });
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
  TimestampTz maintained = GetCurrentTimestamp();
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    Place place = Place::kReady;
    const long sleep_ms = Round(&place);
    if (place == Place::kNoExtension) {
      mine->leaving = Leaving::kNoExtension;
      proc_exit(0);
    }
    if (place == Place::kReady && GetCurrentTimestamp() - maintained > kMaintain_us) {
      Maintain();
      maintained = GetCurrentTimestamp();
    }
    pgstat_report_stat(false);
    pgstat_report_activity(STATE_IDLE, nullptr);
    (void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, sleep_ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}
