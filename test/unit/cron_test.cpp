// Schedules of cron in the zones of the IANA data (definition: the trigger "schedule"; semantics 13).
#include "core/calendar/cron.h"

#include <gtest/gtest.h>

#include "core/calendar/civil.h"
#include "iana_zone.h"

namespace workflow {
namespace {

Cron Schedule(std::string_view text) {
  const Result<Cron> cron = ParseCron(text);
  EXPECT_TRUE(cron) << text << ": " << (cron ? "" : cron.failure().message);
  return cron ? *cron : Cron{};
}

std::string Refusal(std::string_view text) {
  const Result<Cron> cron = ParseCron(text);
  return cron ? "" : cron.failure().message;
}

Instant At(std::string_view text) { return ParseInstant(text).value(); }

// The next times, as the zone's wall clock shows them with its offset.
std::string Times(std::string_view schedule, std::string_view after, const std::string& zone_name, int count) {
  const Cron cron = Schedule(schedule);
  const IanaZone zone(zone_name);
  std::string times;
  Instant at = At(after);
  for (int i = 0; i < count; ++i) {
    const std::optional<Instant> next = NextTime(cron, at, zone);
    if (!next) return times + "none";
    at = *next;
    times += (i > 0 ? " " : "") + FormatLocalTime(ToLocal(at, zone)).substr(0, 16) + "/" + std::to_string(zone.OffsetAt(at) / 3600);
  }
  return times;
}

TEST(Cron, ReadsFields) {
  EXPECT_EQ(Schedule("0 9 * * 1").minutes, 1u);
  EXPECT_EQ(Schedule("0 9 * * 1").hours, 1u << 9);
  EXPECT_EQ(Schedule("0 9 * * 1").weekdays, 2);
  EXPECT_EQ(Schedule("0 0 * * 0"), Schedule("0 0 * * 7"));
  EXPECT_EQ(Schedule("0 0 * * 0"), Schedule("0 0 * * SUN"));
  EXPECT_EQ(Schedule("0 0 * * mon-FRI"), Schedule("0 0 * * 1-5"));
  EXPECT_EQ(Schedule("0 0 * * fri-sun"), Schedule("0 0 * * 5,6,0"));
  EXPECT_EQ(Schedule("0 0 1 jan,Jul *"), Schedule("0 0 1 1,7 *"));
  EXPECT_EQ(Schedule("*/20 8-18/5 * * *").minutes, 1u | 1u << 20 | uint64_t{1} << 40);
  EXPECT_EQ(Schedule("*/20 8-18/5 * * *").hours, 1u << 8 | 1u << 13 | 1u << 18);
  EXPECT_EQ(Schedule("50/5 * * * *").minutes, uint64_t{1} << 50 | uint64_t{1} << 55);
  EXPECT_EQ(Schedule("5,10-12,55 * * * *").minutes, 1u << 5 | 7u << 10 | uint64_t{1} << 55);
  EXPECT_EQ(Schedule("  0\t9  * * 1 "), Schedule("0 9 * * 1"));
  EXPECT_EQ(Schedule("@daily"), Schedule("0 0 * * *"));
  EXPECT_EQ(Schedule("@Weekly"), Schedule("0 0 * * sun"));
}

TEST(Cron, RefusesWhatIsNone) {
  EXPECT_EQ(Refusal(""), "a schedule has five fields, not 0");
  EXPECT_EQ(Refusal("0 9 * *"), "a schedule has five fields, not 4");
  EXPECT_EQ(Refusal("0 0 9 * * 1"), "a schedule has five fields, not 6");
  EXPECT_EQ(Refusal("60 9 * * 1"), "\"60\" is no minute of a schedule");
  EXPECT_EQ(Refusal("0 24 * * 1"), "\"24\" is no hour of a schedule");
  EXPECT_EQ(Refusal("0 0 0 * *"), "\"0\" is no day of the month of a schedule");
  EXPECT_EQ(Refusal("0 0 * 13 *"), "\"13\" is no month of a schedule");
  EXPECT_EQ(Refusal("0 0 * * 8"), "\"8\" is no day of the week of a schedule");
  EXPECT_EQ(Refusal("0 0 * * moon"), "\"moon\" is no day of the week of a schedule");
  EXPECT_EQ(Refusal("0 0 * sun *"), "\"sun\" is no month of a schedule");
  EXPECT_EQ(Refusal("30-10 * * * *"), "\"30-10\" is a range that ends before it begins");
  for (const char* text : {"*/0 * * * *", "1,,2 * * * *", "1- * * * *", "-1 * * * *", "*/ * * * *", "1/2/3 * * * *", "1-2-3 * * * *", "? * * * *", "L * * * *",
                           "+1 * * * *", "1.5 * * * *", "00001 * * * *", "* * * * 1#2", "@reboot x y z w"}) {
    EXPECT_FALSE(ParseCron(text)) << text;
  }
  EXPECT_EQ(Refusal("0 0 30 2 *"), "no day of any year fits the schedule");
  EXPECT_EQ(Refusal("0 0 31 4,6,9,11 *"), "no day of any year fits the schedule");
}

TEST(Cron, TakesTheNextTime) {
  EXPECT_EQ(Times("0 9 * * 1", "2026-05-04T08:59:59Z", "UTC", 2), "2026-05-04T09:00/0 2026-05-11T09:00/0");
  EXPECT_EQ(Times("0 9 * * 1", "2026-05-04T09:00:00Z", "UTC", 1), "2026-05-11T09:00/0");
  EXPECT_EQ(Times("0 9 * * 1", "2026-05-03T20:00:00Z", "Pacific/Kiritimati", 1), "2026-05-11T09:00/14");
  EXPECT_EQ(Times("0 9 * * 1", "2026-05-03T18:00:00Z", "Pacific/Kiritimati", 1), "2026-05-04T09:00/14");
  EXPECT_EQ(Times("15,45 0 31 * *", "2026-01-31T00:15:00Z", "UTC", 2), "2026-01-31T00:45/0 2026-03-31T00:15/0");
  EXPECT_EQ(Times("0 0 29 2 *", "2026-01-01T00:00:00Z", "UTC", 2), "2028-02-29T00:00/0 2032-02-29T00:00/0");
  EXPECT_EQ(Times("0 0 29 2 *", "2097-01-01T00:00:00Z", "UTC", 1), "2104-02-29T00:00/0");
  EXPECT_EQ(Times("0 0 * * *", "1965-03-01T12:00:00Z", "UTC", 1), "1965-03-02T00:00/0");
}

// cron's own rule: two restricted fields of days are joined by "or", and a field that begins with a star restricts nothing.
TEST(Cron, JoinsTheFieldsOfDays) {
  EXPECT_EQ(Times("0 0 13 * fri", "2026-02-01T00:00:00Z", "UTC", 4), "2026-02-06T00:00/0 2026-02-13T00:00/0 2026-02-20T00:00/0 2026-02-27T00:00/0");
  EXPECT_EQ(Times("0 0 13 * fri", "2026-02-27T00:00:00Z", "UTC", 3), "2026-03-06T00:00/0 2026-03-13T00:00/0 2026-03-20T00:00/0");
  EXPECT_EQ(Times("0 0 13 * mon", "2026-02-09T00:00:00Z", "UTC", 2), "2026-02-13T00:00/0 2026-02-16T00:00/0");
  EXPECT_EQ(Times("0 0 */2 * mon", "2026-05-01T00:00:00Z", "UTC", 2), "2026-05-11T00:00/0 2026-05-25T00:00/0");
}

TEST(Cron, TakesSkippedTimesRightAfterTheGapAndRepeatedOnesOnce) {
  EXPECT_EQ(Times("30 2 * * *", "2025-03-29T00:00:00Z", "Europe/Paris", 3), "2025-03-29T02:30/1 2025-03-30T03:00/2 2025-03-31T02:30/2");
  EXPECT_EQ(Times("30 2 * * *", "2025-10-25T12:00:00Z", "Europe/Paris", 2), "2025-10-26T02:30/2 2025-10-27T02:30/1");
  // What falls together is one: 02:00, 02:30 and 03:00.
  EXPECT_EQ(Times("*/30 * * * *", "2025-03-30T00:30:00Z", "Europe/Paris", 2), "2025-03-30T03:00/2 2025-03-30T03:30/2");
  EXPECT_EQ(Times("0 * * * *", "2025-10-25T23:30:00Z", "Europe/Paris", 3), "2025-10-26T02:00/2 2025-10-26T03:00/1 2025-10-26T04:00/1");
  // A day that does not exist: Samoa crossed the date line at the end of 29 December 2011.
  EXPECT_EQ(Times("0 9 * * *", "2011-12-29T12:00:00Z", "Pacific/Apia", 3), "2011-12-29T09:00/-10 2011-12-31T00:00/14 2011-12-31T09:00/14");
}

TEST(Cron, FindsTheLastTimeOfASpan) {
  const UtcZone utc;
  const Cron daily = Schedule("0 9 * * *");
  EXPECT_EQ(LastTime(daily, At("2026-05-01T09:00:00Z"), At("2026-05-04T08:59:59Z"), utc), At("2026-05-03T09:00:00Z"));
  EXPECT_EQ(LastTime(daily, At("2026-05-01T08:59:59Z"), At("2026-05-01T09:00:00Z"), utc), At("2026-05-01T09:00:00Z"));
  EXPECT_FALSE(LastTime(daily, At("2026-05-01T09:00:00Z"), At("2026-05-02T08:59:59Z"), utc));
}

}  // namespace
}  // namespace workflow
