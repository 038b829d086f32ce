// Where the next events of a window lie that is larger than a batch, so that not every round looks through all of it: an import of a million rows
// is one window, and the log has no index by number. Only a hint of this backend's: what it does not know is looked up again.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pg/server/guard.h"

namespace workflow::pg {

struct EventPlace {
  int64_t id;
  int32_t ring;        // which of the tables
  BlockNumber block;
  OffsetNumber offset;
};

class Backlog {
 public:
  // The places of the window between these snapshots from behind `after` on, in the order of ids; `whole`: to the window's end.
  void Keep(std::string from, std::string to, int64_t after, std::vector<EventPlace> places, bool whole);
  // The next ones behind `last`, at most `limit`, and fewer only where there are no more; none where it does not know.
  std::vector<EventPlace> Next(const std::string& from, const std::string& to, int64_t last, int limit) const;
  void Forget();

 private:
  std::string from_, to_;
  int64_t after_ = 0;
  std::vector<EventPlace> places_;
  bool whole_ = false;
};

// Of this backend.
Backlog& OwnBacklog();

}  // namespace workflow::pg
