// Takes every phase with every input over a small world and compares what came of it with the table of README.md: no pair is left
// out, no phase comes out that the table does not name, and each that it names does come out.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNow = Utc("2025-06-02T12:00:00Z");  // a Monday
constexpr int kPhases = static_cast<int>(Phase::kEnded) + 1;
constexpr int kInputs = static_cast<int>(InputKind::kSuperseded) + 1;

using Pair = std::pair<Phase, InputKind>;
using Outcomes = std::map<Pair, std::set<Phase>>;

class Recorder {
 public:
  Decision Take(const Journey& journey, const Input& input) {
    const Decision decision = journey.Decide(input, kNow);
    taken_[{journey.state.phase, input.kind}].insert(decision.state.phase);
    return decision;
  }
  const Outcomes& taken() const { return taken_; }

 private:
  Outcomes taken_;
};

constexpr Phase R = Phase::kReady, W = Phase::kWaiting, H = Phase::kWindow, T = Phase::kRetry, A = Phase::kApproval, E = Phase::kEnded;

Outcomes Expected() {
  const std::set<Phase> any_stop = {R, W, H, A, E};  // wherever a call that takes steps can come to rest
  // clang-format off
  const std::set<Phase> table[kInputs][kPhases] = {
      //                   ready     waiting   window    retry     approval    ended
      /* start          */ {any_stop, {W},      {H},      {T},      {A},        {E}},
      /* again          */ {any_stop, {W},      {H},      {T},      {A},        {E}},
      /* timer          */ {{R},      any_stop, any_stop, any_stop, {R, E},     {E}},
      /* record changed */ {{R},      any_stop, {H, E},   {T, E},   {A, E},     {E}},
      /* record deleted */ {{E},      {E},      {E},      {E},      {E},        {E}},
      /* removed        */ {{E},      {E},      {E},      {E},      {E},        {E}},
      /* archived       */ {{E},      {E},      {E},      {E},      {E},        {E}},
      /* merged         */ {{E},      {E},      {E},      {E},      {E},        {E}},
      /* retried        */ {{R},      {W},      {H},      any_stop, {A},        {E}},
      /* failed         */ {{T, E},   {T, E},   {T, E},   {T, E},   {T, E},     {E}},
      /* resume         */ {{R},      any_stop, any_stop, {T},      {R, E},     {E}},
      /* put off        */ {{T},      {T},      {T},      {T},      {T, E},     {E}},
      /* answer         */ {{R},      {W},      {H},      {T},      {T, E},     {E}},
      /* heard          */ {{R, E},   {W, E},   {H, E},   {T, E},   {A, E},     {E}},
      /* superseded     */ {{E},      {E},      {E},      {E},      {E},        {E}},
  };
  // clang-format on
  Outcomes expected;
  for (int phase = 0; phase < kPhases; ++phase) {
    for (int input = 0; input < kInputs; ++input) {
      expected[{static_cast<Phase>(phase), static_cast<InputKind>(input)}] = table[input][phase];
    }
  }
  return expected;
}

// Step 0 is where the enrollment stands; step 1 brings it to rest in each way there is.
std::vector<Journey> World() {
  Program closed;
  closed.settings.send_window.windows = {WeekdaysFrom("13:00", "14:00")};
  Program open;
  open.settings.send_window.windows = {WeekdaysFrom("11:00", "13:00")};
  const Step firsts[] = {Send("here"), Tag("here"), WaitFor("here", {.us = kHour}), UntilDate("here", 0),
                         UntilTime("here", "11:00"), Approve("here", {.us = kHour})};
  const Step seconds[] = {Send("then"), SetColumn("then"), WaitFor("then", {.days = 1}), Stop("then"),
                          Approve("then", {.us = kHour})};
  std::vector<Journey> world;
  for (const Program& settings : {closed, open}) {
    for (const Step& first : firsts) {
      for (const Step& second : seconds) {
        Program program = Chain({first, second, Stop("done")});
        program.settings = settings.settings;
        for (Step& step : program.steps) {
          if (auto* approve = std::get_if<ApproveStep>(&step.body)) approve->then = {step.next, step.next, step.next};
        }
        Journey journey(program, kUtc);
        journey.values = {Value(kNow)};
        journey.state.clock = Plus(kNow, -2 * kHour);
        journey.state.timer = 3;
        world.push_back(journey);
        journey.values = {Value()};
        journey.program.settings.retry_max = 0;
        for (Step& step : journey.program.steps) {
          if (auto* approve = std::get_if<ApproveStep>(&step.body)) approve->then = {kEndOfSteps, kEndOfSteps, kEndOfSteps};
        }
        world.push_back(journey);
        // It has a reason to leave: a condition that holds, or an event that it hears.
        journey.program.settings.exits = {Holds(1)};
        journey.values.push_back(Value(true));
        world.push_back(journey);
        journey.program.settings.exits.clear();
        journey.program.listeners = {Listens(Listener::Kind::kExit, 0, "order.cancelled")};
        world.push_back(journey);
      }
    }
  }
  return world;
}

