#include "core/calendar/civil.h"

#include <algorithm>
#include <limits>

#include "core/base/iso.h"

namespace workflow {
namespace {

// Results stay within about the year 293,500 on either side. From there to the ends of int64 is more room than any zone's offset
// needs, so that below this line nothing overflows. The infinities lie outside and stay what they are.
constexpr int64_t kLimit = 9'200'000'000'000'000'000;

constexpr int64_t Clamp(int64_t us) { return std::clamp(us, -kLimit, kLimit); }

// The whole range of days that a LocalTime can show.
constexpr int64_t kDayLimit = kLimit / kDay;

constexpr int64_t AddClamped(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return b < 0 ? -kLimit : kLimit;
  return Clamp(sum);
}

// Saturates below the infinities of a Date.
constexpr Date ToDate(int64_t days) {
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max() - 1;
  return Date{static_cast<int32_t>(std::clamp(days, -kMax, kMax))};
}

int64_t Offset(int64_t us, const Zone& zone) { return zone.OffsetAt(Instant{us}) * kSecond; }

// The first instant in (low, high] whose offset is another than `offset`, which is in force at `low` and not at `high`.
int64_t FindTransition(int64_t low, int64_t high, int64_t offset, const Zone& zone) {
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    (Offset(middle, zone) == offset ? low : high) = middle;
  }
  return high;
}

// No zone ever changed its offset by more than a day, and none twice within this length (four days are the record).
constexpr int64_t kReach = 26 * kHour;

}  // namespace

std::optional<ClockTime> ParseClockTime(std::string_view text) {
  auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 1000; };
  if (text.size() != 5 || text[2] != ':') return {};
  int hours = digit(0) * 10 + digit(1);
  int minutes = digit(3) * 10 + digit(4);
  if (hours > 23 || minutes > 59) return {};
  return ClockTime{hours * 60 + minutes};
}

std::string FormatClockTime(ClockTime time) {
  std::string text = "00:00";
  int hours = time.minutes / 60;
  int minutes = time.minutes % 60;
  text[0] = static_cast<char>('0' + hours / 10);
  text[1] = static_cast<char>('0' + hours % 10);
  text[3] = static_cast<char>('0' + minutes / 10);
  text[4] = static_cast<char>('0' + minutes % 10);
  return text;
}

LocalTime ToLocal(Instant at, const Zone& zone) {
  if (iso::IsInfinite(at)) return LocalTime{at.us};
  int64_t us = Clamp(at.us);
  return LocalTime{us + Offset(us, zone)};
}

// The wanted instant is the first at which the wall clock shows `local` or more: that is its first occurrence where it occurs,
// and the end of the gap where it does not. The search walks through the stretches of constant offset around it, earliest first.
Instant ToInstant(LocalTime local, const Zone& zone) {
  if (iso::IsInfinite(local)) return Instant{local.us};
  int64_t wanted = Clamp(local.us);
  int64_t guess = wanted - Offset(wanted, zone);
  int64_t start = guess - kReach;
  int64_t offset = Offset(start, zone);
  while (start < guess + kReach) {
    int64_t end = start + kReach;
    int64_t next_offset = Offset(end, zone);
    if (next_offset != offset) {
      end = FindTransition(start, end, offset, zone);
      next_offset = Offset(end, zone);
    }
    int64_t match = std::max(start, wanted - offset);
    if (match < end) return Instant{Clamp(match)};
    start = end;
    offset = next_offset;
  }
  return Instant{Clamp(wanted - offset)};
}

Date DateOf(LocalTime local) {
  if (iso::IsInfinite(local))
    return Date{local.us < 0 ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int32_t>::max()};
  return ToDate(iso::FloorDivide(local.us, kDay));
}

LocalTime At(Date date, ClockTime time) {
  if (iso::IsInfinite(date))
    return LocalTime{date.days < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max()};
  int64_t days = std::clamp<int64_t>(date.days, -kDayLimit, kDayLimit);
  return LocalTime{days * kDay + time.minutes * kMinute};
}

int Weekday(Date date) { return static_cast<int>(iso::FloorModulo(int64_t{date.days} + 3, 7)); }  // 1970-01-01 was a Thursday

Date AddMonths(Date date, int64_t months) {
  if (iso::IsInfinite(date)) return date;
  constexpr int64_t kMonthsMax = 240'000'000;  // from one end of Date's range beyond the other
  iso::CivilDate civil = iso::CivilFromDays(date.days);
  int64_t month = civil.year * 12 + civil.month - 1 + std::clamp(months, -kMonthsMax, kMonthsMax);
  civil.year = iso::FloorDivide(month, 12);
  civil.month = static_cast<int>(iso::FloorModulo(month, 12)) + 1;
  civil.day = std::min(civil.day, iso::DaysInMonth(civil.year, civil.month));
  return ToDate(iso::DaysFromCivil(civil));
}

std::optional<Date> ParseDate(std::string_view text) { return iso::ParseDate(text); }
std::string FormatDate(Date date) { return iso::Format(date); }
std::optional<LocalTime> ParseLocalTime(std::string_view text) { return iso::ParseLocalTime(text); }
std::string FormatLocalTime(LocalTime local) { return iso::Format(local); }
std::optional<Instant> ParseInstant(std::string_view text) { return iso::ParseInstant(text); }

Instant Add(Instant at, const Duration& duration, const Zone& zone) {
  if (iso::IsInfinite(at)) return at;
  Instant start{Clamp(at.us)};
  // Only a calendar part goes through the wall clock, which cannot tell the second of two equal hours from the first.
  if (duration.months != 0 || duration.days != 0) {
    LocalTime local = ToLocal(start, zone);
    int64_t of_day = iso::FloorModulo(local.us, kDay);
    int64_t days = AddMonths(DateOf(local), duration.months).days + std::clamp(duration.days, -4 * kDayLimit, 4 * kDayLimit);
    start = ToInstant(LocalTime{std::clamp(days, -kDayLimit, kDayLimit) * kDay + of_day}, zone);
  }
  return Instant{AddClamped(start.us, duration.us)};
}

Instant AtClock(Instant at, ClockTime time, const Zone& zone) { return ToInstant(At(DateOf(ToLocal(at, zone)), time), zone); }

}  // namespace workflow
