// semantics 28: what fails is tried again from the failing step; what stands before it is done once, and does not wait for it.
#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kEntry = Utc("2025-06-02T12:00:00Z");

Decision UpTo(const Journey& journey, const Input& input, int32_t step, Instant now) {
  Surroundings around{now, &kUtc, {}};
  around.stop_before = step;
  return Advance(journey.program, journey.state, input, around);
}

TEST(EnrollmentStopBefore, Semantics28_WhatComesBeforeIsDone) {
  Journey journey(Chain({Send("mail"), SetColumn("bad")}), kUtc);
  journey.state.clock = kEntry;
  Decision decision = UpTo(journey, {.kind = InputKind::kStart}, 1, kEntry);
  EXPECT_EQ(decision.state.phase, Phase::kRetry);
  EXPECT_EQ(decision.state.step, 1);
  EXPECT_EQ(decision.state.due, kEntry);
  EXPECT_EQ(std::get<SendEffect>(decision.effects.at(0)).step, 0);
  EXPECT_FALSE(decision.again);
  // Then it is taken, and fails by itself.
  journey.state = decision.state;
  decision = UpTo(journey, {.kind = InputKind::kTimer, .timer = 1}, 1, kEntry);
  EXPECT_TRUE(std::holds_alternative<SetEffect>(decision.effects.at(0)));
}

TEST(EnrollmentStopBefore, Semantics28_AWaitThatIsOverIsOver) {
  Journey journey(Chain({WaitFor("pause", {.days = 1}), SetColumn("bad")}), kUtc);
  journey.Start(kEntry);
  const Instant due = *journey.state.due;
  const Decision decision = UpTo(journey, {.kind = InputKind::kTimer, .timer = journey.state.timer}, 1, due);
  EXPECT_EQ(decision.state.phase, Phase::kRetry);
  EXPECT_EQ(decision.state.step, 1);
  EXPECT_EQ(decision.state.clock, due);
}

TEST(EnrollmentStopBefore, Semantics28_AlsoInASecondCallOfOneTurn) {
  Journey journey(Chain({SetColumn("good"), SetColumn("bad")}), kUtc);
  journey.state = {.phase = Phase::kReady, .step = 1, .visit = 1, .clock = kEntry, .due = {}};
  EXPECT_EQ(UpTo(journey, {.kind = InputKind::kAgain}, 1, kEntry).state.phase, Phase::kRetry);
}

TEST(EnrollmentStopBefore, Semantics7_AWaitThatIsOverEndsTheChainThoughTheNextStepFails) {
  Journey journey(Chain({WaitFor("pause", {.us = kChainRest}), SetColumn("bad")}), kUtc);
  journey.Start(kEntry);
  EXPECT_FALSE(journey.state.unchained);
  journey.Fail(*journey.state.due);
  EXPECT_TRUE(journey.state.unchained);
}

TEST(EnrollmentStopBefore, AnOperatorsRetryMayBeLeftToATimer) {
  Journey journey(Chain({Send("mail")}), kUtc);
  journey.state = {.phase = Phase::kEnded, .clock = kEntry, .due = {}, .reason = EndReason::kError};
  const Decision decision = journey.Decide({.kind = InputKind::kRetried, .paused = true}, kEntry);
  EXPECT_EQ(decision.state.phase, Phase::kRetry);
  EXPECT_EQ(decision.state.due, kEntry);
}

}  // namespace
}  // namespace workflow::journey
