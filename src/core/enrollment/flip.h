// When time alone may change what a condition says.
#pragma once

#include <optional>

#include "core/condition/condition.h"
#include "core/enrollment/enrollment.h"

namespace workflow::enrollment {

// The first instant after now at which a withinLast or olderThan of `condition` may be another than it is now; nothing where time
// changes nothing. It may be too early, never too late: whoever looks then asks again.
std::optional<Instant> NextFlip(const Condition& condition, const Surroundings& around);

}  // namespace workflow::enrollment
