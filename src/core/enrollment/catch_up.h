// What a date or a schedule makes up for when nobody looked in time.
#pragma once

#include "core/definition/program.h"

namespace workflow {

// A look at `now`, after one at `upto`, takes what fell due after this: all since then, but no more than what the workflow forgives (`grace`; everything by
// `continue`). A little is always forgiven, for no worker is there at the very instant.
Instant LookAfter(const PastRule& rule, Instant upto, Instant now);
inline constexpr int64_t kAlwaysForgiven = 5 * kMinute;

}  // namespace workflow
