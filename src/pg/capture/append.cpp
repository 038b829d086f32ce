#include "pg/capture/append.h"

#include <algorithm>
#include <iterator>

#include "pg/capture/event_log.h"
#include "pg/convert.h"
#include "pg/server/index_entries.h"

namespace workflow::pg {

constinit int16_t capture_depth = 0;

namespace {

constexpr int kRingTables = 3;
constexpr size_t kInsertRows = 100;  // of one multi-insert: some pages; a slot for each is made anew for every flush

constexpr ExpectedColumn kEventColumns[] = {
    {"id", INT8OID},       {"xid", XID8OID},      {"kind", CHAROID},  {"op", CHAROID},           {"depth", INT2OID},
    {"timed", BOOLOID},    {"backfill", BOOLOID}, {"source", INT4OID}, {"at", TIMESTAMPTZOID},   {"event", UUIDOID},
    {"row_key", TEXTOID},  {"account", TEXTOID},  {"name", TEXTOID},  {"body", JSONOID}};
constexpr int kColumns = static_cast<int>(std::size(kEventColumns));

bool HasColumns(Relation relation, const ExpectedColumn* columns, int count) {
  const TupleDesc descriptor = RelationGetDescr(relation);
  if (relation->rd_rel->relkind != RELKIND_RELATION || descriptor->natts != count) return false;
  for (int i = 0; i < count; ++i) {
    const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor, i);
    if (attribute.attisdropped || attribute.atttypid != columns[i].type || strcmp(NameStr(attribute.attname), columns[i].name) != 0) return false;
  }
  return true;
}

// A host's transaction may have been made read only after it wrote; what it wrote is recorded all the same.
class Writable {
 public:
  Writable() : saved_(XactReadOnly) { XactReadOnly = false; }
  Writable(const Writable&) = delete;
  Writable& operator=(const Writable&) = delete;
  ~Writable() { XactReadOnly = saved_; }

 private:
  const bool saved_;
};

Oid OpenSequence() {
  return CallBackend([] {
    const Oid schema = get_namespace_oid("workflow", true);
    const Oid oid = OidIsValid(schema) ? get_relname_relid("event_id", schema) : InvalidOid;
    // nextval() would wait for this lock.
    if (!OidIsValid(oid) || get_rel_relkind(oid) != RELKIND_SEQUENCE || !ConditionalLockRelationOid(oid, RowExclusiveLock)) return InvalidOid;
    return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)) ? oid : InvalidOid;
  });
}

Relation OpenRing() {
  // All backends write to one table for ten minutes, then to the next: so each in turn has all of its events read, and can be emptied.
  constexpr int64_t kTurn_us = 10 * int64_t{60} * USECS_PER_SEC;
  const int preferred = static_cast<int>((GetCurrentTransactionStartTimestamp() / kTurn_us) % kRingTables);
  static constexpr const char* kNames[kRingTables] = {"event_0", "event_1", "event_2"};
  for (int i = 0; i < kRingTables; ++i) {
    const int number = (preferred + i) % kRingTables;
    if (Relation relation = OpenForInsert(kNames[number], kEventColumns, kColumns)) return relation;
  }
  return nullptr;
}

// The sequence goes on by so many: one number of it stands for as many events.
constexpr int64_t kNumbersAtOnce = 32;

int64_t NextNumber(Oid sequence) {
  // Of this backend; those of a sequence that was made anew are other ones.
  static constinit struct { Oid sequence; int64_t next, end; } mine = {InvalidOid, 0, 0};
  if (mine.next == mine.end || mine.sequence != sequence) {
    const int64_t first = CallBackend([=] { return nextval_internal(sequence, false); });
    mine = {sequence, first, first + kNumbersAtOnce};
  }
  return mine.next++;
}

// Rows of the log for one multi-insert, the values of which lie one after the other in memory that is used again for the next.
class Batch {
 public:
  Batch(FullTransactionId xid, Oid sequence, MemoryContext memory, size_t most)
      : xid_(xid), sequence_(sequence), memory_(memory), values_(most * kColumns), nulls_(most * kColumns) {}
  void Add(const EventRow& row) {
    Put(Int64GetDatum(NextNumber(sequence_)));
    Put(UInt64GetDatum(U64FromFullTransactionId(xid_)));
    Put(CharGetDatum(row.kind));
    Put(CharGetDatum(row.op));
    Put(Int16GetDatum(row.depth));
    Put(BoolGetDatum(row.timed));
    Put(BoolGetDatum(row.backfill));
    Put(Int32GetDatum(row.source.value_or(0)), !row.source);
    Put(TimestampTzGetDatum(ToTimestampTz(row.at)));
    Put(row.event ? Uuid(*row.event) : Datum{0}, !row.event);
    Put(row.row_key ? Text(*row.row_key) : Datum{0}, !row.row_key);
    Put(Text(row.account));
    Put(row.name.empty() ? Datum{0} : Text(row.name), row.name.empty());
    Put(Text(row.body.empty() ? "{}" : std::string_view(row.body)));
  }
  void Insert(Inserter* inserter) {
    inserter->Insert(values_.data(), nulls_.data(), static_cast<int>(count_ / kColumns));
    count_ = used_ = 0;
    if (!has_more_) return;
    CallBackend([this] { MemoryContextReset(memory_); });
    size_ = 0;
    has_more_ = false;
  }

