// workflow.attach(): a table becomes a source. Everything wrong with the binding is told at once, and then nothing is stored.
#include <algorithm>

#include "core/binding/description.h"
#include "pg/convert.h"
#include "pg/round/resolve.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

struct Request {
  Oid relation;
  std::string name;
  Json document;
  bool dry_run;
};

struct Answer {
  Json binding;
  std::vector<Finding> findings;
};

// Each problem is a line of the detail; a hint says which one it is for where there are several.
[[noreturn]] void Refuse(const std::string& name, const Problems& problems) {
  SqlError error = {kInvalidBinding, "invalid binding for \"" + name + "\""};
  const auto& list = problems.list();
  const auto errors = std::count_if(list.begin(), list.end(), [](const Problem& p) { return p.severity == Severity::kError; });
  for (const Problem& problem : list) {
    if (problem.severity != Severity::kError) continue;
    const std::string place = problem.path.empty() ? "" : problem.path + ": ";
    error.detail += (error.detail.empty() ? "" : "\n") + place + problem.message;
    if (!problem.hint.empty()) error.hint += (error.hint.empty() ? "" : "\n") + (errors == 1 ? "" : place) + problem.hint;
  }
  throw error;
}

Request ReadRequest(FunctionCallInfo fcinfo) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) {
    throw SqlError{ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string(PG_ARGISNULL(0) ? "source" : "binding") + " must not be null"};
  }
  Request request = {.relation = PG_GETARG_OID(0), .name = {}, .document = {}, .dry_run = !PG_ARGISNULL(2) && PG_GETARG_BOOL(2)};
  request.name = QualifiedName(request.relation);
  if (request.name.empty()) throw SqlError{ERRCODE_UNDEFINED_TABLE, "relation with OID " + std::to_string(request.relation) + " does not exist"};
  auto document = JsonOfJsonb(PG_GETARG_DATUM(1));
  if (!document) throw SqlError{kInvalidBinding, "invalid binding for \"" + request.name + "\"", "the document is nested too deeply"};
  request.document = std::move(*document);
  return request;
}

bool IsLookup(const Json& document) {
  const Json* lookup = document.Find("lookup");
  return lookup != nullptr && lookup->is_boolean() && lookup->boolean();
}

RelationDescription DescribeLocked(Oid oid) {
  Relation relation = CallBackend([=] { return relation_open(oid, NoLock); });
  RelationDescription description = Describe(relation);
  CallBackend([=] { relation_close(relation, NoLock); });
  return description;
}

// Where a contact of this table's rows will be looked for; none for contacts themselves.
const Source* ContactsOf(const Registry& registry, const Binding& binding, Oid relation) {
  if (binding.entity == "contact") return nullptr;
  Source candidate = {};
  candidate.relation = relation;
  candidate.binding.entity = binding.entity;
  return ContactSource(registry, candidate);
}

void WarnOfKind(const RelationDescription& description, Oid relation, bool lookup, Problems* problems) {
  if (lookup) return;
  if (CallBackend([=] { return get_rel_persistence(relation); }) == RELPERSISTENCE_UNLOGGED) {
    problems->Warning("", "the table is unlogged: after a crash of the server it is empty, and no event tells of it");
  }
  if (description.kind == RelationKind::kPartitioned) {
    problems->Warning("", "TRUNCATE of a single partition is not seen, because the server fires no trigger of the partitioned table for it",
                      "TRUNCATE the partitioned table, or DELETE.");
  }
}

// The id of the source that this relation is, or that a dropped relation of the same name was.
std::optional<int32_t> KnownSource(Oid relation, const std::string& name) {
  Params params;
  params.Int8(relation).Text(name);
  Rows rows = ExecuteOnce(
      "SELECT s.id FROM workflow.source s WHERE s.relation = $1::oid OR (s.name = $2 AND NOT EXISTS"
      " (SELECT FROM pg_class c WHERE c.oid = s.relation)) ORDER BY s.relation = $1::oid DESC LIMIT 1",
      params);
  std::optional<int32_t> id;
  if (!rows.empty()) id = rows.Int4(0, 1);
  rows.Free();
  return id;
}

