// Triggers with "settle": an event waits until its row has been quiet for so long, and is then taken as if it had just come, with the row as it is.
#pragma once

#include <vector>

#include "pg/round/log.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

// Whether any loaded version has such a trigger.
bool AnySettles(const Registry& registry);
// Those whose row has been quiet; they are gone from the table.
std::vector<LogEvent> ReadSettled(Instant now, int limit);
std::optional<Instant> NextSettled();

}  // namespace workflow::pg
