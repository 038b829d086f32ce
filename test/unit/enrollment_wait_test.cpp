#include <gtest/gtest.h>

#include <limits>

#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;

std::string DueAfter(const Zone& zone, std::string_view event, Step wait) {
  Journey journey(Chain({std::move(wait), Send("x")}), zone);
  journey.Start(In(zone, event));
  EXPECT_EQ(journey.state.phase, Phase::kWaiting);
  return journey.due();
}

// semantics 13, C26, D20: days, weeks and months keep the time of day over a change of the clocks; hours do not.
TEST(EnrollmentWait, Semantics13_C26_D20_DaysAreCivilAndHoursAbsolute) {
  const IanaZone paris("Europe/Paris");
  EXPECT_EQ(DueAfter(paris, "2025-03-28T10:30:00", WaitFor("w", {.days = 3})), "2025-03-31T10:30:00");
  EXPECT_EQ(DueAfter(paris, "2025-03-28T10:30:00", WaitFor("w", {.us = 72 * kHour})), "2025-03-31T11:30:00");
  EXPECT_EQ(DueAfter(paris, "2025-10-24T10:30:00", WaitFor("w", {.days = 7})), "2025-10-31T10:30:00");
  EXPECT_EQ(DueAfter(paris, "2025-10-24T10:30:00", WaitFor("w", {.us = 168 * kHour})), "2025-10-31T09:30:00");
  EXPECT_EQ(DueAfter(paris, "2025-01-31T10:30:00", WaitFor("w", {.months = 1})), "2025-02-28T10:30:00");
}

// semantics 13: a local time that the spring change skips is right after the gap; a repeated one is its first occurrence.
TEST(EnrollmentWait, Semantics13_SkippedAndRepeatedTimesHappenOnce) {
  const IanaZone paris("Europe/Paris");
  Journey spring(Chain({WaitFor("w", {.days = 1}, "02:30")}), paris);
  spring.Start(In(paris, "2025-03-29T12:00:00"));
  EXPECT_EQ(*spring.state.due, Utc("2025-03-30T01:00:00Z"));

  Journey autumn(Chain({UntilTime("w", "02:30"), UntilTime("again", "02:30")}), paris);
  autumn.Start(In(paris, "2025-10-25T12:00:00"));
  EXPECT_EQ(*autumn.state.due, Utc("2025-10-26T00:30:00Z"));
  autumn.Fire(Utc("2025-10-26T00:30:01Z"));
  EXPECT_EQ(*autumn.state.due, Utc("2025-10-27T01:30:00Z")) << "not once more an hour later";
}

// semantics 14, E10, E12, G2: day 0 at 09:00. At 08:59 it waits for a minute; at 09:01 it is past, and goes on at once.
TEST(EnrollmentWait, Semantics14_E10_E12_DayZeroAtNineInFourZones) {
  for (const char* name : {"Asia/Jakarta", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"}) {
    const IanaZone zone(name);
    Journey before(Chain({WaitFor("w", {.days = 0}, "09:00"), Send("x")}), zone);
    before.Start(In(zone, "2025-06-02T08:59:00"));
    EXPECT_EQ(before.due(), "2025-06-02T09:00:00") << name;
    EXPECT_EQ(*before.state.due, Plus(In(zone, "2025-06-02T08:59:00"), kMinute)) << name;

    Journey after(Chain({WaitFor("w", {.days = 0}, "09:00"), Send("x")}), zone);
    after.Start(In(zone, "2025-06-02T09:01:00"));
    EXPECT_EQ(after.words, (Words{"late", "sent", "ended"})) << name;
  }
}

// E10, E12: 1 is the next day of the calendar and not 24 hours later, early or late in the day.
TEST(EnrollmentWait, E10_E12_DaysAfterTheActionAtAClockTime) {
  for (const char* name : {"Asia/Jakarta", "America/New_York", "Pacific/Kiritimati"}) {
    const IanaZone zone(name);
    EXPECT_EQ(DueAfter(zone, "2025-06-02T00:00:00", WaitFor("w", {.days = 1}, "09:00")), "2025-06-03T09:00:00");
    EXPECT_EQ(DueAfter(zone, "2025-06-02T23:59:59", WaitFor("w", {.days = 1}, "09:00")), "2025-06-03T09:00:00");
    EXPECT_EQ(DueAfter(zone, "2025-06-02T23:59:59", WaitFor("w", {.days = 30}, "08:15")), "2025-07-02T08:15:00");
  }
}

// semantics 13, C26: every Monday at 09:00 in Paris, over both changes of 2025.
TEST(EnrollmentWait, Semantics13_C26_MondayAtNineOverBothChangesOf2025) {
  const IanaZone paris("Europe/Paris");
  for (const auto& [first, utc] :
       {std::pair{"2025-03-17T09:00:00", std::vector{8, 8, 7, 7}}, std::pair{"2025-10-13T09:00:00", std::vector{7, 7, 8, 8}}}) {
    const Step week = WaitFor("week", {.days = 7}, "09:00");
    Journey journey(Chain({Send("a"), week, Send("b"), week, Send("c"), week, Send("d")}), paris);
    journey.Start(In(paris, first));
    // The worker is some seconds behind, which must not add up.
    while (journey.state.due) journey.Fire(Plus(*journey.state.due, 40 * kSecond));
    ASSERT_EQ(journey.sent.size(), 4u);
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(Weekday(DateOf(ToLocal(journey.sent[i].due_at, paris))), 0);
      EXPECT_EQ(Shown(journey.sent[i].due_at, paris).substr(10), "T09:00:00");
      EXPECT_EQ(Shown(journey.sent[i].due_at, kUtc).substr(11, 2), "0" + std::to_string(utc[i]));
    }
  }
}