// A renamed table keeps the name under which it was attached until it is attached again; until then the name is taken.
std::string FreeName(const std::string& name, std::optional<int32_t> own) {
  for (int i = 1;; ++i) {
    const std::string candidate = i == 1 ? name : name + " (" + std::to_string(i) + ")";
    Params params;
    params.Text(candidate).Int8(own.value_or(-1));
    Rows rows = ExecuteOnce("SELECT FROM workflow.source s WHERE s.name = $1 AND s.id <> $2", params);
    const bool is_free = rows.empty();
    rows.Free();
    if (is_free) return candidate;
  }
}

struct StoredSource {
  int32_t id;
  std::string name;
};

// The row of workflow.source, written anew or in place.
StoredSource Store(const Request& request, const Binding& binding, const RelationDescription& description, const std::string& owner,
                  const std::string& search_path) {
  AsExtension as_extension;
  const auto id = KnownSource(request.relation, request.name);
  const std::string name = FreeName(request.name, id);
  Params params;
  params.Text(name).Int8(request.relation).Text(binding.entity).Text(binding.document.Dump()).Text(ToJson(description).Dump()).Text(owner);
  params.Text(search_path);
  if (id) params.Int4(*id);
  Rows rows = ExecuteOnce(
      id ? "UPDATE workflow.source SET name = $1, relation = $2::oid, entity = $3, binding = $4::jsonb, description = $5::jsonb, owner = $6,"
           " search_path = $7, attached_at = now() WHERE id = $8 RETURNING id"
         : "INSERT INTO workflow.source (name, relation, entity, binding, description, owner, search_path)"
           " VALUES ($1, $2::oid, $3, $4::jsonb, $5::jsonb, $6, $7) RETURNING id",
      params);
  const StoredSource stored = {rows.Int4(0, 1), name};
  rows.Free();
  Rows log = ExecuteOnce("SELECT workflow.ensure_event_log()");
  log.Free();
  Params note;
  note.Text(name).Text(binding.entity);
  Rows noted = ExecuteOnce("SELECT workflow.note_audit('attach', NULL, $1, jsonb_build_object('entity', $2))", note);
  noted.Free();
  as_extension.Restore();
  return stored;
}

// Those of the tables whose rows make events of this source's; of what was part of it before, none is left.
void ApplyParts(const Binding& binding, const StoredSource& source, const std::string& was) {
  const std::vector<Part> parts = PartsOf(binding);
  for (const std::string& name : {source.name, was}) {
    for (const PartTrigger& trigger : name.empty() ? std::vector<PartTrigger>() : PartTriggers(name)) {
      const auto is_it = [&](const Part& part) { return part.relation == trigger.relation && part.name == trigger.part; };
      if (name == source.name && std::any_of(parts.begin(), parts.end(), is_it)) continue;
      LockOrName(trigger.relation, AccessExclusiveLock);
      DropTrigger(trigger.relation, trigger.name);
    }
  }
  for (const Part& part : parts) {
    CreatePartTrigger(part.relation, PartTriggerName(part.name, source.id), source.name, part.name, binding.replicated);
  }
}

// The tables that are part of the source are locked as it is, and owned by the same.
void LockParts(const Json& document, bool dry_run, const RelationDescription& description) {
  for (const char* part : {kTagsPart, kCampaignsPart}) {
    const Json* given = document.Find(part);
    const Json* through = given == nullptr ? nullptr : given->Find("through");
    if (through == nullptr || !through->is_string()) continue;
    const auto found = description.related.find(through->string());
    if (found == description.related.end() || found->second == nullptr) continue;
    const Oid relation = RelationNamed({found->second->schema, found->second->name});
    if (!OidIsValid(relation)) continue;
    RequireOwner(relation);
    RefuseSystemTables(relation, QualifiedName(relation));
    LockOrName(relation, dry_run ? AccessShareLock : ShareRowExclusiveLock);
  }
}

// What attaching did to the workflows that are published, and the events of rows that are there.
void AfterStoring(const Request& request, const Binding& binding, Problems* problems, std::vector<Finding>* findings) {
  CallBackend([] { CommandCounterIncrement(); });
  const Registry& registry = CurrentRegistry();
  for (const auto& version : registry.versions) {
    if (version->broken.empty()) continue;
    problems->Warning("", "version " + std::to_string(version->number) + " of workflow \"" + version->workflow_name +
                              "\" does not compile: " + version->broken);
  }
  if (binding.backfill == "none") return;
  std::optional<Instant> since;
  if (const auto date = ParseDate(binding.backfill)) since = ToInstant(At(*date, ClockTime{}), UtcZone());
  const int64_t count = AppendExisting(RequireSource(registry, request.relation), /*backfill=*/true, since);
  findings->push_back({"info", "/backfill", std::to_string(count) + (count == 1 ? " row" : " rows") + " brought events that workflows want", "", count});
}

