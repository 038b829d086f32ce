#include "core/enrollment/pace.h"

#include <algorithm>

namespace workflow {

Pace PaceAt(Instant now, Instant used_until, int32_t per_minute) {
  // A clock that was put back has used nothing up.
  const Instant from{used_until > now ? now.us : std::max(used_until.us, now.us - kMinute)};
  return {from, (now.us - from.us) * per_minute / kMinute};
}

Instant UsedUntil(const Pace& pace, int64_t entered, int32_t per_minute) {
  return Instant{pace.from.us + entered * kMinute / per_minute};
}

Instant NextOfPace(Instant used_until, int32_t per_minute) { return Instant{used_until.us + (kMinute + per_minute - 1) / per_minute}; }

}  // namespace workflow
