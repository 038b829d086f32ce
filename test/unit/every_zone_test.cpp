// Rules of time as properties, over every zone of the IANA data and ten years (semantics 12 to 15). The data's own account of each civil time (there once, twice
// or not at all) is the judge. Days near a change of the clock are all looked at, of the others a few a month.
#include <gtest/gtest.h>

#include <set>

#include "core/base/iso.h"
#include "core/calendar/cron.h"
#include "core/calendar/recurrence.h"
#include "core/calendar/window.h"
#include "iana_zone.h"

namespace workflow {
namespace {

constexpr int kFirstYear = 2017, kLastYear = 2026;

const std::vector<ClockTime>& Clocks() {
  static const std::vector<ClockTime> clocks = {{0}, {30}, {60 + 30}, {2 * 60}, {2 * 60 + 30}, {3 * 60}, {9 * 60}, {23 * 60 + 59}};
  return clocks;
}

Date Day(int year, int month, int day) { return Date{static_cast<int32_t>(iso::DaysFromCivil({year, month, day}))}; }

// The instants at which the zone's clock changes within the ten years.
std::vector<Instant> ChangesOf(const IanaZone& zone) {
  std::vector<Instant> changes;
  Instant at{int64_t{Day(kFirstYear, 1, 1).days} * kDay};
  const Instant end{int64_t{Day(kLastYear + 1, 1, 1).days} * kDay};
  while (true) {
    const auto info = zone.InfoAt(at);
    // The last stretch ends beyond what can be counted in microseconds.
    if (info.end.time_since_epoch() >= std::chrono::seconds(end.us / kSecond)) return changes;
    at = Instant{std::chrono::microseconds(info.end.time_since_epoch()).count()};
    changes.push_back(at);
  }
}

std::vector<Date> DaysOf(const IanaZone& zone) {
  std::set<int32_t> days;
  for (int year = kFirstYear; year <= kLastYear; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (const int day : {1 + year % 28, iso::DaysInMonth(year, month)}) days.insert(Day(year, month, day).days);
    }
  }
  for (const Instant change : ChangesOf(zone)) {
    const int32_t day = DateOf(ToLocal(change, zone)).days;
    for (int32_t near = day - 1; near <= day + 1; ++near) days.insert(near);
  }
  std::vector<Date> list;
  for (const int32_t day : days) list.push_back(Date{day});
  return list;
}

// When the civil time comes, as the data say: at its first occurrence, or where there is none right after the gap.
Instant Expected(const date::time_zone& zone, LocalTime local) {
  const date::local_seconds at{std::chrono::seconds(iso::FloorDivide(local.us, kSecond))};
  const date::local_info info = zone.get_info(at);
  const auto us = [](date::sys_seconds t) { return Instant{std::chrono::microseconds(t.time_since_epoch()).count()}; };
  if (info.result == date::local_info::nonexistent) return us(info.first.end);
  return us(date::sys_seconds{at.time_since_epoch()} - info.first.offset);
}

template <typename Check>
void ForEveryZone(Check check) {
  size_t zones = 0;
  for (const date::time_zone& zone : date::get_tzdb().zones) {
    check(zone, IanaZone(zone));
    ++zones;
    if (::testing::Test::HasFailure()) FAIL() << "in " << zone.name();
  }
  EXPECT_GT(zones, 300u);
}

// Where a row's zone is not known beforehand it is looked for at the very moment, gaps included. (What is not: stations in Antarctica that move by hours, and
// where a whole day is left out.)
TEST(EveryZone, Semantics13_ATimeIsLookedForWhenItComes) {
  ForEveryZone([](const date::time_zone& judge, const IanaZone& zone) {
    if (judge.name().find("Antarctica/") == 0) return;
    for (const Instant change : ChangesOf(zone)) {
      for (const ClockTime clock : Clocks()) {
        Recurrence rule;
        rule.every = Every::kYear;
        rule.at = clock;
        const Instant at = Expected(judge, At(DateOf(ToLocal(change, zone)), clock));
        const int64_t whole = kHour / 4;  // offsets that are no quarters of an hour are those of the past
        if (zone.OffsetAt(at) * kSecond % whole != 0) continue;
        EXPECT_EQ(NextLook(rule, Instant{at.us - 1}, OffsetsOfTheWorld())->us, at.us) << judge.name() << ' ' << FormatIso(at);
      }
    }
  });
}

TEST(EveryZone, Semantics13_ACivilTimeIsMetOrMetRightAfterTheGap) {
  ForEveryZone([](const date::time_zone& judge, const IanaZone& zone) {
    for (const Date day : DaysOf(zone)) {
      for (const ClockTime clock : Clocks()) {
        const LocalTime local = At(day, clock);
        const Instant at = ToInstant(local, zone);
        ASSERT_EQ(at, Expected(judge, local)) << FormatLocalTime(local);
        ASSERT_GE(ToLocal(at, zone).us, local.us) << "never early";
      }
    }
  });
}

// A daily time comes once a civil day, whatever the clock does: in the order of the days, none of them twice.
TEST(EveryZone, Semantics13_ADailyTimeNeverComesTwice) {
  ForEveryZone([](const date::time_zone& judge, const IanaZone& zone) {
    for (const ClockTime clock : {ClockTime{30}, ClockTime{2 * 60 + 30}}) {
      const Cron cron = *ParseCron(std::to_string(clock.minutes % 60) + " " + std::to_string(clock.minutes / 60) + " * * *");
      for (const Instant change : ChangesOf(zone)) {
        const Date from{DateOf(ToLocal(change, zone)).days - 2};
        Instant at{Expected(judge, At(from, clock)).us - 1};
        for (int day = 0; day < 5; ++day) {
          const auto next = NextTime(cron, at, zone);
          ASSERT_TRUE(next);
          ASSERT_EQ(*next, Expected(judge, At(Date{from.days + day}, clock))) << FormatDate(Date{from.days + day});
          at = *next;
        }
      }
    }
  });
}

TEST(EveryZone, Semantics13_DaysKeepTheClockAndHoursTheTimeThatPasses) {
  ForEveryZone([](const date::time_zone& judge, const IanaZone& zone) {
    for (const Instant change : ChangesOf(zone)) {
      for (int64_t before = -30 * kHour; before <= 6 * kHour; before += 6 * kHour + 17 * kMinute) {
        const Instant start{change.us + before};
        const LocalTime local = ToLocal(start, zone);
        ASSERT_EQ(Add(start, {.days = 1}, zone), Expected(judge, LocalTime{local.us + kDay})) << FormatIso(start);
        ASSERT_EQ(Add(start, {.us = 24 * kHour}, zone).us, start.us + kDay);
        ASSERT_EQ(Add(start, {.days = 1, .us = kHour}, zone).us, Add(start, {.days = 1}, zone).us + kHour) << "the calendar part first";
      }
    }
  });
}

// From the 31st each month's end, and the 31st again; from 29 February the 28th of other years.
TEST(EveryZone, Semantics13_EndsOfMonthsAreClampedAndStayAnchored) {
  ForEveryZone([](const date::time_zone& judge, const IanaZone& zone) {
    for (int year = kFirstYear; year <= kLastYear; ++year) {
      const Date anchor = Day(year, 1, 31), leap = Day(2016, 2, 29);
      const Instant start = Expected(judge, At(anchor, ClockTime{12 * 60}));
      for (int months = 1; months <= 12; ++months) {
        const int month = months % 12 + 1, in = year + (months == 12 ? 1 : 0);
        const Date wanted = Day(in, month, std::min(31, iso::DaysInMonth(in, month)));
        ASSERT_EQ(DateOf(ToLocal(Add(start, {.months = months}, zone), zone)), wanted);
      }
      const Recurrence yearly = {.every = Every::kYear, .offset = {}, .at = ClockTime{2 * 60 + 30}};
      const Instant new_year = Expected(judge, At(Day(year, 1, 1), {}));
      const auto found = LastOccurrence(yearly, Value(leap), new_year, Expected(judge, At(Day(year, 12, 31), {})), zone);
      ASSERT_TRUE(found);
      ASSERT_EQ(found->date, Day(year, 2, iso::DaysInMonth(year, 2)));
      ASSERT_EQ(found->at, Expected(judge, At(found->date, *yearly.at)));
    }
  });
}

struct Open { Instant from, to; };

// A window is open from the instant its beginning is met to that at which its end is; over midnight it belongs to the day it began on.
std::vector<Open> SpansNear(const SendWindow& windows, Date day, const date::time_zone& judge) {
  std::vector<Open> spans;
  for (Date date{day.days - 3}; date.days <= day.days + 2; ++date.days) {
    for (const Window& window : windows.windows) {
      if ((window.days >> Weekday(date) & 1) == 0) continue;
      const Date last{window.to <= window.from ? date.days + 1 : date.days};
      spans.push_back({Expected(judge, At(date, window.from)), Expected(judge, At(last, window.to))});
    }
  }
  return spans;
}

TEST(EveryZone, Semantics15_WindowsOverMidnightAndSeveralADay) {
  const SendWindow windows = {.windows = {{.days = 0x7f, .from = {22 * 60}, .to = {2 * 60 + 30}}, {.days = 0x7f, .from = {9 * 60}, .to = {9 * 60 + 30}}, {.days = 0x1f, .from = {15 * 60}, .to = {0}}},
                              .except = {}};
  constexpr int64_t kStep = 15 * kMinute;
  ForEveryZone([&](const date::time_zone& judge, const IanaZone& zone) {
    const std::vector<Instant> changes = ChangesOf(zone);
    for (size_t i = changes.empty() ? 0 : judge.name().size() % changes.size(); i < changes.size(); i += 10) {
      const std::vector<Open> spans = SpansNear(windows, DateOf(ToLocal(changes[i], zone)), judge);
      const auto is_open = [&](Instant at) {
        return std::any_of(spans.begin(), spans.end(), [&](const Open& span) { return span.from <= at && at < span.to; });
      };
      // Backwards, so that the first open quarter from each instant on is known.
      std::optional<Instant> open;
      for (Instant at{changes[i].us + 20 * kHour}; at.us >= changes[i].us - 26 * kHour; at.us -= kStep) {
        if (is_open(at)) open = at;
        if (!open) continue;
        const auto next = NextOpen(windows, at, zone);
        ASSERT_TRUE(next);
        ASSERT_GE(*next, at);
        ASSERT_TRUE(is_open(*next)) << FormatIso(*next);
        // What is not open at one quarter and is at the next opens in between.
        ASSERT_LE(*next, *open) << FormatIso(at);
        ASSERT_GT(next->us, open->us - kStep) << FormatIso(at);
      }
    }
  });
}

}  // namespace
}  // namespace workflow
