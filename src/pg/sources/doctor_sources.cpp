// Is each attached table still what it was, and do its triggers fire?
#include <algorithm>

#include "core/binding/description.h"
#include "pg/convert.h"
#include "pg/round/resolve.h"
#include "pg/server/spi.h"
#include "pg/sources/doctor.h"

namespace workflow::pg {
namespace {

struct Stored {
  Json binding;
  std::optional<RelationDescription> description;
};

Stored ReadStored(int32_t source) {
  Params params;
  params.Int4(source);
  Rows rows = ExecuteOnce("SELECT binding::text, description::text FROM workflow.source WHERE id = $1", params);
  Stored stored;
  std::string error;
  if (!rows.empty()) {
    stored.binding = Json::Parse(rows.Text(0, 1), &error).value_or(Json());
    stored.description = ParseRelation(Json::Parse(rows.Text(0, 2), &error).value_or(Json()));
  }
  rows.Free();
  return stored;
}

std::string AttachAgain(const Source& source) {
  return "SELECT * FROM workflow.attach(" + Quoted(QualifiedName(source.relation)) + ", (SELECT binding FROM workflow.source WHERE id = " +
         std::to_string(source.id) + "));";
}

// Nothing where somebody alters the table at this moment: a doctor does not wait.
std::optional<RelationDescription> DescribeNow(Oid oid) {
  if (!CallBackend([=] { return ConditionalLockRelationOid(oid, AccessShareLock); })) return std::nullopt;
  Relation relation = CallBackend([=] { return relation_open(oid, NoLock); });
  RelationDescription description = Describe(relation);
  CallBackend([=] { relation_close(relation, AccessShareLock); });
  return description;
}

std::string FirstError(const Problems& problems) {
  for (const Problem& problem : problems.list()) {
    if (problem.severity == Severity::kError) return (problem.path.empty() ? "" : problem.path + ": ") + problem.message;
  }
  return {};
}

// What capture needs: every column that the binding reads, by name, of the type it had.
std::string Drift(const RelationDescription& before, const RelationDescription& now, const Binding& binding) {
  for (const ColumnDescription& column : before.columns) {
    const bool is_bound = std::any_of(binding.fields.begin(), binding.fields.end(), [&](const BoundField& f) { return f.column == column.name; });
    const auto same = std::find_if(now.columns.begin(), now.columns.end(), [&](const ColumnDescription& c) { return c.name == column.name; });
    if (!is_bound) continue;
    if (same == now.columns.end()) return "column \"" + column.name + "\" does not exist any more";
    if (same->type.kind != column.type.kind || same->type.element != column.type.element) {
      return "column \"" + column.name + "\" was " + column.type.sql_name + " and is " + same->type.sql_name;
    }
  }
  return {};
}

Check CheckColumns(const Source& source, const std::string& name) {
  const Stored stored = ReadStored(source.id);
  const auto now = DescribeNow(source.relation);
  if (!now) return {name, "warning", "somebody alters the table at this moment", "Look again."};
  if (!stored.description || !source.broken.empty()) return {name, "error", source.broken, AttachAgain(source)};
  Problems problems;
  const auto binding = CompleteBinding(stored.binding, *now, &problems);
  if (!binding) {
    return {name, "error", FirstError(problems), "Attach it again with a binding that fits its columns; the present one is in workflow.sources."};
  }
  const std::string drift = Drift(*stored.description, *now, source.binding);
  if (!drift.empty()) return {name, "error", drift, AttachAgain(source)};
  return {name, "ok", source.binding.lookup ? "attached for look-up" : "attached as it is", ""};
}

Check CheckTriggers(const Source& source, const std::string& name) {
  for (const char* trigger : {kCaptureTrigger, kTruncateTrigger}) {
    const TriggerState state = StateOfTrigger(source.relation, trigger);
    const std::string quoted = std::string("trigger \"") + trigger + "\" ";
    const std::string table = QualifiedName(source.relation);
    const char* enable = source.binding.replicated ? " ENABLE ALWAYS TRIGGER " : " ENABLE TRIGGER ";
    if (!state.present) return {name, "error", quoted + "does not exist", AttachAgain(source)};
    if (state.argument != source.name) return {name, "error", quoted + "speaks of \"" + state.argument + "\"", AttachAgain(source)};
    if (state.enabled == 'D' || state.enabled == 'R' || (source.binding.replicated && state.enabled != 'A')) {
      return {name, "error", quoted + "is disabled", "ALTER TABLE " + table + enable + trigger + "; then workflow.reconcile()"};
    }
    if (state.disabled_below > 0) {
      return {name, "error", quoted + "is disabled on " + std::to_string(state.disabled_below) + " partitions",
              "ALTER TABLE " + table + enable + trigger + "; then workflow.reconcile()"};
    }
  }
  return {};
}

Check CheckContacts(const Registry& registry, const Source& source, const std::string& name) {
  const Source* contacts = source.binding.lookup ? nullptr : ContactSource(registry, source);
  Problems problems;
  CheckRoutes(source.binding, contacts, &problems);
  if (problems.list().empty() || source.binding.lookup) return {};
  const Problem& first = problems.list().front();
  return {name, "warning", first.path + ": " + first.message, first.hint};
}

Check CheckSource(const Registry& registry, const Source& source) {
  const std::string name = "source " + source.name;
  const Oid relation = source.relation;
  if (!CallBackend([=] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); })) {
    return {name, "error", "the table does not exist any more", "SELECT workflow.detach(" + std::to_string(relation) + ");"};
  }
  const Check columns = CheckColumns(source, name);
  if (columns.state != "ok" || source.binding.lookup) return columns;
  const Check triggers = CheckTriggers(source, name);
  if (!triggers.state.empty()) return triggers;
  const Check contacts = CheckContacts(registry, source, name);
  return contacts.state.empty() ? columns : contacts;
}

}  // namespace

void CheckSources(const Registry& registry, Checks* checks) {
  for (const auto& source : registry.sources) checks->push_back(CheckSource(registry, *source));
}

}  // namespace workflow::pg
