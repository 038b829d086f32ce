#include "pg/process/hooks.h"

#include <csignal>

#include "pg/process/shared.h"
#include "pg/server/entry.h"
#include "pg/wakeup.h"

namespace workflow::pg {
namespace {

constinit ProcessUtility_hook_type next_utility = nullptr;

// The slots whose worker this backend keeps out: for a statement, and for the rest of a transaction.
constinit WorkerSlot* shut = nullptr;
constinit WorkerSlot* shut_until_end = nullptr;

const char* OptionText(List* options, const char* name) {
  ListCell* cell;
  foreach (cell, options) {
    auto* option = lfirst_node(DefElem, cell);
    if (strcmp(option->defname, name) == 0 && option->arg != nullptr) return defGetString(option);
  }
  return nullptr;
}

// The database that `statement` needs to itself, or nullptr.
const char* NeededDatabase(Node* statement) {
  switch (nodeTag(statement)) {
    case T_DropdbStmt: return reinterpret_cast<DropdbStmt*>(statement)->dbname;
    case T_CreatedbStmt: {
      const char* source = OptionText(reinterpret_cast<CreatedbStmt*>(statement)->options, "template");
      return source != nullptr ? source : "template1";
    }
    case T_RenameStmt: {
      auto* rename = reinterpret_cast<RenameStmt*>(statement);
      return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
    }
    case T_AlterDatabaseStmt: {
      auto* alter = reinterpret_cast<AlterDatabaseStmt*>(statement);
      return OptionText(alter->options, "tablespace") != nullptr ? alter->dbname : nullptr;
    }
    default: return nullptr;
  }
}

void LetIn(WorkerSlot** slot) noexcept {
  if (*slot == nullptr) return;
  (*slot)->shut_by = 0;
  *slot = nullptr;
  ++SharedMemory()->changes;
  SetProcessLatch(SharedMemory()->launcher);
}

// A session that is terminated in the middle of its statement lets the worker in again.
void LetInAtExit(int, Datum) noexcept {
  LetIn(&shut);
  LetIn(&shut_until_end);
}

// Keeps the worker out of one database. Gives way after ten seconds: the statement then says itself who is in its way.
void Shut(Oid database, WorkerSlot** kept) {
  WorkerSlot* slot = FindSlot(database, false);
  if (slot == nullptr) return;
  static constinit bool registered = false;
  if (!registered) before_shmem_exit(LetInAtExit, 0);
  registered = true;
  *kept = slot;
  slot->shut_by = MyProcPid;
  if (slot->database != database) {  // given up a moment ago: there is no worker
    slot->shut_by = 0;
    *kept = nullptr;
    return;
  }
  const int pid = slot->pid;
  if (pid != 0) {
    kill(pid, SIGTERM);
    ConditionVariablePrepareToSleep(&SharedMemory()->left);
    for (int tenths = 0; slot->pid != 0 && tenths < 100; ++tenths) {
      ConditionVariableTimedSleep(&SharedMemory()->left, 100, PG_WAIT_EXTENSION);
    }
    ConditionVariableCancelSleep();
    slot->leaving = Leaving::kNone;  // it did not leave by itself
  }
}

// The server's own function for this is declared in no header of some minor releases.
bool MayCreateDatabases() {
  if (superuser()) return true;
  const HeapTuple role = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
  if (!HeapTupleIsValid(role)) return false;
  const bool may = reinterpret_cast<Form_pg_authid>(GETSTRUCT(role))->rolcreatedb;
  ReleaseSysCache(role);
  return may;
}

bool DropsOurExtension(Node* statement) {
  if (!IsA(statement, DropStmt)) return false;
  auto* drop = reinterpret_cast<DropStmt*>(statement);
  if (drop->removeType != OBJECT_EXTENSION) return false;
  ListCell* cell;
  foreach (cell, drop->objects) {
    if (strcmp(strVal(lfirst(cell)), "pg_workflow") == 0) return OidIsValid(get_extension_oid("pg_workflow", true));
  }
  return false;
}

void Utility(PlannedStmt* statement, const char* text, bool read_only, ProcessUtilityContext context, ParamListInfo params,
             QueryEnvironment* environment, DestReceiver* receiver, QueryCompletion* completion) {
  const auto proceed = next_utility != nullptr ? next_utility : standard_ProcessUtility;
  Node* node = statement->utilityStmt;
  const char* name = SharedMemory() == nullptr ? nullptr : NeededDatabase(node);
  const Oid database = name == nullptr ? InvalidOid : get_database_oid(name, true);
  // Somebody without the right gets the server's error, not our worker's absence.
  if (OidIsValid(database) && (pg_database_ownercheck(database, GetUserId()) || (IsA(node, CreatedbStmt) && MayCreateDatabases()))) {
    Shut(database, &shut);
  }
  if (DropsOurExtension(node) && pg_extension_ownercheck(get_extension_oid("pg_workflow", true), GetUserId())) KeepWorkerOut();
  if (shut == nullptr) {
    proceed(statement, text, read_only, context, params, environment, receiver, completion);
    return;
  }
  Raised raised;
  const bool done = Contained(
      [&] { CallBackend([&] { proceed(statement, text, read_only, context, params, environment, receiver, completion); }); }, raised);
  if (done && IsA(node, DropdbStmt)) shut->database = InvalidOid;
  LetIn(&shut);
  if (!done) Raise(raised);
}

}  // namespace

void KeepWorkerOut() {
  if (SharedMemory() != nullptr && shut_until_end == nullptr) Shut(MyDatabaseId, &shut_until_end);
}

void LetWorkerIn(bool aborted) noexcept {
  if (aborted) LetIn(&shut);
  LetIn(&shut_until_end);
}

void InstallHooks() {
  next_utility = ProcessUtility_hook;
  ProcessUtility_hook = Utility;
}

}  // namespace workflow::pg
