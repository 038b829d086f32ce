#include <gtest/gtest.h>

#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kTenPast = Utc("2025-06-02T09:10:00Z");

PastRule Rule(IfPast policy) { return {.policy = policy}; }

// Day 0 at 09:00, entered at ten past nine, then a message, and a second pair a day later.
Program TwoMessages(PastRule rule) {
  return Chain({WaitFor("first", {.days = 0}, "09:00", rule), Send("a"), WaitFor("second", {.days = 1}, "09:00"), Send("b")});
}

// semantics 14, G2: continue sends at once and says that it is late; the next wait counts from there.
TEST(EnrollmentPast, Semantics14_G2_ContinueGoesOnAtOnce) {
  Journey journey(TwoMessages(Rule(IfPast::kContinue)), kUtc);
  journey.Start(kTenPast);
  EXPECT_EQ(journey.words, (Words{"late", "sent", "waiting"}));
  EXPECT_EQ(journey.details.front(), "was due 2025-06-02T09:00:00Z");
  EXPECT_EQ(journey.due(), "2025-06-03T09:00:00");
  EXPECT_EQ(journey.sent[0].due_at, kTenPast);
}

// semantics 14, G2: next_day is the same clock time on the first civil day after today.
TEST(EnrollmentPast, Semantics14_G2_NextDayIsTheSameClockTimeTomorrow) {
  const IanaZone paris("Europe/Paris");
  Journey journey(TwoMessages(Rule(IfPast::kNextDay)), paris);
  journey.Start(In(paris, "2025-10-25T09:10:00"));  // the clocks change in the night
  EXPECT_EQ(journey.due(), "2025-10-26T09:00:00");
  EXPECT_EQ(*journey.state.due, Utc("2025-10-26T08:00:00Z"));
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.sent.size(), 1u);
}

