// The two triggers of an attached table: plain ones without condition and column list, so that no ALTER TABLE of the host depends on them.
#include "pg/convert.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

constexpr const char* kDefaultTimeout = "1s";

// Who stands in the way of `mode`, one a line; what the caller may not know of other sessions is not told.
std::string Holders(Oid relation, LOCKMODE mode) {
  Params params;
  params.Int8(relation).Bool(mode >= AccessExclusiveLock);
  // pg_partition_tree() would wait for the very lock that is asked about.
  Rows rows = ExecuteOnce(
      "WITH RECURSIVE tree(relid) AS (SELECT $1::pg_catalog.oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i, tree"
      " WHERE i.inhparent OPERATOR(pg_catalog.=) tree.relid)"
      " SELECT CASE WHEN p.gid IS NOT NULL THEN pg_catalog.format('prepared transaction %L', p.gid)"
      " ELSE pg_catalog.format('process %s (%s)%s', l.pid, coalesce(a.usename, 'unknown role'), ': ' OPERATOR(pg_catalog.||)"
      " pg_catalog.rtrim(pg_catalog.left(pg_catalog.regexp_replace(a.query, '\\s+', ' ', 'g'), 100), ' ;')) END"
      " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid"
      // A prepared transaction has no process; its own transaction id is among the locks of the same virtual transaction.
      " LEFT JOIN pg_catalog.pg_locks t ON l.pid IS NULL AND t.pid IS NULL AND t.granted AND t.locktype OPERATOR(pg_catalog.=) 'transactionid'"
      " AND t.virtualtransaction OPERATOR(pg_catalog.=) l.virtualtransaction"
      " LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction OPERATOR(pg_catalog.=) t.transactionid"
      " WHERE l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.granted"
      " AND l.database OPERATOR(pg_catalog.=) (SELECT oid FROM pg_catalog.pg_database WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database())"
      " AND l.relation OPERATOR(pg_catalog.=) ANY (SELECT tree.relid FROM tree)"
      " AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()"
      " AND ($2 OR l.mode OPERATOR(pg_catalog.<>) ALL ('{AccessShareLock,RowShareLock}'))"
      " GROUP BY 1 ORDER BY 1",
      params);
  std::string holders;
  for (size_t i = 0; i < rows.size(); ++i) holders += (holders.empty() ? "" : "\n") + rows.Text(i, 1);
  rows.Free();
  return holders;
}

void Run(const std::string& sql) {
  Rows rows = ExecuteOnce(sql);
  rows.Free();
}

}  // namespace

