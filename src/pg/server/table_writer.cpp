#include "pg/server/table_writer.h"

#include "pg/convert.h"
#include "pg/server/index_entries.h"

namespace workflow::pg {
namespace {

constexpr int kRowsMost = 250;  // of one multi-insert: some pages; a slot for each is made anew for every writer
constexpr size_t kNamesMost = 500;

// What names of the schema stand for, as long as nothing changes in the catalog: a look there costs three times as much, and a claim needs a dozen.
using Names = std::unordered_map<std::string, Oid>;
volatile bool names_stale = true;

extern "C" void OnNamesInvalidated(Datum, int, uint32) noexcept { names_stale = true; }

Names& KnownNames() {
  static constinit Names* names = nullptr;
  if (names == nullptr) {
    CallBackend([] {
      CacheRegisterSyscacheCallback(RELNAMENSP, OnNamesInvalidated, 0);
      CacheRegisterSyscacheCallback(NAMESPACENAME, OnNamesInvalidated, 0);
    });
    names = new Names();
  }
  if (names_stale || names->size() > kNamesMost) names->clear();
  names_stale = false;
  return *names;
}

}  // namespace

Oid TableNamed(std::string_view name) {
  Names& names = KnownNames();
  const std::string text(name);
  if (const auto known = names.find(text); known != names.end()) return known->second;
  const char* relation = text.c_str();
  const Oid found = CallBackend([=] {
    const Oid schema = get_namespace_oid("workflow", true);
    return OidIsValid(schema) ? get_relname_relid(relation, schema) : InvalidOid;
  });
  if (OidIsValid(found) && !names_stale) names.emplace(text, found);
  return found;
}

Oid RelationNamed(std::string_view name) {
  const Oid relation = TableNamed(name);
  if (!OidIsValid(relation)) throw SqlError{ERRCODE_UNDEFINED_TABLE, "relation \"workflow." + std::string(name) + "\" does not exist"};
  return relation;
}

TableWriter::TableWriter(Oid relation, Room room) : options_(room == Room::kAtEnd ? TABLE_INSERT_SKIP_FSM : 0) {
  CallBackend([=, this] {
    relation_ = table_open(relation, RowExclusiveLock);
    memory_ = AllocSetContextCreate(CurrentMemoryContext, "pg_workflow table writer", ALLOCSET_DEFAULT_SIZES);
    values_in_ = AllocSetContextCreate(memory_, "pg_workflow rows", ALLOCSET_DEFAULT_SIZES);
    const MemoryContext before = MemoryContextSwitchTo(memory_);
    columns_ = RelationGetDescr(relation_)->natts;
    slots_ = static_cast<TupleTableSlot**>(palloc0(sizeof(TupleTableSlot*) * kRowsMost));
    state_ = CreateExecutorState();
    result_ = makeNode(ResultRelInfo);
    InitResultRelInfo(result_, relation_, 1, nullptr, 0);
    ExecOpenIndices(result_, false);
    MemoryContextSwitchTo(before);
  });
}

TableWriter& TableWriter::Put(Datum value) {
  TupleTableSlot*& slot = slots_[row_];
  if (column_ == 0) {
    CallBackend([&] {
      if (slot == nullptr) {
        const MemoryContext before = MemoryContextSwitchTo(memory_);
        slot = MakeSingleTupleTableSlot(RelationGetDescr(relation_), &TTSOpsHeapTuple);
        MemoryContextSwitchTo(before);
      }
      ExecClearTuple(slot);
    });
  }
  slot->tts_values[column_] = value;
  slot->tts_isnull[column_++] = false;
  return *this;
}

TableWriter& TableWriter::Null() {
  Put(Datum{0});
  slots_[row_]->tts_isnull[column_ - 1] = true;
  return *this;
}

TableWriter& TableWriter::Time(Instant value) { return Put(TimestampTzGetDatum(ToTimestampTz(value))); }

TableWriter& TableWriter::MaybeTime(const std::optional<Instant>& value) { return value ? Time(*value) : Null(); }

TableWriter& TableWriter::Text(std::string_view value) {
  const MemoryContext memory = values_in_;
  return Put(CallBackend([&] {
    auto* text = static_cast<struct varlena*>(MemoryContextAlloc(memory, VARHDRSZ + value.size()));
    SET_VARSIZE(text, VARHDRSZ + value.size());
    memcpy(VARDATA(text), value.data(), value.size());
    return PointerGetDatum(text);
  }));
}

TableWriter& TableWriter::Texts(const std::vector<std::optional<std::string_view>>& values) {
  if (values.empty()) return Null();
  const MemoryContext memory = values_in_;
  return Put(CallBackend([&] {
    const MemoryContext before = MemoryContextSwitchTo(memory);
    const int count = static_cast<int>(values.size());
    auto* data = static_cast<Datum*>(palloc(sizeof(Datum) * values.size()));
    auto* flags = static_cast<bool*>(palloc(values.size()));
    for (int i = 0; i < count; ++i) {
      const auto& value = values[static_cast<size_t>(i)];
      flags[i] = !value;
      data[i] = value ? PointerGetDatum(cstring_to_text_with_len(value->data(), static_cast<int>(value->size()))) : Datum{0};
    }
    int size = count, lower = 1;
    const Datum array = PointerGetDatum(construct_md_array(data, flags, 1, &size, &lower, TEXTOID, -1, false, TYPALIGN_INT));
    MemoryContextSwitchTo(before);
    return array;
  }));
}

namespace {

// By the type's own input function, in the memory of values.
Datum ReadValue(PGFunction input, std::string_view text, MemoryContext memory) {
  const std::string copy(text);
  const char* characters = copy.c_str();
  return CallBackend([=] {
    const MemoryContext before = MemoryContextSwitchTo(memory);
    const Datum value = DirectFunctionCall1(input, CStringGetDatum(characters));
    MemoryContextSwitchTo(before);
    return value;
  });
}

}  // namespace

TableWriter& TableWriter::Jsonb(std::string_view text) { return Put(ReadValue(jsonb_in, text, values_in_)); }

TableWriter& TableWriter::SnapshotText(std::string_view text) { return Put(ReadValue(pg_snapshot_in, text, values_in_)); }

TableWriter& TableWriter::Uuid(std::string_view text) {
  const std::optional<pg_uuid_t> uuid = UuidOf(text);
  if (!uuid) throw SqlError{ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid event id \"" + std::string(text) + "\""};
  const MemoryContext memory = values_in_;
  return Put(CallBackend([&] {
    auto* value = static_cast<pg_uuid_t*>(MemoryContextAlloc(memory, sizeof(pg_uuid_t)));
    *value = *uuid;
    return UUIDPGetDatum(value);
  }));
}

// A table that has got another column would take what lies in memory for its value.
void TableWriter::RequireWhole() const {
  if (column_ == columns_) return;
  throw SqlError{ERRCODE_INTERNAL_ERROR, "a row of " + std::to_string(columns_) + " columns was given " + std::to_string(column_)};
}

void TableWriter::EndRow() {
  RequireWhole();
  CallBackend([this] { ExecStoreVirtualTuple(slots_[row_]); });
  column_ = 0;
  ++row_;
  ++written_;
  if (row_ == kRowsMost) Flush();
}

void TableWriter::EndUpdate(const ItemPointerData& place) {
  RequireWhole();
  ItemPointerData at = place;
  const TM_Result result = CallBackend([&] {
    TupleTableSlot* slot = slots_[row_];
    ExecStoreVirtualTuple(slot);
    TM_FailureData failure;
    LockTupleMode mode;
    bool indexes = false;
    const TM_Result done = table_tuple_update(relation_, &at, slot, GetCurrentCommandId(true), InvalidSnapshot, InvalidSnapshot, true, &failure, &mode, &indexes);
    if (done == TM_Ok && indexes) InsertMovedEntries(result_, state_, slot);
    ExecClearTuple(slot);
    return done;
  });
  if (result != TM_Ok) throw SqlError{ERRCODE_T_R_SERIALIZATION_FAILURE, "a row of ours was changed by another transaction"};
  column_ = 0;
  ++written_;
  if (row_ == 0 && ++updates_ % kRowsMost == 0) CallBackend([this] { MemoryContextReset(values_in_); });
}

void TableWriter::Flush() {
  if (row_ == 0) return;
  CallBackend([this] {
    table_multi_insert(relation_, slots_, row_, GetCurrentCommandId(true), options_, nullptr);
    InsertIndexEntries(result_, state_, slots_, row_);
    for (int i = 0; i < row_; ++i) ExecClearTuple(slots_[i]);
    MemoryContextReset(values_in_);
  });
  row_ = 0;
}

void TableWriter::Finish() {
  Flush();
  CallBackend([this] {
    for (int i = 0; i < kRowsMost && slots_[i] != nullptr; ++i) ExecDropSingleTupleTableSlot(slots_[i]);
    ExecCloseIndices(result_);
    FreeExecutorState(state_);
    table_close(relation_, NoLock);
    MemoryContextDelete(memory_);
    CommandCounterIncrement();  // later statements of this transaction see the rows
  });
}

}  // namespace workflow::pg
