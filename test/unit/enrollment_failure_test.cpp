#include <gtest/gtest.h>

#include <limits>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNoon = Utc("2025-06-02T12:00:00Z");

// D28, semantics 26: the pause before the next try doubles from a minute to an hour; after the last try it ends with the error.
TEST(EnrollmentFailure, D28_Semantics26_BacksOffAndGivesUp) {
  Program program = Chain({SetColumn("s"), Send("a")});
  program.settings.retry_max = 8;
  Journey journey(program, kUtc);
  Instant now = kNoon;
  for (const int64_t minutes : {1, 2, 4, 8, 16, 32, 60, 60}) {
    journey.Fail(now);
    EXPECT_EQ(journey.state.phase, Phase::kRetry);
    EXPECT_EQ(*journey.state.due, Plus(now, minutes * kMinute));
    now = *journey.state.due;
  }
  EXPECT_EQ(journey.state.attempts, 8);
  journey.Fail(now);
  EXPECT_EQ(journey.reason(), "error");
  EXPECT_EQ(journey.details.back(), "error: boom");
  EXPECT_EQ(journey.words.front(), "failed");
}

// semantics 26: the jitter spreads it from half to one and a half times; what is no share of one counts as none.
TEST(EnrollmentFailure, Semantics26_JitterIsAnArgument) {
  const std::pair<double, int64_t> cases[] = {{0, 30},  {0.25, 45}, {1, 90},
                                              {-3, 30}, {7, 30},    {std::numeric_limits<double>::quiet_NaN(), 30}};
  for (const auto& [jitter, seconds] : cases) {
    Journey journey(Chain({Send("a")}), kUtc);
    journey.Fail(kNoon, jitter);
    EXPECT_EQ(*journey.state.due, Plus(kNoon, seconds * kSecond)) << jitter;
  }
}

// semantics 28: the step is tried again, with the clock as it was; success forgets the failures.
TEST(EnrollmentFailure, Semantics28_TheFailingStepIsTakenAgain) {
  Journey journey(Chain({SetColumn("s"), Send("a"), WaitFor("w", {.days = 1})}), kUtc);
  journey.state.clock = kNoon;
  journey.Fail(kNoon);
  EXPECT_EQ(journey.state.clock, kNoon);
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.words, (Words{"failed", "changed", "sent", "waiting"}));
  EXPECT_EQ(journey.state.attempts, 0);
}

// semantics 28: with retry 0 the first failure is the end.
TEST(EnrollmentFailure, Semantics28_NoRetriesMeansTheFirstFailureIsTheEnd) {
  Program program = Chain({Send("a")});
  program.settings.retry_max = 0;
  Journey journey(program, kUtc);
  journey.Fail(kNoon);
  EXPECT_EQ(journey.reason(), "error");
}

// semantics 31: a row that somebody holds is nobody's failure: no attempt counts, nothing is told, and the wait before it is not judged again.
TEST(EnrollmentFailure, Semantics31_PutOffCountsNoAttemptAndKeepsWhatIsOver) {
  Journey journey(Chain({WaitFor("w", {.days = 1}), SetColumn("s"), Send("a")}), kUtc);
  journey.state.clock = kNoon;
  journey.Start(kNoon);
  const Instant due = *journey.state.due;
  const Decision decision = journey.Decide({.kind = InputKind::kPutOff, .delay_us = kSecond}, due);
  EXPECT_EQ(decision.state.phase, Phase::kRetry);
  EXPECT_EQ(decision.state.step, 1);
  EXPECT_EQ(decision.state.attempts, 0);
  EXPECT_EQ(*decision.state.due, Plus(due, kSecond));
  EXPECT_TRUE(decision.effects.empty());
}

// A wait that is over is not waited for again, nor judged by if_past, when what follows it fails.
TEST(EnrollmentFailure, Semantics28_AWaitThatIsOverStaysOver) {
  Journey journey(Chain({WaitFor("w", {.days = 1}, "", {.policy = IfPast::kExit}), SetColumn("s"), Send("a")}), kUtc);
  journey.Start(kNoon);
  const Instant later = Plus(kNoon, kDay);
  journey.Fail(later);
  EXPECT_EQ(journey.StepId(), "s");
  EXPECT_EQ(journey.state.clock, later);
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.words, (Words{"waiting", "failed", "changed", "sent", "ended"}));
  EXPECT_EQ(journey.reason(), "completed");
}

// A wait that was not yet over is.
TEST(EnrollmentFailure, Semantics28_AWaitThatIsNotOverIsTakenAgain) {
  Journey journey(Chain({WaitFor("w", {.days = 1}), Send("a")}), kUtc);
  journey.Start(kNoon);
  journey.Fail(Plus(kNoon, kHour));
  EXPECT_EQ(journey.StepId(), "w");
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.due(), "2025-06-03T12:00:00");
  EXPECT_EQ(journey.state.attempts, 0);
}

// The tries of a send are counted together though the window holds it in between; else it would be tried for ever.
TEST(EnrollmentFailure, Semantics28_TheWindowForgetsNoFailures) {
  Program program = Chain({Send("a")});
  program.settings.send_window.windows = {WeekdaysFrom("09:00", "09:01")};
  program.settings.retry_max = 2;
  Journey journey(program, kUtc);
  journey.Start(kNoon);
  for (int i = 0; i < 2; ++i) {
    journey.Fail(*journey.state.due, 1);  // opened, failed
    EXPECT_EQ(journey.state.phase, Phase::kRetry);
    journey.Fire(*journey.state.due);  // a minute and a half later it is closed again
    EXPECT_EQ(journey.state.phase, Phase::kWindow);
    EXPECT_EQ(journey.state.attempts, i + 1);
  }
  journey.Fail(*journey.state.due);
  EXPECT_EQ(journey.reason(), "error");
}

