// Rows of a table straight through one of its indexes: no plan, no parameters, no statement.
#pragma once

#include "pg/server/guard.h"

namespace workflow::pg {

// A snapshot for a scope. Ended by hand, because a destructor may not call the server; an abort ends it all the same.
class LatestSnapshot {
 public:
  LatestSnapshot() : snapshot_(CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); })) {}
  LatestSnapshot(const LatestSnapshot&) = delete;
  LatestSnapshot& operator=(const LatestSnapshot&) = delete;
  Snapshot get() const { return snapshot_; }
  void End() { CallBackend([this] { UnregisterSnapshot(snapshot_); }); }

 private:
  const Snapshot snapshot_;
};

// A scan of an index for the rows that a snapshot sees. The keys are those of the first Begin; later ones change their values.
class IndexScan {
 public:
  struct Key { AttrNumber column; StrategyNumber strategy; RegProcedure function; Datum value; };
  static constexpr int kMostKeys = 4;
  IndexScan(Relation table, Relation index, Snapshot snapshot) : table_(table), index_(index), snapshot_(snapshot) {}
  IndexScan(const IndexScan&) = delete;
  IndexScan& operator=(const IndexScan&) = delete;
  // places_only: for NextPlace.
  void Begin(const Key* keys, int count, bool places_only = false);
  bool Next(ScanDirection direction = ForwardScanDirection);
  // What the index itself says, without a look at the table: its first column, a bigint, and where a version of the row is, or was.
  struct Place { bool there; int64_t key; ItemPointerData at; };
  Place NextPlace();
  // The row whose versions begin there, if the snapshot sees one of them.
  bool Fetch(const ItemPointerData& at);
  TupleTableSlot* row() const { return slot_; }
  Datum Column(AttrNumber column, bool* is_null) const;
  int64_t Int8(AttrNumber column) const;
  void End();  // by hand; an abort ends it all the same

 private:
  const Relation table_, index_;
  const Snapshot snapshot_;
  IndexScanDesc scan_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
};

// A scan by an index whose first key is a bigint, over a stretch of them.
class StretchScan {
 public:
  StretchScan(Relation table, Relation index, Snapshot snapshot, int64_t first, int64_t last) : scan_(table, index, snapshot) {
    const IndexScan::Key keys[] = {{1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(first)},
                                   {1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(last)}};
    scan_.Begin(keys, 2);
  }
  IndexScan* operator->() { return &scan_; }

 private:
  IndexScan scan_;
};

// A table of ours and one of its indexes by their names, open for a scope. Its locks end with it: a backend has few that cost little.
class OpenIndex {
 public:
  OpenIndex(const char* table, const char* index);
  Relation table() const { return table_; }
  Relation index() const { return index_; }
  void Close();  // by hand; an abort closes them all the same

 private:
  Relation table_, index_;
};

// Whether the snapshot sees any row that the index holds; with a key, any with it in the first column.
bool AnyRow(const char* table, const char* index, Snapshot snapshot, const IndexScan::Key* key = nullptr);
inline bool AnyRow(const char* table, const char* index) {
  LatestSnapshot now;
  const bool any = AnyRow(table, index, now.get());
  now.End();
  return any;
}

}  // namespace workflow::pg
