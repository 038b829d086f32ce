#include "pg/server/index_entries.h"

#include <algorithm>

namespace workflow::pg {
namespace {

bool AllArePlain(const ResultRelInfo* table) {
  for (int i = 0; i < table->ri_NumIndices; ++i) {
    const Relation index = table->ri_IndexRelationDescs[i];
    if (index != nullptr && (!index->rd_index->indimmediate || table->ri_IndexRelationInfo[i]->ii_ExclusionOps != nullptr)) return false;
  }
  return true;
}

// Rows of one block with the same key are one to a block range index: its range is widened to the key, or was never summed up.
class SameToRanges {
 public:
  explicit SameToRanges(Relation index) : by_ranges_(index->rd_rel->relam == BRIN_AM_OID), description_(RelationGetDescr(index)) {
    for (int i = 0; i < description_->natts; ++i) by_ranges_ = by_ranges_ && TupleDescAttr(description_, i)->attbyval;
  }
  // Whether the entry made last says all of this one, too.
  bool IsMade(const Datum* values, const bool* nulls, BlockNumber block) {
    if (!by_ranges_) return false;
    bool same = block == block_;
    for (int i = 0; same && i < description_->natts; ++i) same = nulls[i] == nulls_[i] && (nulls[i] || values[i] == values_[i]);
    if (same) return true;
    block_ = block;
    std::copy_n(values, description_->natts, values_);
    std::copy_n(nulls, description_->natts, nulls_);
    return false;
  }

 private:
  bool by_ranges_;
  const TupleDesc description_;
  BlockNumber block_ = InvalidBlockNumber;
  Datum values_[INDEX_MAX_KEYS];
  bool nulls_[INDEX_MAX_KEYS];
};

void InsertInto(Relation index, IndexInfo* info, Relation table, EState* state, TupleTableSlot* const* rows, int count, bool moved) {
  ExprContext* const context = GetPerTupleExprContext(state);
  if (info->ii_Predicate != NIL && info->ii_PredicateState == nullptr) info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, state);
  const IndexUniqueCheck check = index->rd_index->indisunique && !moved ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
  Datum values[INDEX_MAX_KEYS];
  bool nulls[INDEX_MAX_KEYS];
  SameToRanges same(index);
  for (int i = 0; i < count; ++i) {
    context->ecxt_scantuple = rows[i];
    if (info->ii_Predicate == NIL || ExecQual(info->ii_PredicateState, context)) {
      FormIndexDatum(info, rows[i], state, values, nulls);
      if (!same.IsMade(values, nulls, ItemPointerGetBlockNumber(&rows[i]->tts_tid))) {
        index_insert(index, values, nulls, &rows[i]->tts_tid, table, check, moved, info);
      }
    }
    ResetPerTupleExprContext(state);
  }
}

void InsertAll(ResultRelInfo* table, EState* state, TupleTableSlot* const* rows, int count, bool moved) {
  if (table->ri_NumIndices == 0) return;
  if (!AllArePlain(table)) {
    for (int i = 0; i < count; ++i) {
      list_free(ExecInsertIndexTuples(table, rows[i], state, false, false, nullptr, nullptr));
      ResetPerTupleExprContext(state);
    }
    return;
  }
  for (int i = 0; i < table->ri_NumIndices; ++i) {
    const Relation index = table->ri_IndexRelationDescs[i];
    IndexInfo* const info = table->ri_IndexRelationInfo[i];
    if (index != nullptr && info->ii_ReadyForInserts) InsertInto(index, info, table->ri_RelationDesc, state, rows, count, moved);
  }
}

}  // namespace

void InsertIndexEntries(ResultRelInfo* table, EState* state, TupleTableSlot* const* rows, int count) { InsertAll(table, state, rows, count, false); }

void InsertMovedEntries(ResultRelInfo* table, EState* state, TupleTableSlot* row) { InsertAll(table, state, &row, 1, true); }

}  // namespace workflow::pg
