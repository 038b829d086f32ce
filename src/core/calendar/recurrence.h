// Days that come again: a date of the record, each year, month or week, so long before or after it, at a clock time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/duration.h"
#include "core/base/value.h"
#include "core/calendar/civil.h"
#include "core/calendar/cron.h"

namespace workflow {

enum class Every : uint8_t { kOnce, kWeek, kMonth, kYear };

struct Recurrence {
  Every every = Every::kOnce;
  Duration offset = {};
  std::optional<ClockTime> at = {};  // else the value's own time of the day, of a date midnight
  bool timed = false;                // values may have a time of the day that counts
};

struct Occurrence {
  Instant at;
  Date date;  // the day that it is an occurrence of: the same whatever the offset, the zone and the clock time
};

// The last occurrence of a date, a time, or an ISO text of one, that falls into (after, until]: the value's own day, or as many whole years (months, weeks)
// later; 29 February is 28 February in other years, and a month's end stays one. The offset goes from there: months, days, then hours. Nothing where
// there is none, or the value is no date.
std::optional<Occurrence> LastOccurrence(const Recurrence& rule, const Value& value, Instant after, Instant until, const Zone& zone);

// A text in json that is a date, a time or an instant; else null.
Value MomentFromText(const std::string& text);

// The first day's time of the day after `after` at which a rule may have an occurrence in one of the zones, whatever the dates are.
std::optional<Instant> NextLook(const Recurrence& rule, Instant after, const std::vector<const Zone*>& zones);
std::optional<Instant> NextLook(const Cron& cron, Instant after, const std::vector<const Zone*>& zones);

// Zones of a constant offset, without a name: one for each offset that is in force anywhere, for where it is not known beforehand whose zone it will be.
const std::vector<const Zone*>& OffsetsOfTheWorld();

// The days whose occurrences may fall into (after, until], in any zone: what a table is searched by. More than do, never less.
struct DayRange {
  Date from, to;
};
DayRange DaysInReach(const Recurrence& rule, Instant after, Instant until);

}  // namespace workflow
