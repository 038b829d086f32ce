#include <algorithm>
#include <array>
#include <chrono>

#include "core/calendar/civil.h"
#include "core/message/moment.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

// The wall clock's time taken apart.
struct Parts {
  int year, month, day, year_day;  // year_day from 1
  int weekday;                     // from 0, Monday
  int hour, minute, second, micros;
  int iso_year, iso_week;
};

int DaysOf(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return static_cast<int>(
      sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)).time_since_epoch().count());
}

int YearOf(int days) {
  using namespace std::chrono;
  return static_cast<int>(year_month_day(sys_days(std::chrono::days(days))).year());
}

Parts PartsOf(LocalTime local) {
  Parts parts{};
  const Date date = DateOf(local);
  const std::chrono::year_month_day ymd{std::chrono::sys_days(std::chrono::days(date.days))};
  parts.year = static_cast<int>(ymd.year());
  parts.month = static_cast<int>(static_cast<unsigned>(ymd.month()));
  parts.day = static_cast<int>(static_cast<unsigned>(ymd.day()));
  parts.year_day = date.days - DaysOf(parts.year, 1, 1) + 1;
  parts.weekday = Weekday(date);
  const int64_t us = local.us - int64_t{date.days} * kDay;
  parts.hour = static_cast<int>(us / kHour);
  parts.minute = static_cast<int>(us / kMinute % 60);
  parts.second = static_cast<int>(us / kSecond % 60);
  parts.micros = static_cast<int>(us % kSecond);
  const int thursday = date.days - parts.weekday + 3;  // an ISO week is of the year that its Thursday is in
  parts.iso_year = YearOf(thursday);
  parts.iso_week = (thursday - DaysOf(parts.iso_year, 1, 1)) / 7 + 1;
  return parts;
}

struct Directive {
  bool no_padding = false, upper = false, swap_case = false;
  char pad = 0;  // of the flags, else the directive's own
  int colons = 0;
  size_t width = 0;
};

std::string Padded(const Directive& directive, std::string text, size_t width, char pad) {
  if (directive.width) width = directive.width;
  if (directive.pad) pad = directive.pad;
  if (directive.no_padding || text.size() >= width) return text;
  const bool negative = pad == '0' && text.substr(0, 1) == "-";
  text.insert(negative ? 1 : 0, width - text.size(), pad);
  return text;
}

std::string Offset(const Directive& directive, int seconds) {
  const int size = std::abs(seconds);
  const auto two = [](int value) { return std::string(value < 10 ? "0" : "") + std::to_string(value); };
  std::string text = (seconds < 0 ? "-" : "+") + two(size / 3600);
  text += (directive.colons ? ":" : "") + two(size / 60 % 60);
  if (directive.colons == 2) text += ":" + two(size % 60);
  return text;
}

std::string Fraction(int micros, size_t digits) {
  std::string text = std::to_string(micros);
  text.insert(0, 6 - text.size(), '0');
  text.resize(digits, '0');
  return text;
}

// A directive that stands for others, or nothing.
std::string_view Composite(char letter) {
  switch (letter) {
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
      return "%m/%d/%y";
    case 'F':
      return "%Y-%m-%d";
    case 'R':
      return "%H:%M";
    case 'r':
      return "%I:%M:%S %p";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'v':
      return "%e-%^b-%Y";
    case '+':
      return "%a %b %e %H:%M:%S %Z %Y";
    default:
      return {};
  }
}

// Numbers; false where the letter is none of theirs.
bool NumberOf(char letter, const Parts& parts, const Moment& moment, const Directive& directive, std::string* out) {
  const int hour12 = parts.hour % 12 == 0 ? 12 : parts.hour % 12;
  const auto put = [&](int64_t value, size_t width, char pad = '0') {
    *out = Padded(directive, std::to_string(value), width, pad);
    return true;
  };
  switch (letter) {
    case 'Y':
      return put(parts.year, parts.year < 0 ? 5 : 4);
    case 'C':
      return put(parts.year / 100, 2);
    case 'y':
      return put(parts.year % 100, 2);
    case 'm':
      return put(parts.month, 2);
    case 'd':
      return put(parts.day, 2);
    case 'e':
      return put(parts.day, 2, ' ');
    case 'j':
      return put(parts.year_day, 3);
    case 'H':
      return put(parts.hour, 2);
    case 'k':
      return put(parts.hour, 2, ' ');
    case 'I':
      return put(hour12, 2);
    case 'l':
      return put(hour12, 2, ' ');
    case 'M':
      return put(parts.minute, 2);
    case 'S':
      return put(parts.second, 2);
    case 'u':
      return put(parts.weekday + 1, 1);
    case 'w':
      return put((parts.weekday + 1) % 7, 1);
    case 'G':
      return put(parts.iso_year, 4);
    case 'g':
      return put(parts.iso_year % 100, 2);
    case 'V':
      return put(parts.iso_week, 2);
    case 'U':
      return put((parts.year_day + 6 - (parts.weekday + 1) % 7) / 7, 2);
    case 'W':
      return put((parts.year_day + 6 - parts.weekday) / 7, 2);
    case 's':
      return put((moment.at.us - parts.micros) / kSecond, 1);
    default:
      return false;
  }
}

