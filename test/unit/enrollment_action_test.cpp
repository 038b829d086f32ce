// Waits of automated actions: days that a field gives, ends that move without an event, reminders that go along.
#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;

Step Until(std::string id, std::string_view at, PastRule past = {}) {
  WaitStep wait;
  wait.kind = WaitStep::Kind::kUntilDate;
  wait.field = 0;
  wait.at = Clock(at);
  wait.if_past = past;
  return MakeStep(std::move(id), std::move(wait));
}

WaitStep& WaitIn(Program& program, size_t step) { return std::get<WaitStep>(program.steps[step].body); }

Program Reminded() {
  Program program = Chain({Until("reminder_wait", "08:00", {.policy = IfPast::kSkip}), Send("reminder"), Until("wait", "09:00"), Send("message")});
  program.table.fields.resize(2);
  WaitIn(program, 2).rewind = 0;
  return program;
}

// E07: the days come from a field; without a number of them there is no end.
TEST(EnrollmentAction, E07_DaysOfAField) {
  Program program = Chain({Until("wait", "09:00"), Send("message")});
  program.table.fields.resize(2);
  WaitIn(program, 0).days = 1;
  for (const Value& days : {Value(int64_t{30}), Value(*Decimal::Parse("29.6")), Value(std::string("30"))}) {
    Journey journey(program, kUtc);
    journey.values = {Value(Utc("2025-06-02T12:00:00Z")), days};
    journey.Start(Utc("2025-06-02T12:00:00Z"));
    EXPECT_EQ(journey.due(), "2025-07-02T09:00:00") << FormatValue(days);
  }
  for (const Value& days : {Value(), Value(std::string("soon")), Value(int64_t{1'000'000}), Value(*Decimal::Parse("NaN"))}) {
    Journey journey(program, kUtc);
    journey.values = {Value(Utc("2025-06-02T12:00:00Z")), days};
    journey.Start(Utc("2025-06-02T12:00:00Z"));
    EXPECT_EQ(journey.reason(), "condition");
  }
}

// G4: where no event tells of the days, the wait is looked at each day at its clock time; its own end stays what is shown.
TEST(EnrollmentAction, G4_AnEndThatMovesUnnoticedIsLookedAtDaily) {
  Program program = Chain({Until("wait", "09:00"), Send("message")});
  program.table.fields.resize(2);
  WaitIn(program, 0).days = 1;
  WaitIn(program, 0).daily = true;
  Journey journey(program, kUtc);
  journey.values = {Value(Utc("2025-06-02T12:00:00Z")), Value(int64_t{5})};
  const Decision first = journey.Decide({.kind = InputKind::kStart}, Utc("2025-06-02T12:00:00Z"));
  EXPECT_EQ(first.look, Utc("2025-06-03T09:00:00Z"));
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-07T09:00:00");
  const Decision again = journey.Decide({.kind = InputKind::kTimer, .timer = journey.state.timer}, *first.look);
  EXPECT_EQ(again.look, Utc("2025-06-04T09:00:00Z"));
  EXPECT_TRUE(again.effects.empty());
  EXPECT_EQ(again.state.timer, journey.state.timer + 1);
  journey.Fire(*first.look);
  journey.values[1] = Value(int64_t{2});
  journey.Fire(Utc("2025-06-04T09:00:00Z"));
  EXPECT_EQ(journey.words, (Words{"waiting", "sent", "ended"}));
  // One that nothing moves unnoticed is not.
  WaitIn(program, 0).daily = false;
  Journey other(program, kUtc);
  other.values = {Value(Utc("2025-06-02T12:00:00Z")), Value(int64_t{5})};
  EXPECT_FALSE(other.Decide({.kind = InputKind::kStart}, Utc("2025-06-02T12:00:00Z")).look);
}

// E13, G3: a reminder before the message; one whose time is past when the event comes is passed over.
TEST(EnrollmentAction, E13_G3_ReminderBeforeTheMessage) {
  Journey journey(Reminded(), kUtc);
  journey.values = {Value(Utc("2025-06-05T00:00:00Z")), Value()};
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  journey.RunTo(Utc("2025-06-06T00:00:00Z"));
  ASSERT_EQ(journey.sent.size(), 2U);
  EXPECT_EQ(journey.SentId(0), "reminder");
  EXPECT_EQ(journey.sent[0].due_at, Utc("2025-06-05T08:00:00Z"));
  EXPECT_EQ(journey.sent[1].due_at, Utc("2025-06-05T09:00:00Z"));
  Journey late(Reminded(), kUtc);
  late.values = {Value(Utc("2025-06-05T00:00:00Z")), Value()};
  late.Start(Utc("2025-06-05T08:30:00Z"));
  late.RunTo(Utc("2025-06-06T00:00:00Z"));
  ASSERT_EQ(late.sent.size(), 1U);
  EXPECT_EQ(late.SentId(0), "message");
  EXPECT_EQ(late.sent[0].due_at, Utc("2025-06-05T09:00:00Z"));
}

// G4: the date moves: message and reminder with it, also where a reminder has been sent for the old date; NULL cancels.
TEST(EnrollmentAction, G4_TheDateMovesAndTheReminderWithIt) {
  Journey journey(Reminded(), kUtc);
  journey.values = {Value(Utc("2025-06-05T00:00:00Z")), Value()};
  journey.Start(Utc("2025-06-02T12:00:00Z"));
  journey.Fire(Utc("2025-06-05T08:00:00Z"));
  EXPECT_EQ(journey.StepId(), "wait");
  journey.values[0] = Value(Utc("2025-06-20T00:00:00Z"));
  journey.Change(Utc("2025-06-05T08:30:00Z"));
  EXPECT_EQ(journey.StepId(), "reminder_wait");
  EXPECT_EQ(journey.due(), "2025-06-20T08:00:00");
  journey.values[0] = Value(Utc("2025-06-10T00:00:00Z"));
  journey.Change(Utc("2025-06-06T08:30:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-10T08:00:00");
  journey.Fire(Utc("2025-06-10T08:00:00Z"));
  EXPECT_EQ(journey.due(), "2025-06-10T09:00:00");
  EXPECT_EQ(journey.sent.size(), 2U);
  EXPECT_NE(journey.sent[0].visit, journey.sent[1].visit);
  journey.values[0] = Value();
  journey.Change(Utc("2025-06-10T08:30:00Z"));
  EXPECT_EQ(journey.reason(), "condition");
  EXPECT_EQ(journey.sent.size(), 2U);
}

}  // namespace
}  // namespace workflow::journey
