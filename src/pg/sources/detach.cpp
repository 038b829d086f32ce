// workflow.detach(), uninstall() and reconcile().
#include "pg/convert.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/attaching.h"
#include "pg/wakeup.h"

namespace workflow::pg {
namespace {

bool Exists(Oid relation) {
  return CallBackend([=] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); });
}

void DropTriggersIfAny(Oid relation) {
  if (!StateOfTrigger(relation, kCaptureTrigger).present && !StateOfTrigger(relation, kTruncateTrigger).present) return;
  LockOrName(relation, AccessExclusiveLock);
  DropTriggers(relation);
}

// Of the tables that are part of the source, too.
void DropPartTriggers(const std::string& source) {
  for (const PartTrigger& trigger : PartTriggers(source)) {
    LockOrName(trigger.relation, AccessExclusiveLock);
    DropTrigger(trigger.relation, trigger.name);
  }
}

void Forget(int32_t source) {
  AsExtension as_extension;
  Params params;
  params.Int4(source);
  Rows noted = ExecuteOnce("SELECT workflow.note_audit('detach', NULL, s.name) FROM workflow.source s WHERE s.id = $1", params);
  noted.Free();
  Rows rows = ExecuteOnce("DELETE FROM workflow.source WHERE id = $1", params);
  rows.Free();
  as_extension.Restore();
}

void Detach(Oid relation) {
  const bool exists = Exists(relation);
  if (exists) RequireOwner(relation);
  const Source& source = RequireSource(CurrentRegistry(), relation);
  const int32_t id = source.id;
  const std::string name = source.name;
  if (exists) DropTriggersIfAny(relation);
  DropPartTriggers(name);
  Forget(id);
}

void RequireExtensionOwner() {
  const bool allowed = CallBackend([] {
    const Oid extension = get_extension_oid("pg_workflow", false);
    return superuser() || pg_extension_ownercheck(extension, GetUserId());
  });
  if (!allowed) throw SqlError{ERRCODE_INSUFFICIENT_PRIVILEGE, "must be owner of extension pg_workflow"};
}

// Found by the function they call, so that a trigger whose source is not known is found as well.
std::vector<Oid> TablesWithTriggers() {
  Rows rows = ExecuteOnce(
      "SELECT DISTINCT t.tgrelid::pg_catalog.int8 FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid"
      " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace WHERE n.nspname OPERATOR(pg_catalog.=) 'workflow'"
      " AND p.proname IN ('capture', 'capture_truncate') AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid ORDER BY 1");
  std::vector<Oid> tables;
  for (size_t i = 0; i < rows.size(); ++i) tables.push_back(static_cast<Oid>(rows.Int8(i, 1)));
  rows.Free();
  return tables;
}

void Uninstall() {
  RequireExtensionOwner();
  CallBackend([] { KeepWorkerOut(); });  // it may be in the middle of a round
  for (const Oid table : TablesWithTriggers()) {
    LockOrName(table, AccessExclusiveLock);
    DropAllTriggers(table);
  }
  std::vector<Oid> logs;
  AsExtension as_extension;
  Rows rows = ExecuteOnce("SELECT c.oid::int8 FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace AND c.relkind = 'r'"
                          " AND (c.relname ~ '^(event|message|lease|outcome)_[0-9]+$' OR EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent"
                          " WHERE i.inhrelid = c.oid AND p.relnamespace = c.relnamespace)) ORDER BY c.relname");
  for (size_t i = 0; i < rows.size(); ++i) logs.push_back(static_cast<Oid>(rows.Int8(i, 1)));
  rows.Free();
  for (const Oid log : logs) {
    LockOrName(log, AccessExclusiveLock);
    Rows dropped = ExecuteOnce("DROP TABLE " + QualifiedName(log));
    dropped.Free();
  }
  Rows deleted = ExecuteOnce("DELETE FROM workflow.source");
  deleted.Free();
  as_extension.Restore();
}

// Faults from before `since` stay: what they missed was not looked for.
int64_t Reconcile(Oid relation, Instant since) {
  if (Exists(relation)) RequireOwner(relation);
  const Source& source = RequireSource(CurrentRegistry(), relation);
  const std::string name = source.name;
  if (!source.broken.empty()) {
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "source \"" + name + "\" cannot be read", source.broken, "See workflow.doctor()."};
  }
  if (source.binding.lookup) {
    throw SqlError{kNotAttached, "\"" + name + "\" is attached for look-up only", {}, "Attach it without \"lookup\" to have its events."};
  }
  const int64_t count = AppendExisting(source, /*backfill=*/false, since);
  AsExtension as_extension;
  Params params;
  params.Text(name).Time(since);
  Rows rows = ExecuteOnce("DELETE FROM workflow.fault WHERE source = $1 AND at >= $2", params);
  rows.Free();
  Params note;
  note.Text(name).Time(since).Int8(count);
  Rows noted = ExecuteOnce("SELECT workflow.note_audit('reconcile', NULL, $1, jsonb_build_object('since', $2, 'rows', $3))", note);
  noted.Free();
  as_extension.Restore();
  return count;
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(wf_detach) {
  using namespace workflow::pg;  // NOLINT
  Spi spi;
  Detach(PG_GETARG_OID(0));
  spi.Finish();
  PG_RETURN_VOID();
}

WF_FUNCTION(wf_uninstall) {
  using namespace workflow::pg;  // NOLINT
  Spi spi;
  Uninstall();
  spi.Finish();
  PG_RETURN_VOID();
}

WF_FUNCTION(wf_reconcile) {
  using namespace workflow::pg;  // NOLINT
  Spi spi;
  const int64_t count = Reconcile(PG_GETARG_OID(0), ToInstant(PG_GETARG_TIMESTAMPTZ(1)));
  spi.Finish();
  PG_RETURN_INT64(count);
}
