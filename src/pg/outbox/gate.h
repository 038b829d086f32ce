// What holds claims back: a halt, paused workflows, throttles. Read by one snapshot straight from their tables, because nearly always there is nothing.
#pragma once

#include <string>

#include "pg/outbox/walk.h"

namespace workflow::pg {

// By halt(), because this is a copy that adopt() has not taken over, or because a restore is under way.
bool ClaimsAreHalted(Snapshot snapshot);

// Workflows whose messages wait (semantics 11).
Asleep PausedWorkflows(Snapshot snapshot);

// Whether any throttle concerns the channel.
bool IsThrottled(const std::string& channel, Snapshot snapshot);

}  // namespace workflow::pg