// The next occurrence of the clock time: today while it is ahead, else tomorrow.
TEST(EnrollmentWait, UntilTimeIsTodayOrTomorrow) {
  const IanaZone tokyo("Asia/Tokyo");
  EXPECT_EQ(DueAfter(tokyo, "2025-06-02T08:59:59", UntilTime("w", "09:00")), "2025-06-02T09:00:00");
  EXPECT_EQ(DueAfter(tokyo, "2025-06-02T09:00:01", UntilTime("w", "09:00")), "2025-06-03T09:00:00");
  Journey sharp(Chain({UntilTime("w", "09:00"), Send("x")}), tokyo);
  sharp.Start(In(tokyo, "2025-06-02T09:00:00"));
  EXPECT_EQ(sharp.words, (Words{"sent", "ended"})) << "what is due this instant is not late";
}

// semantics 15: the next duration counts from the instant at which the enrollment really went on.
TEST(EnrollmentWait, Semantics15_TheNextWaitCountsFromTheEndOfTheLast) {
  Journey journey(Chain({WaitFor("a", {.us = kHour}), WaitFor("b", {.us = kHour})}), kUtc);
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  journey.Fire(Utc("2025-06-02T13:05:00Z"));
  EXPECT_EQ(*journey.state.due, Utc("2025-06-02T14:05:00Z"));
}

struct DateCase {
  const char* name;
  Value value;
  Duration offset;
  const char* at;
  const char* due;
};

// G4, E11: the wait goes by the record's own date. Offsets are civil, a date without clock time is its first instant.
TEST(EnrollmentWait, G4_AnOffsetToADateOfTheRecordIsCivil) {
  const IanaZone york("America/New_York");  // clocks change on 2025-11-02
  const Value instant(Utc("2025-11-05T15:00:00Z"));
  const Value date(*ParseDate("2025-11-05"));
  const Value local(*ParseLocalTime("2025-11-05T10:00:00"));
  const DateCase cases[] = {
      {"instant", instant, {}, "", "2025-11-05T10:00:00"},
      {"days before an instant", instant, {.days = -7}, "", "2025-10-29T10:00:00"},
      {"hours before an instant", instant, {.us = -7 * kDay}, "", "2025-10-29T11:00:00"},
      {"at replaces the time of day", instant, {.days = -7}, "09:00", "2025-10-29T09:00:00"},
      {"date", date, {}, "", "2025-11-05T00:00:00"},
      {"date at", date, {.days = -7}, "09:00", "2025-10-29T09:00:00"},
      {"month before a date", date, {.months = -1}, "", "2025-10-05T00:00:00"},
      {"local", local, {.days = 1}, "", "2025-11-06T10:00:00"},
      {"text in json that is a date", Value(std::string("2025-11-05")), {}, "09:00", "2025-11-05T09:00:00"},
      {"text in json that is an instant", Value(std::string("2025-11-05T15:00:00Z")), {}, "", "2025-11-05T10:00:00"},
  };
  for (const DateCase& one : cases) {
    Journey journey(Chain({UntilDate("w", 0, one.offset, one.at), Send("x")}), york);
    journey.values = {one.value};
    journey.Start(In(york, "2025-09-01T12:00:00"));
    EXPECT_EQ(journey.due(), one.due) << one.name;
  }
}

// semantics 13: where midnight is skipped, the day begins an hour later; an offset goes by the calendar, not by that hour.
TEST(EnrollmentWait, Semantics13_ADateWhoseMidnightIsSkipped) {
  const IanaZone cairo("Africa/Cairo");  // 2025-04-25 begins at 01:00
  Journey journey(Chain({UntilDate("w", 0), Send("x")}), cairo);
  journey.values = {Value(*ParseDate("2025-04-25"))};
  journey.Start(In(cairo, "2025-04-01T12:00:00"));
  EXPECT_EQ(journey.due(), "2025-04-25T01:00:00");

  Journey before(Chain({UntilDate("w", 0, {.days = -1}), Send("x")}), cairo);
  before.values = journey.values;
  before.Start(In(cairo, "2025-04-01T12:00:00"));
  EXPECT_EQ(before.due(), "2025-04-24T00:00:00");
}

