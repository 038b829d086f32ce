#include "core/calendar/bucket.h"

#include <algorithm>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

constexpr int64_t kHours = 26;  // a timer "tomorrow at this time" goes into an hour whatever the clock does
constexpr int64_t kDays = 40;
// Outside of these years buckets have no names; such timers share the first and the last month.
constexpr Date kFirstDay{-719162};  // 0001-01-01
constexpr Date kLastDay{2932896};   // 9999-12-31

Instant StartOf(Date day) { return Instant{int64_t{day.days} * kDay}; }

Date DayOf(Instant at) {
  const int64_t days = at.us / kDay - (at.us % kDay < 0 ? 1 : 0);
  return Date{static_cast<int32_t>(std::clamp<int64_t>(days, kFirstDay.days, kLastDay.days))};
}

std::string Digits(Date day, size_t count) {  // "20261122", "202611"
  std::string text = FormatDate(day);
  text.erase(std::remove(text.begin(), text.end(), '-'), text.end());
  return text.substr(0, count);
}

std::string TwoDigits(int64_t number) { return std::string(number < 10 ? "0" : "") + std::to_string(number); }

Bucket Hour(Date day, int64_t hour) {
  const Instant from{StartOf(day).us + hour * kHour};
  return {"timer_h" + Digits(day, 8) + TwoDigits(hour), from, Instant{from.us + kHour}};
}

Bucket Day(Date day) { return {"timer_d" + Digits(day, 8), StartOf(day), Instant{StartOf(day).us + kDay}}; }

Bucket Month(Date day) {
  const Date first = *ParseDate(FormatDate(day).substr(0, 8) + "01");
  const Date next = AddMonths(first, 1);
  return {"timer_m" + Digits(first, 6), StartOf(first), StartOf(next)};
}

}  // namespace

Bucket BucketFor(Instant due, Instant now) {
  const Date day = DayOf(due);
  if (due >= StartOf(kFirstDay) && day < kLastDay) {
    if (due.us < now.us + kHours * kHour) return Hour(day, (due.us - StartOf(day).us) / kHour);
    if (due.us < now.us + kDays * kDay) return Day(day);
  }
  return Month(day);
}

std::optional<Bucket> BucketNamed(std::string_view name) {
  constexpr std::string_view kPrefix = "timer_";
  if (name.size() < kPrefix.size() + 7 || name.substr(0, kPrefix.size()) != kPrefix) return std::nullopt;
  const char kind = name[kPrefix.size()];
  const std::string digits(name.substr(kPrefix.size() + 1));
  const size_t expected = kind == 'h' ? 10 : kind == 'd' ? 8 : kind == 'm' ? 6 : 0;
  if (digits.size() != expected || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
  const auto day = ParseDate(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" + (kind == 'm' ? std::string("01") : digits.substr(6, 2)));
  if (!day) return std::nullopt;
  if (kind == 'm') return Month(*day);
  if (kind == 'd') return Day(*day);
  const int64_t hour = std::stoi(digits.substr(8, 2));
  if (hour > 23) return std::nullopt;
  return Hour(*day, hour);
}

}  // namespace workflow
