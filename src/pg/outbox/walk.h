// A claim's look through a channel: it locks messages that may be handed out until it has enough, and keeps a record of what else it met, from which
// the marks for the next claim come.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/delivery/delivery.h"
#include "pg/outbox/hints.h"
#include "pg/outbox/tables.h"

namespace workflow::pg {

// Where a message stands for a claim.
enum class Place { kFinished, kAhead, kSoon, kFree };

// A pointer counts as lying in the future only if it lies so far in it: by then a transaction has usually committed.
inline constexpr int64_t kAhead_us = USECS_PER_SEC;

Place PlaceOf(const Standing& standing, TimestampTz now);

// A message that the claim has locked.
struct Held {
  int64_t id = 0;
  int32_t rank = 0;
  DayTables* tables = nullptr;
  HeapTuple row = nullptr;
  Standing standing = {};
  enum class End { kOpen, kFinished, kAhead, kUnfinished } end = End::kOpen;  // how it stands when the claim is over
};

struct Asleep {
  std::vector<int32_t> workflows;  // paused, ascending
  std::set<std::string> accounts = {};  // whose throttle lets nothing more out
  uint64_t reason = 0;             // names this very set; 0: none
};

class Walk {
 public:
  // `all_days`: those with tables, as they were known before the snapshot was taken: whatever was written to an earlier day than the last of them, the
  // snapshot sees.
  Walk(OpenDays* days, const std::vector<int32_t>& all_days, Snapshot snapshot, const std::string& channel, TimestampTz now, const ChannelMarks& marks,
       const Asleep& asleep, size_t most, std::map<std::string, int64_t> allowed = {})
      : days_(days), all_days_(all_days), snapshot_(snapshot), lookup_(days, snapshot), channel_(channel), now_(now), before_(marks), asleep_(asleep),
        most_(most), allowed_(std::move(allowed)) {}

  // Rank by rank, what comes back before what is new (semantics 25), until enough is locked.
  void Run();
  void End();
  bool full() const { return held_.size() >= most_; }
  std::vector<Held>& held() { return held_; }
  // After the ends of all that is held are known: the marks that are left, and until when they hold.
  ChannelMarks Left() const;
  TimestampTz until() const { return until_; }
  void Rely(TimestampTz pointer) { if (pointer < until_) until_ = pointer; }

 private:
  // What was met, in order.
  struct Met {
    enum class Kind { kSkipped, kReached, kDone, kUnfinished, kHeld } kind;
    int64_t key;       // of kSkipped: unused
    int32_t index;     // of the span, or of what is held
    uint64_t asleep;
  };
  struct Scans { std::unique_ptr<IndexScan> fresh, due; };
  using Record = std::vector<Met>;

  void Fresh(int rank);
  void Due(int rank);
  void DueSpan(int rank, int index, const Span& span);
  void FreshSpan(int rank, int index, const Span& span);
  IndexScan* Begin(DayTables* tables, bool due, int rank, int64_t from, int64_t to);
  // Of a pointer at `key`: notes it as done or unfinished, or locks the message.
  void Take(Record* record, int64_t key, int64_t id, DayTables* tables, TupleTableSlot* row, int rank, bool is_new, const Standing* standing = nullptr);
  // Of a row of leases whose end has come: all messages that it stands for.
  void Back(Record* record, int64_t key, const IndexScan& lease, DayTables* tables, int rank);
  bool Sleeps(TupleTableSlot* row) const;
  bool IsUsedUp(TupleTableSlot* row) const;
  static Marks Replay(const Marks& before, const Record& record, const std::vector<Held>& held);

  OpenDays* const days_;
  const std::vector<int32_t>& all_days_;
  const Snapshot snapshot_;
  Lookup lookup_;
  const std::string& channel_;
  Datum channel_datum_ = 0;
  const TimestampTz now_;
  const ChannelMarks& before_;
  const Asleep& asleep_;
  const size_t most_;
  std::map<std::string, int64_t> allowed_;  // of accounts with a throttle of their own: how many more may be handed out
  TimestampTz until_ = DT_NOEND;
  std::map<int32_t, Scans> scans_;
  std::vector<Held> held_;
  std::unordered_map<int64_t, int32_t> index_of_;
  Record fresh_[kRanks], due_[kRanks];
};

}  // namespace workflow::pg
