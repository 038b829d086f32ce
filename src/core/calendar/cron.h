// Schedules as cron writes them: minute, hour, day of the month, month, day of the week, in the civil time of a zone.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/instant.h"
#include "core/base/result.h"
#include "core/calendar/zone.h"

namespace workflow {

// What each field allows, a bit a value.
struct Cron {
  uint64_t minutes = 0;
  uint32_t hours = 0;
  uint32_t days = 0;      // bit 1 is the first of a month
  uint32_t months = 0;    // bit 1 is January
  uint32_t weekdays = 0;  // bit 0 is Sunday
  // cron's rule of days: where neither field begins with a star, a day that either of them allows is meant; else both must allow it.
  bool either_day = false;
  friend bool operator==(const Cron&, const Cron&) = default;
};

// Five fields, or a word like @daily. A field is a list of values, ranges and steps: `1,15`, `mon-fri`, `*/10`, `8-18/2`; months and weekdays by number or by
// the first three letters of their English names, Sunday is 0 or 7. A schedule that no day of any year fits is refused.
Result<Cron> ParseCron(std::string_view text);

// The first time after `after`. A time that a spring change skips is right after the gap, one that autumn repeats counts at its first occurrence; so each
// civil time comes once, and what falls together is one. Nothing where none comes within 40 years (the schedule is not from ParseCron, or time ends).
std::optional<Instant> NextTime(const Cron& cron, Instant after, const Zone& zone);

// The last time in (after, until].
std::optional<Instant> LastTime(const Cron& cron, Instant after, Instant until, const Zone& zone);

}  // namespace workflow
