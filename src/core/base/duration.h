// A length of time in the calendar's own units. Months and days are civil (their length depends on zone and date), the rest is
// absolute. Written as PostgreSQL writes intervals in words: "3 days", "1 month 2 days", "-90 minutes", "1 week".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace workflow {

struct Duration {
  int64_t months = 0;
  int64_t days = 0;
  int64_t us = 0;
  bool is_negative() const { return months < 0 || days < 0 || us < 0; }
  bool is_zero() const { return months == 0 && days == 0 && us == 0; }
  friend bool operator==(const Duration&, const Duration&) = default;
};

// One or more "n unit" with unit one of microsecond(s), millisecond(s), second(s), sec(s), minute(s), min(s), hour(s), day(s), week(s),
// month(s), mon(s), year(s). n is a whole number, signed. Nothing on anything else or beyond 1,000 years.
std::optional<Duration> ParseDuration(std::string_view text);
std::string FormatDuration(const Duration& duration);  // "1 month 3 days 2 hours"; "0 days" where zero

}  // namespace workflow