bool StandsWell(const Journey& journey, Phase phase) {
  const auto& body = journey.program.steps[0].body;
  if (phase == W) return std::holds_alternative<WaitStep>(body);
  if (phase == H) return std::holds_alternative<SendStep>(body);
  if (phase == A) return std::holds_alternative<ApproveStep>(body);
  return true;
}

bool HasTimer(Phase phase) { return phase == W || phase == H || phase == T || phase == A; }

TEST(EnrollmentTransitions, EveryPhaseTakesEveryInputAsTheTableSays) {
  Recorder recorder;
  for (Journey& journey : World()) {
    for (int phase = 0; phase < kPhases; ++phase) {
      journey.state.phase = static_cast<Phase>(phase);
      if (!StandsWell(journey, journey.state.phase)) continue;
      journey.state.due = HasTimer(journey.state.phase) ? std::optional(Plus(kNow, -kMinute)) : std::nullopt;
      for (int input = 0; input < kInputs; ++input) {
        Input given{.kind = static_cast<InputKind>(input), .timer = 3};
        if (given.kind == InputKind::kHeard && !journey.program.listeners.empty()) given.heard = {0};
        const Decision decision = recorder.Take(journey, given);
        EXPECT_EQ(decision.state.due.has_value(), HasTimer(decision.state.phase)) << "phase " << phase << " input " << input;
        EXPECT_EQ(decision.again, decision.state.phase == R && !decision.effects.empty());
      }
    }
  }
  const Outcomes expected = Expected();
  for (const auto& [pair, phases] : expected) {
    const auto taken = recorder.taken().find(pair);
    ASSERT_NE(taken, recorder.taken().end()) << PhaseName(pair.first) << " x input " << static_cast<int>(pair.second);
    EXPECT_EQ(taken->second, phases) << PhaseName(pair.first) << " x input " << static_cast<int>(pair.second);
  }
  EXPECT_EQ(recorder.taken().size(), static_cast<size_t>(kPhases * kInputs));
}

void ExpectUntouched(const Journey& journey, const Input& input) {
  const Decision decision = journey.Decide(input, kNow);
  const State &before = journey.state, &after = decision.state;
  EXPECT_TRUE(decision.effects.empty());
  EXPECT_FALSE(decision.again);
  EXPECT_EQ(
      std::tie(before.phase, before.step, before.visit, before.attempts, before.timer, before.clock, before.due, before.reason),
      std::tie(after.phase, after.step, after.visit, after.attempts, after.timer, after.clock, after.due, after.reason));
}

// semantics 23: an enrollment ends once, for one reason; what comes later changes nothing.
TEST(EnrollmentTransitions, Semantics23_WhatHasEndedIgnoresEveryInput) {
  Journey journey(Chain({Send("a"), Send("b")}), kUtc);
  journey.state = {
      .phase = E, .step = 0, .visit = 1, .attempts = 2, .timer = 3, .clock = kNow, .due = {}, .reason = EndReason::kGoal};
  for (int input = 0; input < kInputs; ++input) ExpectUntouched(journey, {.kind = static_cast<InputKind>(input), .timer = 3});
}

// A timer counts by its number: one that was set before the last is over, in every phase.
TEST(EnrollmentTransitions, AStaleTimerChangesNothing) {
  for (Journey& journey : World()) {
    for (const Phase phase : {R, W, H, T}) {
      journey.state.phase = phase;
      journey.state.due = HasTimer(phase) ? std::optional(kNow) : std::nullopt;
      for (const int32_t timer : {0, 2, 4}) ExpectUntouched(journey, {.kind = InputKind::kTimer, .timer = timer});
    }
  }
}

// One that comes before its time ends, sends and retries nothing: it is set once more.
TEST(EnrollmentTransitions, ATimerThatComesEarlyIsSetOnceMore) {
  for (Journey& journey : World()) {
    for (const Phase phase : {W, H, T}) {
      if (!StandsWell(journey, phase)) continue;
      journey.state.phase = phase;
      journey.state.due = Plus(kNow, 1);
      const Decision decision = journey.Decide({.kind = InputKind::kTimer, .timer = 3}, kNow);
      EXPECT_TRUE(decision.effects.empty());
      EXPECT_EQ(decision.state.phase, phase);
      EXPECT_EQ(decision.state.timer, 4);
      EXPECT_EQ(decision.state.due, journey.state.due);
    }
  }
}

}  // namespace
}  // namespace workflow::journey