// semantics 16, G4: no date: by on_null. Infinity and what is no date are none either.
TEST(EnrollmentWait, Semantics16_G4_NoDateEndsByOnNull) {
  const Value values[] = {Value(),
                          Value(Instant{std::numeric_limits<int64_t>::max()}),
                          Value(LocalTime{std::numeric_limits<int64_t>::min()}),
                          Value(Date{std::numeric_limits<int32_t>::max()}),
                          Value(std::string("soon")),
                          Value(true)};
  for (const Value& value : values) {
    for (const OnNull on_null : {OnNull::kExit, OnNull::kContinue}) {
      Step step = UntilDate("w", 0);
      std::get<WaitStep>(step.body).on_null = on_null;
      Journey journey(Chain({step, Send("x")}), kUtc);
      journey.values = {value};
      journey.Start(Utc("2025-06-02T12:00:00Z"));
      EXPECT_EQ(journey.reason(), on_null == OnNull::kExit ? "condition" : "completed");
      EXPECT_EQ(journey.sent.size(), on_null == OnNull::kExit ? 0u : 1u);
    }
  }
  Journey unknown(Chain({UntilDate("w", 3), Send("x")}), kUtc);
  unknown.Start(Utc("2025-06-02T12:00:00Z"));
  EXPECT_EQ(unknown.details.back(), "condition: on_null") << "a field nobody gave";
}

class EnrollmentDate : public ::testing::Test {
 protected:
  EnrollmentDate() : journey_(Chain({UntilDate("w", 0, {}, "09:00"), Send("x")}), kUtc) {
    journey_.values = {Value(*ParseDate("2025-06-20"))};
    journey_.Start(now_);
  }
  void MoveTo(const char* date) { journey_.values = {date == nullptr ? Value() : Value(*ParseDate(date))}; }

  const Instant now_ = Utc("2025-06-02T12:00:00Z");
  Journey journey_;
};

// semantics 16, G4: the field changes, the time moves, later and earlier; the timer set before is stale.
TEST_F(EnrollmentDate, Semantics16_G4_TheWaitFollowsTheRecord) {
  const int32_t old_timer = journey_.state.timer;
  MoveTo("2025-07-01");
  journey_.Change(now_);
  EXPECT_EQ(journey_.due(), "2025-07-01T09:00:00");
  journey_.Give({.kind = InputKind::kTimer, .timer = old_timer}, Utc("2025-06-20T09:00:00Z"));
  EXPECT_EQ(journey_.state.phase, Phase::kWaiting);
  MoveTo("2025-06-05");
  journey_.Change(now_);
  EXPECT_EQ(journey_.due(), "2025-06-05T09:00:00");
  journey_.RunTo(Utc("2025-06-05T09:00:00Z"));
  EXPECT_EQ(journey_.sent.size(), 1u);
}

// semantics 16, G4: emptied: on_null. The record gone: record_deleted.
TEST_F(EnrollmentDate, Semantics16_G4_AnEmptiedDateCancels) {
  MoveTo(nullptr);
  journey_.Change(now_);
  EXPECT_EQ(journey_.details.back(), "condition: on_null");
  EXPECT_TRUE(journey_.sent.empty());
}

// semantics 16, G4: changed to a time that is past: if_past.
TEST_F(EnrollmentDate, Semantics16_G4_ADateMovedToThePastObeysIfPast) {
  MoveTo("2025-06-02");
  journey_.Change(now_);
  EXPECT_EQ(journey_.words, (Words{"waiting", "late", "sent", "ended"}));
}

TEST_F(EnrollmentDate, AChangeOfSomethingElseSetsNoNewTimer) {
  const int32_t timer = journey_.state.timer;
  journey_.Change(now_);
  EXPECT_EQ(journey_.state.timer, timer);
  EXPECT_EQ(journey_.words, (Words{"waiting"}));
  // Nor does it make lateness of a worker into lateness of the record: the timer is on its way.
  journey_.Change(Utc("2025-06-25T09:00:00Z"));
  EXPECT_EQ(journey_.state.timer, timer);
  journey_.Fire(Utc("2025-06-25T09:00:00Z"));
  EXPECT_EQ(journey_.sent.size(), 1u);
}

// semantics 16: the date is read once more when the timer is due, because the change may not have been looked at yet.
TEST_F(EnrollmentDate, Semantics16_TheTimerReadsTheDateOnceMore) {
  MoveTo("2025-06-25");
  journey_.Fire(Utc("2025-06-20T09:00:00Z"));
  EXPECT_EQ(journey_.due(), "2025-06-25T09:00:00");
  MoveTo(nullptr);
  journey_.Fire(Utc("2025-06-25T09:00:00Z"));
  EXPECT_EQ(journey_.reason(), "condition");
}

// A timer that comes before its time is set once more and ends nothing.
TEST_F(EnrollmentDate, ATimerThatComesEarlyEndsNothing) {
  const int32_t timer = journey_.state.timer;
  journey_.Fire(Utc("2025-06-19T09:00:00Z"));
  EXPECT_EQ(journey_.state.phase, Phase::kWaiting);
  EXPECT_EQ(journey_.due(), "2025-06-20T09:00:00");
  EXPECT_EQ(journey_.state.timer, timer + 1);
}

}  // namespace
}  // namespace workflow::journey