void Apply(const Request& request, const Binding& binding, const RelationDescription& description, Problems* problems,
           std::vector<Finding>* findings) {
  const std::string owner = CallBackend([] { return GetUserNameFromId(GetUserId(), false); });
  const std::string search_path = namespace_search_path;
  const Source* before = SourceOf(CurrentRegistry(), request.relation);
  const std::string was = before == nullptr ? std::string() : before->name;
  const StoredSource source = Store(request, binding, description, owner, search_path);
  if (binding.lookup) DropTriggers(request.relation);
  else CreateTriggers(request.relation, source.name, binding.replicated);
  ApplyParts(binding, source, was == source.name ? std::string() : was);
  AfterStoring(request, binding, problems, findings);
}

void CheckAsTenant(const Binding& binding, Oid relation, const Source* contacts, Problems* problems) {
  const Tenant probe = ProbeOf(binding);
  const char *setting = probe.setting.c_str(), *account = probe.account.c_str();
  const int level = CallBackend([=] {
    const int begun = NewGUCNestLevel();
    if (setting[0] != '\0') (void)set_config_option(setting, account, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return begun;
  });
  CheckQueries(binding, relation, contacts, problems);
  CallBackend([=] { AtEOXact_GUC(true, level); });
}

Answer Attach(const Request& request) {
  RequireOwner(request.relation);
  RefuseSystemTables(request.relation, request.name);
  const bool lookup = IsLookup(request.document);
  LockOrName(request.relation, request.dry_run || lookup ? AccessShareLock : ShareRowExclusiveLock);
  RequireOwner(request.relation);  // it may have got another one before it was locked
  RelationDescription description = DescribeLocked(request.relation);
  DescribeRelated(request.document, request.relation, &description);
  LockParts(request.document, request.dry_run || lookup, description);
  Problems problems;
  const auto binding = CompleteBinding(request.document, description, &problems);
  if (!binding) Refuse(request.name, problems);
  const RegistryPin pin;  // queries of the caller run below, and may load another registry
  const Source* contacts = ContactsOf(CurrentRegistry(), *binding, request.relation);
  CheckRoutes(*binding, contacts, &problems);
  CheckAsTenant(*binding, request.relation, contacts, &problems);
  if (problems.HasErrors()) Refuse(request.name, problems);
  WarnOfKind(description, request.relation, lookup, &problems);
  Answer answer = {.binding = binding->document, .findings = {}};
  if (request.dry_run) answer.findings = CountRows(*binding, request.relation, contacts);
  else Apply(request, *binding, description, &problems, &answer.findings);
  std::vector<Finding> warnings;
  for (const Problem& problem : problems.list()) warnings.push_back({"warning", problem.path, problem.message, problem.hint});
  answer.findings.insert(answer.findings.begin(), warnings.begin(), warnings.end());
  return answer;
}

Json ToJson(const std::vector<Finding>& findings) {
  Json::Array items;
  for (const Finding& finding : findings) {
    Json item = Json::MakeObject();
    item.Set("severity", Json::String(finding.severity));
    item.Set("path", Json::String(finding.path));
    item.Set("message", Json::String(finding.message));
    item.Set("hint", finding.hint.empty() ? Json() : Json::String(finding.hint));
    if (finding.count) item.Set("count", Json::Integer(*finding.count));
    items.push_back(std::move(item));
  }
  return Json::MakeArray(std::move(items));
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(wf_attach) {
  using namespace workflow::pg;  // NOLINT: the body of one function
  const Request request = ReadRequest(fcinfo);
  Spi spi;
  const Answer answer = Attach(request);
  spi.Finish();
  Datum values[2] = {JsonbOf(answer.binding), JsonbOf(ToJson(answer.findings))};
  const bool nulls[2] = {false, false};
  return CallBackend([&] {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "attach returns a row");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, const_cast<bool*>(nulls)));
  });
}
