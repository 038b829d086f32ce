// A point in time as a template shows it: what the wall clock says, and how far that clock is from UTC.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/instant.h"
#include "core/base/value.h"
#include "core/calendar/zone.h"
#include "core/message/item.h"

namespace workflow::liquid {

inline constexpr std::array<std::string_view, 12> kMonths = {"January", "February", "March",     "April",   "May",      "June",
                                                             "July",    "August",   "September", "October", "November", "December"};

struct Moment {
  LocalTime local;
  Instant at;
  std::string zone_name;
};

// Of "now" and "today", seconds since 1970, and texts: ISO 8601 with or without an offset, a date alone, "March 14, 2016". A text
// without an offset is a wall clock's time and is shown as it is written. Nothing where it is none of these or beyond the years 1
// to 9999.
std::optional<Moment> ReadMoment(const Item& item, Instant now, const Zone& zone);

// The directives of strftime, with the flags - 0 ^ _ # : and a width. What is no directive stays as written.
std::string FormatMoment(const Moment& moment, std::string_view format, Budget* budget);

}  // namespace workflow::liquid
