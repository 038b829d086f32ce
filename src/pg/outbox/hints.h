// How far each channel's queue has been worked off, so that a claim begins where the last one stopped. Shared between backends where the library is
// preloaded, else each backend's own for a minute. Always a hint in the sense of core/delivery/marks.h: what is lost costs a look, and nothing is
// taken out of it that has not committed. A ledger keeps them over a restart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/delivery/marks.h"
#include "pg/server/guard.h"

namespace workflow::pg {

inline constexpr int kRanks = 3;

// By rank. Every message that is not finished has at least one pointer that the marks contain: its own number in `fresh` until it is first claimed,
// or the visible_at of one of its leases in `due`, in the tables of a day from `first_day` on. A pointer is taken out once the message is finished, or
// once another pointer of it lies in the future. So a lease that commits late, behind what others have looked at, loses nothing: until it commits its
// message is locked, and the pointer before it stays.
struct ChannelMarks {
  Marks fresh[kRanks];
  Marks due[kRanks];
  int32_t first_day;
  uint32_t generation;  // of all marks: those of an older one are not kept
};

ChannelMarks AllMarks();
// As this transaction knows them. SPI must be connected.
ChannelMarks LoadMarks(const std::string& channel);
// Before a lease is written: where no marks are known, what the ledger has from a clock that was set back since must not hide it later.
void CheckLedger(const std::string& channel);
// Publishes them when this transaction commits, if that is before `until`: then the pointers that lay in the future still do. Forgotten when anything
// of the transaction is rolled back.
void KeepMarks(const std::string& channel, const ChannelMarks& marks, TimestampTz until);
// A message that was finished has a pointer again when this transaction commits: a lease of that visible_at, in the tables of `day`.
void ReopenAtCommit(const std::string& channel, int rank, TimestampTz visible_at, int32_t day);
// One that is returned has one that lies in the future now, and must be told only where it is past when this transaction commits: others may have
// passed the place. Where that is not told, the message comes when the lease ends under which it was returned.
void ReopenIfLate(const std::string& channel, int rank, TimestampTz visible_at, int32_t day);

// The marks of this database's channels as they were published last.
struct KnownMarks {
  std::string channel;
  ChannelMarks marks;
};
std::vector<KnownMarks> PublishedMarks();

// ledger.cpp: they survive a restart in workflow.mark, to which maintain() appends. SPI must be connected.
bool ReadLedger(const std::string& channel, ChannelMarks* marks);
// Until the transaction ends nobody appends; what was appended for the channel is forgotten.
void ForgetLedger(const std::string& channel);

// The wall clock, not behind what any backend has read from it.
TimestampTz ClockNow();

size_t HintsSize();          // of shared memory
void StartHints(void* memory, bool found, LWLock* lock);
void RegisterHints();        // once per backend, at load

}  // namespace workflow::pg
