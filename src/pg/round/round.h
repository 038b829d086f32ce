// One round: reads new events and due timers, lets the core decide, performs the effects set-wise, appends the snapshot it has read up to.
// Runs inside the caller's transaction, with SPI connected by itself; only the holder of the round lock writes enrollments, state, timers, messages.
#pragma once

#include <optional>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

struct RoundResult {
  bool busy = false;      // another round holds the lock, or the database is halted
  int32_t events = 0, steps = 0, messages = 0, errors = 0;
  bool more = false;      // there is work left that could be taken at once
  int64_t took_us = 0;    // from the lock to the ledger's row
  std::optional<Instant> next_due;  // of the earliest timer that is not yet due
};

struct RoundRequest {
  std::optional<Instant> as_of;  // virtual now
  std::optional<int32_t> max_steps;
  bool wait_for_lock = false;    // tick() waits up to lock_timeout; the worker does not
};

RoundResult RunRound(const RoundRequest& request);

}  // namespace workflow::pg
