#include "core/base/iso.h"

#include <array>
#include <cstdio>

namespace workflow::iso {
namespace {

// Years are counted from 1 March here: the leap day is then the last of its year and the months before it never shift.
constexpr std::array<int, 12> kDaysBeforeMonth = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337};
constexpr int64_t kEpochSinceMarchOfYear0 = 719468;

int64_t DaysBeforeMarchOf(int64_t year) {
  return 365 * year + FloorDivide(year, 4) - FloorDivide(year, 100) + FloorDivide(year, 400);
}

constexpr std::string_view kBeforeChrist = " BC";

// The year's part of a date goes to both ends of the text, so what stands between them is an argument.
std::string WithYear(int64_t days, const std::string& rest) {
  CivilDate date = CivilFromDays(days);
  bool bc = date.year <= 0;
  char head[48];
  std::snprintf(head, sizeof head, "%04lld-%02d-%02d", static_cast<long long>(bc ? 1 - date.year : date.year), date.month,
                date.day);
  return head + rest + (bc ? std::string(kBeforeChrist) : "");
}

template <typename T>
std::string InfinityText(T value) {
  return value == std::numeric_limits<T>::max() ? "infinity" : "-infinity";
}

std::string FormatMicroseconds(int64_t us, const char* zone) {
  if (IsInfinite(us)) return InfinityText(us);
  int64_t of_day = FloorModulo(us, kDay);
  int seconds = static_cast<int>(of_day / kSecond);
  int fraction = static_cast<int>(of_day % kSecond);
  char clock[48];
  std::snprintf(clock, sizeof clock, "T%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  std::string rest = clock;
  if (fraction != 0) {
    std::snprintf(clock, sizeof clock, ".%06d", fraction);
    rest += clock;
  }
  return WithYear(FloorDivide(us, kDay), rest + zone);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text), bc_(text.ends_with(kBeforeChrist)) {
    if (bc_) rest_.remove_suffix(kBeforeChrist.size());
  }

  bool at_end() const { return rest_.empty(); }

  bool Take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // As many digits as stand here, if they are `min` to `max`.
  bool Digits(size_t min, size_t max, int64_t* value) {
    size_t count = 0;
    *value = 0;
    for (; count < rest_.size() && count < max + 1 && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      *value = *value * 10 + (rest_[count] - '0');
    }
    if (count < min || count > max || (count > min && min == 4 && rest_.front() == '0')) return false;
    rest_.remove_prefix(count);
    return true;
  }

  bool Number(int64_t limit, int64_t* value) { return Digits(2, 2, value) && *value < limit; }

  bool Days(int64_t* days) {
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!Digits(4, 7, &year) || !Take('-') || !Number(13, &month) || !Take('-') || !Number(32, &day)) return false;
    if (year == 0 || month == 0 || day == 0) return false;
    if (bc_) year = 1 - year;
    if (day > DaysInMonth(year, static_cast<int>(month))) return false;
    *days = DaysFromCivil({year, static_cast<int>(month), static_cast<int>(day)});
    return true;
  }

  // Microseconds since midnight.
  bool Clock(int64_t* us) {
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction = 0;
    if (!Number(24, &hour) || !Take(':') || !Number(60, &minute)) return false;
    if (Take(':')) {
      if (!Number(60, &second)) return false;
      if (Take('.')) {
        size_t before = rest_.size();
        if (!Digits(1, 6, &fraction)) return false;
        for (size_t places = before - rest_.size(); places < 6; ++places) fraction *= 10;
      }
    }
    *us = hour * kHour + minute * kMinute + second * kSecond + fraction;
    return true;
  }

  bool Offset(int64_t* us) {
    *us = 0;
    if (Take('Z')) return true;
    bool west = !rest_.empty() && rest_.front() == '-';
    if (!Take('-') && !Take('+')) return false;
    int64_t hour = 0;
    int64_t minute = 0;
    if (!Number(24, &hour) || (Take(':') && !Number(60, &minute))) return false;
    *us = (hour * kHour + minute * kMinute) * (west ? -1 : 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool bc_;
};

std::optional<int64_t> ParseMicroseconds(std::string_view text, bool with_zone) {
  Reader reader(text);
  int64_t days = 0;
  int64_t clock = 0;
  int64_t offset = 0;
  if (!reader.Days(&days) || (!reader.Take('T') && !reader.Take(' ')) || !reader.Clock(&clock)) return {};
  if (with_zone && !reader.Offset(&offset)) return {};
  int64_t us = 0;
  // The first day of the range begins before the range does, hence from the following midnight backwards.
  int64_t rest = clock - offset;
  if (days < 0) {
    ++days;
    rest -= kDay;
  }
  if (!reader.at_end() || __builtin_mul_overflow(days, kDay, &us) || __builtin_add_overflow(us, rest, &us)) return {};
  if (IsInfinite(us)) return {};
  return us;
}

}  // namespace

CivilDate CivilFromDays(int64_t days) {
  int64_t since = days + kEpochSinceMarchOfYear0;
  int64_t year = FloorDivide(since * 400, 146097);  // 400 years are 146097 days: at most one off
  while (DaysBeforeMarchOf(year) > since) --year;
  while (DaysBeforeMarchOf(year + 1) <= since) ++year;
  int of_year = static_cast<int>(since - DaysBeforeMarchOf(year));
  int month = 11;
  while (kDaysBeforeMonth[month] > of_year) --month;
  int day = of_year - kDaysBeforeMonth[month] + 1;
  return month < 10 ? CivilDate{year, month + 3, day} : CivilDate{year + 1, month - 9, day};
}

int64_t DaysFromCivil(const CivilDate& date) {
  bool early = date.month < 3;  // January and February belong to the March year before
  int64_t year = early ? date.year - 1 : date.year;
  int month = early ? date.month + 9 : date.month - 3;
  return DaysBeforeMarchOf(year) + kDaysBeforeMonth[month] + date.day - 1 - kEpochSinceMarchOfYear0;
}

int DaysInMonth(int64_t year, int month) {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

std::string Format(Date date) { return IsInfinite(date) ? InfinityText(date.days) : WithYear(date.days, ""); }
std::string Format(LocalTime local) { return FormatMicroseconds(local.us, ""); }
std::string Format(Instant at) { return FormatMicroseconds(at.us, "Z"); }

std::optional<Date> ParseDate(std::string_view text) {
  Reader reader(text);
  int64_t days = 0;
  if (!reader.Days(&days) || !reader.at_end()) return {};
  if (days <= std::numeric_limits<int32_t>::min() || days >= std::numeric_limits<int32_t>::max()) return {};
  return Date{static_cast<int32_t>(days)};
}

std::optional<LocalTime> ParseLocalTime(std::string_view text) {
  auto us = ParseMicroseconds(text, false);
  return us ? std::optional(LocalTime{*us}) : std::nullopt;
}

std::optional<Instant> ParseInstant(std::string_view text) {
  auto us = ParseMicroseconds(text, true);
  return us ? std::optional(Instant{*us}) : std::nullopt;
}

}  // namespace workflow::iso
