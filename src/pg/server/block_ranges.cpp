#include "pg/server/block_ranges.h"

namespace workflow::pg {

bool TellsBlocks(Relation table, Relation index, AttrNumber column) {
  const FormData_pg_index& form = *index->rd_index;
  // One that was built over rows with versions it could not hold (indcheckxmin) does not serve every snapshot.
  return index->rd_rel->relam == BRIN_AM_OID && form.indisvalid && !form.indcheckxmin && form.indrelid == RelationGetRelid(table) &&
         form.indkey.values[0] == column && CallBackend([=] { return heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr); });
}

std::vector<BlockStretch> BlocksFrom(Relation index, Snapshot snapshot, uint64_t least) {
  TIDBitmap* bitmap = nullptr;
  TBMIterator* iterator = nullptr;
  CallBackend([&] {
    bitmap = tbm_create(work_mem * int64_t{1024}, nullptr);
    ScanKeyData key;
    ScanKeyEntryInitialize(&key, 0, 1, BTGreaterEqualStrategyNumber, XID8OID, InvalidOid, F_XID8GE, UInt64GetDatum(least));
    const IndexScanDesc scan = index_beginscan_bitmap(index, snapshot, 1);
    index_rescan(scan, &key, 1, nullptr, 0);
    index_getbitmap(scan, bitmap);
    index_endscan(scan);
    iterator = tbm_begin_iterate(bitmap);
  });
  std::vector<BlockStretch> stretches;
  for (;;) {
    const BlockNumber block = CallBackend([=] {
      const TBMIterateResult* page = tbm_iterate(iterator);
      return page == nullptr ? InvalidBlockNumber : page->blockno;
    });
    if (block == InvalidBlockNumber) break;
    if (!stretches.empty() && stretches.back().end == block) ++stretches.back().end;
    else stretches.push_back({block, block + 1});
  }
  CallBackend([=] {
    tbm_end_iterate(iterator);
    tbm_free(bitmap);
  });
  return stretches;
}

bool SumUpRanges(Relation table, Relation index, const std::vector<BlockStretch>& stretches, BlockNumber begin, BlockNumber end) {
  if (RecoveryInProgress()) return false;
  const bool locked = CallBackend([=] {
    if (!ConditionalLockRelation(table, ShareUpdateExclusiveLock)) return false;
    if (ConditionalLockRelation(index, ShareUpdateExclusiveLock)) return true;
    UnlockRelation(table, ShareUpdateExclusiveLock);
    return false;
  });
  if (!locked) return false;
  const BlockNumber pages = BrinGetPagesPerRange(index);
  // The server lets nobody but the owner do this; whoever calls for a round need not be.
  Oid role;
  int context;
  GetUserIdAndSecContext(&role, &context);
  SetUserIdAndSecContext(table->rd_rel->relowner, context | SECURITY_RESTRICTED_OPERATION);
  for (const BlockStretch& stretch : stretches) {
    const BlockNumber first = (std::max(stretch.begin, begin) + pages - 1) / pages * pages;
    const BlockNumber last = std::min(stretch.end, end);
    CallBackend([=] {
      for (BlockNumber block = first; block + pages <= last; block += pages) {
        DirectFunctionCall2(brin_summarize_range, ObjectIdGetDatum(RelationGetRelid(index)), Int64GetDatum(block));
      }
    });
  }
  SetUserIdAndSecContext(role, context);
  CallBackend([=] {
    UnlockRelation(index, ShareUpdateExclusiveLock);
    UnlockRelation(table, ShareUpdateExclusiveLock);
  });
  return true;
}

void BlockScan::Begin(const BlockStretch& stretch) {
  CallBackend([=, this] {
    ItemPointerData first, last;
    ItemPointerSet(&first, stretch.begin, FirstOffsetNumber);
    ItemPointerSet(&last, stretch.end - 1, MaxOffsetNumber);
    if (scan_ != nullptr) {
      table_rescan_tidrange(scan_, &first, &last);
      return;
    }
    scan_ = table_beginscan_tidrange(table_, snapshot_, &first, &last);
    slot_ = table_slot_create(table_, nullptr);
  });
}

void BlockScan::End() {
  if (scan_ == nullptr) return;
  CallBackend([this] {
    table_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
  });
  scan_ = nullptr;
}

}  // namespace workflow::pg
