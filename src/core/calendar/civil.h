// Civil time: what a wall clock and a calendar in some zone show. An Instant becomes civil by asking the zone for its offset at
// that instant; a civil time becomes an Instant by semantics 13: one that a spring change skips is the first instant after the gap, one
// that autumn repeats is its first occurrence.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/duration.h"
#include "core/base/instant.h"
#include "core/base/value.h"
#include "core/calendar/zone.h"

namespace workflow {

struct ClockTime {  // of a day
  int32_t minutes = 0;  // 0..1439
  friend auto operator<=>(const ClockTime&, const ClockTime&) = default;
};

std::optional<ClockTime> ParseClockTime(std::string_view text);  // "09:00", two digits each, 00:00..23:59
std::string FormatClockTime(ClockTime time);

LocalTime ToLocal(Instant at, const Zone& zone);
Instant ToInstant(LocalTime local, const Zone& zone);

Date DateOf(LocalTime local);                       // floor, right before 1970 too
LocalTime At(Date date, ClockTime time);
int Weekday(Date date);                             // 0 = Monday .. 6 = Sunday
Date AddMonths(Date date, int64_t months);          // clamped to the month's end
std::optional<Date> ParseDate(std::string_view text);                    // YYYY-MM-DD
std::string FormatDate(Date date);
std::optional<LocalTime> ParseLocalTime(std::string_view text);          // YYYY-MM-DD[T ]HH:MM[:SS[.ffffff]]
std::string FormatLocalTime(LocalTime local);                            // "2026-01-31T09:00:00"
std::optional<Instant> ParseInstant(std::string_view text);              // the same with Z or ±HH[:MM]

// Months first (clamped), then days, both on the civil calendar of `zone`, then the absolute rest.
Instant Add(Instant at, const Duration& duration, const Zone& zone);

// The instant of `time` on the civil day of `at`, as `zone` has it; it may lie before `at`.
Instant AtClock(Instant at, ClockTime time, const Zone& zone);

}  // namespace workflow
