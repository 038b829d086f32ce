// semantics 10: an enrollment goes from one version to another by the ids of its steps, and what it has waited counts.
#include <gtest/gtest.h>

#include "core/enrollment/migrate.h"
#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kEntry = Utc("2025-06-02T12:00:00Z");
Instant After(int64_t days) { return Plus(kEntry, days * kDay); }

Migration Moved(const Journey& journey, const Program& to, Instant now, const StepMapping& mapping = {}, int64_t shifted = 0, const Zone& zone = kUtc) {
  return Migrate(journey.program, to, journey.state, mapping, shifted, {now, &zone, {}});
}

Field OfContact(std::string name) {
  Field field;
  field.entity = "contact";
  field.name = std::move(name);
  return field;
}

Journey Waiting(Step wait) {
  Journey journey(Chain({std::move(wait), Send("mail")}), kUtc);
  journey.values = {Value(After(3)), Value()};
  journey.Start(kEntry);
  EXPECT_EQ(journey.state.phase, Phase::kWaiting);
  return journey;
}

TEST(EnrollmentMigrate, Semantics10_TimeAlreadyWaitedCounts) {
  const Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  const Program longer = Chain({WaitFor("pause", {.days = 5}), Send("mail")});
  const Migration moved = Moved(journey, longer, After(1));
  EXPECT_EQ(moved.problem, "");
  EXPECT_EQ(moved.state.due, After(5));  // of five days one is gone
  EXPECT_EQ(moved.state.phase, Phase::kWaiting);
  EXPECT_EQ(moved.state.timer, journey.state.timer + 1);
  EXPECT_EQ(moved.state.clock, journey.state.clock);
}

TEST(EnrollmentMigrate, Semantics10_AWaitWhoseEndIsPastIsDueNow) {
  const Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  EXPECT_EQ(Moved(journey, Chain({WaitFor("pause", {.days = 1}), Send("mail")}), After(2)).state.due, After(2));
  // It goes on then, whatever if_past says of waits that are arrived at late.
  Journey after = journey;
  after.program = Chain({WaitFor("pause", {.days = 1}, {}, {.policy = IfPast::kExit}), Send("mail")});
  after.state = Moved(journey, after.program, After(2)).state;
  after.Fire(After(2));
  EXPECT_EQ(after.reason(), "completed");
  EXPECT_EQ(after.sent.size(), 1u);
}

TEST(EnrollmentMigrate, Semantics10_DaysAreOfTheZoneAndPausesCount) {
  const IanaZone berlin("Europe/Berlin");
  Journey journey(Chain({WaitFor("pause", {.days = 3}), Send("mail")}), berlin);
  journey.Start(In(berlin, "2025-03-28T12:00:00"));
  const Program to = Chain({WaitFor("pause", {.days = 5}, "09:00"), Send("mail")});
  const Instant now = In(berlin, "2025-03-29T12:00:00");
  EXPECT_EQ(Shown(*Moved(journey, to, now, {}, 0, berlin).state.due, berlin), "2025-04-02T09:00:00");
  EXPECT_EQ(Shown(*Moved(journey, to, now, {}, 2 * kDay, berlin).state.due, berlin), "2025-04-04T09:00:00");
}

TEST(EnrollmentMigrate, Semantics10_TheSameWaitKeepsItsTimer) {
  for (const Step& wait : {WaitFor("pause", {.days = 3}, "18:00"), UntilTime("pause", "18:00"), UntilEvent("pause", 0, Duration{.days = 2})}) {
    Journey journey(Chain({wait, Send("mail")}), kUtc);
    journey.program.listeners = {Listens(Listener::Kind::kWait, 0, "order.paid")};
    journey.Start(kEntry);
    Program to = Chain({Send("first"), wait, Send("mail")});
    to.listeners = {Listens(Listener::Kind::kWait, 1, "order.paid")};
    const Migration moved = Moved(journey, to, After(1));
    EXPECT_EQ(moved.problem, "");
    EXPECT_EQ(moved.state.step, 1);
    EXPECT_EQ(moved.state.timer, journey.state.timer);
    EXPECT_EQ(moved.state.due, journey.state.due);
  }
}

