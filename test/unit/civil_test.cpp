#include "core/calendar/civil.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "core/base/iso.h"
#include "iana_zone.h"

namespace workflow {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();

Instant Utc(std::string_view text) {
  auto at = ParseInstant(text);
  EXPECT_TRUE(at) << text;
  return at.value_or(Instant{});
}

LocalTime Local(std::string_view text) {
  auto local = ParseLocalTime(text);
  EXPECT_TRUE(local) << text;
  return local.value_or(LocalTime{});
}

std::string Resolve(const std::string& zone, std::string_view local) {
  return FormatIso(ToInstant(Local(local), IanaZone(zone)));
}

std::string Added(const std::string& zone, std::string_view at, std::string_view duration) {
  return FormatIso(Add(Utc(at), *ParseDuration(duration), IanaZone(zone)));
}

// A zone of one transition, of any size.
class OneTransition final : public Zone {
 public:
  OneTransition(Instant at, int32_t before, int32_t after) : at_(at), before_(before), after_(after) {}
  int32_t OffsetAt(Instant at) const override { return at < at_ ? before_ : after_; }
  std::string name() const override { return "test"; }

 private:
  Instant at_;
  int32_t before_;
  int32_t after_;
};

TEST(ClockTime, IsTwoDigitsEach) {
  EXPECT_EQ(ParseClockTime("09:05")->minutes, 9 * 60 + 5);
  EXPECT_EQ(ParseClockTime("23:59")->minutes, 1439);
  for (const char* text : {"", "9:00", "24:00", "12:60", "12-00", "12:00:00", " 9:00", "0900", "-1:00", "1a:00", "12:0a"}) {
    EXPECT_FALSE(ParseClockTime(text)) << text;
  }
  for (int32_t minutes = 0; minutes < 1440; ++minutes) {
    EXPECT_EQ(ParseClockTime(FormatClockTime({minutes})), ClockTime{minutes});
  }
}

TEST(Civil, DatesAreTheGregorianCalendar) {
  EXPECT_EQ(ParseDate("1970-01-01")->days, 0);
  EXPECT_EQ(ParseDate("1969-12-31")->days, -1);
  EXPECT_EQ(ParseDate("2000-02-29")->days, 11016);
  EXPECT_EQ(FormatDate(Date{20484}), "2026-01-31");
  EXPECT_EQ(Weekday(*ParseDate("2026-01-31")), 5);  // a Saturday
  EXPECT_EQ(Weekday(*ParseDate("1969-12-29")), 0);
  for (const char* text : {"2025-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-01", "0000-01-01",
                           "2026-01-32", "20260101", "2026-01-01 ", "02026-01-01", "26-01-01", "2026-01-01T00:00", "infinity"}) {
    EXPECT_FALSE(ParseDate(text)) << text;
  }
}

TEST(Civil, DateTextsRoundTripOverTheWholeRange) {
  Date before = *ParseDate("1999-12-31");
  for (int32_t days = before.days; days < before.days + 800; ++days) EXPECT_EQ(ParseDate(FormatDate(Date{days})), Date{days});
  for (int64_t days = -2'147'483'647; days < 2'147'483'647; days += 7'654'321) {
    Date date{static_cast<int32_t>(days)};
    EXPECT_EQ(ParseDate(FormatDate(date)), date) << days;
  }
  EXPECT_EQ(FormatDate(*ParseDate("0001-01-01")), "0001-01-01");
  EXPECT_EQ(FormatDate(Date{ParseDate("0001-01-01")->days - 1}), "0001-12-31 BC");
  EXPECT_EQ(FormatDate(Date{2'147'483'646}), "5881580-07-10");
}

TEST(Civil, LocalTimesAndInstantsAsText) {
  EXPECT_EQ(FormatLocalTime(Local("2026-01-31 09:00")), "2026-01-31T09:00:00");
  EXPECT_EQ(FormatLocalTime(Local("2026-01-31T09:00:01.5")), "2026-01-31T09:00:01.500000");
  EXPECT_EQ(FormatIso(Utc("2026-01-31T09:00:00+07:00")), "2026-01-31T02:00:00Z");
  EXPECT_EQ(FormatIso(Utc("2026-01-31 09:00-03:30")), "2026-01-31T12:30:00Z");
  EXPECT_EQ(FormatIso(Utc("2026-01-31T09:00:00+14")), "2026-01-30T19:00:00Z");
  EXPECT_EQ(FormatIso(Instant{-1}), "1969-12-31T23:59:59.999999Z");
  for (const char* text :
       {"2026-01-31", "2026-01-31T09", "2026-01-31T24:00:00", "2026-01-31T09:60", "2026-01-31T09:00:60", "2026-01-31T09:00:00.",
        "2026-01-31T09:00:00.1234567", "2026-01-31T09:00:00Z", "2026-01-31t09:00", "2026-02-30T09:00"}) {
    EXPECT_FALSE(ParseLocalTime(text)) << text;
  }
  for (const char* text : {"2026-01-31T09:00:00", "2026-01-31T09:00:00z", "2026-01-31T09:00:00+", "2026-01-31T09:00:00+0700",
                           "2026-01-31T09:00:00+07:60", "2026-01-31T09:00:00ZZ", "2026-01-31Z", "infinity"}) {
    EXPECT_FALSE(ParseInstant(text)) << text;
  }
}

TEST(Civil, TimesAtTheEndsOfTheRangeRoundTrip) {
  for (int64_t us : {kMin + 1, kMin + 2, kMax - 1, kMax - kDay, kMin + kDay, int64_t{0}, int64_t{-62135596800} * kSecond - 1}) {
    EXPECT_EQ(ParseInstant(FormatIso(Instant{us})), Instant{us}) << us;
    EXPECT_EQ(ParseLocalTime(FormatLocalTime(LocalTime{us})), LocalTime{us}) << us;
  }
  EXPECT_FALSE(ParseInstant("294247-01-10T04:00:54.775807Z"));  // the largest number stands for infinity
  EXPECT_FALSE(ParseInstant("294248-01-01T00:00:00Z"));
  EXPECT_FALSE(ParseInstant("9999999-12-31T23:59:59Z"));
  EXPECT_FALSE(ParseInstant("9999999-12-31T23:59:59Z BC"));
}

// semantics 13
TEST(ToInstant, ASkippedTimeIsTheEndOfTheGap) {
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-03-29T01:59:59"), "2026-03-29T00:59:59Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-03-29T02:00:00"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-03-29T02:30:00"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-03-29T03:00:00"), "2026-03-29T01:00:00Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-03-29T03:00:01"), "2026-03-29T01:00:01Z");
  EXPECT_EQ(Resolve("America/New_York", "2026-03-08T02:30:00"), "2026-03-08T07:00:00Z");
}

// semantics 13
TEST(ToInstant, ARepeatedTimeIsItsFirstOccurrence) {
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-10-25T01:59:59"), "2026-10-24T23:59:59Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-10-25T02:00:00"), "2026-10-25T00:00:00Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-10-25T02:59:59"), "2026-10-25T00:59:59Z");
  EXPECT_EQ(Resolve("Europe/Berlin", "2026-10-25T03:00:00"), "2026-10-25T02:00:00Z");
  EXPECT_EQ(Resolve("America/New_York", "2026-11-01T01:30:00"), "2026-11-01T05:30:00Z");
}

// semantics 13: half an hour, a whole day, across the date line
TEST(ToInstant, TransitionsOfUnusualSize) {
  EXPECT_EQ(Resolve("Australia/Lord_Howe", "2026-10-04T02:15:00"), "2026-10-03T15:30:00Z");
  EXPECT_EQ(Resolve("Australia/Lord_Howe", "2026-10-04T02:30:00"), "2026-10-03T15:30:00Z");
  EXPECT_EQ(Resolve("Australia/Lord_Howe", "2026-04-05T01:45:00"), "2026-04-04T14:45:00Z");
  EXPECT_EQ(Resolve("Australia/Lord_Howe", "2026-04-05T02:00:00"), "2026-04-04T15:30:00Z");
  EXPECT_EQ(Resolve("Pacific/Apia", "2011-12-29T23:59:59"), "2011-12-30T09:59:59Z");
  EXPECT_EQ(Resolve("Pacific/Apia", "2011-12-30T00:00:00"), "2011-12-30T10:00:00Z");
  EXPECT_EQ(Resolve("Pacific/Apia", "2011-12-30T09:00:00"), "2011-12-30T10:00:00Z");
  EXPECT_EQ(Resolve("Pacific/Apia", "2011-12-30T23:59:59"), "2011-12-30T10:00:00Z");
  EXPECT_EQ(Resolve("Pacific/Apia", "2011-12-31T09:00:00"), "2011-12-30T19:00:00Z");
  EXPECT_EQ(Resolve("Pacific/Kiritimati", "1994-12-31T12:00:00"), Resolve("Pacific/Kiritimati", "1995-01-01T00:00:00"));
  EXPECT_EQ(Resolve("America/Juneau", "1867-10-18T12:00:00"), "1867-10-17T20:57:41Z");  // the day Alaska lived twice
}

// semantics 13, at the microsecond: before the transition, in the gap or the repeated hour, after it
TEST(ToInstant, AnyTransitionOfAnyZone) {
  Instant at = Utc("2026-06-15T07:13:00.000001Z");
  constexpr int32_t kHalfDay = 12 * 3600;
  for (int32_t before : {-kHalfDay, -12600, 0, 1, 3600, kHalfDay, 167 * 3600, -167 * 3600}) {
    for (int32_t change : {-86400, -7200, -1, 1, 60, 1800, 3600, 86400}) {
      OneTransition zone(at, before, before + change);
      int64_t first = at.us + before * kSecond;
      int64_t second = first + change * kSecond;
      EXPECT_EQ(ToInstant(LocalTime{std::min(first, second) - 1}, zone).us, std::min(first, second) - 1 - before * kSecond);
      for (int64_t within : {std::min(first, second), (first + second) / 2, std::max(first, second) - 1}) {
        int64_t expected = change > 0 ? at.us : within - before * kSecond;
        EXPECT_EQ(ToInstant(LocalTime{within}, zone).us, expected) << before << " " << change;
      }
      EXPECT_EQ(ToInstant(LocalTime{std::max(first, second)}, zone).us, std::max(first, second) - (before + change) * kSecond);
    }
  }
}

// semantics 13 for every zone of this machine and every transition of ten years: a local time is met, or, in a gap, follows right
// after it; never earlier than an earlier local time; and a daily time comes once a day.
TEST(ToInstant, EveryZoneOfTheWorld) {
  Instant begin = Utc("2020-01-01T00:00:00Z");
  Instant end = Utc("2030-01-01T00:00:00Z");
  int zones = 0;
  int transitions = 0;
  for (const date::time_zone& each : date::get_tzdb().zones) {
    IanaZone zone(each);
    ++zones;
    for (Instant at = begin; at < end;) {
      int64_t before = zone.OffsetAt(at) * kSecond;
      auto until = std::chrono::duration_cast<std::chrono::seconds>(zone.InfoAt(at).end.time_since_epoch()).count();
      if (until > end.us / kSecond) break;
      at = Instant{until * kSecond};
      int64_t after = zone.OffsetAt(at) * kSecond;
      if (before == after) continue;  // only the name of the offset changes
      ++transitions;
      int64_t low = at.us + std::min(before, after);
      int64_t high = at.us + std::max(before, after);
      Instant last{kMin};
      for (int64_t local = low - kHour; local < high + kHour; local += 13 * kMinute) {
        int64_t expected =
            local < low || (local < high && after < before) ? local - before : (local < high ? at.us : local - after);
        Instant found = ToInstant(LocalTime{local}, zone);
        ASSERT_EQ(found.us, expected) << zone.name() << " " << FormatLocalTime(LocalTime{local});
        ASSERT_LE(last, found) << zone.name();
        last = found;
      }
      Date day = DateOf(LocalTime{low});
      ClockTime time{static_cast<int32_t>((low - At(day, {}).us) / kMinute)};
      Instant yesterday = ToInstant(At(Date{day.days - 1}, time), zone);
      Instant today = ToInstant(At(day, time), zone);
      Instant tomorrow = ToInstant(At(Date{day.days + 1}, time), zone);
      ASSERT_TRUE(yesterday < today && today < tomorrow) << zone.name() << " " << FormatDate(day);
    }
  }
  EXPECT_GT(zones, 300);
  EXPECT_GT(transitions, 1000);
}

// semantics 13
TEST(AddMonths, IsClampedToTheMonthsEnd) {
  auto added = [](std::string_view date, int64_t months) { return FormatDate(AddMonths(*ParseDate(date), months)); };
  EXPECT_EQ(added("2026-01-31", 1), "2026-02-28");
  EXPECT_EQ(added("2026-01-31", 2), "2026-03-31");  // anchored: from the first date, not from the clamped one
  EXPECT_EQ(added("2024-01-31", 1), "2024-02-29");
  EXPECT_EQ(added("2024-02-29", 12), "2025-02-28");
  EXPECT_EQ(added("2024-02-29", 48), "2028-02-29");
  EXPECT_EQ(added("2024-02-29", -12), "2023-02-28");
  EXPECT_EQ(added("2026-01-15", -1), "2025-12-15");
  EXPECT_EQ(added("2026-12-31", 2), "2027-02-28");
  EXPECT_EQ(added("0001-01-31", -1), "0001-12-31 BC");
}

// semantics 13: calendar part first, on the wall clock; the rest absolute
TEST(Add, CalendarUnitsKeepTheWallClockAndHoursDoNot) {
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-28T08:00:00Z", "1 day"), "2026-03-29T07:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-28T08:00:00Z", "24 hours"), "2026-03-29T08:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-28T01:30:00Z", "1 day"), "2026-03-29T01:00:00Z");   // 02:30 is skipped
  EXPECT_EQ(Added("Europe/Berlin", "2026-10-24T00:30:00Z", "1 day"), "2026-10-25T00:30:00Z");   // the first 02:30
  EXPECT_EQ(Added("Europe/Berlin", "2026-10-25T01:30:00Z", "0 days"), "2026-10-25T01:30:00Z");  // the second 02:30 stays
  EXPECT_EQ(Added("Europe/Berlin", "2026-10-25T00:30:00Z", "1 hour"), "2026-10-25T01:30:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-28T08:00:00Z", "1 day 1 hour"), "2026-03-29T08:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-01-31T11:00:00Z", "1 month 1 day"), "2026-03-01T11:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2024-02-29T11:00:00Z", "1 year"), "2025-02-28T11:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-30T10:00:00Z", "-1 month"), "2026-02-28T11:00:00Z");
  EXPECT_EQ(Added("Europe/Berlin", "2026-03-30T10:00:00Z", "-90 minutes"), "2026-03-30T08:30:00Z");
  EXPECT_EQ(Added("Pacific/Apia", "2011-12-29T20:00:00Z", "1 day"), "2011-12-30T10:00:00Z");  // 30 December never was
  EXPECT_EQ(Added("Asia/Kathmandu", "2026-01-01T18:20:00Z", "1 day"), "2026-01-02T18:20:00Z");
}

