// The tables of the event log, read without the planner: what transactions have written, by their numbers.
#pragma once

#include <functional>
#include <vector>

#include "pg/round/backlog.h"
#include "pg/round/log.h"
#include "pg/server/block_ranges.h"

namespace workflow::pg {

class EventScan {
 public:
  // Opens the tables of the ring that are there. What is found is seen by a snapshot of now.
  EventScan();
  EventScan(const EventScan&) = delete;
  EventScan& operator=(const EventScan&) = delete;
  // Where the events lie that transactions from `first` on have written and that are `wanted`: of them the `most` with the lowest numbers, in
  // ascending order.
  using Wanted = std::function<bool(uint64_t transaction, int64_t event)>;
  std::vector<EventPlace> Find(uint64_t first, const Wanted& wanted, size_t most);
  // The events at these places, in the same order; one that is not there any more is left out.
  std::vector<LogEvent> Fetch(const std::vector<EventPlace>& places);
  void Finish();  // by hand: a destructor may not call the server

 private:
  struct Ring { Relation table, by_transaction; int32_t number; BlockNumber blocks; };  // by_transaction: nullptr where there is no index
  std::vector<BlockStretch> Candidates(const Ring& ring, uint64_t first) const;
  static void SumUp(const Ring& ring, const std::vector<BlockStretch>& stretches);
  std::vector<Ring> rings_;
  Snapshot snapshot_;
};

}  // namespace workflow::pg
