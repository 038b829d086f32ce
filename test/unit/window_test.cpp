#include "core/calendar/window.h"

#include <gtest/gtest.h>

#include <limits>

#include "iana_zone.h"

namespace workflow {
namespace {

constexpr uint8_t kEveryDay = 0x7f;
constexpr uint8_t kWorkdays = 0x1f;
constexpr uint8_t kFriday = 0x10;
constexpr uint8_t kSaturday = 0x20;

Window Of(uint8_t days, std::string_view from, std::string_view to) { return {days, *ParseClockTime(from), *ParseClockTime(to)}; }

std::string Next(const SendWindow& window, std::string_view at, const Zone& zone) {
  auto open = NextOpen(window, *ParseInstant(at), zone);
  return open ? FormatIso(*open) : "never";
}

std::string Next(const SendWindow& window, std::string_view at, const std::string& zone = "UTC") {
  return Next(window, at, IanaZone(zone));
}

// All of this is semantics 15: the instant until which an enrollment is held at its send step.

TEST(SendWindow, NoneIsAnyTime) {
  EXPECT_EQ(Next({}, "2026-01-31T03:00:00Z"), "2026-01-31T03:00:00Z");
  EXPECT_EQ(Next({{}, {*ParseDate("2026-01-31")}}, "2026-01-31T03:00:00Z"), "2026-01-31T03:00:00Z");
}

TEST(SendWindow, OpensOnTheMinuteAndClosesBeforeItsEnd) {
  SendWindow window{{Of(kEveryDay, "09:00", "17:00")}, {}};
  EXPECT_EQ(Next(window, "2026-01-31T08:59:59.999999Z"), "2026-01-31T09:00:00Z");
  EXPECT_EQ(Next(window, "2026-01-31T09:00:00Z"), "2026-01-31T09:00:00Z");
  EXPECT_EQ(Next(window, "2026-01-31T16:59:59.999999Z"), "2026-01-31T16:59:59.999999Z");
  EXPECT_EQ(Next(window, "2026-01-31T17:00:00Z"), "2026-02-01T09:00:00Z");
}

TEST(SendWindow, DaysOfTheWeekAreTheZones) {
  SendWindow window{{Of(kWorkdays, "09:00", "17:00")}, {}};
  EXPECT_EQ(Next(window, "2026-01-30T18:00:00Z"), "2026-02-02T09:00:00Z");                      // Friday evening to Monday
  EXPECT_EQ(Next(window, "2026-02-01T23:30:00Z", "Asia/Jakarta"), "2026-02-02T02:00:00Z");      // there it is Monday morning
  EXPECT_EQ(Next(window, "2026-02-02T02:00:00Z", "America/New_York"), "2026-02-02T14:00:00Z");  // there it is still Sunday
}

TEST(SendWindow, SeveralADayInAnyOrder) {
  SendWindow window{{Of(kEveryDay, "14:00", "16:00"), Of(kEveryDay, "09:00", "11:00"), Of(kSaturday, "20:00", "21:00")}, {}};
  EXPECT_EQ(Next(window, "2026-01-31T08:00:00Z"), "2026-01-31T09:00:00Z");
  EXPECT_EQ(Next(window, "2026-01-31T11:00:00Z"), "2026-01-31T14:00:00Z");
  EXPECT_EQ(Next(window, "2026-01-31T16:00:00Z"), "2026-01-31T20:00:00Z");
  EXPECT_EQ(Next(window, "2026-02-01T16:00:00Z"), "2026-02-02T09:00:00Z");
}

TEST(SendWindow, OverMidnightBelongsToTheDayItBeganOn) {
  SendWindow window{{Of(kFriday, "22:00", "02:00")}, {}};
  EXPECT_EQ(Next(window, "2026-01-31T01:59:00Z"), "2026-01-31T01:59:00Z");  // Saturday, still Friday's window
  EXPECT_EQ(Next(window, "2026-01-31T02:00:00Z"), "2026-02-06T22:00:00Z");
  EXPECT_EQ(Next(window, "2026-01-30T01:00:00Z"), "2026-01-30T22:00:00Z");  // Thursday has none
}

TEST(SendWindow, MidnightIsTheEndOfTheDay) {
  SendWindow evening{{Of(kFriday, "18:00", "00:00")}, {}};
  EXPECT_EQ(Next(evening, "2026-01-30T23:59:00Z"), "2026-01-30T23:59:00Z");
  EXPECT_EQ(Next(evening, "2026-01-31T00:00:00Z"), "2026-02-06T18:00:00Z");
  SendWindow whole{{Of(kSaturday, "00:00", "00:00")}, {}};
  EXPECT_EQ(Next(whole, "2026-01-31T00:00:00Z"), "2026-01-31T00:00:00Z");
  EXPECT_EQ(Next(whole, "2026-02-01T00:00:00Z"), "2026-02-07T00:00:00Z");
}

TEST(SendWindow, NoWindowBeginsOnAnExceptedDay) {
  SendWindow window{{Of(kEveryDay, "22:00", "02:00")}, {*ParseDate("2026-12-25"), *ParseDate("2026-12-26")}};
  EXPECT_EQ(Next(window, "2026-12-25T01:00:00Z"), "2026-12-25T01:00:00Z");  // the window of the 24th goes on
  EXPECT_EQ(Next(window, "2026-12-25T02:00:00Z"), "2026-12-27T22:00:00Z");
}

TEST(SendWindow, MayNeverOpen) {
  SendWindow window{{Of(kEveryDay, "09:00", "17:00")}, {}};
  EXPECT_EQ(Next({{Of(0, "09:00", "17:00")}, {}}, "2026-01-01T00:00:00Z"), "never");
  Date first = *ParseDate("2026-01-01");
  for (int32_t day = 0; day < 400; ++day) window.except.push_back(Date{first.days + day});
  EXPECT_EQ(Next(window, "2026-01-01T12:00:00Z"), "2027-02-05T09:00:00Z");
  window.except.push_back(Date{first.days + 400});
  EXPECT_EQ(Next(window, "2026-01-01T12:00:00Z"), "never");
}

// semantics 13 and 15: skipped and repeated hours at the window's ends
TEST(SendWindow, SpringAndAutumn) {
  const std::string berlin = "Europe/Berlin";
  SendWindow night{{Of(kEveryDay, "02:30", "04:00")}, {}};
  EXPECT_EQ(Next(night, "2026-03-29T00:00:00Z", berlin), "2026-03-29T01:00:00Z");  // 03:00, right after the gap
  SendWindow skipped{{Of(kEveryDay, "02:15", "02:45")}, {}};
  EXPECT_EQ(Next(skipped, "2026-03-29T00:00:00Z", berlin), "2026-03-30T00:15:00Z");  // it is empty that day
  SendWindow repeated{{Of(kEveryDay, "02:15", "02:45")}, {}};
  EXPECT_EQ(Next(repeated, "2026-10-25T00:00:00Z", berlin), "2026-10-25T00:15:00Z");
  EXPECT_EQ(Next(repeated, "2026-10-25T01:20:00Z", berlin), "2026-10-26T01:15:00Z");  // not opened a second time
  SendWindow day{{Of(kEveryDay, "09:00", "17:00")}, {}};
  EXPECT_EQ(Next(day, "2026-03-28T20:00:00Z", berlin), "2026-03-29T07:00:00Z");
  EXPECT_EQ(Next(day, "2026-10-24T20:00:00Z", berlin), "2026-10-25T08:00:00Z");
}

TEST(SendWindow, ASkippedDayHasNoWindow) {
  SendWindow window{{Of(kEveryDay, "09:00", "17:00")}, {}};
  EXPECT_EQ(Next(window, "2011-12-30T09:00:00Z", "Pacific/Apia"), "2011-12-30T19:00:00Z");
  SendWindow over{{Of(kEveryDay, "23:00", "02:00")}, {}};
  EXPECT_EQ(Next(over, "2011-12-30T09:30:00Z", "Pacific/Apia"), "2011-12-30T09:30:00Z");
  EXPECT_EQ(Next(over, "2011-12-30T11:59:00Z", "Pacific/Apia"), "2011-12-30T11:59:00Z");  // 23:00 of the skipped day is its end
  EXPECT_EQ(Next(over, "2011-12-30T12:00:00Z", "Pacific/Apia"), "2011-12-31T09:00:00Z");
}

// Whatever the instant, the answer lies in the window and nothing open is passed over.
TEST(SendWindow, TheAnswerIsOpenAndTheEarliest) {
  IanaZone zone("America/New_York");
  SendWindow window{{Of(kWorkdays, "09:15", "12:00"), Of(kSaturday, "22:00", "03:30")}, {*ParseDate("2026-03-09")}};
  auto is_open = [&](Instant at) {
    LocalTime local = ToLocal(at, zone);
    Date today = DateOf(local);
    auto begins = [&](Date date, uint8_t days) { return (days >> Weekday(date) & 1) != 0 && date != window.except[0]; };
    int64_t minute = (local.us - At(today, {}).us) / kMinute;
    bool night = (begins(today, kSaturday) && minute >= 1320) || (begins(Date{today.days - 1}, kSaturday) && minute < 210);
    return night || (begins(today, kWorkdays) && minute >= 555 && minute < 720);
  };
  Instant begin = *ParseInstant("2026-03-05T00:00:00Z");
  Instant expected{std::numeric_limits<int64_t>::max()};
  int open = 0;
  for (int64_t us = begin.us + 14 * kDay; us >= begin.us; us -= 15 * kMinute) {
    if (is_open(Instant{us})) {
      expected = Instant{us};
      ++open;
    }
    if (us > begin.us + 7 * kDay) continue;
    auto found = NextOpen(window, Instant{us}, zone);
    ASSERT_TRUE(found);
    ASSERT_EQ(FormatIso(*found), FormatIso(expected)) << FormatIso(Instant{us});
  }
  EXPECT_GT(open, 100);
}

TEST(SendWindow, ExtremeInstants) {
  SendWindow window{{Of(kEveryDay, "09:00", "08:00")}, {}};
  UtcZone utc;
  for (int64_t us : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    EXPECT_EQ(NextOpen(window, Instant{us}, utc), Instant{us});
  }
  EXPECT_TRUE(NextOpen(window, Instant{std::numeric_limits<int64_t>::min() + 1}, utc));
  EXPECT_FALSE(NextOpen(window, Instant{std::numeric_limits<int64_t>::max() - 1}, utc));  // beyond the calendar's end
}

}  // namespace
}  // namespace workflow