// The civil day is that of the zone, not of UTC (semantics 14).
TEST(AtClock, IsOnTheZonesOwnDay) {
  auto at = [](const std::string& zone, std::string_view instant, std::string_view time) {
    return FormatIso(AtClock(Utc(instant), *ParseClockTime(time), IanaZone(zone)));
  };
  EXPECT_EQ(at("Asia/Jakarta", "2026-01-31T20:00:00Z", "09:00"), "2026-02-01T02:00:00Z");
  EXPECT_EQ(at("America/Los_Angeles", "2026-01-31T05:00:00Z", "09:00"), "2026-01-30T17:00:00Z");
  EXPECT_EQ(at("Europe/Berlin", "2026-03-29T12:00:00Z", "02:30"), "2026-03-29T01:00:00Z");
}

TEST(Civil, ExtremesSaturateAndInfinityStays) {
  UtcZone utc;
  std::vector<int64_t> extremes = {kMin, kMin + 1, -1, 0, 1, kMax - 1, kMax};
  for (int64_t us : extremes) {
    for (int32_t offset : {std::numeric_limits<int32_t>::min(), -86400, 0, 86400, std::numeric_limits<int32_t>::max()}) {
      OneTransition zone(Instant{0}, offset, offset);
      EXPECT_EQ(iso::IsInfinite(ToLocal(Instant{us}, zone)), us == kMin || us == kMax);
      EXPECT_EQ(iso::IsInfinite(ToInstant(LocalTime{us}, zone)), us == kMin || us == kMax);
    }
    for (int64_t months : extremes) {
      for (int64_t days : extremes) {
        for (int64_t rest : extremes) {
          Instant sum = Add(Instant{us}, Duration{months, days, rest}, utc);
          EXPECT_EQ(iso::IsInfinite(sum), us == kMin || us == kMax);
        }
      }
    }
    EXPECT_EQ(iso::IsInfinite(AtClock(Instant{us}, ClockTime{1439}, utc)), us == kMin || us == kMax);
  }
  for (int32_t days : {std::numeric_limits<int32_t>::min() + 1, 0, std::numeric_limits<int32_t>::max() - 1}) {
    for (int64_t months : extremes) EXPECT_FALSE(iso::IsInfinite(AddMonths(Date{days}, months)));
    EXPECT_FALSE(iso::IsInfinite(At(Date{days}, ClockTime{1439})));
  }
  EXPECT_EQ(DateOf(LocalTime{kMax}).days, std::numeric_limits<int32_t>::max());
  EXPECT_EQ(At(Date{std::numeric_limits<int32_t>::min()}, ClockTime{}).us, kMin);
  EXPECT_EQ(FormatIso(Add(Utc("2026-01-01T00:00:00Z"), Duration{0, 0, kMax}, utc)), FormatIso(Add(Instant{kMax - 1}, {}, utc)));
}

}  // namespace
}  // namespace workflow
