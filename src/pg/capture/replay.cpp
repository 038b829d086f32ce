#include "pg/capture/replay.h"

#include "pg/capture/append.h"
#include "pg/capture/capture.h"
#include "pg/capture/evaluate.h"
#include "pg/capture/event_log.h"
#include "pg/wakeup.h"

namespace workflow::pg {
namespace {

constexpr long kFetchRows = 1000;

std::string SelectRows(Oid relation, const std::string& where_sql) {
  const char* name = CallBackend([=] {
    const char* table = get_rel_name(relation);
    return table == nullptr ? nullptr : quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), table);
  });
  if (name == nullptr) throw SqlError{ERRCODE_UNDEFINED_TABLE, "the attached relation does not exist any more"};
  return std::string("SELECT * FROM ") + name + (where_sql.empty() ? "" : " WHERE " + where_sql);
}

// The rows of one fetch that somebody wants.
class Reader {
 public:
  Reader(const SourcePlan& plan, TupleDesc descriptor, const Replay& replay)
      : plan_(plan), replay_(replay), numbers_(ColumnNumbers(*plan.layout, descriptor)), values_(numbers_.size()), nulls_(new bool[numbers_.size()]) {}

  bool Read(HeapTuple tuple, TupleDesc descriptor, EventRow* row) {
    for (size_t i = 0; i < numbers_.size(); ++i) {
      const int number = numbers_[i];
      bool* is_null = &nulls_[i];
      values_[i] = CallBackend([=] { return heap_getattr(tuple, number, descriptor, is_null); });
    }
    const RowImage image = {values_.data(), nulls_.get(), 0};
    Transition transition = {.plan = &plan_, .key = {}, .was = {}, .old = nullptr, .fresh = &image, .depth = 0, .chains = -1};
    return KeyOf(plan_, image, &transition.key) && EvaluateTransition(transition, &replay_, row);
  }

 private:
  const SourcePlan& plan_;
  const Replay replay_;
  const std::vector<AttrNumber> numbers_;
  std::vector<Datum> values_;
  std::unique_ptr<bool[]> nulls_;
};

int64_t AppendTable(const SourcePlan& plan, SPITupleTable* table, uint64_t count, bool backfill, const Replay& replay) {
  Reader reader(plan, table->tupdesc, replay);
  std::vector<EventRow> rows;
  for (uint64_t i = 0; i < count; ++i) {
    EventRow row;
    if (!reader.Read(table->vals[i], table->tupdesc, &row)) continue;
    row.backfill = backfill;
    rows.push_back(std::move(row));
  }
  if (AppendEvents(rows) != AppendResult::kDone) {
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the tables of the event log are missing or locked", {},
                   "See workflow.ensure_event_log()."};
  }
  return static_cast<int64_t>(rows.size());
}

}  // namespace

int64_t AppendExistingRows(const Source& source, const std::string& where_sql, bool backfill, std::optional<Instant> since) {
  const int32_t id = source.id;
  const std::string sql = SelectRows(source.relation, where_sql);
  const char* text = sql.c_str();
  Portal portal = CallBackend([=] {
    SPIPlanPtr prepared = SPI_prepare(text, 0, nullptr);
    if (prepared == nullptr) elog(ERROR, "could not prepare: %s", text);
    return SPI_cursor_open(nullptr, prepared, nullptr, nullptr, false);
  });
  // The registry may be another one by now, and with it the source.
  const Registry& registry = CurrentRegistry();
  const Source* current = registry.SourceById(id);
  if (current == nullptr) throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '6'), "the source is not attached any more"};
  const LoadedNeeds loaded = NeedsIn(registry, current->name, {});
  if (!loaded.fault.empty()) throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, loaded.fault};
  const std::shared_ptr<SourcePlan> plan = BuildPlan(loaded.needs, portal->tupDesc);
  int64_t appended = 0;
  while (plan != nullptr && !plan->events.empty()) {
    CallBackend([=] { SPI_cursor_fetch(portal, true, kFetchRows); });
    SPITupleTable* table = SPI_tuptable;
    const uint64_t count = SPI_processed;
    if (count > 0) {
      const MemoryContext memory =
          CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow replay", ALLOCSET_DEFAULT_SIZES); });
      {
        const InContext inside(memory);
        appended += AppendTable(*plan, table, count, backfill, Replay{since, backfill});
      }
      CallBackend([=] { MemoryContextDelete(memory); });
    }
    CallBackend([=] { SPI_freetuptable(table); });
    if (count == 0) break;
  }
  CallBackend([=] { SPI_cursor_close(portal); });
  if (appended > 0) WakeWorkerAtCommit();
  return appended;
}

}  // namespace workflow::pg
