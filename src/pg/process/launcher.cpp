#include "pg/process/launcher.h"

#include <algorithm>
#include <csignal>

#include "pg/process/shared.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"

extern "C" {
PGDLLEXPORT void workflow_launcher_main(Datum argument);
}

namespace workflow::pg {
namespace {

constexpr int kLook_ms = 10'000;              // how often databases are looked for without being woken
constexpr int64_t kAskAgain_us = 60'000'000;  // whether a database without the extension has it by now

struct Known {
  BackgroundWorkerHandle* handle = nullptr;
  TimestampTz ask_at = 0;
};

struct Found {
  Oid oid;
  std::string name;
};

// Reads pg_database, which is all that this process is connected to.
std::vector<Found> FindDatabases() {
  std::vector<Found> found;
  InTransaction([&] {
    Relation relation = CallBackend([] { return table_open(DatabaseRelationId, AccessShareLock); });
    TableScanDesc scan = CallBackend([&] { return table_beginscan_catalog(relation, 0, nullptr); });
    for (;;) {
      HeapTuple tuple = CallBackend([&] { return heap_getnext(scan, ForwardScanDirection); });
      if (tuple == nullptr) break;
      const auto* row = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
      if (row->datallowconn && !row->datistemplate) found.push_back({row->oid, NameStr(row->datname)});
    }
    CallBackend([&] {
      table_endscan(scan);
      table_close(relation, AccessShareLock);
    });
  });
  return found;
}

bool IsListed(const std::string& name) {
  const std::string_view list = settings::databases == nullptr ? "*" : settings::databases;
  for (size_t at = 0; at <= list.size();) {
    size_t end = std::min(list.find(',', at), list.size());
    std::string_view item = list.substr(at, end - at);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (item == "*" || item == name) return true;
    at = end + 1;
  }
  return false;
}

BackgroundWorkerHandle* Start(const Found& database) {
  return CallBackend([&]() -> BackgroundWorkerHandle* {
    BackgroundWorker worker = {};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time = BGW_NEVER_RESTART;  // this process does it, when there is need
    worker.bgw_notify_pid = MyProcPid;
    worker.bgw_main_arg = ObjectIdGetDatum(database.oid);
    strlcpy(worker.bgw_library_name, "pg_workflow", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, "workflow_worker_main", BGW_MAXLEN);
    strlcpy(worker.bgw_type, "pg_workflow worker", BGW_MAXLEN);
    const std::string_view name = database.name;
    strlcpy(worker.bgw_name, "pg_workflow worker of ", BGW_MAXLEN);
    strlcat(worker.bgw_name, name.data(), BGW_MAXLEN);
    MemoryContextSwitchTo(TopMemoryContext);
    BackgroundWorkerHandle* handle = nullptr;
    return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : nullptr;
  });
}

bool IsRunning(const Known& known) {
  if (known.handle == nullptr) return false;
  pid_t pid;
  const BgwHandleStatus status = GetBackgroundWorkerPid(known.handle, &pid);
  return status == BGWH_STARTED || status == BGWH_NOT_YET_STARTED;
}

void Manage(std::map<Oid, Known>* known, bool ask_all) {
  const TimestampTz now = GetCurrentTimestamp();
  std::set<Oid> seen;
  for (const Found& database : FindDatabases()) {
    seen.insert(database.oid);
    Known& entry = (*known)[database.oid];
    WorkerSlot* slot = FindSlot(database.oid, false);
    const bool wanted = IsListed(database.name);
    if (IsRunning(entry)) {
      if (!wanted) TerminateBackgroundWorker(entry.handle);
      continue;
    }
    if (entry.handle != nullptr) {  // it has ended
      pfree(entry.handle);
      entry.handle = nullptr;
      const Leaving leaving = slot == nullptr ? Leaving::kUnready : slot->leaving.load();
      // Databases without the extension hold no slot, however many there are.
      if (leaving == Leaving::kNoExtension && slot->shut_by == 0) slot->database = InvalidOid;
      entry.ask_at = now + (leaving == Leaving::kNoExtension ? kAskAgain_us : leaving == Leaving::kUnready ? kLook_ms * int64_t{1000} : 0);
    }
    // Started by a launcher before this one.
    if (const int pid = slot == nullptr ? 0 : slot->pid.load(); pid != 0) {
      if (!wanted) kill(pid, SIGTERM);
      continue;
    }
    if (!wanted || (slot != nullptr && slot->shut_by != 0) || (now < entry.ask_at && !ask_all)) continue;
    entry.handle = Start(database);
  }
  std::erase_if(*known, [&](const auto& item) { return !seen.contains(item.first) && item.second.handle == nullptr; });
}

}  // namespace

void RegisterLauncher() {
  BackgroundWorker launcher = {};
  launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
  launcher.bgw_restart_time = 1;
  strlcpy(launcher.bgw_library_name, "pg_workflow", BGW_MAXLEN);
  strlcpy(launcher.bgw_function_name, "workflow_launcher_main", BGW_MAXLEN);
  strlcpy(launcher.bgw_name, "pg_workflow launcher", BGW_MAXLEN);
  strlcpy(launcher.bgw_type, "pg_workflow launcher", BGW_MAXLEN);
  RegisterBackgroundWorker(&launcher);
}

}  // namespace workflow::pg

void workflow_launcher_main(Datum) {
  using namespace workflow::pg;
  pqsignal(SIGTERM, die);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  Shared* shared = SharedMemory();
  shared->launcher = MyProc->pgprocno;
  // Lives as long as the process; no destructor is left to a longjmp.
  auto* known = new std::map<Oid, Known>();
  uint32_t answered = shared->changes - 1;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    const uint32_t changes = shared->changes;
    Raised raised;
    if (!Contained([&] { Manage(known, changes != answered); }, raised)) Raise(raised, LOG);
    answered = changes;
    pgstat_report_activity(STATE_IDLE, nullptr);
    (void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kLook_ms, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
  }
}
