// When a wait ends, and what its definition wants done where that is past. Functions of calendar and definition alone.
#pragma once

#include <optional>

#include "core/definition/program.h"
#include "core/enrollment/enrollment.h"

namespace workflow::enrollment {

// Whether an instant or civil time lies in the years that can be reckoned with. Infinity lies outside, whichever number stands for it.
bool IsInReach(int64_t us);

// The instant at which `wait` ends for an enrollment whose clock stands at `clock`; it may be past. Nothing where the date waited
// for is null, infinite, beyond the years 1 to 9999, or no date at all.
std::optional<Instant> WaitEnd(const WaitStep& wait, Instant clock, const Surroundings& around);

// What to do about a wait whose end `target` lies before now, by the wait's own rule (the compiler has put the workflow's there
// where the step has none). `kNextDay` only where the wait has a clock time.
IfPast PastPolicy(const WaitStep& wait, Instant target, const Surroundings& around);

// `time` on the first civil day after that of `now`.
Instant NextDayAt(ClockTime time, Instant now, const Zone& zone);

// When a wait is looked at whose end may move without an event: each day at its clock time, the only time of a day at which it can end.
Instant NextLook(const WaitStep& wait, Instant now, const Zone& zone);

// The end of a wait for a duration that a pause of `paused_us` has interrupted. With a clock time: that time on the day reached.
Instant Postponed(const WaitStep& wait, Instant due, int64_t paused_us, const Zone& zone);

}  // namespace workflow::enrollment
