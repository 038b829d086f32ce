// How a backend tells the worker of its database that there is work, without NOTIFY: a latch, set when others see what was committed. Memory is only a hint: a
// worker that misses it finds the work by its poll.
#pragma once

#include "pg/server/pg.h"

namespace workflow::pg {

void RequestSharedMemory();       // in _PG_init, preloaded only
void WakeWorkerAtCommit();        // in a transaction: sets a flag; the commit (or PREPARE) sets the latch. Never raises.
void WakeLauncherAtCommit();      // an extension was created, or a database's setting changed
// In a transaction that takes locks which a round would make it wait for: the worker of this database leaves, and comes back after the transaction.
// For statements of administrators; may raise.
void KeepWorkerOut();
void RegisterTransactionCallback();  // once per backend, at load

}  // namespace workflow::pg
