#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNoon = Utc("2025-06-02T12:00:00Z");

// A01, D01: a list of tasks that run by themselves, one after the other, once started.
TEST(EnrollmentSteps, A01_D01_StepsAreTakenInOrderToTheEnd) {
  Journey journey(Chain({Send("hello"), SetColumn("score"), Tag("mark"), Send("bye")}), kUtc);
  journey.Start(kNoon);
  EXPECT_EQ(journey.words, (Words{"sent", "changed", "tagged", "sent", "ended"}));
  ASSERT_EQ(journey.sent.size(), 2u);
  EXPECT_EQ(journey.SentId(0), "hello");
  EXPECT_EQ(journey.SentId(1), "bye");
  EXPECT_EQ(journey.reason(), "completed");
}

// A13: nothing happens before the contact was added: only the start takes the first step.
TEST(EnrollmentSteps, A13_OnlyTheStartTakesTheFirstStep) {
  const Journey journey(Chain({Send("hello")}), kUtc);
  for (const InputKind kind : {InputKind::kTimer, InputKind::kRecordChanged, InputKind::kResume}) {
    const Decision decision = journey.Decide({.kind = kind}, kNoon);
    EXPECT_TRUE(decision.effects.empty());
    EXPECT_EQ(decision.state.phase, Phase::kReady);
  }
  EXPECT_EQ(journey.Decide({.kind = InputKind::kStart}, kNoon).state.phase, Phase::kEnded);
}

Program FourWays() {
  BranchStep branch;
  branch.branches = {{"gold", Holds(0), 1}, {"silver", Holds(1), 2}};
  branch.otherwise = 3;
  Program program;
  program.steps = {MakeStep("which", branch), Send("gold"), Send("silver"), Send("none")};
  return program;
}

struct BranchCase {
  Value gold, silver;
  std::string taken, word;
};

// A24, G11: several branches, the first that matches in order wins, else where none does; the history says which.
TEST(EnrollmentSteps, A24_G11_TheFirstMatchingBranchWins) {
  const BranchCase cases[] = {{Value(true), Value(false), "gold", "gold"},     {Value(true), Value(true), "gold", "gold"},
                              {Value(false), Value(true), "silver", "silver"}, {Value(), Value(true), "silver", "silver"},
                              {Value(false), Value(false), "none", "else"},    {Value(), Value(), "none", "else"}};
  for (const BranchCase& one : cases) {
    Journey journey(FourWays(), kUtc);
    journey.values = {one.gold, one.silver};
    journey.Start(kNoon);
    ASSERT_EQ(journey.sent.size(), 1u);
    EXPECT_EQ(journey.SentId(0), one.taken);
    EXPECT_EQ(journey.words.front(), "branch");
    EXPECT_EQ(journey.details.front(), one.word);
  }
}

// C28: a yes path and a no path, which meet again. G11: the no path may be empty.
TEST(EnrollmentSteps, C28_YesAndNoPathsMeetAgain) {
  for (const bool opened : {true, false}) {
    Program program = Chain({If("opened", 0, 1, 2), Tag("reader"), Send("news")});
    program.steps[0].next = 2;
    Journey journey(program, kUtc);
    journey.values = {Value(opened)};
    journey.Start(kNoon);
    EXPECT_EQ(journey.words, opened ? (Words{"branch", "tagged", "sent", "ended"}) : (Words{"branch", "sent", "ended"}));
  }
}

// G11: a branch without `else` leads past itself; here that is the end.
TEST(EnrollmentSteps, G11_NoBranchAndNothingAfterItIsTheEnd) {
  Journey journey(Chain({If("opened", 0, 1, kEndOfSteps), Send("thanks")}), kUtc);
  journey.values = {Value()};
  journey.Start(kNoon);
  EXPECT_EQ(journey.words, (Words{"branch", "ended"}));
  EXPECT_EQ(journey.reason(), "completed");
}

// A24: the decision is made on the contact as it is now: after a tag, the next step sees it.
TEST(EnrollmentSteps, A24_StepsAfterAChangeSeeTheRowsAsTheyAreThen) {
  Program program = Chain({Tag("mark"), If("marked", 0, 2, kEndOfSteps), Send("seen")});
  Journey journey(program, kUtc);
  journey.values = {Value(false)};
  journey.on_change = [&] { journey.values[0] = Value(true); };
  journey.Start(kNoon);
  EXPECT_EQ(journey.words, (Words{"tagged", "branch", "sent", "ended"}));
}

