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

// `without`: places of the stored binding that have to go.
std::string AttachAgain(const Source& source, const std::vector<std::vector<std::string>>& without = {}) {
  std::string binding = "binding";
  for (const auto& path : without) {
    std::string keys;
    for (const std::string& key : path) keys += (keys.empty() ? "" : ", ") + Quoted(key);
    binding += " #- ARRAY[" + keys + "]";
  }
  return "SELECT * FROM workflow.attach(" + Quoted(QualifiedName(source.relation)) + ", (SELECT " + binding +
         " FROM workflow.source WHERE id = " + std::to_string(source.id) + "));";
}

// Nothing where somebody alters the table at this moment: a doctor does not wait.
std::optional<RelationDescription> DescribeNow(Oid oid) {
  if (!CallBackend([=] { return ConditionalLockRelationOid(oid, AccessShareLock); })) return std::nullopt;
  Relation relation = CallBackend([=] { return relation_open(oid, NoLock); });
  RelationDescription description = Describe(relation);
  CallBackend([=] { relation_close(relation, AccessShareLock); });
  return description;
}

std::string Sentence(const Problem& problem) { return (problem.path.empty() ? "" : problem.path + ": ") + problem.message; }

constexpr const char* kFitAgain = "Attach it again with a binding that fits its columns; the present one is in workflow.sources.";

Check BrokenBinding(const std::string& name, const Problems& problems) {
  const auto& list = problems.list();
  const auto error = std::find_if(list.begin(), list.end(), [](const Problem& problem) { return problem.severity == Severity::kError; });
  if (error == list.end()) return {name, "error", "the binding does not fit any more", kFitAgain};
  return {name, "error", Sentence(*error), error->hint.empty() ? kFitAgain : error->hint};
}

void Remove(Json* object, const std::string& key) {
  if (object->is_object()) std::erase_if(object->object(), [&](const Json::Member& member) { return member.first == key; });
}

Json* Member(Json* object, const std::string& key) {
  if (object == nullptr || !object->is_object()) return nullptr;
  for (auto& [name, value] : object->object()) {
    if (name == key) return &value;
  }
  return nullptr;
}

// What has become of the columns that the binding names since it was attached, and the binding without what was said of those.
struct Drift {
  std::string first;                              // the first column that is not what it was; empty: all are
  std::vector<std::vector<std::string>> without;  // places in the binding
  std::vector<std::string> fields;                // names that cannot be used any more
  Json binding;
};

void Note(const std::string& what, const BoundField& field, bool dropped, Drift* drift) {
  if (drift->first.empty()) drift->first = what;
  drift->fields.push_back(field.name);
  drift->without.push_back({"fields", field.name});
  Json* fields = Member(&drift->binding, "fields");
  if (dropped) {
    if (fields != nullptr) Remove(fields, field.name);
    return;
  }
  drift->without.back().push_back("type");
  if (Json* spec = Member(fields, field.name)) Remove(spec, "type");
}

Drift FindDrift(const Stored& stored, const RelationDescription& now, const Binding& binding) {
  Drift drift = {.first = {}, .without = {}, .fields = {}, .binding = stored.binding};
  for (const ColumnDescription& column : stored.description->columns) {
    const auto same = std::find_if(now.columns.begin(), now.columns.end(), [&](const ColumnDescription& c) { return c.name == column.name; });
    const bool dropped = same == now.columns.end();
    if (!dropped && same->type.kind == column.type.kind && same->type.element == column.type.element) continue;
    const std::string what = "column \"" + column.name + "\" " +
                             (dropped ? "does not exist any more" : "was " + column.type.sql_name + " and is " + same->type.sql_name);
    for (const BoundField& field : binding.fields) {
      if (field.column == column.name) Note(what, field, dropped, &drift);
    }
  }
  return drift;
}

// Does a workflow that capture listens for, or that enrollments are live on, name one of these fields?
bool IsRead(const Registry& registry, const std::string& entity, const std::vector<std::string>& fields) {
  const auto is_one = [&](std::string_view name) { return std::find(fields.begin(), fields.end(), name) != fields.end(); };
  for (const auto& version : registry.versions) {
    for (const Field& field : version->program.table.fields) {
      if (field.entity == entity && is_one(field.name)) return true;
    }
    for (const std::string& reference : version->program.references) {
      if (reference.starts_with(entity + ".") && is_one(std::string_view(reference).substr(entity.size() + 1))) return true;
    }
  }
  return false;
}

