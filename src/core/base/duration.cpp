#include "core/base/duration.h"

#include <array>
#include <charconv>

#include "core/base/instant.h"

namespace workflow {
namespace {

struct Unit {
  std::string_view name;  // singular; an s may follow
  int64_t Duration::*part;
  int64_t size;
};

constexpr std::array kUnits = {
    Unit{"year", &Duration::months, 12},    Unit{"month", &Duration::months, 1},      Unit{"mon", &Duration::months, 1},
    Unit{"week", &Duration::days, 7},       Unit{"day", &Duration::days, 1},          Unit{"hour", &Duration::us, kHour},
    Unit{"minute", &Duration::us, kMinute}, Unit{"min", &Duration::us, kMinute},      Unit{"second", &Duration::us, kSecond},
    Unit{"sec", &Duration::us, kSecond},    Unit{"millisecond", &Duration::us, 1000}, Unit{"microsecond", &Duration::us, 1},
};

constexpr int64_t kMonthsMax = 12'000;  // 1,000 years
constexpr int64_t kDaysMax = 366'000;
constexpr int64_t kMicrosecondsMax = kDaysMax * kDay;

bool InRange(const Duration& d) {
  auto within = [](int64_t value, int64_t limit) { return value >= -limit && value <= limit; };
  return within(d.months, kMonthsMax) && within(d.days, kDaysMax) && within(d.us, kMicrosecondsMax);
}

const Unit* FindUnit(std::string_view word) {
  for (const Unit& unit : kUnits) {
    bool plural = word.size() == unit.name.size() + 1 && word.back() == 's';
    if (word.substr(0, word.size() - (plural ? 1 : 0)) == unit.name) return &unit;
  }
  return nullptr;
}

// The next word, off the front of `rest`; empty at the end.
std::string_view NextWord(std::string_view* rest) {
  rest->remove_prefix(std::min(rest->find_first_not_of(' '), rest->size()));
  std::string_view word = rest->substr(0, rest->find(' '));
  rest->remove_prefix(word.size());
  return word;
}

std::optional<int64_t> ParseCount(std::string_view word) {
  if (word.starts_with('+')) {
    word.remove_prefix(1);
    if (word.starts_with('-')) return {};
  }
  int64_t count = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  if (error != std::errc() || end != word.data() + word.size()) return {};
  return count;
}

void Append(std::string* text, int64_t count, std::string_view unit) {
  if (count == 0) return;
  if (!text->empty()) *text += ' ';
  *text += std::to_string(count) + ' ';
  *text += unit;
  if (count != 1 && count != -1) *text += 's';
}

}  // namespace

std::optional<Duration> ParseDuration(std::string_view text) {
  Duration total;
  std::string_view word = NextWord(&text);
  if (word.empty()) return {};
  for (; !word.empty(); word = NextWord(&text)) {
    std::optional<int64_t> count = ParseCount(word);
    const Unit* unit = FindUnit(NextWord(&text));
    int64_t length = 0;
    if (!count || unit == nullptr || __builtin_mul_overflow(*count, unit->size, &length)) return {};
    int64_t& part = total.*unit->part;
    if (__builtin_add_overflow(part, length, &part) || !InRange(total)) return {};
  }
  return total;
}

std::string FormatDuration(const Duration& duration) {
  std::string text;
  Append(&text, duration.months / 12, "year");
  Append(&text, duration.months % 12, "month");
  Append(&text, duration.days, "day");
  Append(&text, duration.us / kHour, "hour");
  Append(&text, duration.us % kHour / kMinute, "minute");
  Append(&text, duration.us % kMinute / kSecond, "second");
  Append(&text, duration.us % kSecond, "microsecond");
  return text.empty() ? "0 days" : text;
}

}  // namespace workflow
