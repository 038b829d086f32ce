// The timers: read forward from a cursor, appended to a ring of tables by due time. The cursor is in the ledger, and only a hint of where reading may
// begin: a timer counts while its number is the one in the state, so reading one again does no harm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/calendar/bucket.h"
#include "pg/server/guard.h"

namespace workflow::pg {

struct TimerItem {
  Instant due;
  int64_t enrollment = 0;
  int32_t number = 0;
  friend auto operator<=>(const TimerItem&, const TimerItem&) = default;
};

class TimerStore {
 public:
  // `cursor`: as the newest row of the ledger has it.
  TimerStore(Instant now, const std::optional<TimerItem>& cursor);
  // The next that are due, at most `limit`, in the order in which they are due; the cursor goes with them.
  std::vector<TimerItem> Read(int limit);
  void Add(const std::vector<TimerItem>& timers);
  // After a rollback: tables that were made are gone again.
  void Reload();
  // The next one beyond the cursor, in however distant a bucket.
  std::optional<Instant> NextDue();
  const std::optional<TimerItem>& cursor() const { return cursor_; }
  bool moved() const { return cursor_ != start_; }

 private:
  Oid TableOf(Instant due);
  const Instant now_;
  const std::optional<TimerItem> start_;
  std::optional<TimerItem> cursor_;
  struct Table {
    std::string name;
    Oid oid;
    Instant earliest;  // nothing in it that is still to be read is due before
  };
  std::vector<Table> tables_;  // in that order
};

}  // namespace workflow::pg
