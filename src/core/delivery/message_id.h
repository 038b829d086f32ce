// The number of a message: days since 2020-01-01 (UTC, by the real clock) above, a sequence number below. So a number tells in which day's
// tables the message and all that becomes of it lie, and stays below 2^53, where every client still counts exactly.
#pragma once

#include <cstdint>

#include "core/base/instant.h"

namespace workflow {

inline constexpr int32_t kFirstDay = 18262;  // 2020-01-01, in days since 1970
inline constexpr int kDayShift = 40;
inline constexpr int32_t kDayMax = (1 << 13) - 1;  // in the year 2042

// Clamped to the days that a number can hold.
constexpr int32_t DayOf(Instant at) {
  const int64_t day = at.us / kDay - (at.us % kDay < 0 ? 1 : 0) - kFirstDay;
  return static_cast<int32_t>(day < 0 ? 0 : day > kDayMax ? kDayMax : day);
}
constexpr Instant StartOfDay(int32_t day) { return {(int64_t{day} + kFirstDay) * kDay}; }

constexpr int64_t FirstMessage(int32_t day) { return int64_t{day} << kDayShift; }
constexpr int64_t MessageId(int32_t day, int64_t number) { return FirstMessage(day) + (number & ((int64_t{1} << kDayShift) - 1)); }
constexpr int32_t DayOfMessage(int64_t id) { return static_cast<int32_t>(id >> kDayShift); }

}  // namespace workflow
