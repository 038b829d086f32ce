// A point on the time line: microseconds since 1970-01-01 00:00 UTC. The core never reads a clock; an Instant is always an
// argument. Civil (wall clock) time is in core/calendar.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace workflow {

struct Instant {
  int64_t us = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;
};

inline constexpr int64_t kSecond = 1'000'000;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;

// "2026-01-31T09:00:00Z", with microseconds only where they are not zero.
std::string FormatIso(Instant at);

}  // namespace workflow
