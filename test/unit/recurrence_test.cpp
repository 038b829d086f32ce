// Days that come again (definition: the trigger "date"; semantics 13, 16; C36, C37).
#include "core/calendar/recurrence.h"

#include <gtest/gtest.h>

#include "core/base/iso.h"
#include "iana_zone.h"

namespace workflow {
namespace {

Recurrence Rule(Every every, const char* offset = "0 days", const char* at = "09:00") {
  return {.every = every, .offset = *ParseDuration(offset), .at = at == nullptr ? std::nullopt : ParseClockTime(at)};
}

Value Day(std::string_view text) { return Value(ParseDate(text).value()); }

// Every occurrence in a span, by asking about it hour by hour, as rounds do.
std::string All(const Recurrence& rule, const Value& value, std::string_view from, std::string_view until, const std::string& zone_name = "UTC") {
  const IanaZone zone(zone_name);
  std::string all;
  const Instant end = ParseInstant(until).value();
  for (Instant at = ParseInstant(from).value(); at < end; at.us += kHour) {
    const auto found = LastOccurrence(rule, value, at, Instant{at.us + kHour}, zone);
    if (found) all += (all.empty() ? "" : " ") + FormatLocalTime(ToLocal(found->at, zone)).substr(0, 16) + "=" + FormatDate(found->date);
  }
  return all;
}

TEST(Recurrence, ComesEachYear) {
  EXPECT_EQ(All(Rule(Every::kYear, "-3 days"), Day("1990-05-13"), "2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
            "2025-05-10T09:00=2025-05-13 2026-05-10T09:00=2026-05-13");
  EXPECT_EQ(All(Rule(Every::kYear), Day("2026-05-13"), "2025-01-01T00:00:00Z", "2028-01-01T00:00:00Z"), "2026-05-13T09:00=2026-05-13 2027-05-13T09:00=2027-05-13");
  EXPECT_EQ(All(Rule(Every::kYear, "-5 days"), Day("1990-01-03"), "2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z"), "2025-12-29T09:00=2026-01-03");
}

TEST(Recurrence, TakesTheTwentyNinthOfFebruaryAsTheTwentyEighth) {
  EXPECT_EQ(All(Rule(Every::kYear), Day("2000-02-29"), "2026-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
            "2026-02-28T09:00=2026-02-28 2027-02-28T09:00=2027-02-28 2028-02-29T09:00=2028-02-29");
  EXPECT_EQ(All(Rule(Every::kYear, "1 day"), Day("2000-02-29"), "2027-01-01T00:00:00Z", "2029-01-01T00:00:00Z"),
            "2027-03-01T09:00=2027-02-28 2028-03-01T09:00=2028-02-29");
}

TEST(Recurrence, KeepsTheEndOfTheMonth) {
  EXPECT_EQ(All(Rule(Every::kMonth), Day("2025-12-31"), "2026-01-01T00:00:00Z", "2026-05-15T00:00:00Z"),
            "2026-01-31T09:00=2026-01-31 2026-02-28T09:00=2026-02-28 2026-03-31T09:00=2026-03-31 2026-04-30T09:00=2026-04-30");
  EXPECT_EQ(All(Rule(Every::kMonth, "-1 month"), Day("2025-12-31"), "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"),
            "2026-01-28T09:00=2026-02-28 2026-02-28T09:00=2026-03-31 2026-03-30T09:00=2026-04-30");
}

TEST(Recurrence, ComesEachWeekOrOnce) {
  EXPECT_EQ(All(Rule(Every::kWeek), Day("2026-05-13"), "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"),
            "2026-05-13T09:00=2026-05-13 2026-05-20T09:00=2026-05-20 2026-05-27T09:00=2026-05-27");
  EXPECT_EQ(All(Rule(Every::kOnce, "2 days"), Day("2026-05-13"), "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z"), "2026-05-15T09:00=2026-05-13");
}

TEST(Recurrence, GoesByTheClockOfTheZone) {
  EXPECT_EQ(All(Rule(Every::kYear, "0 days", "02:30"), Day("1990-03-30"), "2025-03-01T00:00:00Z", "2025-04-05T00:00:00Z", "Europe/Paris"), "2025-03-30T03:00=2025-03-30");
  EXPECT_EQ(All(Rule(Every::kYear, "0 days", "02:30"), Day("1990-10-26"), "2025-10-01T00:00:00Z", "2025-11-05T00:00:00Z", "Europe/Paris"), "2025-10-26T02:30=2025-10-26");
  const auto tokyo = LastOccurrence(Rule(Every::kYear), Day("1990-05-13"), {0}, ParseInstant("2026-05-13T00:00:00Z").value(), IanaZone("Asia/Tokyo"));
  ASSERT_TRUE(tokyo);
  EXPECT_EQ(FormatIso(tokyo->at), "2026-05-13T00:00:00Z");
}

TEST(Recurrence, TakesTheTimeOfTheValueWhereNoneIsStated) {
  const Value meeting(ParseInstant("2026-05-13T14:30:00Z").value());
  EXPECT_EQ(All(Rule(Every::kOnce, "-2 hours", nullptr), meeting, "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"), "2026-05-13T12:30=2026-05-13");
  EXPECT_EQ(All(Rule(Every::kOnce, "-1 day", "18:00"), meeting, "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"), "2026-05-12T18:00=2026-05-13");
  EXPECT_EQ(All(Rule(Every::kOnce, "-90 minutes", nullptr), Day("2026-05-13"), "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"), "2026-05-12T22:30=2026-05-13");
  EXPECT_EQ(All(Rule(Every::kYear), Value(std::string("1990-05-13")), "2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"), "2026-05-13T09:00=2026-05-13");
}

TEST(Recurrence, IsNothingWithoutADate) {
  const UtcZone utc;
  const Instant now = ParseInstant("2026-05-13T14:30:00Z").value();
  for (const Value& value : {Value(), Value(std::string("soon")), Value(int64_t{7}), Value(Date{std::numeric_limits<int32_t>::max()})}) {
    EXPECT_FALSE(LastOccurrence(Rule(Every::kYear), value, {0}, now, utc));
  }
  EXPECT_FALSE(LastOccurrence(Rule(Every::kYear), Day("2026-05-14"), {0}, now, utc)) << "it lies ahead";
}

// However far apart rounds are, and wherever they cut, each occurrence is found once.
TEST(Recurrence, ComesOnceHoweverTimeIsCut) {
  const IanaZone zone("America/New_York");
  const Instant from = ParseInstant("2024-01-01T00:00:00Z").value(), end = ParseInstant("2028-01-01T00:00:00Z").value();
  for (const char* offset : {"0 days", "-3 days", "1 month", "-1 month -1 day", "36 hours"}) {
    for (const char* day : {"2000-02-29", "1999-12-31", "2024-03-10", "2024-11-03"}) {
      const Recurrence rule = Rule(Every::kMonth, offset, "01:30");
      std::vector<Date> seen;
      int64_t step = kMinute;
      for (Instant at = from; at < end; at.us += step) {
        step = step * 7919 % (29 * kDay - 1) + 1;
        // A month's occurrences are 28 days apart at least.
        step = std::min(step, 27 * kDay);
        const auto found = LastOccurrence(rule, Day(day), at, Instant{at.us + step}, zone);
        if (found) seen.push_back(found->date);
      }
      ASSERT_GT(seen.size(), 30u);
      for (size_t i = 1; i < seen.size(); ++i) {
        const auto a = iso::CivilFromDays(seen[i - 1].days), b = iso::CivilFromDays(seen[i].days);
        EXPECT_EQ((b.year - a.year) * 12 + b.month - a.month, 1) << day << ' ' << offset << ' ' << FormatDate(seen[i]);
      }
    }
  }
}

// What a table is searched by leaves nobody out.
TEST(Recurrence, SearchesEnoughDays) {
  const std::vector<const Zone*>& zones = OffsetsOfTheWorld();
  for (const char* offset : {"0 days", "-3 days", "1 month", "-2 months 5 days", "36 hours", "-30 hours"}) {
    const Recurrence rule = Rule(Every::kMonth, offset, nullptr);
    for (Instant at = ParseInstant("2025-12-20T05:17:00Z").value(); at.us < ParseInstant("2026-04-05T00:00:00Z")->us; at.us += 5 * kHour) {
      const Instant until{at.us + 5 * kHour};
      const DayRange days = DaysInReach(rule, at, until);
      for (const Zone* zone : {zones.front(), zones[12], zones[26]}) {
        for (int32_t day = 28; day <= 31; ++day) {
          const auto found = LastOccurrence(rule, Value(Date{ParseDate("2025-01-01")->days + day - 1}), at, until, *zone);
          if (!found) continue;
          EXPECT_TRUE(days.from <= found->date && found->date <= days.to) << offset << ' ' << FormatIso(found->at);
        }
      }
    }
  }
}

TEST(Recurrence, IsLookedForWhenItMayCome) {
  const Instant after = ParseInstant("2026-05-13T06:00:00Z").value();
  const IanaZone paris("Europe/Paris"), lima("America/Lima");
  EXPECT_EQ(FormatIso(*NextLook(Rule(Every::kYear), after, {&paris})), "2026-05-13T07:00:00Z");
  EXPECT_EQ(FormatIso(*NextLook(Rule(Every::kYear), after, {&lima, &paris})), "2026-05-13T07:00:00Z");
  EXPECT_EQ(FormatIso(*NextLook(Rule(Every::kYear), after, {&lima})), "2026-05-13T14:00:00Z");
  EXPECT_EQ(FormatIso(*NextLook(Rule(Every::kYear, "-90 minutes", nullptr), after, {&paris})), "2026-05-13T20:30:00Z");
  Recurrence timed = Rule(Every::kOnce, "-2 hours", nullptr);
  timed.timed = true;
  EXPECT_EQ(FormatIso(*NextLook(timed, Instant{after.us + 1}, {&paris})), "2026-05-13T06:01:00Z");
  EXPECT_EQ(FormatIso(*NextLook(*ParseCron("0 9 * * *"), after, OffsetsOfTheWorld())), "2026-05-13T07:00:00Z");
  EXPECT_EQ(FormatIso(*NextLook(*ParseCron("0 9 * * *"), ParseInstant("2026-05-13T03:00:00Z").value(), OffsetsOfTheWorld())), "2026-05-13T03:15:00Z");
}

// semantics 13: right after the gap, also where it is not known whose gap it is.
TEST(Recurrence, Semantics13_IsLookedForAtTheEndOfAGap) {
  const std::pair<const char*, const char*> gaps[] = {
      {"02:30", "2026-03-29T01:00:00Z"},   // Europe/Paris
      {"02:10", "2026-03-08T07:00:00Z"},   // America/New_York
      {"02:15", "2026-10-03T15:30:00Z"},   // Australia/Lord_Howe, half an hour
      {"00:00", "2026-03-08T05:00:00Z"}};  // America/Havana
  for (const auto& [time, end] : gaps) {
    Recurrence rule = Rule(Every::kYear, "0 days", nullptr);
    rule.at = ParseClockTime(time);
    const Cron cron = *ParseCron(std::string(time).substr(3) + " " + std::string(time).substr(0, 2) + " * * *");
    const Instant before{ParseInstant(end)->us - 1};
    EXPECT_EQ(FormatIso(*NextLook(rule, before, OffsetsOfTheWorld())), end) << time;
    EXPECT_EQ(FormatIso(*NextLook(cron, before, OffsetsOfTheWorld())), end) << time;
  }
  // By day no clock changes, and a zone that is known is asked itself.
  Recurrence rule = Rule(Every::kYear);
  int looks = 0;
  for (Instant at = ParseInstant("2026-03-28T12:00:00Z").value(); at.us <= ParseInstant("2026-03-29T12:00:00Z")->us; ++looks) at = *NextLook(rule, at, OffsetsOfTheWorld());
  EXPECT_LE(looks, 42);
  rule.at = ParseClockTime("02:30");
  const IanaZone paris("Europe/Paris");
  EXPECT_EQ(FormatIso(*NextLook(rule, ParseInstant("2026-03-28T12:00:00Z").value(), {&paris})), "2026-03-29T01:00:00Z");
  EXPECT_EQ(FormatIso(*NextLook(rule, ParseInstant("2026-03-29T12:00:00Z").value(), {&paris})), "2026-03-30T00:30:00Z");
}

}  // namespace
}  // namespace workflow
