#include "core/enrollment/catch_up.h"

#include <algorithm>

namespace workflow {

Instant LookAfter(const PastRule& rule, Instant upto, Instant now) {
  if (rule.policy == IfPast::kContinue) return upto;
  static const UtcZone utc;
  const bool forgives = !rule.policy || rule.policy == IfPast::kNextDay;
  const Duration back = {.months = -rule.grace.months, .days = -rule.grace.days, .us = -rule.grace.us};
  const Instant forgiven{std::min(forgives ? Add(now, back, utc).us : now.us, now.us - kAlwaysForgiven)};
  return std::max(upto, forgiven);
}

}  // namespace workflow