 private:
  static constexpr size_t kBlock = 64 * size_t{1024};
  void Put(Datum value, bool is_null = false) {
    values_[count_] = value;
    nulls_[count_++] = is_null;
  }
  char* Room(size_t size) {
    size = MAXALIGN(size);
    if (used_ + size > size_) {  // what is full is needed until the rows are in
      has_more_ = size_ > 0;
      const size_t wanted = std::max(size, kBlock);
      block_ = CallBackend([=, this] { return static_cast<char*>(MemoryContextAlloc(memory_, wanted)); });
      size_ = wanted;
      used_ = 0;
    }
    char* const room = block_ + used_;
    used_ += size;
    return room;
  }
  Datum Text(std::string_view text) {
    char* const room = Room(VARHDRSZ + text.size());
    SET_VARSIZE(room, VARHDRSZ + text.size());
    memcpy(VARDATA(room), text.data(), text.size());
    return PointerGetDatum(room);
  }
  Datum Uuid(const std::string& text) {
    const std::optional<pg_uuid_t> uuid = UuidOf(text);
    if (!uuid) throw SqlError{ERRCODE_INVALID_TEXT_REPRESENTATION, "invalid event id \"" + text + "\""};
    return PointerGetDatum(memcpy(Room(sizeof(*uuid)), &*uuid, sizeof(*uuid)));
  }
  const FullTransactionId xid_;
  const Oid sequence_;
  const MemoryContext memory_;
  std::vector<Datum> values_;
  std::vector<char> nulls_;
  size_t count_ = 0;             // values
  char* block_ = nullptr;
  size_t size_ = 0, used_ = 0;   // of the block
  bool has_more_ = false;        // the context has more blocks than this one
};

}  // namespace

Relation OpenForInsert(const char* name, const ExpectedColumn* columns, int count) {
  Relation relation = CallBackend([=]() -> Relation {
    const Oid schema = get_namespace_oid("workflow", true);
    const Oid oid = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
    if (!OidIsValid(oid) || get_rel_relkind(oid) != RELKIND_RELATION || !ConditionalLockRelationOid(oid, RowExclusiveLock)) return nullptr;
    // Between the look-up and the lock it may have been dropped.
    return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)) ? table_open(oid, NoLock) : nullptr;
  });
  if (relation == nullptr || HasColumns(relation, columns, count)) return relation;
  CallBackend([=] { table_close(relation, NoLock); });
  return nullptr;
}

Inserter::Inserter(Relation relation, int most) : relation_(relation), columns_(RelationGetDescr(relation)->natts) {
  CallBackend([=, this] {
    slots_ = static_cast<TupleTableSlot**>(palloc(sizeof(TupleTableSlot*) * most));
    for (int i = 0; i < most; ++i) slots_[i] = MakeSingleTupleTableSlot(RelationGetDescr(relation_), &TTSOpsHeapTuple);
    state_ = CreateExecutorState();
    result_ = makeNode(ResultRelInfo);
    InitResultRelInfo(result_, relation_, 1, nullptr, 0);
    ExecOpenIndices(result_, false);
  });
  slot_count_ = most;
}

void Inserter::Insert(const Datum* value, const char* is_null, int rows) {
  CallBackend([=, this] {
    for (int i = 0; i < rows; ++i) {
      ExecClearTuple(slots_[i]);
      for (int j = 0; j < columns_; ++j) {
        slots_[i]->tts_values[j] = value[i * columns_ + j];
        slots_[i]->tts_isnull[j] = is_null[i * columns_ + j] != 0;
      }
      ExecStoreVirtualTuple(slots_[i]);
    }
    table_multi_insert(relation_, slots_, rows, GetCurrentCommandId(true), 0, nullptr);
    InsertIndexEntries(result_, state_, slots_, rows);
    for (int i = 0; i < rows; ++i) ExecClearTuple(slots_[i]);
  });
}

void Inserter::Finish() {
  CallBackend([this] {
    for (int i = 0; i < slot_count_; ++i) ExecDropSingleTupleTableSlot(slots_[i]);
    ExecCloseIndices(result_);
    FreeExecutorState(state_);
  });
}

AppendResult AppendEvents(const std::vector<EventRow>& events) {
  if (events.empty()) return AppendResult::kDone;
  const Writable writable;
  const Oid sequence = OpenSequence();
  if (!OidIsValid(sequence)) return AppendResult::kMissing;
  const Relation relation = OpenRing();
  if (relation == nullptr) return AppendResult::kMissing;
  const size_t most = std::min(events.size(), kInsertRows);
  Inserter inserter(relation, static_cast<int>(most));
  const MemoryContext memory =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow event batch", ALLOCSET_DEFAULT_SIZES); });
  // What the insertion itself needs is freed with each; the values are used again.
  const MemoryContext passing =
      CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow event insertion", ALLOCSET_DEFAULT_SIZES); });
  Batch batch(CallBackend([] { return GetTopFullTransactionId(); }), sequence, memory, most);
  for (size_t i = 0; i < events.size(); ++i) {
    batch.Add(events[i]);
    if ((i + 1) % most != 0 && i + 1 != events.size()) continue;
    const InContext inside(passing);
    batch.Insert(&inserter);
    CallBackend([=] { MemoryContextReset(passing); });
  }
  inserter.Finish();
  CallBackend([=] {
    MemoryContextDelete(passing);
    MemoryContextDelete(memory);
    table_close(relation, NoLock);
  });
  return AppendResult::kDone;
}

}  // namespace workflow::pg
