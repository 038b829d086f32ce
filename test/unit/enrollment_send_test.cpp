#include <gtest/gtest.h>

#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;

Program Office(std::vector<Step> steps, std::string_view from = "09:00", std::string_view to = "17:00") {
  Program program = Chain(std::move(steps));
  program.settings.send_window.windows = {WeekdaysFrom(from, to)};
  return program;
}

// B01: any time means now, at whatever hour.
TEST(EnrollmentSend, B01_AnyTimeSendsAtOnce) {
  Journey journey(Chain({Send("a")}), kUtc);
  const Instant night = Utc("2025-06-01T03:00:00Z");
  journey.Start(night);
  ASSERT_EQ(journey.sent.size(), 1u);
  EXPECT_EQ(journey.sent[0].due_at, night);
  EXPECT_FALSE(journey.sent[0].expires_at);
}

// B01, B02, semantics 15: outside the window the enrollment waits at the send step and the message is written when it opens.
TEST(EnrollmentSend, Semantics15_B01_B02_HeldUntilTheWindowOpens) {
  const IanaZone jakarta("Asia/Jakarta");
  Journey journey(Office({Send("a")}), jakarta);
  journey.Start(In(jakarta, "2025-06-06T17:00:00"));  // a Friday; the end is exclusive
  EXPECT_EQ(journey.state.phase, Phase::kWindow);
  EXPECT_EQ(journey.words, (Words{"held"}));
  EXPECT_EQ(journey.due(), "2025-06-09T09:00:00");
  EXPECT_TRUE(journey.sent.empty());
  EXPECT_EQ(journey.state.visit, 0) << "a held step is not yet taken";
  journey.Fire(*journey.state.due);
  ASSERT_EQ(journey.sent.size(), 1u);
  EXPECT_EQ(Shown(journey.sent[0].due_at, jakarta), "2025-06-09T09:00:00");
  EXPECT_EQ(journey.sent[0].visit, 1);
}

// semantics 15: the next wait counts from the writing, not from when the step was reached.
TEST(EnrollmentSend, Semantics15_TheNextWaitCountsFromTheWriting) {
  Journey journey(Office({Send("a"), WaitFor("w", {.days = 2}), Send("b")}), kUtc);
  journey.Start(Utc("2025-06-06T20:00:00Z"));
  journey.Fire(Utc("2025-06-09T09:00:30Z"));
  EXPECT_EQ(journey.due(), "2025-06-11T09:00:30");
}

// semantics 15: looked at again when the window opens: the step's condition, and the window itself where the worker was late.
TEST(EnrollmentSend, Semantics15_CheckedAgainWhenTheWindowOpens) {
  Journey journey(Office({Filtered(Send("a"), 0), Tag("t")}), kUtc);
  journey.values = {Value(true)};
  journey.Start(Utc("2025-06-06T20:00:00Z"));
  Journey late = journey;
  journey.values = {Value(false)};
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.words, (Words{"held", "skipped", "tagged", "ended"}));
  EXPECT_TRUE(journey.sent.empty());

  late.Fire(Utc("2025-06-09T17:30:00Z"));
  EXPECT_EQ(late.words, (Words{"held", "held"}));
  EXPECT_EQ(late.due(), "2025-06-10T09:00:00");
}

// G9, semantics 15: the window is for messages only: waits end and rows change outside it.
TEST(EnrollmentSend, Semantics15_G9_WaitsAndChangesIgnoreTheWindow) {
  Journey journey(Office({WaitFor("w", {.us = kHour}), Tag("t"), SetColumn("s"), Send("a")}), kUtc);
  journey.Start(Utc("2025-06-07T01:00:00Z"));
  journey.Fire(Utc("2025-06-07T02:00:00Z"));
  EXPECT_EQ(journey.words, (Words{"waiting", "tagged", "changed", "held"}));
}

// B02: Monday to Friday from 05:00 in Jakarta, which is the evening before in UTC, through a whole week.
TEST(EnrollmentSend, B01_B02_WeekdaysAtFiveInJakartaForAWeek) {
  const IanaZone jakarta("Asia/Jakarta");
  std::vector<Step> steps;
  for (int day = 0; day < 7; ++day) {
    steps.push_back(Send("m"));
    steps.push_back(WaitFor("w", {.days = 1}));
  }
  Journey journey(Office(std::move(steps), "05:00", "06:00"), jakarta);
  journey.Start(In(jakarta, "2025-06-06T20:00:00"));  // Friday evening
  journey.RunTo(In(jakarta, "2025-06-30T00:00:00"));
  const char* days[] = {"09", "10", "11", "12", "13", "16", "17"};  // Monday to Friday, Monday, Tuesday
  ASSERT_EQ(journey.sent.size(), 7u);
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(Shown(journey.sent[i].due_at, jakarta), std::string("2025-06-") + days[i] + "T05:00:00");
  }
}

