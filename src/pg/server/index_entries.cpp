#include "pg/server/index_entries.h"

namespace workflow::pg {
namespace {

bool AllArePlain(const ResultRelInfo* table) {
  for (int i = 0; i < table->ri_NumIndices; ++i) {
    const Relation index = table->ri_IndexRelationDescs[i];
    if (index != nullptr && (!index->rd_index->indimmediate || table->ri_IndexRelationInfo[i]->ii_ExclusionOps != nullptr)) return false;
  }
  return true;
}

void InsertInto(Relation index, IndexInfo* info, Relation table, EState* state, TupleTableSlot* const* rows, int count) {
  ExprContext* const context = GetPerTupleExprContext(state);
  if (info->ii_Predicate != NIL && info->ii_PredicateState == nullptr) info->ii_PredicateState = ExecPrepareQual(info->ii_Predicate, state);
  const IndexUniqueCheck check = index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO;
  Datum values[INDEX_MAX_KEYS];
  bool nulls[INDEX_MAX_KEYS];
  for (int i = 0; i < count; ++i) {
    context->ecxt_scantuple = rows[i];
    if (info->ii_Predicate == NIL || ExecQual(info->ii_PredicateState, context)) {
      FormIndexDatum(info, rows[i], state, values, nulls);
      index_insert(index, values, nulls, &rows[i]->tts_tid, table, check, false, info);
    }
    ResetPerTupleExprContext(state);
  }
}

}  // namespace

void InsertIndexEntries(ResultRelInfo* table, EState* state, TupleTableSlot* const* rows, int count) {
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
    if (index != nullptr && info->ii_ReadyForInserts) InsertInto(index, info, table->ri_RelationDesc, state, rows, count);
  }
}

}  // namespace workflow::pg
