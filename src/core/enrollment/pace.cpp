#include "core/enrollment/pace.h"

#include <algorithm>

namespace workflow {

Pace PaceAt(Instant now, Instant used_until, int32_t per_minute) {
  // A clock that was put back has used nothing up. What is not yet enough for one more is not lost.
  const int64_t most = kMinute + kMinute / per_minute;
  const Instant from = used_until > now ? now : used_until.us < now.us - most ? Instant{now.us - kMinute} : used_until;
  return {from, std::min<int64_t>((now.us - from.us) * per_minute / kMinute, per_minute)};
}

Instant UsedUntil(const Pace& pace, int64_t entered, int32_t per_minute) {
  return Instant{pace.from.us + entered * kMinute / per_minute};
}

Instant NextOfPace(Instant used_until, int32_t per_minute) { return Instant{used_until.us + (kMinute + per_minute - 1) / per_minute}; }

}  // namespace workflow
