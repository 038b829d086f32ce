// Send windows: the parts of a week in which a message may be written (semantics 15).
#pragma once

#include <optional>
#include <vector>

#include "core/calendar/civil.h"

namespace workflow {

// From `from` to `to` on each of `days`; where to <= from the window runs over midnight and belongs to the day it began on.
struct Window {
  uint8_t days = 0x7f;  // bit 0 is Monday
  ClockTime from;
  ClockTime to;  // exclusive; 24:00 is written 00:00 and means the end of the day
};

struct SendWindow {
  std::vector<Window> windows;  // none: any time
  std::vector<Date> except;     // civil days on which no window begins
};

// The first instant at or after `at` that lies in the window: `at` itself where it is open. Nothing where no window opens in the
// next 400 days (a list of exceptions may say so).
std::optional<Instant> NextOpen(const SendWindow& window, Instant at, const Zone& zone);

}  // namespace workflow
