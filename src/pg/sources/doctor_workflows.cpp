// Can what is published run, and what has been missed?
#include "pg/convert.h"
#include "pg/round/intake.h"
#include "pg/server/spi.h"
#include "pg/settings.h"
#include "pg/sources/doctor.h"

namespace workflow::pg {
namespace {

std::string NameOf(const LoadedVersion& version) {
  return "workflow " + version.workflow_name + (version.account.empty() ? "" : " of " + version.account);
}

void CheckVersions(const Registry& registry, Checks* checks) {
  for (const auto& version : registry.versions) {
    if (version->broken.empty()) continue;
    checks->push_back({NameOf(*version), "error",
                       "version " + std::to_string(version->number) + " does not compile: " + version->broken +
                           (version->current ? "" : " (enrollments are still live on it)"),
                       "Put back what it names, or publish a version that does without it."});
  }
}

// Published while it was let, by a setting that has changed since: what is not run is nobody's failure, so nothing else says so (semantics 30).
void CheckCode(const Registry& registry, Checks* checks) {
  if (settings::allow_superuser_code) return;
  for (const auto& version : registry.versions) {
    const char* const owner = version->owner.c_str();
    if (!version->broken.empty() || !version->program.HasCode() ||
        !CallBackend([=] { return superuser_arg(get_role_oid(owner, true)); })) continue;
    checks->push_back({NameOf(*version), "error",
                       "version " + std::to_string(version->number) + " contains \"sql\" or a call, which is not run for superuser \"" + version->owner + "\"",
                       "Let another role store and publish it, or set pg_workflow.allow_superuser_code."});
  }
}

// Those that failures have paused (semantics 28).
void CheckSuspended(Checks* checks) {
  Rows rows = ExecuteOnce("SELECT w.name, w.account, w.suspended, w.paused_at FROM workflow.workflow w WHERE w.suspended IS NOT NULL ORDER BY w.account, w.name");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.Text(i, 1), account = rows.Text(i, 2);
    checks->push_back({"workflow " + name + (account.empty() ? "" : " of " + account), "error",
                       "suspended since " + FormatIso(rows.Time(i, 4)) + ": " + rows.Text(i, 3),
                       "Mend what workflow.errors shows, then: SELECT workflow.resume(" + Quoted(name) + ", account => " + Quoted(account) + ");"});
  }
  rows.Free();
}

void CheckTemplates(const Registry& registry, Checks* checks) {
  std::set<std::pair<std::string, std::string>> missing;
  for (const auto& version : registry.versions) {
    if (version->broken.empty()) {
      for (const Step& step : version->program.steps) {
        const auto* send = std::get_if<SendStep>(&step.body);
        if (send != nullptr && !send->template_name.empty()) missing.emplace(send->template_name, send->channel);
      }
    }
  }
  for (const auto& [name, channel] : missing) {
    Params params;
    params.Text(name).Text(channel);
    Rows rows = ExecuteOnce("SELECT FROM workflow.template WHERE name = $1 AND channel = $2 LIMIT 1", params);
    const bool is_there = !rows.empty();
    rows.Free();
    if (is_there) continue;
    checks->push_back({"template " + name, "error", "a published workflow sends it by " + channel + ", and there is none",
                       "SELECT workflow.put_template(" + Quoted(name) + ", " + Quoted(channel) + ", ...);"});
  }
}

// Dates and schedules look through tables: whose rows they are has to be known where policies tell tenants apart.
void CheckLooks(const Registry& registry, Checks* checks) {
  for (const auto& version : registry.versions) {
    if (!version->broken.empty() || !version->current || version->status == WorkflowStatus::kArchived) continue;
    std::set<std::string> told;
    for (const Trigger& trigger : version->program.triggers) {
      if (!trigger.IsLook()) continue;
      for (const Source* source : SourcesOf(registry, *version, trigger.entity)) {
        try {
          TenantToScan(*source, AccountsToScan(*source, "", version->account).front());
        } catch (const SqlError& error) {
          if (!told.insert(error.message).second) continue;
          checks->push_back({NameOf(*version), "error", error.message,
                             "Name each by workflow.set_account(), make the workflow one of an account, or let a role attach that is above policies (BYPASSRLS)."});
        }
      }
    }
  }
}

void CheckFaults(const Registry& registry, Checks* checks) {
  Rows rows = ExecuteOnce(
      "SELECT source, min(at), max(at), count(*), (array_agg(reason || CASE WHEN detail <> '' THEN ': ' || detail ELSE '' END ORDER BY at DESC))[1]"
      " FROM workflow.fault GROUP BY source ORDER BY source");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.Text(i, 1);
    const std::string first = FormatIso(rows.Time(i, 2));
    const Source* source = registry.FindSource(name);
    const std::string repair = source == nullptr
                                   ? "The source is not attached any more; DELETE FROM workflow.fault WHERE source = " + Quoted(name) + ";"
                                   : "Repair what the reason says, then: SELECT workflow.reconcile(" + Quoted(QualifiedName(source->relation)) +
                                         ", " + Quoted(first) + ");";
    checks->push_back({"capture of " + name, "error",
                       "changes were not captured in " + std::to_string(rows.Int8(i, 4)) + " transactions from " + first + " to " +
                           FormatIso(rows.Time(i, 3)) + ": " + rows.Text(i, 5),
                       repair});
  }
  rows.Free();
}

void CheckParked(Checks* checks) {
  Rows rows = ExecuteOnce("SELECT count(*), min(parked_at), count(*) FILTER (WHERE reason <> 'unresolved_contact') FROM workflow.parked");
  const int64_t count = rows.Int8(0, 1), failed = rows.Int8(0, 3);
  const auto oldest = rows.MaybeTime(0, 2);
  rows.Free();
  if (count == 0) {
    checks->push_back({"parked", "ok", "every event has found its contact", ""});
    return;
  }
  checks->push_back({"parked", "warning",
                     std::to_string(count) + (count == 1 ? " event waits" : " events wait") + " to be tried again, the oldest since " +
                         FormatIso(*oldest) + ": " + std::to_string(count - failed) + " for a contact, " + std::to_string(failed) + " after an error",
                     "Look into workflow.refusals for what was looked for, into workflow.errors for what failed; a contact that comes or changes is "
                     "found by itself."});
}

}  // namespace

void CheckWorkflows(const Registry& registry, Checks* checks) {
  CheckVersions(registry, checks);
  CheckCode(registry, checks);
  CheckSuspended(checks);
  CheckTemplates(registry, checks);
  CheckLooks(registry, checks);
  CheckFaults(registry, checks);
  CheckParked(checks);
}

}  // namespace workflow::pg