// Words; false where the letter is none of theirs.
bool WordOf(char letter, const Parts& parts, const Moment& moment, const Directive& directive, std::string* out) {
  const std::string_view month = kMonths[static_cast<size_t>(parts.month - 1)];
  const std::string_view day = kDays[static_cast<size_t>(parts.weekday)];
  bool upper = directive.upper || directive.swap_case;
  bool lower = false;
  switch (letter) {
    case 'B':
      *out = month;
      break;
    case 'b':
    case 'h':
      *out = month.substr(0, 3);
      break;
    case 'A':
      *out = day;
      break;
    case 'a':
      *out = day.substr(0, 3);
      break;
    case 'p':
      *out = parts.hour < 12 ? "AM" : "PM";
      lower = directive.swap_case;
      break;
    case 'P':
      *out = parts.hour < 12 ? "am" : "pm";
      break;
    case 'Z':
      *out = moment.zone_name;
      lower = directive.swap_case;
      break;
    case 'z':
      *out = Offset(directive, static_cast<int>((moment.local.us - moment.at.us) / kSecond));
      break;
    case 'L':
      *out = Fraction(parts.micros, directive.width ? std::min<size_t>(directive.width, 9) : 3);
      return true;
    case 'N':
      *out = Fraction(parts.micros, directive.width ? std::min<size_t>(directive.width, 9) : 9);
      return true;
    case 'n':
      *out = "\n";
      break;
    case 't':
      *out = "\t";
      break;
    case '%':
      *out = "%";
      break;
    default:
      return false;
  }
  if (upper) *out = lower ? ToLower(*out) : ToUpper(*out);
  *out = Padded(directive, std::move(*out), 0, ' ');
  return true;
}

// Reads flags and width behind a percent sign; `*at` is left at the letter.
Directive ReadDirective(std::string_view format, size_t* at) {
  constexpr size_t kWidthMax = 64;
  Directive directive;
  for (; *at < format.size(); ++*at) {
    const char c = format[*at];
    if (c == '-') {
      directive.no_padding = true;
    } else if (c == '^') {
      directive.upper = true;
    } else if (c == '#') {
      directive.swap_case = true;
    } else if (c == ':') {
      ++directive.colons;
    } else if (c == '_' || (c == '0' && directive.width == 0)) {
      directive.pad = c == '_' ? ' ' : '0';
    } else if (c >= '0' && c <= '9') {
      directive.width = std::min(directive.width * 10 + static_cast<size_t>(c - '0'), kWidthMax);
    } else {
      break;
    }
  }
  return directive;
}

std::string Format(const Moment& moment, const Parts& parts, std::string_view format, Budget* budget, bool composites) {
  std::string out;
  for (size_t i = 0; i < format.size() && budget->Holds(out.size()); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    size_t at = i + 1;
    const Directive directive = ReadDirective(format, &at);
    const char letter = at < format.size() ? format[at] : '\0';
    std::string text;
    if (composites && !Composite(letter).empty()) {
      text = Format(moment, parts, Composite(letter), budget, false);  // whose parts are no composites again
      if (directive.upper) text = ToUpper(text);
      text = Padded(directive, std::move(text), 0, ' ');
    } else if (!NumberOf(letter, parts, moment, directive, &text) && !WordOf(letter, parts, moment, directive, &text)) {
      text = format.substr(i, at + 1 - i);
    }
    out += text;
    i = at;
  }
  return out;
}

}  // namespace

std::string FormatMoment(const Moment& moment, std::string_view format, Budget* budget) {
  return budget->SpendOnBytes(format.size() * 16) ? Format(moment, PartsOf(moment.local), format, budget, true) : std::string();
}

}  // namespace workflow::liquid
