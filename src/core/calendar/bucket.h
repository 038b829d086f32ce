// Timers lie in tables by the time they are due, so that a table whose time is over can be dropped whole. The further away a timer is, the wider
// its bucket: an hour within the next day, a day within the next forty, else a month. So tables are few, and none is rewritten.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/instant.h"

namespace workflow {

struct Bucket {
  std::string name;  // "timer_h2026112209", "timer_d20261122", "timer_m202611": of UTC
  Instant from, to;  // from <= due < to
};

// Where a timer due at `due` goes that is set at `now`.
Bucket BucketFor(Instant due, Instant now);

// The bucket of a name; nothing where it is none.
std::optional<Bucket> BucketNamed(std::string_view name);

}  // namespace workflow
