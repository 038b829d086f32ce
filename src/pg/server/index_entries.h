// Index entries of rows that were inserted together.
#pragma once

#include "pg/server/guard.h"

namespace workflow::pg {

// One index after the other, for what an insertion touches of an index then stays in the processor's cache. Where an index is one of a deferrable or
// exclusion constraint, as the executor does it. Calls the server: for use inside of CallBackend.
void InsertIndexEntries(ResultRelInfo* table, EState* state, TupleTableSlot* const* rows, int count);

}  // namespace workflow::pg
