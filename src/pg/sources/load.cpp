#include "pg/sources/load.h"

#include <algorithm>

#include "core/binding/description.h"
#include "core/definition/compile.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {
namespace {

using Row = std::vector<Value>;

// A column that is declared NOT NULL holds a value of its type.
std::string TextAt(const Row& row, size_t i) { return *row[i].As<std::string>(); }
int32_t IntegerAt(const Row& row, size_t i) { return static_cast<int32_t>(*row[i].As<int64_t>()); }

std::string FirstError(const Problems& problems) {
  for (const Problem& problem : problems.list()) {
    if (problem.severity != Severity::kError) continue;
    return problem.path.empty() ? problem.message : problem.path + ": " + problem.message;
  }
  return {};
}

// The binding as it was attached, against the columns as they were then: what has changed since is found where rows are read.
void Bind(const Row& row, Source* source) {
  const Oid oid = source->relation;
  if (!CallBackend([=] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)); })) {
    source->broken = "the attached relation does not exist any more";
    return;
  }
  const auto description = ParseRelation(*row[4].AsJson());
  if (!description) {
    source->broken = "the stored description of its columns cannot be read";
    return;
  }
  Problems problems;
  auto binding = CompleteBinding(*row[3].AsJson(), *description, &problems);
  if (binding) source->binding = std::move(*binding);
  else source->broken = FirstError(problems);
}

std::unique_ptr<const Source> MakeSource(const Row& row) {
  auto source = std::make_unique<Source>();
  source->id = IntegerAt(row, 0);
  source->name = TextAt(row, 1);
  source->relation = static_cast<Oid>(*row[2].As<int64_t>());
  source->owner = TextAt(row, 5);
  source->search_path = TextAt(row, 6);
  Bind(row, source.get());
  return source;
}

WorkflowStatus StatusOf(const std::string& status) {
  if (status == "published") return WorkflowStatus::kPublished;
  if (status == "paused") return WorkflowStatus::kPaused;
  return status == "archived" ? WorkflowStatus::kArchived : WorkflowStatus::kDraft;
}

// `version`: id, workflow, number, definition, owner, search_path; `workflow`: id, account, name, status, published.
std::unique_ptr<const LoadedVersion> MakeVersion(const Row& version, const Row& workflow, const Catalog& catalog) {
  auto loaded = std::make_unique<LoadedVersion>();
  loaded->id = IntegerAt(version, 0);
  loaded->number = IntegerAt(version, 2);
  loaded->workflow = IntegerAt(workflow, 0);
  loaded->workflow_name = TextAt(workflow, 2);
  loaded->account = TextAt(workflow, 1);
  loaded->owner = TextAt(version, 4);
  loaded->search_path = TextAt(version, 5);
  loaded->status = StatusOf(TextAt(workflow, 3));
  loaded->current = !workflow[4].is_null() && IntegerAt(workflow, 4) == loaded->number;
  Problems problems;
  auto program = CompileDefinition(*version[3].AsJson(), catalog, /*require_templates=*/false, &problems, CompileLimits::None());
  if (program) loaded->program = std::move(*program);
  else loaded->broken = FirstError(problems);
  return loaded;
}

struct Tables {
  std::vector<Row> sources, workflows, versions;
  std::optional<SeenTransactions> seen;
};

// Of a snapshot all transactions but our own: what that has changed may be rolled back, or followed by more.
std::optional<SeenTransactions> SeenBy(Snapshot snapshot) {
  const char* text = CallBackend([=] {
    PushActiveSnapshot(snapshot);
    const Datum datum = DirectFunctionCall1(pg_current_snapshot, Datum{0});
    PopActiveSnapshot();
    return reinterpret_cast<const char*>(static_cast<uintptr_t>(DirectFunctionCall1(pg_snapshot_out, datum)));
  });
  auto seen = SeenTransactions::Parse(text);
  const FullTransactionId own = GetTopFullTransactionIdIfAny();
  if (seen && FullTransactionIdIsValid(own)) seen->Hide(U64FromFullTransactionId(own));
  return seen;
}

Tables ReadTables() {
  const OurTable source("source", {"id", "name", "relation", "binding", "description", "owner", "search_path"});
  const OurTable workflow("workflow", {"id", "account", "name", "status", "published"});
  const OurTable version("version", {"id", "workflow", "number", "definition", "owner", "search_path"}, "listened");
  Tables tables;
  Snapshot snapshot = CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); });
  tables.sources = source.Rows(snapshot);
  tables.workflows = workflow.Rows(snapshot);
  tables.versions = version.Rows(snapshot);
  tables.seen = SeenBy(snapshot);
  CallBackend([=] { UnregisterSnapshot(snapshot); });
  const auto by_id = [](const Row& a, const Row& b) { return *a[0].As<int64_t>() < *b[0].As<int64_t>(); };
  std::sort(tables.sources.begin(), tables.sources.end(), by_id);
  std::sort(tables.versions.begin(), tables.versions.end(), by_id);
  return tables;
}

}  // namespace

void LoadRegistry(Registry* registry) {
  const Tables tables = ReadTables();
  registry->seen = tables.seen;
  for (const Row& row : tables.sources) registry->sources.push_back(MakeSource(row));
  const Catalog catalog = CatalogOf(*registry, /*with_templates=*/false);
  for (const Row& version : tables.versions) {
    const auto is_its = [&](const Row& workflow) { return workflow[0] == version[1]; };
    const auto workflow = std::find_if(tables.workflows.begin(), tables.workflows.end(), is_its);
    if (workflow != tables.workflows.end()) registry->versions.push_back(MakeVersion(version, *workflow, catalog));
  }
}

}  // namespace workflow::pg
