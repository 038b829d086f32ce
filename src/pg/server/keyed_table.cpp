#include "pg/server/keyed_table.h"

#include "pg/convert.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {

KeyedTable::KeyedTable(std::string_view table, std::string_view index, int keys) : keys_(keys) {
  const Oid table_oid = TableNamed(table), index_oid = TableNamed(index);
  CallBackend([=, this] {
    table_ = table_open(table_oid, AccessShareLock);
    index_ = index_open(index_oid, AccessShareLock);
    snapshot_ = RegisterSnapshot(GetTransactionSnapshot());
    slot_ = table_slot_create(table_, nullptr);
    scan_ = index_beginscan(table_, index_, snapshot_, keys_, 0);
    texts_ = AllocSetContextCreate(CurrentMemoryContext, "pg_workflow keys", ALLOCSET_SMALL_SIZES);
  });
}

void KeyedTable::Seek(std::initializer_list<Key> keys) {
  Assert(keys.size() == static_cast<size_t>(keys_) && keys_ <= kMostKeys);
  const Key* wanted = keys.begin();
  CallBackend([=, this] {
    MemoryContextReset(texts_);
    ScanKeyData equal[kMostKeys] = {};
    for (int i = 0; i < keys_; ++i) {
      const Key& key = wanted[i];
      RegProcedure same = F_INT8EQ;
      Datum value = Int64GetDatum(key.number);
      if (key.kind == Key::kInt4) {
        same = F_INT4EQ;
        value = Int32GetDatum(static_cast<int32_t>(key.number));
      } else if (key.kind == Key::kXid8) {
        same = F_XID8EQ;
        value = FullTransactionIdGetDatum(FullTransactionIdFromU64(static_cast<uint64_t>(key.number)));
      } else if (key.kind == Key::kUuid) {
        same = F_UUID_EQ;
        value = PointerGetDatum(key.uuid);
      } else if (key.kind == Key::kText) {
        same = F_TEXTEQ;
        auto* text = static_cast<struct varlena*>(MemoryContextAlloc(texts_, VARHDRSZ + key.text.size()));
        SET_VARSIZE(text, VARHDRSZ + key.text.size());
        memcpy(VARDATA(text), key.text.data(), key.text.size());
        value = PointerGetDatum(text);
      }
      ScanKeyEntryInitialize(&equal[i], 0, static_cast<AttrNumber>(i + 1), BTEqualStrategyNumber, InvalidOid, index_->rd_indcollation[i], same, value);
    }
    index_rescan(scan_, keys_ == 0 ? nullptr : equal, keys_, nullptr, 0);
  });
}

bool KeyedTable::Next() {
  return CallBackend([this] {
    if (!index_getnext_slot(scan_, ForwardScanDirection, slot_)) return false;
    slot_getallattrs(slot_);
    return true;
  });
}

void KeyedTable::Finish() {
  CallBackend([this] {
    index_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
    UnregisterSnapshot(snapshot_);
    index_close(index_, NoLock);
    table_close(table_, NoLock);
    MemoryContextDelete(texts_);
  });
}

Instant KeyedTable::Time(int column) const { return ToInstant(DatumGetTimestampTz(slot_->tts_values[column - 1])); }

std::optional<Instant> KeyedTable::MaybeTime(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Time(column));
}

std::string KeyedTable::Text(int column) const {
  return IsNull(column) ? std::string() : TextOf(slot_->tts_values[column - 1]);
}

}  // namespace workflow::pg
