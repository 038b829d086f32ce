#include "pg/process/shared.h"

#include "pg/outbox/hints.h"
#include "pg/process/hooks.h"
#include "pg/settings.h"
#include "pg/wakeup.h"

namespace workflow::pg {
namespace {

constinit Shared* shared = nullptr;
constinit shmem_request_hook_type next_request = nullptr;
constinit shmem_startup_hook_type next_startup = nullptr;

// What this transaction wants woken when it commits.
constinit bool wake_worker = false;
constinit bool wake_launcher = false;
// What has committed and is to be woken as soon as others see all of it.
constinit bool worker_is_due = false;
constinit bool launcher_is_due = false;

void Request() noexcept {
  if (next_request != nullptr) next_request();
  RequestAddinShmemSpace(sizeof(Shared) + MAXALIGN(HintsSize()));
  RequestNamedLWLockTranche("pg_workflow", 1);
}

void Startup() noexcept {
  if (next_startup != nullptr) next_startup();
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  shared = static_cast<Shared*>(ShmemInitStruct("pg_workflow", sizeof(Shared), &found));
  if (!found) {
    shared->launcher = kNobody;
    shared->changes = 0;
    ConditionVariableInit(&shared->left);
    for (WorkerSlot& slot : shared->slots) {
      slot.database = InvalidOid;
      slot.process = kNobody;
      slot.pid = 0;
      slot.shut_by = 0;
      slot.leaving = Leaving::kNone;
      slot.resting = false;
    }
  }
  void* const hints = ShmemInitStruct("pg_workflow outbox", HintsSize(), &found);
  StartHints(hints, found, &GetNamedLWLockTranche("pg_workflow")->lock);
  LWLockRelease(AddinShmemInitLock);
}

void AtTransactionEnd(XactEvent event, void*) noexcept {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE && event != XACT_EVENT_ABORT) return;
  worker_is_due = wake_worker && event != XACT_EVENT_ABORT;
  launcher_is_due = wake_launcher && event != XACT_EVENT_ABORT;
  wake_worker = wake_launcher = false;
  LetWorkerIn(event == XACT_EVENT_ABORT);
}

// After the callbacks of a commit come its invalidations, then its locks go: woken before, the worker might go by definitions that have just changed,
// and would pass over rows that are locked still. Does nothing that can fail: a latch of a process that has gone is only a wasted signal.
void AfterLocks(ResourceReleasePhase phase, bool, bool is_top, void*) noexcept {
  if (phase != RESOURCE_RELEASE_AFTER_LOCKS || !is_top || !(worker_is_due || launcher_is_due)) return;
  if (shared != nullptr && worker_is_due) {
    // Waking a process that sleeps costs more than all the rest of a captured row. Who knows the clock to be the real one again tells a resting one.
    const WorkerSlot* slot = FindSlot(MyDatabaseId, false);
    if (slot != nullptr && !(slot->resting && settings::virtual_clock)) SetProcessLatch(slot->process);
  }
  if (shared != nullptr && launcher_is_due) {
    ++shared->changes;
    SetProcessLatch(shared->launcher);
  }
  worker_is_due = launcher_is_due = false;
}

}  // namespace

Shared* SharedMemory() { return shared; }

WorkerSlot* FindSlot(Oid database, bool claim) {
  if (shared == nullptr) return nullptr;
  for (WorkerSlot& slot : shared->slots) if (slot.database == database) return &slot;
  if (!claim) return nullptr;
  for (WorkerSlot& slot : shared->slots) {
    Oid nobody = InvalidOid;
    if (slot.database.compare_exchange_strong(nobody, database)) return &slot;
  }
  return nullptr;
}

void SetProcessLatch(int process) {
  if (process >= 0 && process < static_cast<int>(ProcGlobal->allProcCount)) SetLatch(&ProcGlobal->allProcs[process].procLatch);
}

void RequestSharedMemory() {
  next_request = shmem_request_hook;
  shmem_request_hook = Request;
  next_startup = shmem_startup_hook;
  shmem_startup_hook = Startup;
  InstallHooks();
}

void WakeWorkerAtCommit() { wake_worker = true; }
void WakeLauncherAtCommit() { wake_launcher = true; }
void RegisterTransactionCallback() {
  RegisterXactCallback(AtTransactionEnd, nullptr);
  RegisterResourceReleaseCallback(AfterLocks, nullptr);
}

}  // namespace workflow::pg