void LockOrName(Oid relation, LOCKMODE mode) {
  const int timeout_ms = LockTimeout > 0 ? LockTimeout : 1000;
  Subtransaction attempt;
  bool locked = false;
  try {
    CallBackend([=] {
      const int level = NewGUCNestLevel();
      if (LockTimeout == 0) {
        (void)set_config_option("lock_timeout", kDefaultTimeout, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
      }
      LockRelationOid(relation, mode);
      find_all_inheritors(relation, mode, nullptr);
      AtEOXact_GUC(true, level);
    });
    locked = true;
  } catch (const BackendError& error) {
    if (error.sqlstate() != ERRCODE_LOCK_NOT_AVAILABLE) throw;
  }
  if (locked) {
    attempt.Release();
    return;
  }
  attempt.RollBack();
  const std::string holders = Holders(relation, mode);
  throw SqlError{ERRCODE_LOCK_NOT_AVAILABLE,
                 "could not lock \"" + QualifiedName(relation) + "\" within " + std::to_string(timeout_ms) + " ms",
                 holders.empty() ? "Whoever held the lock has let it go by now." : "The lock is held by " + holders + ".",
                 "Try again when it is free, or set lock_timeout to the time that may be waited."};
}

void CreateTriggers(Oid relation, const std::string& source, bool replicated) {
  const std::string table = QualifiedName(relation);
  const char* name = source.c_str();
  const std::string argument = CallBackend([=] { return quote_literal_cstr(name); });
  AsExtension as_extension;
  Run(std::string("CREATE OR REPLACE TRIGGER ") + kCaptureTrigger + " AFTER INSERT OR UPDATE OR DELETE ON " + table +
      " FOR EACH ROW EXECUTE FUNCTION workflow.capture(" + argument + ")");
  Run(std::string("CREATE OR REPLACE TRIGGER ") + kTruncateTrigger + " AFTER TRUNCATE ON " + table +
      " FOR EACH STATEMENT EXECUTE FUNCTION workflow.capture_truncate(" + argument + ")");
  if (replicated) {
    Run("ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + kCaptureTrigger + ", ENABLE ALWAYS TRIGGER " + kTruncateTrigger);
  }
  as_extension.Restore();
}

void DropTriggers(Oid relation) {
  const std::string table = QualifiedName(relation);
  AsExtension as_extension;
  for (const char* trigger : {kCaptureTrigger, kTruncateTrigger}) {
    if (StateOfTrigger(relation, trigger).present) Run(std::string("DROP TRIGGER ") + trigger + " ON " + table);
  }
  as_extension.Restore();
}

std::string PartTriggerName(const char* part, int32_t source) { return std::string("pg_workflow_") + part + "_" + std::to_string(source); }

void CreatePartTrigger(Oid relation, const std::string& trigger, const std::string& source, const char* part, bool replicated) {
  const std::string table = QualifiedName(relation);
  const char *name = source.c_str(), *bare = trigger.c_str();
  const std::string argument = CallBackend([=] { return quote_literal_cstr(name); });
  const std::string quoted = CallBackend([=] { return quote_identifier(bare); });
  AsExtension as_extension;
  Run("CREATE OR REPLACE TRIGGER " + quoted + " AFTER INSERT OR UPDATE OR DELETE ON " + table + " FOR EACH ROW EXECUTE FUNCTION workflow.capture(" +
      argument + ", '" + part + "')");
  if (replicated) Run("ALTER TABLE " + table + " ENABLE ALWAYS TRIGGER " + quoted);
  as_extension.Restore();
}

void DropTrigger(Oid relation, const std::string& trigger) {
  const char* bare = trigger.c_str();
  const std::string quoted = CallBackend([=] { return quote_identifier(bare); });
  AsExtension as_extension;
  Run("DROP TRIGGER " + quoted + " ON " + QualifiedName(relation));
  as_extension.Restore();
}

void DropAllTriggers(Oid relation) {
  Params params;
  params.Int8(relation);
  Rows rows = ExecuteOnce(
      "SELECT t.tgname::pg_catalog.text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid"
      " JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace WHERE n.nspname OPERATOR(pg_catalog.=) 'workflow'"
      " AND p.proname IN ('capture', 'capture_truncate') AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid"
      " AND t.tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid",
      params);
  std::vector<std::string> names;
  for (size_t i = 0; i < rows.size(); ++i) names.push_back(rows.Text(i, 1));
  rows.Free();
  for (const std::string& name : names) DropTrigger(relation, name);
}

TriggerState StateOfTrigger(Oid relation, const char* name) {
  Params params;
  params.Int8(relation).Text(name);
  Rows rows = ExecuteOnce(
      "WITH RECURSIVE tree(relid) AS (SELECT $1::pg_catalog.oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i, tree"
      " WHERE i.inhparent OPERATOR(pg_catalog.=) tree.relid)"
      " SELECT t.tgenabled::pg_catalog.text, CASE WHEN t.tgnargs OPERATOR(pg_catalog.>) 0 THEN pg_catalog.convert_from("
      "pg_catalog.substr(t.tgargs, 1, pg_catalog.position(t.tgargs, '\\x00'::pg_catalog.bytea) OPERATOR(pg_catalog.-) 1), pg_catalog.getdatabaseencoding()) END,"
      " (SELECT pg_catalog.count(*) FROM tree JOIN pg_catalog.pg_trigger c"
      "  ON c.tgrelid OPERATOR(pg_catalog.=) tree.relid WHERE c.tgname OPERATOR(pg_catalog.=) $2::pg_catalog.name"
      "  AND c.tgparentid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid AND c.tgenabled IN ('D', 'R')"
      "  AND tree.relid OPERATOR(pg_catalog.<>) $1::pg_catalog.oid)"
      " FROM pg_catalog.pg_trigger t WHERE t.tgrelid OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
      " AND t.tgname OPERATOR(pg_catalog.=) $2::pg_catalog.name AND NOT t.tgisinternal",
      params);
  TriggerState state;
  if (!rows.empty()) {
    state.present = true;
    state.enabled = rows.Text(0, 1)[0];
    state.argument = rows.Text(0, 2);
    state.disabled_below = rows.Int8(0, 3);
  }
  rows.Free();
  return state;
}

}  // namespace workflow::pg
