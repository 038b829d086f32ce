// What reconcile() finds is told once: to whom it changes nothing if they have heard it already (semantics 6, 18).
#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const Instant kEntry = Utc("2025-06-02T12:00:00Z");

Program Listening(bool loops) {
  Program program = Chain({WaitFor("a", {.days = 1}), UntilEvent("b", 0, {}), WaitFor("c", {.days = 1}), UntilEvent("d", 1, {}), Stop("done")});
  if (loops) program.steps.back() = Goto("again", 0);
  program.listeners = {Listens(Listener::Kind::kWait, 1, "order.paid"), Listens(Listener::Kind::kWait, 3, "order.paid"),
                       Listens(Listener::Kind::kGoal, 0, "order.paid"), Listens(Listener::Kind::kResponse, 0, "message.replied")};
  return program;
}

bool Told(const Program& program, int32_t step, bool inside, int32_t listener, int64_t at_days) {
  State state;
  state.phase = Phase::kWaiting;
  state.step = step;
  state.clock = Plus(kEntry, 2 * kDay);
  state.inside = inside;
  return MayBeToldLate(program, state, listener, Plus(kEntry, at_days * kDay), kEntry);
}

TEST(EnrollmentLate, Semantics18_WaitsAheadAndTheOneItStandsIn) {
  const Program program = Listening(false);
  EXPECT_TRUE(Told(program, 0, false, 0, 1));
  EXPECT_TRUE(Told(program, 1, true, 0, 1));
  EXPECT_FALSE(Told(program, 2, false, 0, 1));   // it is passed
  EXPECT_TRUE(Told(program, 2, false, 1, 1));
  EXPECT_TRUE(Told(program, 2, false, 2, 1));    // a goal is reached once
  EXPECT_FALSE(Told(program, 2, false, 2, -1));  // before entry
  EXPECT_FALSE(Told(program, 2, false, 3, 1));   // an answer is no event of a row
}

TEST(EnrollmentLate, Semantics18_WhereStepsComeAgainOnlyWhatIsNew) {
  const Program program = Listening(true);
  EXPECT_FALSE(Told(program, 1, true, 0, 1));
  EXPECT_TRUE(Told(program, 1, true, 0, 3));
}

TEST(EnrollmentLate, Semantics18_LookbackCounts) {
  Program program = Listening(false);
  std::get<WaitStep>(program.steps[1].body).lookback = Lookback::kSinceStep;
  EXPECT_FALSE(Told(program, 1, true, 0, 1));
  EXPECT_TRUE(Told(program, 1, true, 0, 3));
}

}  // namespace
}  // namespace workflow::journey
