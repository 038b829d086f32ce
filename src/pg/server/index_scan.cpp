#include "pg/server/index_scan.h"

#include "pg/server/table_writer.h"

namespace workflow::pg {

void IndexScan::Begin(const Key* keys, int count, bool places_only) {
  CallBackend([=, this] {
    if (scan_ == nullptr) {
      scan_ = index_beginscan(table_, index_, snapshot_, count, 0);
      slot_ = table_slot_create(table_, nullptr);
    }
    Assert(count <= kMostKeys);
    ScanKeyData data[kMostKeys];
    for (int i = 0; i < count; ++i) {
      ScanKeyInit(&data[i], keys[i].column, keys[i].strategy, keys[i].function, keys[i].value);
      data[i].sk_collation = index_->rd_indcollation[keys[i].column - 1];
    }
    scan_->xs_want_itup = places_only;
    index_rescan(scan_, data, count, nullptr, 0);
  });
}

bool IndexScan::Next(ScanDirection direction) {
  return CallBackend([=, this] {
    CHECK_FOR_INTERRUPTS();
    return index_getnext_slot(scan_, direction, slot_);
  });
}

IndexScan::Place IndexScan::NextPlace() {
  return CallBackend([this] {
    CHECK_FOR_INTERRUPTS();
    const ItemPointer at = index_getnext_tid(scan_, ForwardScanDirection);
    if (at == nullptr) return Place{};
    bool is_null;
    return Place{true, DatumGetInt64(index_getattr(scan_->xs_itup, 1, scan_->xs_itupdesc, &is_null)), *at};
  });
}

bool IndexScan::Fetch(const ItemPointerData& at) {
  return CallBackend([&, this] {
    scan_->xs_heaptid = at;
    scan_->xs_heap_continue = false;
    return index_fetch_heap(scan_, slot_);
  });
}

Datum IndexScan::Column(AttrNumber column, bool* is_null) const {
  return CallBackend([=, this] { return slot_getattr(slot_, column, is_null); });
}

int64_t IndexScan::Int8(AttrNumber column) const {
  bool is_null;
  return DatumGetInt64(Column(column, &is_null));
}

void IndexScan::End() {
  if (scan_ == nullptr) return;
  CallBackend([this] {
    index_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
  });
  scan_ = nullptr;
}

OpenIndex::OpenIndex(const char* table, const char* index) {
  const Oid table_oid = RelationNamed(table), index_oid = RelationNamed(index);
  CallBackend([=, this] {
    table_ = table_open(table_oid, AccessShareLock);
    index_ = index_open(index_oid, AccessShareLock);
  });
}

void OpenIndex::Close() {
  CallBackend([this] {
    index_close(index_, AccessShareLock);
    table_close(table_, AccessShareLock);
  });
}

bool AnyRow(const char* table, const char* index, Snapshot snapshot, const IndexScan::Key* key) {
  OpenIndex open(table, index);
  IndexScan scan(open.table(), open.index(), snapshot);
  scan.Begin(key, key == nullptr ? 0 : 1);
  const bool any = scan.Next();
  scan.End();
  open.Close();
  return any;
}

}  // namespace workflow::pg
