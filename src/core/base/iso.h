// Dates and times as text (ISO 8601), and the arithmetic of the proleptic Gregorian calendar under them. Years beyond 9999 are
// written with the digits they need and years before 1 with " BC" at the end, which is what the server reads and writes.
// The largest and the smallest value of each type are "infinity" and "-infinity".
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/instant.h"
#include "core/base/value.h"

namespace workflow::iso {

struct CivilDate {
  int64_t year = 1970;  // astronomical: 0 is 1 BC
  int month = 1;        // 1..12
  int day = 1;
};

// Days are counted since 1970-01-01; both hold for every year within +/- 100 million.
CivilDate CivilFromDays(int64_t days);
int64_t DaysFromCivil(const CivilDate& date);
int DaysInMonth(int64_t year, int month);

// Division that rounds down, so that time before 1970 falls on the right day.
constexpr int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
constexpr int64_t FloorModulo(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

template <typename T>
constexpr bool IsInfinite(T value) {
  return value == std::numeric_limits<T>::max() || value == std::numeric_limits<T>::min();
}
constexpr bool IsInfinite(Date date) { return IsInfinite(date.days); }
constexpr bool IsInfinite(LocalTime local) { return IsInfinite(local.us); }
constexpr bool IsInfinite(Instant at) { return IsInfinite(at.us); }

std::string Format(Date date);        // "2026-01-31"
std::string Format(LocalTime local);  // "2026-01-31T09:00:00", with microseconds only where they are not zero
std::string Format(Instant at);       // the same with Z

// Finite values only. A text that names a value out of range is no value.
std::optional<Date> ParseDate(std::string_view text);
std::optional<LocalTime> ParseLocalTime(std::string_view text);
std::optional<Instant> ParseInstant(std::string_view text);

}  // namespace workflow::iso
