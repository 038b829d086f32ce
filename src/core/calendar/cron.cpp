#include "core/calendar/cron.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/iso.h"
#include "core/calendar/civil.h"

namespace workflow {
namespace {

constexpr int kDaysLookedAt = 40 * 366;
constexpr int kMinutesOfDay = 24 * 60;

struct CronField {
  const char* name;
  int low, high;
  std::vector<std::string_view> words = {};  // names of values, from `first_word` on
  int first_word = 0;
};

const std::array<CronField, 5>& CronFields() {
  static const auto* const fields = new std::array<CronField, 5>{
      CronField{"minute", 0, 59}, CronField{"hour", 0, 23}, CronField{"day of the month", 1, 31},
      CronField{"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}, 1},
      CronField{"day of the week", 0, 7, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0}};
  return *fields;
}

struct CronWord {
  std::string_view name, schedule;
};
constexpr std::array kCronWords = {CronWord{"@yearly", "0 0 1 1 *"}, CronWord{"@annually", "0 0 1 1 *"}, CronWord{"@monthly", "0 0 1 * *"},
                                   CronWord{"@weekly", "0 0 * * 0"}, CronWord{"@daily", "0 0 * * *"},    CronWord{"@midnight", "0 0 * * *"},
                                   CronWord{"@hourly", "0 * * * *"}};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::vector<std::string_view> SplitAt(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  size_t from = 0;
  while (from <= text.size()) {
    const size_t end = std::min(text.find_first_of(separators, from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

// A number of at most four digits.
std::optional<int> NumberIn(std::string_view text) {
  if (text.empty() || text.size() > 4) return {};
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<int> CronValue(const CronField& field, std::string_view text) {
  const auto word = std::find(field.words.begin(), field.words.end(), text);
  if (word != field.words.end()) return field.first_word + static_cast<int>(word - field.words.begin());
  const std::optional<int> number = NumberIn(text);
  return number && *number >= field.low && *number <= field.high ? number : std::nullopt;
}

Failure CronFailure(const CronField& field, std::string_view item) {
  std::string hint = "The field goes from " + std::to_string(field.low) + " to " + std::to_string(field.high);
  if (!field.words.empty()) hint += ", or by names like \"" + std::string(field.words.front()) + '"';
  return {'"' + std::string(item) + "\" is no " + field.name + " of a schedule", hint + "; lists are 1,2, ranges 1-5, steps */10."};
}

// One item of a list: `*`, a value, a range, each with a step or without. As bits.
Result<uint64_t> CronItem(const CronField& field, std::string_view item) {
  const std::vector<std::string_view> parts = SplitAt(item, "/");
  const bool stepped = parts.size() == 2;
  const int step = stepped ? NumberIn(parts[1]).value_or(0) : 1;
  if (parts.size() > 2 || step == 0) return CronFailure(field, item);
  int from = field.low, to = field.high;
  if (parts[0] != "*") {
    const std::vector<std::string_view> ends = SplitAt(parts[0], "-");
    const std::optional<int> first = CronValue(field, ends[0]), last = ends.size() == 2 ? CronValue(field, ends[1]) : first;
    if (ends.size() > 2 || !first || !last) return CronFailure(field, item);
    from = *first;
    // Saturday to Sunday is a range: Sunday ends a week as well as it begins one.
    to = ends.size() == 2 && *last == 0 && field.high == 7 ? 7 : *last;
    if (ends.size() == 1 && stepped) to = field.high;
    if (from > to) {
      return Failure{'"' + std::string(item) + "\" is a range that ends before it begins", "Write two ranges, separated by a comma."};
    }
  }
  uint64_t bits = 0;
  for (int value = from; value <= to; value += step) bits |= uint64_t{1} << value;
  return bits;
}

Result<uint64_t> CronBits(const CronField& field, std::string_view text) {
  uint64_t bits = 0;
  for (const std::string_view item : SplitAt(text, ",")) {
    const Result<uint64_t> one = CronItem(field, item);
    if (!one) return one.failure();
    bits |= *one;
  }
  return bits;
}

bool Allows(uint64_t bits, int value) { return (bits >> value & 1) != 0; }

bool AllowsDay(const Cron& cron, Date date) {
  const iso::CivilDate civil = iso::CivilFromDays(date.days);
  if (!Allows(cron.months, civil.month)) return false;
  const bool day = Allows(cron.days, civil.day), weekday = Allows(cron.weekdays, (Weekday(date) + 1) % 7);
  return cron.either_day ? day || weekday : day && weekday;
}

// Four hundred years repeat; of leap days and weekdays forty have all there are.
bool HasDay(const Cron& cron) {
  for (int day = 0; day < kDaysLookedAt; ++day) {
    if (AllowsDay(cron, Date{day})) return true;
  }
  return false;
}

}  // namespace

Result<Cron> ParseCron(std::string_view text) {
  const std::string lower = LowerCase(text);
  std::string_view schedule = lower;
  const auto* word = std::find_if(kCronWords.begin(), kCronWords.end(), [&](const CronWord& known) { return known.name == lower; });
  if (word != kCronWords.end()) schedule = word->schedule;
  std::vector<std::string_view> texts = SplitAt(schedule, " \t");
  std::erase(texts, std::string_view());
  if (texts.size() != CronFields().size()) {
    return Failure{"a schedule has five fields, not " + std::to_string(texts.size()),
                   "Minute, hour, day of the month, month, day of the week: \"0 9 * * 1\" is Monday at nine."};
  }
  std::array<uint64_t, 5> bits = {};
  for (size_t i = 0; i < texts.size(); ++i) {
    const Result<uint64_t> field = CronBits(CronFields()[i], texts[i]);
    if (!field) return field.failure();
    bits[i] = *field;
  }
  if (Allows(bits[4], 7)) bits[4] |= 1;
  const Cron cron = {.minutes = bits[0],
                     .hours = static_cast<uint32_t>(bits[1]),
                     .days = static_cast<uint32_t>(bits[2]),
                     .months = static_cast<uint32_t>(bits[3]),
                     .weekdays = static_cast<uint32_t>(bits[4] & 0x7f),
                     .either_day = texts[2].front() != '*' && texts[4].front() != '*'};
  if (!HasDay(cron)) return Failure{"no day of any year fits the schedule", "February has no 30th."};
  return cron;
}

std::optional<Instant> NextTime(const Cron& cron, Instant after, const Zone& zone) {
  if (iso::IsInfinite(after)) return {};
  // No later civil time comes before an earlier one: its first occurrence does not. So the search goes by civil time; what an autumn change repeats has come
  // already, and is passed over.
  const LocalTime here = ToLocal(after, zone);
  const Date today = DateOf(here);
  int minute = static_cast<int>(iso::FloorModulo(here.us, kDay) / kMinute);
  for (int day = 0; day <= kDaysLookedAt; ++day, minute = 0) {
    const Date date{today.days + day};
    if (!AllowsDay(cron, date)) continue;
    for (; minute < kMinutesOfDay; ++minute) {
      if (!Allows(cron.hours, minute / 60)) {
        minute += 59 - minute % 60;
        continue;
      }
      if (!Allows(cron.minutes, minute % 60)) continue;
      const Instant at = ToInstant(At(date, ClockTime{minute}), zone);
      if (at > after) return at;
    }
  }
  return {};
}

std::optional<Instant> LastTime(const Cron& cron, Instant after, Instant until, const Zone& zone) {
  std::optional<Instant> last;
  for (std::optional<Instant> next = NextTime(cron, after, zone); next && *next <= until; next = NextTime(cron, *next, zone)) last = next;
  return last;
}

}  // namespace workflow
