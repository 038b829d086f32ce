// Events and timers taken in batches, each in a subtransaction. A batch that fails is rolled back and halved until the failing one is alone
// (semantics 28); that one is charged by its own workflow's rules, and the rest goes on.
#pragma once

#include <vector>

#include "pg/round/batch.h"
#include "pg/round/log.h"
#include "pg/round/round.h"

namespace workflow::pg {

// In the order of the log, except that what events do to those who are already in makes batches of its own kind.
void TakeEvents(RoundContext* context, RoundResult* result, const std::vector<LogEvent>& events);
void TakeTimers(RoundContext* context, RoundResult* result, const std::vector<TimerItem>& timers);

}  // namespace workflow::pg
