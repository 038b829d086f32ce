// Timers lie in a ring of tables by the time they are due, so that a table whose time is over is emptied at once, and used again. The further away a
// timer is, the wider its slot: an hour within the next day, a day within the next forty, a month within three years. A slot may hold times of an
// earlier turn that nobody has emptied yet: they lie before whatever has been read.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/instant.h"

namespace workflow {

inline constexpr int kHourSlots = 32, kDaySlots = 48, kMonthSlots = 36;

// The table for a timer due at `due` that is set at `now`: "timer_h07", "timer_d31", "timer_m12"; "timer" for what is further away.
std::string BucketFor(Instant due, Instant now);

// No timer of this table that is due after `after` is due before this. Nothing where the name is none of a bucket.
std::optional<Instant> EarliestIn(std::string_view name, Instant after);

}  // namespace workflow
