// Index entries of rows that were inserted together.
#pragma once

#include "pg/server/guard.h"

namespace workflow::pg {

// One index after the other, for what an insertion touches of an index then stays in the processor's cache. Where an index is one of a deferrable or
// exclusion constraint, as the executor does it. Calls the server: for use inside of CallBackend.
void InsertIndexEntries(ResultRelInfo* table, EState* state, TupleTableSlot* const* rows, int count);

// Of a new version of a row that has the keys it had: nobody else can have them, so what older versions left in a unique index is not looked at. While a
// snapshot is held these are many, each on another page (P6).
void InsertMovedEntries(ResultRelInfo* table, EState* state, TupleTableSlot* row);

}  // namespace workflow::pg