TEST(EnrollmentSteps, AChangeAsksForAnotherTurnOnlyWhereAStepFollows) {
  const Journey more(Chain({SetColumn("score"), Send("hello")}), kUtc);
  const Decision first = more.Decide({.kind = InputKind::kStart}, kNoon);
  EXPECT_TRUE(first.again);
  EXPECT_EQ(first.state.phase, Phase::kReady);
  EXPECT_EQ(first.state.step, 1);

  const Journey last(Chain({SetColumn("score")}), kUtc);
  const Decision only = last.Decide({.kind = InputKind::kStart}, kNoon);
  EXPECT_FALSE(only.again);
  EXPECT_EQ(only.state.reason, EndReason::kCompleted);
  EXPECT_TRUE(std::holds_alternative<SetEffect>(only.effects.front()));
}

// A step whose condition is false or null is passed over, whatever it is; the history says so.
TEST(EnrollmentSteps, AStepWhoseConditionIsNotTrueIsPassedOver) {
  for (const Value& value : {Value(false), Value()}) {
    Journey journey(Chain({Filtered(Send("a"), 0), Filtered(Tag("b"), 0), Filtered(WaitFor("c", {.days = 1}), 0),
                           Filtered(Stop("no"), 0), Send("d")}),
                    kUtc);
    journey.values = {value};
    journey.Start(kNoon);
    EXPECT_EQ(journey.words, (Words{"skipped", "skipped", "skipped", "skipped", "sent", "ended"}));
    EXPECT_EQ(journey.state.visit, 1) << "a step passed over is no visit";
  }
}

// semantics 24: the visit is part of a message's key, so no two steps taken share one.
TEST(EnrollmentSteps, Semantics24_EveryStepTakenIsOneVisit) {
  Journey journey(Chain({Send("a"), WaitFor("w", {.days = 1}), Tag("t"), Send("b"), Stop("done")}), kUtc);
  journey.Start(kNoon);
  EXPECT_EQ(journey.state.visit, 2);
  journey.RunTo(Plus(kNoon, 2 * kDay));
  ASSERT_EQ(journey.sent.size(), 2u);
  EXPECT_EQ(journey.sent[0].visit, 1);
  EXPECT_EQ(journey.sent[1].visit, 4);
  EXPECT_EQ(journey.state.visit, 5);
}

// semantics 23: a stop ends with its own reason, which the history keeps.
TEST(EnrollmentSteps, Semantics23_StopSaysWhy) {
  Journey journey(Chain({Stop("not our customer"), Send("never")}), kUtc);
  journey.Start(kNoon);
  EXPECT_EQ(journey.reason(), "stopped");
  EXPECT_EQ(journey.details.back(), "stopped: not our customer");
  EXPECT_TRUE(journey.sent.empty());
}

// semantics 23, B05: what ends it from outside ends it with its own reason, in whichever phase it is; `due` goes with it.
TEST(EnrollmentSteps, Semantics23_EveryOutsideEndHasItsReason) {
  const std::pair<InputKind, std::string> ends[] = {
      {InputKind::kRemoved, "removed"}, {InputKind::kRecordDeleted, "record_deleted"}, {InputKind::kArchived, "archived"}};
  for (const auto& [kind, reason] : ends) {
    Journey journey(Chain({WaitFor("w", {.days = 1})}), kUtc);
    journey.Start(kNoon);
    journey.Give({.kind = kind, .detail = "by hand"}, kNoon);
    EXPECT_EQ(journey.reason(), reason);
    EXPECT_EQ(journey.details.back(), reason + ": by hand");
    EXPECT_FALSE(journey.state.due);
  }
}

TEST(EnrollmentSteps, AProgramThatGoesInACircleIsAnErrorAndNoEndlessLoop) {
  Program program = Chain({Send("a"), Send("b")});
  program.steps[1].next = 0;
  Journey journey(program, kUtc);
  journey.Start(kNoon);
  EXPECT_EQ(journey.reason(), "error");
  EXPECT_EQ(journey.details.back(), "error: the steps lead in a circle");
}

TEST(EnrollmentSteps, AStateThatDoesNotFitItsProgramIsAnError) {
  Journey beyond(Chain({Send("a")}), kUtc);
  beyond.state.step = 7;
  beyond.Start(kNoon);
  EXPECT_EQ(beyond.details.back(), "error: the program has no step 7");

  Journey no_wait(Chain({Send("a")}), kUtc);
  no_wait.state.phase = Phase::kWaiting;
  no_wait.state.due = kNoon;
  no_wait.Fire(kNoon);
  EXPECT_EQ(no_wait.reason(), "error");
  EXPECT_TRUE(no_wait.sent.empty());
}

TEST(EnrollmentSteps, AProgramWithoutStepsIsCompletedAtOnce) {
  Journey journey(Program{}, kUtc);
  journey.Start(kNoon);
  EXPECT_EQ(journey.reason(), "completed");
}

}  // namespace
}  // namespace workflow::journey