// The tables that the binding names beside its own, as they are now; `lost`: what is wrong with one of them.
void DescribeRelatedNow(const Stored& stored, RelationDescription* now, std::string* lost) {
  for (const auto& [written, then] : stored.description->related) {
    const auto described = DescribeNamed(then->schema, then->name);
    const std::string table = "table \"" + then->schema + "." + then->name + "\"";
    if (described == nullptr) {
      if (lost->empty()) *lost = table + " does not exist any more";
      continue;
    }
    for (const ColumnDescription& column : then->columns) {
      const auto same = std::find_if(described->columns.begin(), described->columns.end(), [&](const auto& c) { return c.name == column.name; });
      if (!lost->empty() || (same != described->columns.end() && same->type.kind == column.type.kind)) continue;
      const bool dropped = same == described->columns.end();
      if (stored.binding.Dump().find(column.name) == std::string::npos) continue;  // nobody reads it
      *lost = "column \"" + column.name + "\" of " + table + (dropped ? " does not exist any more" : " was " + column.type.sql_name + " and is " + same->type.sql_name);
    }
    now->related.emplace(written, described);
  }
}

Check CheckColumns(const Registry& registry, const Source& source, const std::string& name) {
  const Stored stored = ReadStored(source.id);
  auto now = DescribeNow(source.relation);
  if (!now) return {name, "warning", "somebody alters the table at this moment", "Look again."};
  if (!stored.description || !source.broken.empty()) return {name, "error", source.broken, AttachAgain(source)};
  std::string lost;
  DescribeRelatedNow(stored, &*now, &lost);
  if (!lost.empty()) return {name, "error", lost, kFitAgain};
  const Drift drift = FindDrift(stored, *now, source.binding);
  Problems problems;
  const bool fits = CompleteBinding(drift.binding, *now, &problems).has_value();
  if (!fits) {
    Check broken = BrokenBinding(name, problems);
    if (!drift.first.empty()) broken = {name, "error", drift.first, kFitAgain};
    return broken;
  }
  if (!drift.first.empty()) {
    return {name, IsRead(registry, source.binding.entity, drift.fields) ? "error" : "warning", drift.first, AttachAgain(source, drift.without)};
  }
  return {name, "ok", source.binding.lookup ? "attached for look-up" : "attached as it is", ""};
}

Check CheckTriggers(const Source& source, const std::string& name) {
  struct Wanted {
    Oid relation;
    std::string trigger;
  };
  std::vector<Wanted> wanted = {{source.relation, kCaptureTrigger}, {source.relation, kTruncateTrigger}};
  for (const Part& part : PartsOf(source.binding)) wanted.push_back({part.relation, PartTriggerName(part.name, source.id)});
  for (const auto& [relation, trigger] : wanted) {
    const TriggerState state = StateOfTrigger(relation, trigger.c_str());
    const std::string table = QualifiedName(relation);
    const std::string quoted = "trigger \"" + trigger + "\" " + (relation == source.relation ? "" : "of \"" + table + "\" ");
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

// The queries run as who attached, so they are tried as that role.
Check CheckQueries(const Registry& registry, const Source& source, const std::string& name) {
  const char* owner = source.owner.c_str();
  if (!OidIsValid(CallBackend([=] { return get_role_oid(owner, true); }))) {
    return {name, "error", "role \"" + source.owner + "\", who attached it, does not exist any more", AttachAgain(source)};
  }
  const Source* contacts = ContactSource(registry, source);
  Problems problems;
  RunAs(source.owner, source.search_path, ProbeOf(source.binding), [&] { CheckQueries(source.binding, source.relation, contacts, &problems); });
  const bool fails = problems.HasErrors();
  if (!source.binding.lookup) CheckRoutes(source.binding, contacts, &problems);
  if (problems.list().empty()) return {};
  const Problem& first = problems.list().front();
  return {name, fails ? "error" : "warning", Sentence(first),
          first.hint.empty() ? "Grant it to \"" + source.owner + "\", who attached it, or attach it again with another binding or as another role." : first.hint};
}

Check CheckSource(const Registry& registry, const Source& source) {
  const std::string name = "source " + source.name;
  const Oid relation = source.relation;
  if (!CallBackend([=] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation)); })) {
    return {name, "error", "the table does not exist any more", "SELECT workflow.detach(" + std::to_string(relation) + ");"};
  }
  const Check columns = CheckColumns(registry, source, name);
  if (columns.state == "error" || !source.broken.empty()) return columns;
  if (!source.binding.lookup) {
    const Check triggers = CheckTriggers(source, name);
    if (!triggers.state.empty()) return triggers;
  }
  const Check queries = CheckQueries(registry, source, name);
  return queries.state.empty() || (columns.state != "ok" && queries.state != "error") ? columns : queries;
}

}  // namespace

void CheckSources(const Registry& registry, Checks* checks) {
  for (const auto& source : registry.sources) checks->push_back(CheckSource(registry, *source));
}

}  // namespace workflow::pg
