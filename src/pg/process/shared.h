// The little that our processes share: which process is the worker of which database, by process number. Everything in it is a hint that a
// restart may lose; nothing in it says that work is under way.
#pragma once

#include <atomic>

#include "pg/server/pg.h"

namespace workflow::pg {

inline constexpr int kWorkersMax = 128;
inline constexpr int kNobody = -1;

// What is known of a worker that has ended: nothing that keeps another from starting at once; there is no extension; it did not even come to
// its first round.
enum class Leaving : uint8_t { kNone, kNoExtension, kUnready };

struct WorkerSlot {
  std::atomic<Oid> database;        // InvalidOid: free
  std::atomic<int> process;         // number in ProcGlobal->allProcs, or kNobody
  std::atomic<int> pid;
  std::atomic<int> shut_by;         // pid of a backend that needs the database without us (DROP DATABASE …); 0: nobody
  std::atomic<Leaving> leaving;
  std::atomic<bool> resting;        // the database's clock is virtual: its worker has nothing to do
};

struct Shared {
  std::atomic<int> launcher;        // process number
  std::atomic<uint32_t> changes;    // counts wake-ups of the launcher
  ConditionVariable left;           // broadcast when a worker has gone
  WorkerSlot slots[kWorkersMax];
};

// nullptr where the library is not preloaded.
Shared* SharedMemory();
// The slot of `database`; a free one is taken for it where `claim`. nullptr: there is none.
WorkerSlot* FindSlot(Oid database, bool claim);
void SetProcessLatch(int process);

}  // namespace workflow::pg
