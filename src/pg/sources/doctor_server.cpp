// Is the machinery there: the library, the worker, the tables, and is this still the database they were made in?
#include "pg/convert.h"
#include "pg/server/spi.h"
#include "pg/settings.h"
#include "pg/sources/doctor.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {
namespace {

constexpr const char* kLogTables[] = {"event_0", "event_1", "event_2"};

bool IsPreloaded() {
  Rows rows = ExecuteOnce(
      "SELECT 'pg_workflow' = ANY (string_to_array(replace(current_setting('shared_preload_libraries'), ' ', ''), ','))"
      " OR current_setting('shared_preload_libraries') LIKE '%/pg_workflow%'");
  const bool preloaded = rows.Bool(0, 1);
  rows.Free();
  return preloaded;
}

Check CheckLibrary(bool preloaded) {
  if (preloaded) return {"library", "ok", "loaded at server start", ""};
  return {"library", "warning", "not loaded at server start: this database has no worker",
          "Add pg_workflow to shared_preload_libraries and restart the server, or call workflow.tick() from a scheduler."};
}

Check CheckWorker(bool preloaded) {
  if (CallBackend([] { return RecoveryInProgress(); })) return {"worker", "ok", "this is a standby: a worker starts when it is promoted", ""};
  Rows rows = ExecuteOnce("SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'pg_workflow worker' AND datname = current_database()");
  const auto pid = rows.MaybeInt4(0, 1);
  rows.Free();
  if (pid) return {"worker", "ok", settings::virtual_clock ? "rests, because pg_workflow.virtual_clock is on" : "runs", ""};
  if (settings::virtual_clock) return {"worker", "ok", "does not run, and need not: pg_workflow.virtual_clock is on", ""};
  if (!preloaded) return {"worker", "warning", "does not run: workflow.tick() does its work when it is called", "See the check \"library\"."};
  return {"worker", "error", "does not run",
          "See the server's log, and whether pg_workflow.databases names this database and max_worker_processes leaves room."};
}

Check CheckVersion() {
  Rows rows = ExecuteOnce("SELECT extversion FROM pg_extension WHERE extname = 'pg_workflow'");
  const std::string version = rows.Text(0, 1);
  rows.Free();
  if (version == WF_VERSION) return {"version", "ok", "extension and library are both " + version, ""};
  return {"version", "error", "the extension is " + version + ", the loaded library " WF_VERSION,
          "ALTER EXTENSION pg_workflow UPDATE; and restart the server where the library is older"};
}

Check CheckEncoding() {
  if (GetDatabaseEncoding() == PG_UTF8) return {"encoding", "ok", "UTF8", ""};
  return {"encoding", "warning", std::string(GetDatabaseEncodingName()) + ": text that is not ASCII may be compared wrongly",
          "Use a database whose encoding is UTF8."};
}

Check CheckEventLog(bool attached) {
  std::string missing;
  for (const char* table : kLogTables) {
    if (!OidIsValid(OurRelation(table))) missing += (missing.empty() ? "workflow." : ", workflow.") + std::string(table);
  }
  if (missing.empty()) return {"event log", "ok", "its tables are there", ""};
  if (!attached) return {"event log", "ok", "made when the first table is attached", ""};
  return {"event log", "error", "missing: " + missing, "SELECT workflow.ensure_event_log();"};
}

// The identifiers of another cluster or database mean that this is a copy, whose messages the original sends.
void CheckInstallation(Checks* checks) {
  Rows rows = ExecuteOnce("SELECT system_identifier, database::int8, halted_at FROM workflow.installation");
  if (rows.empty()) {
    checks->push_back({"installation", "ok", "not in use yet", ""});
  } else if (static_cast<uint64>(rows.Int8(0, 1)) != GetSystemIdentifier() || static_cast<Oid>(rows.Int8(0, 2)) != MyDatabaseId) {
    checks->push_back({"installation", "error", "this is a copy of another database: its rounds and claims are halted", "SELECT workflow.adopt();"});
  } else {
    checks->push_back({"installation", "ok", "made in this database", ""});
  }
  if (const auto halted = rows.empty() ? std::nullopt : rows.MaybeTime(0, 3)) {
    checks->push_back({"halted", "warning", "all rounds and claims are halted since " + FormatIso(*halted), "SELECT workflow.resume_all();"});
  }
  rows.Free();
}

}  // namespace

void CheckServer(Checks* checks) {
  const bool preloaded = IsPreloaded();
  Rows sources = ExecuteOnce("SELECT FROM workflow.source WHERE (binding->>'lookup')::boolean IS NOT TRUE");
  const bool attached = !sources.empty();
  sources.Free();
  checks->push_back(CheckLibrary(preloaded));
  checks->push_back(CheckWorker(preloaded));
  checks->push_back(CheckVersion());
  checks->push_back(CheckEncoding());
  checks->push_back(CheckEventLog(attached));
  CheckInstallation(checks);
}

}  // namespace workflow::pg