// Tries belong to one step: those of a step that is done are not held against the next one.
TEST(EnrollmentFailure, Semantics28_AStepThatIsDoneForgetsItsFailures) {
  Program program = Chain({SetColumn("s"), Send("a")});
  program.settings.send_window.windows = {WeekdaysFrom("09:00", "10:00")};
  Journey journey(program, kUtc);
  journey.Fail(kNoon);
  journey.Fire(*journey.state.due);
  EXPECT_EQ(journey.state.phase, Phase::kWindow);
  EXPECT_EQ(journey.state.attempts, 0);
}

TEST(EnrollmentFailure, Semantics26_TheBackoffStaysAnHourHoweverManyTries) {
  Program program = Chain({Send("a")});
  program.settings.retry_max = 1'000'000;
  Journey journey(program, kUtc);
  journey.state.attempts = 5000;
  journey.Fail(kNoon);
  EXPECT_EQ(*journey.state.due, Plus(kNoon, kHour));
}

// on_error.backoff: one pause doubles up to an hour, or stays where it is longer; those of a list are taken in turn.
TEST(EnrollmentFailure, Semantics26_TheBackoffIsASetting) {
  struct Case { Backoff backoff; std::vector<int64_t> minutes; };
  const Case cases[] = {
      {{{{.us = 25 * kMinute}}, false}, {25, 50, 60, 60}},
      {{{{.days = 1}}, false}, {24 * 60, 24 * 60}},
      {{{{.us = 10 * kMinute}}, true}, {10, 10, 10}},
      {{{{.us = 5 * kMinute}, {.us = kHour}, {.us = 2 * kHour}}, true}, {5, 60, 120, 120}},
  };
  for (const Case& one : cases) {
    Program program = Chain({Send("a")});
    program.settings.backoff = one.backoff;
    Journey journey(program, kUtc);
    Instant now = kNoon;
    for (const int64_t minutes : one.minutes) {
      journey.Fail(now);
      EXPECT_EQ(*journey.state.due, Plus(now, minutes * kMinute));
      now = *journey.state.due;
    }
  }
}

// on_error.then skip: the step that failed is passed over, those before it are taken; and so is a second one that fails behind it.
TEST(EnrollmentFailure, Semantics28_SkipPassesOverEachStepThatGoesOnFailing) {
  Program program = Chain({SetColumn("s"), SetColumn("t"), SetColumn("u"), Send("a"), WaitFor("w", {.days = 1}), SetColumn("t2")});
  program.settings.retry_max = 1;
  program.settings.on_error = OnError::kSkip;
  Journey journey(program, kUtc);
  const auto fail = [&](int32_t step) {
    Input input{.kind = InputKind::kFailed, .jitter = 0.5};
    input.failed_step = step;
    journey.Give(input, kNoon);
  };
  fail(1);
  EXPECT_EQ(*journey.state.due, Plus(kNoon, kMinute));
  fail(1);
  EXPECT_EQ(*journey.state.due, kNoon);
  EXPECT_EQ(journey.state.attempts, 0);
  State stored = journey.state;
  stored.given_up.clear();
  ReadMemo(program, MemoText(program, journey.state), &stored);
  EXPECT_EQ(stored.given_up, std::vector<int32_t>{1});
  fail(2);
  fail(2);
  EXPECT_EQ(journey.state.given_up, (std::vector<int32_t>{1, 2}));
  journey.Fire(kNoon);
  EXPECT_EQ(journey.words, (Words{"failed", "failed", "failed", "failed", "changed", "skipped", "skipped", "sent", "waiting"}));
  EXPECT_TRUE(journey.state.given_up.empty());
  journey.Fire(Plus(kNoon, kDay));
  EXPECT_EQ(journey.words.at(9), "changed");
  EXPECT_EQ(journey.reason(), "completed");
}

// Where passing it over has not helped, it ends; where nobody knows what failed, it is the step it stands at.
TEST(EnrollmentFailure, Semantics28_SkippingEnds) {
  Program program = Chain({Send("a"), Send("b")});
  program.settings.retry_max = 0;
  program.settings.on_error = OnError::kSkip;
  Journey journey(program, kUtc);
  journey.Fail(kNoon);
  EXPECT_EQ(journey.state.given_up, std::vector<int32_t>{0});
  journey.Fail(kNoon);
  EXPECT_EQ(journey.reason(), "error");
  EXPECT_TRUE(journey.state.given_up.empty());
}

// on_error.then suspend: nobody leaves; the tries are counted anew once the workflow is resumed.
TEST(EnrollmentFailure, Semantics28_SuspendKeepsTheEnrollmentAtItsStep) {
  Program program = Chain({Send("a")});
  program.settings.retry_max = 1;
  program.settings.on_error = OnError::kSuspend;
  Journey journey(program, kUtc);
  EXPECT_FALSE(journey.Decide({.kind = InputKind::kFailed}, kNoon).suspends);
  journey.Fail(kNoon);
  const Decision decision = journey.Decide({.kind = InputKind::kFailed}, kNoon);
  EXPECT_TRUE(decision.suspends);
  EXPECT_EQ(decision.state.phase, Phase::kRetry);
  EXPECT_EQ(decision.state.attempts, 0);
  EXPECT_EQ(*decision.state.due, kNoon);
}

// semantics 28: 20 failures without a success between suspend a workflow.
TEST(EnrollmentFailure, Semantics28_TwentyFailuresInARow) {
  EXPECT_FALSE(SuspendsWorkflow(19));
  EXPECT_TRUE(SuspendsWorkflow(20));
}

}  // namespace
}  // namespace workflow::journey
