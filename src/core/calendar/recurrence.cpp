#include "core/calendar/recurrence.h"

#include <algorithm>

#include "core/base/iso.h"

namespace workflow {
namespace {

constexpr int64_t kEarliest = -62'135'596'800 * kSecond;  // 0001-01-01 00:00
constexpr int64_t kLatest = 253'402'300'800 * kSecond;    // 10000-01-01 00:00

bool InReach(int64_t us) { return us >= kEarliest && us < kLatest; }

// A date of the record as it is shown where its owner lives.
std::optional<LocalTime> FirstDay(const Value& value, const Zone& zone) {
  if (const auto* instant = value.As<Instant>(); instant != nullptr && InReach(instant->us)) return ToLocal(*instant, zone);
  if (const auto* local = value.As<LocalTime>(); local != nullptr && InReach(local->us)) return *local;
  if (const auto* date = value.As<Date>(); date != nullptr && InReach(At(*date, {}).us)) return At(*date, {});
  return {};
}

// The n-th day after the first, which is number 0.
Date DayNumber(Every every, Date first, int64_t number) {
  switch (every) {
    case Every::kOnce:
      return first;
    case Every::kWeek:
      return Date{static_cast<int32_t>(first.days + 7 * number)};
    case Every::kMonth:
      return AddMonths(first, number);
    case Every::kYear:
      return AddMonths(first, 12 * number);
  }
  return first;
}

// About which number the day has; at most one off.
int64_t NumberNear(Every every, Date first, Date day) {
  switch (every) {
    case Every::kOnce:
      return 0;
    case Every::kWeek:
      return (int64_t{day.days} - first.days) / 7;
    case Every::kMonth:
    case Every::kYear:
      break;
  }
  const iso::CivilDate a = iso::CivilFromDays(first.days), b = iso::CivilFromDays(day.days);
  const int64_t months = (b.year - a.year) * 12 + b.month - a.month;
  return every == Every::kMonth ? months : months / 12;
}

Date Moved(Date date, const Duration& offset) { return Date{static_cast<int32_t>(AddMonths(date, offset.months).days + offset.days)}; }

Instant TimeOn(const Recurrence& rule, Date date, int64_t time_of_day, const Zone& zone) {
  const Date moved = Moved(date, rule.offset);
  const Instant at{ToInstant(LocalTime{moved.days * kDay + time_of_day}, zone).us + rule.offset.us};
  return rule.at ? AtClock(at, *rule.at, zone) : at;
}

class FixedZone final : public Zone {
 public:
  explicit FixedZone(int32_t minutes) : minutes_(minutes) {}
  int32_t OffsetAt(Instant) const override { return minutes_ * 60; }
  std::string name() const override { return {}; }

 private:
  const int32_t minutes_;
};

// A time in some zone's spring gap comes when its clocks change: at the full or half hour, at night, before the time would be by the offset till then. Which
// zones change on which day a constant offset does not tell, so each of these moments is looked at. A zone that knows says so itself.
Instant OrGapBefore(Instant at, Instant after, const Zone& zone) {
  constexpr int64_t kHalf = kHour / 2, kNightFrom = 22 * kHour, kNightTo = 4 * kHour;
  if (!zone.name().empty()) return at;
  const int64_t time = iso::FloorModulo(ToLocal(at, zone).us, kDay);
  if (time >= kNightTo && time < kNightFrom) return at;
  const int64_t mark = (iso::FloorDivide(std::max(after.us, at.us - kHour - 1), kHalf) + 1) * kHalf;
  return Instant{std::min(mark, at.us)};
}

// The first `time` after `after`, and so much later.
Instant NextDaily(ClockTime time, int64_t later_us, Instant after, const Zone& zone) {
  const Instant base{after.us - later_us};
  const Date today = DateOf(ToLocal(base, zone));
  for (int day = 0;; ++day) {
    const Instant at = ToInstant(At(Date{today.days + day}, time), zone);
    if (at > base) return Instant{OrGapBefore(at, base, zone).us + later_us};
  }
}

}  // namespace

Value MomentFromText(const std::string& text) {
  if (const auto instant = ParseInstant(text)) return Value(*instant);
  if (const auto local = ParseLocalTime(text)) return Value(*local);
  if (const auto date = ParseDate(text)) return Value(*date);
  return {};
}

std::optional<Occurrence> LastOccurrence(const Recurrence& rule, const Value& value, Instant after, Instant until, const Zone& zone) {
  if (!InReach(until.us)) return {};
  const auto* text = value.As<std::string>();
  const std::optional<LocalTime> first = FirstDay(text != nullptr ? MomentFromText(*text) : value, zone);
  if (!first) return {};
  const Date day = DateOf(*first);
  // A clock time is set on the day that the offset leads to, so the value's own does not matter then.
  const int64_t time_of_day = rule.at ? 0 : first->us - day.days * kDay;
  const Duration back = {.months = -rule.offset.months, .days = -rule.offset.days, .us = 0};
  const Date reached = Moved(DateOf(ToLocal(Instant{until.us - rule.offset.us}, zone)), back);
  int64_t number = rule.every == Every::kOnce ? 0 : NumberNear(rule.every, day, reached) + 2;
  for (; number >= 0; --number) {
    const Date date = DayNumber(rule.every, day, number);
    const Instant at = TimeOn(rule, date, time_of_day, zone);
    if (at <= after) return {};
    if (at <= until) return Occurrence{at, date};
  }
  return {};
}

std::optional<Instant> NextLook(const Recurrence& rule, Instant after, const std::vector<const Zone*>& zones) {
  if (!InReach(after.us)) return {};
  if (rule.timed && !rule.at) return Instant{(iso::FloorDivide(after.us, kMinute) + 1) * kMinute};
  std::optional<Instant> next;
  const int64_t later = rule.at ? 0 : iso::FloorModulo(rule.offset.us, kDay);
  for (const Zone* zone : zones) {
    const Instant at = NextDaily(rule.at.value_or(ClockTime{}), later, after, *zone);
    if (!next || at < *next) next = at;
  }
  return next;
}

std::optional<Instant> NextLook(const Cron& cron, Instant after, const std::vector<const Zone*>& zones) {
  std::optional<Instant> next;
  for (const Zone* zone : zones) {
    std::optional<Instant> at = NextTime(cron, after, *zone);
    if (at) at = OrGapBefore(*at, after, *zone);
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

const std::vector<const Zone*>& OffsetsOfTheWorld() {
  static const auto* const all = [] {
    auto* zones = new std::vector<const Zone*>();
    for (int hours = -12; hours <= 14; ++hours) zones->push_back(new FixedZone(hours * 60));
    for (const int minutes : {-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825}) zones->push_back(new FixedZone(minutes));
    return zones;
  }();
  return *all;
}

DayRange DaysInReach(const Recurrence& rule, Instant after, Instant until) {
  static const UtcZone utc;
  const Duration back = {.months = -rule.offset.months, .days = -rule.offset.days, .us = 0};
  // A day for the zone, one more for hours, and what the ends of months may differ by.
  const int32_t slack = 1 + (rule.offset.us != 0 ? 1 : 0) + (rule.offset.months != 0 ? 4 : 0) + (rule.timed ? 1 : 0);
  const Date from = Moved(DateOf(ToLocal(Instant{after.us - rule.offset.us}, utc)), back);
  const Date to = Moved(DateOf(ToLocal(Instant{until.us - rule.offset.us}, utc)), back);
  return {Date{from.days - slack}, Date{to.days + slack}};
}

}  // namespace workflow