// semantics 25: messages are claimed by due time, so a worker that is behind keeps the time they were due.
TEST(EnrollmentSend, Semantics25_ALateWorkerKeepsTheDueTime) {
  Journey journey(Chain({WaitFor("w", {.days = 1}), Send("a"), Send("b"), WaitFor("z", {.us = kHour})}), kUtc);
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  const Instant behind = Utc("2025-06-03T15:00:00Z");
  journey.Fire(behind);
  ASSERT_EQ(journey.sent.size(), 2u);
  EXPECT_EQ(Shown(journey.sent[0].due_at, kUtc), "2025-06-03T12:00:00");
  EXPECT_EQ(journey.sent[1].due_at, behind) << "after a message the clock stands at its writing";
  EXPECT_EQ(journey.due(), "2025-06-03T16:00:00");
}

// A wait passed at once after a timer has a time of its own: the timer's is not the message's.
TEST(EnrollmentSend, AWaitBetweenTimerAndMessageMovesTheDueTime) {
  Journey journey(Chain({WaitFor("w", {.days = 1}), WaitFor("none", {}), Send("a")}), kUtc);
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  const Instant behind = Utc("2025-06-03T15:00:00Z");
  journey.Fire(behind);
  ASSERT_EQ(journey.sent.size(), 1u);
  EXPECT_EQ(journey.sent[0].due_at, behind);
}

// expires_after counts from the due time, in calendar units of the zone.
TEST(EnrollmentSend, ExpiryCountsFromTheDueTime) {
  const IanaZone paris("Europe/Paris");
  Program program = Chain({WaitFor("w", {.days = 1}), Send("a")});
  program.settings.expires_after = Duration{.days = 1};
  Journey journey(program, paris);
  journey.Start(In(paris, "2025-03-28T12:00:00"));
  journey.Fire(In(paris, "2025-03-29T12:30:00"));
  ASSERT_EQ(journey.sent.size(), 1u);
  ASSERT_TRUE(journey.sent[0].expires_at);
  EXPECT_EQ(Shown(*journey.sent[0].expires_at, paris), "2025-03-30T12:00:00");
}

TEST(EnrollmentSend, AWindowThatNeverOpensIsAnError) {
  Program program = Office({Send("a")});
  for (int day = 0; day < 500; ++day) program.settings.send_window.except.push_back(Date{ParseDate("2025-06-01")->days + day});
  Journey journey(program, kUtc);
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  EXPECT_EQ(journey.details.back(), "error: the send window does not open within 400 days");
}

// semantics 9, B10: each enrollment goes by the version it entered with, also while another version has other settings.
TEST(EnrollmentSend, Semantics9_B10_EachVersionHasItsOwnSettings) {
  const Instant evening = Utc("2025-06-02T20:00:00Z");
  Journey old_version(Office({Send("a")}), kUtc);
  old_version.Start(evening);
  Journey new_version(Office({Send("a")}, "06:00", "12:00"), kUtc);
  new_version.Start(evening);
  EXPECT_EQ(old_version.due(), "2025-06-03T09:00:00");
  EXPECT_EQ(new_version.due(), "2025-06-03T06:00:00");
  old_version.Fire(Utc("2025-06-03T13:00:00Z"));
  new_version.Fire(Utc("2025-06-03T13:00:00Z"));
  EXPECT_EQ(old_version.sent.size(), 1u);
  EXPECT_EQ(new_version.due(), "2025-06-04T06:00:00");
}

// semantics 11: a pause over the opening of the window: it is looked at again.
TEST(EnrollmentSend, Semantics11_AHeldMessageIsLookedAtAgainAfterAPause) {
  Journey journey(Office({Send("a")}), kUtc);
  journey.Start(Utc("2025-06-02T20:00:00Z"));
  Journey open = journey;
  journey.Give({.kind = InputKind::kResume, .paused_us = kDay}, Utc("2025-06-03T20:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-04T09:00:00");
  open.Give({.kind = InputKind::kResume, .paused_us = kDay}, Utc("2025-06-04T11:00:00Z"));
  EXPECT_EQ(open.sent.size(), 1u);
}

}  // namespace
}  // namespace workflow::journey