// Its field is read when the timer comes: the date may be another one.
TEST(EnrollmentMigrate, Semantics10_AnotherDateIsReckonedAnew) {
  Journey journey = Waiting(UntilDate("pause", 0));
  journey.program.table.fields = {OfContact("trial_ends")};
  Program same = Chain({UntilDate("pause", 1), Send("mail")});
  same.table.fields = {OfContact("birthday"), OfContact("trial_ends")};
  EXPECT_EQ(Moved(journey, same, After(1)).state.timer, journey.state.timer);
  std::get<WaitStep>(same.steps[0].body).field = 0;
  EXPECT_EQ(Moved(journey, same, After(1)).state.due, After(1));
}

TEST(EnrollmentMigrate, Semantics10_AMappingNamesStepsThatHaveOtherIds) {
  const Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  const Program to = Chain({Send("hello"), WaitFor("breathe", {.days = 3}), Send("mail")});
  EXPECT_NE(Moved(journey, to, After(1)).problem, "");
  EXPECT_EQ(Moved(journey, to, After(1)).state.step, journey.state.step);
  const Migration moved = Moved(journey, to, After(1), {{"pause", "breathe"}});
  EXPECT_EQ(moved.problem, "");
  EXPECT_EQ(moved.from_step, "pause");
  EXPECT_EQ(moved.to_step, "breathe");
  EXPECT_EQ(moved.state.step, 1);
  EXPECT_TRUE(CheckMapping(journey.program, to, {{"pause", "breathe"}}).empty());
  EXPECT_EQ(CheckMapping(journey.program, to, {{"pose", "breath"}}).size(), 2u);
}

TEST(EnrollmentMigrate, Semantics10_AnotherKindOfWaitIsRefused) {
  const Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  for (const Step& other : {UntilTime("pause", "09:00"), UntilDate("pause", 0), Until("pause", Holds(0), {}), Send("pause")}) {
    const Migration moved = Moved(journey, Chain({other, Send("mail")}), After(1));
    EXPECT_NE(moved.problem, "");
    EXPECT_EQ(moved.to_step, "");
    EXPECT_EQ(moved.state.due, journey.state.due);
  }
}

TEST(EnrollmentMigrate, Semantics10_AnOpenWaitIsLookedAtByTheNewVersion) {
  Journey journey = Waiting(Until("pause", Holds(1), Duration{.days = 3}));
  journey.program = Chain({Until("pause", Holds(0), Duration{.days = 9}), Send("mail")});
  const Migration moved = Moved(Waiting(Until("pause", Holds(1), Duration{.days = 3})), journey.program, After(1));
  EXPECT_EQ(moved.problem, "");
  EXPECT_EQ(moved.state.due, After(1));
  EXPECT_EQ(moved.state.timeout, After(9));
  journey.state = moved.state;
  journey.values = {Value(true), Value()};
  journey.Fire(After(1));
  EXPECT_EQ(journey.reason(), "completed");
}

TEST(EnrollmentMigrate, Semantics10_KeptEventsGoAlongWithTheirWait) {
  Journey journey(Chain({WaitFor("pause", {.days = 3}), UntilEvent("paid", 0, {}), Send("mail")}), kUtc);
  journey.program.listeners = {Listens(Listener::Kind::kWait, 1, "order.paid")};
  journey.Start(kEntry);
  journey.Tell({0}, After(1));
  ASSERT_EQ(journey.state.kept.size(), 1u);
  Program to = Chain({WaitFor("pause", {.days = 3}), Send("new"), UntilEvent("money", 0, {}), Send("mail")});
  to.listeners = {Listens(Listener::Kind::kWait, 2, "order.paid")};
  EXPECT_TRUE(Moved(journey, to, After(2)).state.kept.empty());
  EXPECT_EQ(Moved(journey, to, After(2), {{"paid", "money"}}).state.kept, (std::vector<Kept>{{2, After(1)}}));
  to.listeners[0].on = "order.received";
  EXPECT_TRUE(Moved(journey, to, After(2), {{"paid", "money"}}).state.kept.empty());
}

