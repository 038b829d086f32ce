#include "pg/capture/import.h"

#include <algorithm>
#include <iterator>

#include "pg/capture/append.h"
#include "pg/capture/capture.h"
#include "pg/capture/fold.h"
#include "pg/convert.h"
#include "pg/server/entry.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {

constinit Journal* imports = nullptr;

namespace {

constexpr ExpectedColumn kImportedColumns[] = {{"tag", TEXTOID}, {"source", INT4OID}, {"row_key", TEXTOID}, {"at", TIMESTAMPTZOID}};
constexpr size_t kImportedAtOnce = 100;  // of one multi-insert

// A plan that keeps the key alone.
struct ImportPlan : SourcePlan {
  std::string tag;
};

struct ImportPlans {
  std::map<std::pair<Oid, std::string>, std::unique_ptr<RelationPlan>> relations;  // by table and tag
  const RelationPlan* last = nullptr;  // of the last row: most come from the same table
  Oid last_relation = InvalidOid;
  uint64_t layouts = 0;
};
constinit ImportPlans* import_plans = nullptr;

std::shared_ptr<Layout> KeyLayout(const Source& source, TupleDesc descriptor, std::vector<AttrNumber>* numbers) {
  auto layout = std::make_shared<Layout>();
  layout->id = ++import_plans->layouts;
  for (const std::string& name : source.binding.key) {
    const FormData_pg_attribute* found = AttributeNamed(descriptor, name);
    if (found == nullptr) throw SqlError{ERRCODE_UNDEFINED_COLUMN, "column \"" + name + "\" does not exist"};
    layout->columns.push_back({name, found->atttypid, found->attlen, found->attbyval, Converter(found->atttypid)});
    numbers->push_back(found->attnum);
  }
  return layout;
}

// SqlError where the table cannot be read.
std::unique_ptr<RelationPlan> MakeImportPlan(Relation relation, const char* source_name, const char* tag) {
  const Source* source = CurrentRegistry().FindSource(source_name);
  if (source == nullptr) throw SqlError{ERRCODE_UNDEFINED_OBJECT, "it is not attached"};
  if (!source->broken.empty()) throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, source->broken};
  auto made = std::make_unique<RelationPlan>();
  auto plan = std::make_shared<ImportPlan>();
  plan->source = source->id;
  plan->name = source->name;
  plan->tag = tag;
  plan->layout = KeyLayout(*source, RelationGetDescr(relation), &made->numbers);
  for (uint32_t i = 0; i < made->numbers.size(); ++i) plan->key.push_back(i);
  made->source_name = source_name;
  made->last = *std::max_element(made->numbers.begin(), made->numbers.end());
  made->is_heap = relation->rd_tableam == GetHeapamTableAmRoutine();
  made->source = std::move(plan);
  return made;
}

// Rows whose last version is there; one that was deleted again was never imported.
void WriteImported(Relation relation, const std::vector<Folded>& rows) {
  const MemoryContext memory =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow import", ALLOCSET_DEFAULT_SIZES); });
  const Datum at = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
  Inserter inserter(relation, static_cast<int>(kImportedAtOnce));
  std::vector<Datum> values;
  std::vector<char> nulls;
  const auto insert = [&] {
    if (values.empty()) return;
    nulls.assign(values.size(), 0);
    inserter.Insert(values, nulls);
    values.clear();
    CallBackend([=] { MemoryContextReset(memory); });
  };
  for (const Folded& row : rows) {
    if (row.truncated || row.transition.fresh == nullptr) continue;
    const InContext inside(memory);
    const auto& plan = static_cast<const ImportPlan&>(*row.transition.plan);
    values.insert(values.end(), {TextDatum(plan.tag), Int32GetDatum(plan.source), TextDatum(row.transition.key), at});
    if (values.size() == kImportedAtOnce * std::size(kImportedColumns)) insert();
  }
  const InContext inside(memory);
  insert();
  inserter.Finish();
}

}  // namespace

const RelationPlan* ImportPlanFor(Relation relation, const char* source_name, const char* tag) {
  if (import_plans == nullptr) import_plans = new ImportPlans();
  const Oid oid = RelationGetRelid(relation);
  const RelationPlan* last = import_plans->last;
  if (last != nullptr && import_plans->last_relation == oid && static_cast<const ImportPlan&>(*last->source).tag == tag) return last;
  std::unique_ptr<RelationPlan>& plan = import_plans->relations[{oid, tag}];
  if (plan == nullptr) plan = MakeImportPlan(relation, source_name, tag);
  import_plans->last = plan.get();
  import_plans->last_relation = oid;
  return plan.get();
}

void FlushImports() {
  if (imports == nullptr || !imports->HasPending()) return;
  const MemoryContext memory =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow imports", ALLOCSET_DEFAULT_SIZES); });
  {
    const InContext inside(memory);
    std::vector<Folded> rows;
    Fold(imports->records(), imports->flushed(), [&](const Folded& row) { rows.push_back(row); });
    const Relation relation = OpenForInsert("imported", kImportedColumns, static_cast<int>(std::size(kImportedColumns)));
    if (relation != nullptr) {
      WriteImported(relation, rows);
      CallBackend([=] { table_close(relation, NoLock); });
    } else if (!rows.empty()) {
      ReportFault(rows.front().transition.plan->name, "the table of what was imported is missing or locked");
    }
  }
  CallBackend([=] { MemoryContextDelete(memory); });
  imports->MarkFlushed();
}

void ForgetImportPlans() noexcept {
  if (import_plans == nullptr) return;
  import_plans->last = nullptr;
  import_plans->relations.clear();
}

}  // namespace workflow::pg

// What this transaction has imported is written down, so that a query of it sees that.
WF_FUNCTION(workflow_flush_imports) {
  workflow::pg::FlushImports();
  return Datum{0};
}
