#include "core/calendar/bucket.h"

#include <algorithm>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

// Fewer than there are slots, so that a turn's end does not meet its beginning.
constexpr int64_t kHoursNear = 26, kDaysNear = 40, kMonthsNear = 34;
// The years 1 to 9999; what is outside shares the table of what is far away.
constexpr int64_t kFirstDay = -719162, kLastDay = 2932896;

int64_t Floor(int64_t value, int64_t unit) { return value / unit - (value % unit < 0 ? 1 : 0); }

int64_t MonthOf(Instant at) {  // counted from year 0
  const std::string date = FormatDate(Date{static_cast<int32_t>(std::clamp(Floor(at.us, kDay), kFirstDay, kLastDay))});
  return std::stoi(date.substr(0, 4)) * 12 + std::stoi(date.substr(5, 2)) - 1;
}

Instant StartOfMonth(int64_t month) { return Instant{int64_t{AddMonths(Date{static_cast<int32_t>(kFirstDay)}, month - 12).days} * kDay}; }

std::string Named(char kind, int64_t slot) { return std::string("timer_") + kind + (slot < 10 ? "0" : "") + std::to_string(slot); }

// The first number at or after `from` that falls on this slot.
int64_t Next(int64_t from, int64_t slot, int64_t slots) {
  const int64_t turn = Floor(from, slots) * slots + slot;
  return turn >= from ? turn : turn + slots;
}

}  // namespace

std::string BucketFor(Instant due, Instant now) {
  if (due.us < now.us + kHoursNear * kHour && due.us > kFirstDay * kDay) {
    const int64_t hour = Floor(due.us, kHour);
    return Named('h', hour - Floor(hour, kHourSlots) * kHourSlots);
  }
  if (due.us < now.us + kDaysNear * kDay) {
    const int64_t day = Floor(due.us, kDay);
    return Named('d', day - Floor(day, kDaySlots) * kDaySlots);
  }
  const int64_t month = MonthOf(due);
  return month - MonthOf(now) <= kMonthsNear ? Named('m', month % kMonthSlots) : "timer";
}

std::optional<Instant> EarliestIn(std::string_view name, Instant after) {
  if (name == "timer") return after;
  if (name.size() != 9 || name.substr(0, 6) != "timer_" || name.find_first_not_of("0123456789", 7) != name.npos) return std::nullopt;
  const int64_t slot = (name[7] - '0') * 10 + (name[8] - '0');
  // Before the years that have names nothing is known of the beginning.
  if (after.us < kFirstDay * kDay || after.us > (kLastDay - 366 * 4) * kDay) return after;
  switch (name[6]) {
    case 'h': return slot < kHourSlots ? std::optional(Instant{Next(Floor(after.us, kHour), slot, kHourSlots) * kHour}) : std::nullopt;
    case 'd': return slot < kDaySlots ? std::optional(Instant{Next(Floor(after.us, kDay), slot, kDaySlots) * kDay}) : std::nullopt;
    case 'm': return slot < kMonthSlots ? std::optional(StartOfMonth(Next(MonthOf(after), slot, kMonthSlots))) : std::nullopt;
    default: return std::nullopt;
  }
}

}  // namespace workflow
