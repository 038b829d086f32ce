#include "pg/server/keyed_table.h"

#include "pg/convert.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {

KeyedTable::KeyedTable(const char* table, const char* index) {
  const Oid table_oid = TableNamed(table), index_oid = TableNamed(index);
  CallBackend([=, this] {
    table_ = table_open(table_oid, AccessShareLock);
    index_ = index_open(index_oid, AccessShareLock);
    snapshot_ = RegisterSnapshot(GetTransactionSnapshot());
    slot_ = table_slot_create(table_, nullptr);
    scan_ = index_beginscan(table_, index_, snapshot_, 1, 0);
  });
}

bool KeyedTable::Find(int64_t key) {
  return CallBackend([=, this] {
    ScanKeyData equal;
    ScanKeyInit(&equal, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key));
    index_rescan(scan_, &equal, 1, nullptr, 0);
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
