#include "core/message/moment.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "core/calendar/civil.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {


constexpr int64_t kFirstSecond = -62135596800;  // 0001-01-01
constexpr int64_t kLastSecond = 253402300799;   // 9999-12-31 23:59:59

std::optional<int64_t> Digits(std::string_view text, size_t digits_max) {
  const bool digits = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || text.size() > digits_max) return std::nullopt;
  int64_t value = 0;
  for (const char c : text) value = value * 10 + (c - '0');
  return value;
}

std::optional<unsigned> Month(std::string_view word) {
  for (unsigned i = 0; i < kMonths.size(); ++i) {
    const bool same =
        ToLower(word) == ToLower(kMonths[i]) || (word.size() == 3 && ToLower(word) == ToLower(kMonths[i].substr(0, 3)));
    if (same) return i + 1;
  }
  return std::nullopt;
}

// "March 14, 2016" and "14 March 2016".
std::optional<LocalTime> ReadWords(std::string_view text) {
  auto words = Words(text);
  if (words.size() != 3) return std::nullopt;
  if (Month(words[1])) std::swap(words[0], words[1]);
  if (!words[1].empty() && words[1].back() == ',') words[1].remove_suffix(1);
  const auto month = Month(words[0]);
  const auto day = Digits(words[1], 2), year = Digits(words[2], 4);
  if (!month || !day || !year || *year == 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return At(Date{static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count())}, ClockTime{0});
}

bool InRange(int64_t seconds) { return seconds >= kFirstSecond && seconds <= kLastSecond; }

}  // namespace

std::optional<Moment> ReadMoment(const Item& item, Instant now, const Zone& zone) {
  const auto of_instant = [&](Instant at) -> std::optional<Moment> {
    if (!InRange(at.us / kSecond)) return std::nullopt;
    return Moment{ToLocal(at, zone), at, zone.name()};
  };
  const auto of_local = [&](LocalTime local) -> std::optional<Moment> {
    if (!InRange(local.us / kSecond)) return std::nullopt;
    return Moment{local, ToInstant(local, zone), zone.name()};
  };
  if (const auto* number = item.AsNumber()) {
    const auto seconds = Truncated(number->value);
    return seconds && InRange(*seconds) ? of_instant(Instant{*seconds * kSecond}) : std::nullopt;
  }
  const std::string* given = item.AsString();
  if (!given || given->size() > 64) return std::nullopt;
  const std::string_view text = Strip(*given);
  if (text == "now" || text == "today") return of_instant(now);
  if (const auto seconds = Digits(text, 12)) return InRange(*seconds) ? of_instant(Instant{*seconds * kSecond}) : std::nullopt;
  if (const auto date = ParseDate(text)) return of_local(At(*date, ClockTime{0}));
  if (const auto at = ParseInstant(text)) return of_instant(*at);
  if (const auto local = ParseLocalTime(text)) return of_local(*local);
  if (const auto local = ReadWords(text)) return of_local(*local);
  return std::nullopt;
}

}  // namespace workflow::liquid