TEST(EnrollmentMigrate, Semantics10_GoalsAndControlGroupsMustBeKnown) {
  Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  journey.program.goals = {{.id = "bought"}, {.id = "booked"}};
  journey.state.reached = {1};
  Program to = Chain({WaitFor("pause", {.days = 3}), Send("mail")});
  EXPECT_NE(Moved(journey, to, After(1)).problem, "");
  to.goals = {{.id = "booked"}};
  EXPECT_EQ(Moved(journey, to, After(1)).problem, "");
  EXPECT_EQ(Moved(journey, to, After(1)).state.reached, std::vector<int32_t>{0});
  journey.state.holdout = "test/none";
  EXPECT_NE(Moved(journey, to, After(1)).problem, "");
  to.steps.push_back(MakeStep("test", SplitStep{{{"none", 1, true, kEndOfSteps}}}));
  EXPECT_EQ(Moved(journey, to, After(1)).problem, "");
}

TEST(EnrollmentMigrate, Semantics10_AHeldMessageObeysTheNewWindow) {
  Journey journey(Chain({Send("mail")}), kUtc);
  journey.program.settings.send_window.windows = {WeekdaysFrom("13:00", "14:00")};
  journey.Start(kEntry);
  ASSERT_EQ(journey.state.phase, Phase::kWindow);
  journey.state = Moved(journey, Chain({Send("mail")}), Plus(kEntry, kMinute)).state;
  journey.program = Chain({Send("mail")});
  journey.Fire(Plus(kEntry, kMinute));
  EXPECT_EQ(journey.reason(), "completed");
  EXPECT_EQ(journey.sent.size(), 1u);
}

TEST(EnrollmentMigrate, Semantics10_WhoIsAskedIsAskedStill) {
  Journey journey(Chain({Approve("boss", {.days = 3}), Send("mail")}), kUtc);
  journey.Start(kEntry);
  EXPECT_EQ(Moved(journey, Chain({Approve("boss", {.days = 5}), Send("mail")}), After(1)).state.due, After(5));
  EXPECT_EQ(Moved(journey, Chain({Approve("boss", {.days = 1}), Send("mail")}), After(2)).state.due, After(2));
  EXPECT_NE(Moved(journey, Chain({Approve("chief", {.days = 3}), Send("mail")}), After(1), {{"boss", "chief"}}).problem, "");
  EXPECT_NE(Moved(journey, Chain({WaitFor("boss", {.days = 3}), Send("mail")}), After(1)).problem, "");
}

TEST(EnrollmentMigrate, Semantics10_AStepThatFailedIsTakenByTheNewVersion) {
  Journey journey(Chain({Send("mail")}), kUtc);
  journey.state = {.phase = Phase::kRetry, .step = 0, .attempts = 2, .timer = 4, .clock = kEntry, .due = After(1)};
  const Migration moved = Moved(journey, Chain({WaitFor("pause", {.days = 1}), Tag("mail")}), kEntry);
  EXPECT_EQ(moved.problem, "");
  EXPECT_EQ(moved.state.step, 1);
  EXPECT_EQ(moved.state.due, After(1));
  EXPECT_EQ(moved.state.attempts, 2);
}

TEST(EnrollmentMigrate, Semantics10_AVersionThatIsEnteredByAnotherKeyTakesNobody) {
  const Journey journey = Waiting(WaitFor("pause", {.days = 3}));
  Program to = journey.program;
  to.settings.entry_entity = "order";
  EXPECT_NE(Moved(journey, to, After(1)).problem, "");
}

}  // namespace
}  // namespace workflow::journey
