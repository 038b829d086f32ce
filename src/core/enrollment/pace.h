// How fast rows that are there already are let in: so many a minute, at most a minute's worth at once.
#pragma once

#include "core/base/instant.h"

namespace workflow {

struct Pace {
  Instant from;         // time before it has been used up, or is lost
  int64_t allowed = 0;  // who may enter now
};

// `used_until`: up to when the time has been used; of a beginning a minute before it.
Pace PaceAt(Instant now, Instant used_until, int32_t per_minute);
// What is used up once so many have entered.
Instant UsedUntil(const Pace& pace, int64_t entered, int32_t per_minute);
// When the next one may enter.
Instant NextOfPace(Instant used_until, int32_t per_minute);

}  // namespace workflow