// "The first civil day after now": an old event leads to tomorrow, not to the day after the event.
TEST(EnrollmentPast, G2_NextDayCountsFromNow) {
  Journey journey(TwoMessages(Rule(IfPast::kNextDay)), kUtc);
  journey.Start(kTenPast, Utc("2025-06-12T03:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-13T09:00:00");
}

TEST(EnrollmentPast, G2_NextDayWithoutAClockTimeContinues) {
  Journey journey(Chain({WaitFor("w", {.us = kHour}, "", Rule(IfPast::kNextDay)), Send("a")}), kUtc);
  journey.Start(kTenPast, Plus(kTenPast, 2 * kHour));
  EXPECT_EQ(journey.words, (Words{"late", "sent", "ended"}));
}

// semantics 14, G2: exit ends.
TEST(EnrollmentPast, Semantics14_G2_ExitEnds) {
  Journey journey(TwoMessages(Rule(IfPast::kExit)), kUtc);
  journey.Start(kTenPast);
  EXPECT_TRUE(journey.sent.empty());
  EXPECT_EQ(journey.details.back(), "condition: if_past");
}

// semantics 14, G2: skip passes over to the next wait, which counts from where the skipped one did.
TEST(EnrollmentPast, Semantics14_G2_SkipPassesOverToTheNextWait) {
  Journey journey(TwoMessages(Rule(IfPast::kSkip)), kUtc);
  journey.Start(kTenPast);
  EXPECT_EQ(journey.words, (Words{"skipped", "waiting"}));
  EXPECT_EQ(journey.details.front(), "past: on to second");
  EXPECT_EQ(journey.due(), "2025-06-03T09:00:00");
  EXPECT_EQ(Shown(journey.state.clock, kUtc), "2025-06-02T09:00:00");  // when the wait that was skipped would have ended
  journey.RunTo(*journey.state.due);
  ASSERT_EQ(journey.sent.size(), 1u);
  EXPECT_EQ(journey.SentId(0), "b");
}

TEST(EnrollmentPast, G2_SkipWithoutAFurtherWaitIsTheEnd) {
  Journey journey(Chain({WaitFor("w", {.days = 0}, "09:00", Rule(IfPast::kSkip)), Send("a"), Stop("no")}), kUtc);
  journey.Start(kTenPast);
  EXPECT_EQ(journey.words, (Words{"skipped", "ended"}));
  EXPECT_EQ(journey.reason(), "completed");
}

// A branch is passed over whole: a wait inside one of its paths is not the next wait.
TEST(EnrollmentPast, G2_SkipPassesOverABranchWhole) {
  Program program = Chain({WaitFor("w", {.days = 0}, "09:00", Rule(IfPast::kSkip)), If("which", 0, 2, 4),
                           WaitFor("inner", {.days = 1}), Send("in"), WaitFor("outer", {.days = 2}), Send("out")});
  program.steps[1].next = 4;
  Journey journey(program, kUtc);
  journey.values = {Value(true)};
  journey.Start(kTenPast);
  EXPECT_EQ(journey.StepId(), "outer");
  EXPECT_EQ(journey.due(), "2025-06-04T09:00:00");
}

// semantics 17: days that are skipped count: an event read three days late skips the reminder of that day, not the message of the same day.
TEST(EnrollmentPast, Semantics17_TheNextWaitCountsFromWhereTheSkippedOneWouldHaveEnded) {
  Journey journey(Chain({WaitFor("remind", {.days = 3}, "08:00", Rule(IfPast::kSkip)), Send("reminder"),
                         WaitFor("active", {.days = 0}, "09:00"), Send("message")}), kUtc);
  journey.Start(Utc("2025-06-02T07:00:00Z"), Utc("2025-06-05T08:30:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-05T09:00:00");
}

// semantics 17: a reminder whose time is past when the event comes is skipped; the message itself goes at its time.
TEST(EnrollmentPast, Semantics17_AReminderThatIsPastIsSkipped) {
  const Program program = Chain({WaitFor("remind", {.days = 0}, "08:00", Rule(IfPast::kSkip)), Send("reminder"),
                                 WaitFor("active", {.days = 0}, "09:00"), Send("message")});
  Journey late(program, kUtc);
  late.Start(Utc("2025-06-02T08:30:00Z"));
  late.RunTo(Utc("2025-06-02T09:00:00Z"));
  ASSERT_EQ(late.sent.size(), 1u);
  EXPECT_EQ(late.SentId(0), "message");
  EXPECT_EQ(Shown(late.sent[0].due_at, kUtc), "2025-06-02T09:00:00");

  Journey early(program, kUtc);
  early.Start(Utc("2025-06-02T07:30:00Z"));
  early.RunTo(Utc("2025-06-02T09:00:00Z"));
  EXPECT_EQ(early.sent.size(), 2u);
}

// G2: without a policy: late by at most a day goes on, later is skipped. The boundary itself is not too late.
TEST(EnrollmentPast, G2_WithoutAPolicyTheGraceDecides) {
  const Instant event = Utc("2025-06-02T08:00:00Z");
  const Instant limit = Utc("2025-06-03T09:00:00Z");
  for (const auto& [now, word] : {std::pair{limit, "late"}, std::pair{Plus(limit, 1), "skipped"}}) {
    Journey journey(TwoMessages({}), kUtc);
    journey.Start(event, now);
    EXPECT_EQ(journey.words.front(), word);
  }
  Journey strict(TwoMessages({.policy = {}, .grace = {.us = 5 * kMinute}}), kUtc);
  strict.Start(event, Utc("2025-06-02T09:05:01Z"));
  EXPECT_EQ(strict.words.front(), "skipped");
}

// Backfill never continues unless asked: what is past is skipped however little it is late.
TEST(EnrollmentPast, G2_ABackfillContinuesOnlyWhereAsked) {
  Journey silent(TwoMessages({}), kUtc);
  silent.backfill = true;
  silent.Start(kTenPast);
  EXPECT_EQ(silent.words.front(), "skipped");

  Journey asked(TwoMessages(Rule(IfPast::kContinue)), kUtc);
  asked.backfill = true;
  asked.Start(kTenPast);
  EXPECT_EQ(asked.words.front(), "late");
}

// A wait that ends this very instant is not past, whatever the policy.
TEST(EnrollmentPast, Semantics14_TheInstantItselfIsNotPast) {
  for (const IfPast policy : {IfPast::kContinue, IfPast::kNextDay, IfPast::kSkip, IfPast::kExit}) {
    Journey journey(TwoMessages(Rule(policy)), kUtc);
    journey.Start(Utc("2025-06-02T09:00:00Z"));
    EXPECT_EQ(journey.words, (Words{"sent", "waiting"}));
  }
}

// That the worker is late is no lateness of the event: what was waiting goes on.
TEST(EnrollmentPast, Semantics14_ALateWorkerSkipsNothing) {
  for (const IfPast policy : {IfPast::kNextDay, IfPast::kSkip, IfPast::kExit}) {
    Journey journey(TwoMessages(Rule(policy)), kUtc);
    journey.Start(Utc("2025-06-02T08:00:00Z"));
    journey.Fire(Utc("2025-06-09T08:00:00Z"));
    EXPECT_EQ(journey.sent.size(), 1u);
  }
}

// A date of the record that changes again and again while the next day is awaited does not push that day away.
TEST(EnrollmentPast, Semantics16_ChangesDoNotPushTheNextDayAway) {
  Journey journey(Chain({UntilDate("w", 0, {}, "09:00", Rule(IfPast::kNextDay)), Send("x")}), kUtc);
  journey.values = {Value(*ParseDate("2025-06-01"))};
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-03T09:00:00");
  const int32_t timer = journey.state.timer;
  journey.values = {Value(*ParseDate("2025-05-30"))};
  journey.Change(Utc("2025-06-03T08:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-03T09:00:00");
  EXPECT_EQ(journey.state.timer, timer);
  journey.Fire(Utc("2025-06-03T09:00:00Z"));
  EXPECT_EQ(journey.sent.size(), 1u);
}

// semantics 11: a pause freezes a duration.
TEST(EnrollmentPause, Semantics11_ADurationStandsStill) {
  Journey journey(Chain({WaitFor("w", {.us = 3 * kHour}), Send("x")}), kUtc);
  journey.Start(Utc("2025-06-02T08:00:00Z"));
  journey.Give({.kind = InputKind::kResume, .paused_us = 2 * kHour}, Utc("2025-06-02T11:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-02T13:00:00");
  EXPECT_EQ(journey.state.timer, 2);
}

// semantics 11: with a clock time, the days that passed are made up for and the clock time is kept.
TEST(EnrollmentPause, Semantics11_ADurationWithAClockTimeKeepsIt) {
  Journey journey(Chain({WaitFor("w", {.days = 7}, "09:00"), Send("x")}), kUtc);
  journey.Start(Utc("2025-06-02T08:00:00Z"));
  journey.Give({.kind = InputKind::kResume, .paused_us = kMinute}, Utc("2025-06-03T08:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-09T09:00:00");
  EXPECT_EQ(journey.state.timer, 1) << "nothing moved, so nothing is set";
  journey.Give({.kind = InputKind::kResume, .paused_us = 3 * kDay}, Utc("2025-06-09T09:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-12T09:00:00");
}

// semantics 11: dates and clock times that went by during the pause obey if_past.
TEST(EnrollmentPause, Semantics11_DatesAndClockTimesObeyIfPast) {
  const Step waits[] = {UntilTime("w", "09:00", Rule(IfPast::kExit)), UntilDate("w", 0, {}, "09:00", Rule(IfPast::kExit))};
  for (const Step& wait : waits) {
    Journey journey(Chain({wait, Send("x")}), kUtc);
    journey.values = {Value(*ParseDate("2025-06-02"))};
    journey.Start(Utc("2025-06-02T08:00:00Z"));
    Journey in_time = journey;
    in_time.Give({.kind = InputKind::kResume, .paused_us = kMinute}, Utc("2025-06-02T08:30:00Z"));
    EXPECT_EQ(in_time.words, (Words{"waiting"}));
    journey.Give({.kind = InputKind::kResume, .paused_us = 2 * kHour}, Utc("2025-06-02T10:30:00Z"));
    EXPECT_EQ(journey.details.back(), "condition: if_past");
  }
}

// A date that became null during the pause.
TEST(EnrollmentPause, Semantics16_ADateEmptiedDuringThePauseCancels) {
  Journey journey(Chain({UntilDate("w", 0), Send("x")}), kUtc);
  journey.values = {Value(*ParseDate("2025-06-20"))};
  journey.Start(Utc("2025-06-02T08:00:00Z"));
  journey.values = {Value()};
  journey.Give({.kind = InputKind::kResume, .paused_us = kHour}, Utc("2025-06-03T08:00:00Z"));
  EXPECT_EQ(journey.details.back(), "condition: on_null");
}

}  // namespace
}  // namespace workflow::journey
