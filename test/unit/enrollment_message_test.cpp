// semantics 18, 19, 21: what comes back of a message has the conditions looked at that read it.
#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kEntry = Utc("2025-06-02T12:00:00Z");

Journey Asking(Program program) {
  program.listeners = {Listens(Listener::Kind::kLook, 0, "message.opened")};
  Journey journey(std::move(program), kUtc);
  journey.values = {Value(false)};
  journey.Start(kEntry);
  EXPECT_EQ(journey.state.phase, Phase::kWaiting);
  return journey;
}

TEST(EnrollmentMessage, Semantics18_AReceiptEndsAWaitForIt) {
  Journey journey = Asking(Chain({Until("opened", Holds(0), Duration{.days = 3}), Send("thanks")}));
  journey.Tell({0}, Plus(kEntry, kHour));
  EXPECT_EQ(journey.state.phase, Phase::kWaiting);
  EXPECT_TRUE(journey.state.kept.empty());
  journey.values = {Value(true)};
  journey.Tell({0}, Plus(kEntry, 2 * kHour));
  EXPECT_EQ(journey.reason(), "completed");
  EXPECT_EQ(journey.sent.size(), 1u);
}

TEST(EnrollmentMessage, Semantics11_WhilePausedNobodyGoesOn) {
  Journey journey = Asking(Chain({Until("opened", Holds(0), Duration{.days = 3}), Send("thanks")}));
  journey.values = {Value(true)};
  journey.Tell({0}, Plus(kEntry, kHour), Plus(kEntry, kHour), /*paused=*/true);
  EXPECT_EQ(journey.state.phase, Phase::kWaiting);
  EXPECT_EQ(journey.state.due, Plus(kEntry, kHour));
  EXPECT_TRUE(journey.sent.empty());
}

TEST(EnrollmentMessage, Semantics19_AGoalByConditionIsReached) {
  Program program = Chain({WaitFor("pause", {.days = 3}), Send("mail")});
  program.goals = {{.id = "opened", .condition = Holds(0)}};
  Journey journey = Asking(program);
  journey.values = {Value(true)};
  journey.Tell({0}, Plus(kEntry, kHour));
  EXPECT_EQ(journey.reason(), "goal");
}

TEST(EnrollmentMessage, Semantics21_AnExitByConditionHolds) {
  Program program = Chain({WaitFor("pause", {.days = 3}), Send("mail")});
  program.settings.exits = {Holds(0)};
  Journey journey = Asking(program);
  journey.values = {Value(true)};
  journey.Tell({0}, Plus(kEntry, kHour));
  EXPECT_EQ(journey.reason(), "condition");
}

// Machines are not asked for; but the field that is of machines only changes by them.
TEST(EnrollmentMessage, Semantics27_AMachinesReceiptIsLookedAtToo) {
  Program program = Chain({Send("mail")});
  program.listeners = {Listens(Listener::Kind::kLook, 0, "message.opened")};
  const Surroundings around{kEntry, &kUtc, {}};
  EXPECT_EQ(Heard(program, {"message.opened", Happening::About::kEnrollment, true}, around).size(), 1u);
  EXPECT_TRUE(Heard(program, {"message.opened", Happening::About::kWorkflow}, around).empty());
}

}  // namespace
}  // namespace workflow::journey
