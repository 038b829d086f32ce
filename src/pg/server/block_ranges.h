// Block range indexes (BRIN): which blocks of a table may hold what is looked for, reading these, and summing up ranges that are full.
// A range that is not summed up counts as one that may hold anything, and an insertion widens the sum of its range: no row is ever overlooked.
#pragma once

#include <algorithm>
#include <vector>

#include "pg/server/guard.h"

namespace workflow::pg {

struct BlockStretch { BlockNumber begin, end; };  // end: the first that is not of it

// Whether this index of the table may be asked what blocks to leave out when rows are looked for by this column.
bool TellsBlocks(Relation table, Relation index, AttrNumber column);

// The blocks, in order, that may hold rows whose indexed column is at least `least`, which is of the type xid8.
std::vector<BlockStretch> BlocksFrom(Relation index, Snapshot snapshot, uint64_t least);

// Sums up the full ranges among these stretches, from `begin` on; of the table only blocks before `end` count. Waits for no lock: false where one that
// is needed is not to be had.
bool SumUpRanges(Relation table, Relation index, const std::vector<BlockStretch>& stretches, BlockNumber begin, BlockNumber end);

// The rows of a stretch of blocks that a snapshot sees, in the order in which they lie.
class BlockScan {
 public:
  BlockScan(Relation table, Snapshot snapshot) : table_(table), snapshot_(snapshot) {}
  BlockScan(const BlockScan&) = delete;
  BlockScan& operator=(const BlockScan&) = delete;
  void Begin(const BlockStretch& stretch);
  // The next row for which `wanted`, which must not raise but by the server, is true of its slot; nullptr: there is no more.
  template <typename Wanted>
  TupleTableSlot* Next(const Wanted& wanted) {
    return CallBackend([&]() -> TupleTableSlot* {
      while (table_scan_getnextslot_tidrange(scan_, ForwardScanDirection, slot_)) if (wanted(slot_)) return slot_;
      return nullptr;
    });
  }
  void End();  // by hand; an abort ends it all the same

 private:
  const Relation table_;
  const Snapshot snapshot_;
  TableScanDesc scan_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
};

}  // namespace workflow::pg
