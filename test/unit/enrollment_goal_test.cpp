// Goals, exits, responses (semantics 19, 20, 23), split, goto, and what a chain may do (semantics 7).
#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kStart = Utc("2025-06-02T12:00:00Z");
using Kind = Listener::Kind;

// wait 5 days; send a; goal step g (30 days); send b. Listener 0 reaches goal 0.
Program WithGoal(Goal goal) {
  Program program = Chain({WaitFor("w", {.days = 5}), Send("a"), UntilGoal("g", 0, Duration{.days = 30}), Send("b")});
  goal.id = "bought";
  program.goals = {std::move(goal)};
  program.listeners = {Listens(Kind::kGoal, 0, "order.paid")};
  return program;
}

TEST(EnrollmentGoal, Semantics19_Exit) {
  Journey j(WithGoal({}), kUtc);
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour));
  EXPECT_EQ(j.reason(), "goal");
  ASSERT_EQ(j.goals.size(), 1U);
  EXPECT_TRUE(j.goals[0].counted);
  EXPECT_EQ(j.goals[0].event, "e");
  EXPECT_TRUE(j.sent.empty());
}

TEST(EnrollmentGoal, Semantics19_JumpLeadsForwardToItsStep) {
  Journey j(WithGoal({.then = GoalThen::kJump}), kUtc);
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour));
  ASSERT_EQ(j.sent.size(), 1U);
  EXPECT_EQ(j.SentId(0), "b");
  EXPECT_EQ(j.reason(), "completed");
}

TEST(EnrollmentGoal, Semantics19_JumpFromAHeldSendAndFromARetry) {
  for (const Phase phase : {Phase::kWindow, Phase::kRetry}) {
    Journey j(WithGoal({.then = GoalThen::kJump}), kUtc);
    j.state.step = 1;
    j.state.phase = phase;
    j.state.due = Plus(kStart, kDay);
    j.Tell({0}, kStart);
    ASSERT_EQ(j.sent.size(), 1U);
    EXPECT_EQ(j.SentId(0), "b");
  }
}

// Reached behind its step it is recorded, and nothing is taken twice.
TEST(EnrollmentGoal, Semantics19_JumpNeverLeadsBack) {
  Program program = WithGoal({.then = GoalThen::kJump});
  std::swap(program.steps[0].body, program.steps[2].body);  // the goal step first, then send, then the wait
  program.steps[0].id = "g", program.steps[2].id = "w";
  std::get<WaitStep>(program.steps[0].body).on_timeout = 1;
  Journey j(program, kUtc);
  j.Start(kStart);
  j.RunTo(Plus(kStart, 31 * kDay));
  EXPECT_EQ(j.StepId(), "w");
  j.Tell({0}, Plus(kStart, 32 * kDay));
  EXPECT_EQ(j.StepId(), "w");
  EXPECT_EQ(j.goals.size(), 1U);
}

TEST(EnrollmentGoal, Semantics19_CountLetsItGoOnAndTheGoalStepPass) {
  Journey j(WithGoal({.then = GoalThen::kCount}), kUtc);
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour));
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
  EXPECT_EQ(j.due(), "2025-06-07T12:00:00");
  j.Tell({0}, Plus(kStart, 2 * kHour));
  EXPECT_EQ(j.goals.size(), 1U) << "a goal is reached once";
  j.RunTo(Plus(kStart, 6 * kDay));
  EXPECT_EQ(j.sent.size(), 2U) << "the goal step has nothing to wait for";
  Journey waits(WithGoal({.then = GoalThen::kCount}), kUtc);
  waits.Start(kStart);
  waits.RunTo(Plus(kStart, 6 * kDay));
  EXPECT_EQ(waits.StepId(), "g");
  waits.Tell({0}, Plus(kStart, 7 * kDay));
  EXPECT_EQ(waits.SentId(1), "b");
}

TEST(EnrollmentGoal, Semantics19_CountWithinCountsFromEntry) {
  for (const int64_t after : {2 * kDay, 2 * kDay + 1}) {
    Journey j(WithGoal({.count_within = Duration{.days = 2}}), kUtc);
    j.Start(kStart);
    j.Tell({0}, Plus(kStart, after));
    EXPECT_EQ(j.goals.at(0).counted, after == 2 * kDay);
    EXPECT_EQ(j.reason(), "goal") << "late or not, who has bought needs no more";
  }
}

TEST(EnrollmentGoal, Semantics19_AfterTheEnd) {
  const Program program = WithGoal({.count_after_exit = Duration{.days = 7}});
  State state;
  state.phase = Phase::kEnded;
  const Input heard{.heard_at = Plus(kStart, 7 * kDay), .event = "e"};
  const Surroundings around{Plus(kStart, 8 * kDay), &kUtc, {}, false, kStart};
  EXPECT_TRUE(ReachedAfterExit(program, state, 0, kStart, heard, around));
  EXPECT_FALSE(ReachedAfterExit(program, state, 0, Plus(kStart, -1), heard, around));
  state.reached = {0};
  EXPECT_FALSE(ReachedAfterExit(program, state, 0, kStart, heard, around));
  EXPECT_FALSE(ReachedAfterExit(WithGoal({}), {}, 0, kStart, heard, around));
}

Program ByCondition(Goal goal) {
  Program program = WithGoal(std::move(goal));
  program.listeners.clear();
  program.goals[0].condition = Holds(0);
  return program;
}

TEST(EnrollmentGoal, Semantics19_ByACondition) {
  Journey changed(ByCondition({}), kUtc);
  changed.values = {Value(false)};
  changed.Start(kStart);
  changed.Change(Plus(kStart, kHour));
  EXPECT_EQ(changed.state.phase, Phase::kWaiting);
  changed.values = {Value(true)};
  changed.Change(Plus(kStart, 2 * kHour));
  EXPECT_EQ(changed.reason(), "goal");
  Journey before_message(ByCondition({}), kUtc);
  before_message.values = {Value(false)};
  before_message.Start(kStart);
  before_message.values = {Value(true)};
  before_message.RunTo(Plus(kStart, 6 * kDay));
  EXPECT_EQ(before_message.reason(), "goal");
  EXPECT_TRUE(before_message.sent.empty()) << "looked at before a message is written";
}

TEST(EnrollmentGoal, Semantics19_MetAtEntry) {
  const Value met(true);
  const Value* facts[] = {&met};
  EntryCase entry;
  entry.entry_key = "1";
  const Surroundings around{kStart, &kUtc, facts};
  EXPECT_EQ(DecideEntry(ByCondition({}), entry, around), Refusal::kGoalMet);
  EXPECT_EQ(DecideEntry(ByCondition({.enter_when_met = true}), entry, around), Refusal::kNone);
  EXPECT_STREQ(RefusalName(Refusal::kGoalMet), "goal_met");
  Journey j(ByCondition({.enter_when_met = true}), kUtc);
  j.values = {met};
  j.Start(kStart);
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
  EXPECT_TRUE(j.goals.empty()) << "it was not reached here";
  j.Change(Plus(kStart, kHour));
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
}

TEST(EnrollmentExit, Semantics21_ByConditionAndByEvent) {
  Program program = Chain({WaitFor("w", {.days = 5}), Send("a")});
  program.settings.exits = {Holds(0)};
  program.listeners = {Listens(Kind::kExit, 0, "order.cancelled")};
  Journey by_condition(program, kUtc);
  by_condition.values = {Value(false)};
  by_condition.Start(kStart);
  by_condition.values = {Value(true)};
  by_condition.RunTo(Plus(kStart, 6 * kDay));
  EXPECT_EQ(by_condition.reason(), "condition");
  EXPECT_TRUE(by_condition.sent.empty());
  for (const Phase phase : {Phase::kWaiting, Phase::kWindow, Phase::kRetry}) {
    Journey by_event(program, kUtc);
    by_event.values = {Value(false)};
    by_event.state.phase = phase;
    by_event.state.due = kStart;
    by_event.Tell({0}, kStart, kStart, true);
    EXPECT_EQ(by_event.reason(), "condition") << "also while paused";
  }
}

// The record changed while a message is held or tried again: an exit that holds now ends it.
TEST(EnrollmentExit, Semantics21_LookedAtWhileHeld) {
  Program program = Chain({Send("a")});
  program.settings.exits = {Holds(0)};
  for (const Phase phase : {Phase::kWindow, Phase::kRetry}) {
    Journey j(program, kUtc);
    j.state.phase = phase;
    j.state.due = Plus(kStart, kHour);
    j.values = {Value(false)};
    j.Change(kStart);
    EXPECT_EQ(j.state.phase, phase);
    j.values = {Value(true)};
    j.Change(kStart);
    EXPECT_EQ(j.reason(), "condition");
  }
}

TEST(EnrollmentResponse, Semantics20_Scopes) {
  using About = Happening::About;
  const std::pair<ResponseScope, std::vector<About>> table[] = {
      {ResponseScope::kOff, {}},
      {ResponseScope::kEnrollment, {About::kEnrollment}},
      {ResponseScope::kWorkflow, {About::kEnrollment, About::kWorkflow}},
      {ResponseScope::kAnyInbound, {About::kNobody, About::kEnrollment, About::kWorkflow, About::kOther}}};
  for (const auto& [scope, ends] : table) {
    Program program;
    program.settings.response.scope = scope;
    program.listeners = {Listens(Kind::kResponse, 0, "message.replied")};
    for (const About about : {About::kNobody, About::kEnrollment, About::kWorkflow, About::kOther}) {
      const bool expected = std::find(ends.begin(), ends.end(), about) != ends.end();
      EXPECT_EQ(!Heard(program, {.on = "message.replied", .about = about}, {kStart, &kUtc, {}}).empty(), expected);
    }
  }
}

TEST(EnrollmentResponse, Semantics20_AutoRepliesAndChannels) {
  Program program;
  program.settings.response = {.scope = ResponseScope::kAnyInbound, .auto_replies = false, .channels = {"email"}};
  program.listeners = {Listens(Kind::kResponse, 0, "message.replied")};
  const auto ends = [&](bool automatic, const char* channel) {
    return !Heard(program, {.on = "message.replied", .automatic = automatic, .channel = channel}, {kStart, &kUtc, {}}).empty();
  };
  EXPECT_TRUE(ends(false, "email"));
  EXPECT_FALSE(ends(true, "email"));
  EXPECT_FALSE(ends(false, "sms"));
  program.settings.response.auto_replies = true;
  EXPECT_TRUE(ends(true, "email"));
}

TEST(EnrollmentResponse, Semantics20_23_EndsWithItsReason) {
  Program program = Chain({WaitFor("w", {.days = 5}), Send("a")});
  program.listeners = {Listens(Kind::kResponse, 0, "message.replied")};
  Journey j(program, kUtc);
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour));
  EXPECT_EQ(j.reason(), "response");
  j.Give({.kind = InputKind::kSuperseded}, Plus(kStart, kDay));
  EXPECT_EQ(j.reason(), "response");
}

// Semantics 27: a machine's open counts only where it is asked for; another enrollment's message never.
TEST(EnrollmentHeard, Semantics27_WhoseMessageAndWhoseHand) {
  Program program;
  program.listeners = {Listens(Kind::kWait, 0, "message.opened"), Listens(Kind::kWait, 0, "message.opened")};
  program.table.fields = {{.scope = Scope::kEvent, .entity = {}, .name = "data", .path = {"automatic"}, .type = {.kind = TypeKind::kJson}}};
  program.listeners[1].filter = Holds(0);
  program.listeners[1].filter->root.type = TypeKind::kJson;
  program.listeners[1].filter->root.op = Operator::kNotNull;
  const Value value(true);
  const Value* facts[] = {&value};
  const Surroundings around{kStart, &kUtc, facts};
  using About = Happening::About;
  EXPECT_EQ(Heard(program, {.on = "message.opened", .about = About::kEnrollment}, around), (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(Heard(program, {.on = "message.opened", .about = About::kEnrollment, .automatic = true}, around), (std::vector<int32_t>{1}));
  EXPECT_TRUE(Heard(program, {.on = "message.opened", .about = About::kWorkflow}, around).empty());
  EXPECT_TRUE(Heard(program, {.on = "message.clicked"}, around).empty());
}

Program Splitting() {
  Program program = Chain({MakeStep("s", SplitStep{}), Send("a"), Send("b")});
  program.steps[0].body = SplitStep{{{"a", 60, false, 1}, {"b", 30, false, 2}, {"none", 10, true, 1}}};
  return program;
}

TEST(EnrollmentSplit, StableAndByWeight) {
  std::vector<int> taken(3);
  for (int i = 0; i < 20000; ++i) {
    Journey j(Splitting(), kUtc);
    j.identity = "acme\x1f" "7\x1f" + std::to_string(i);
    j.Start(kStart);
    Journey again(Splitting(), kUtc);
    again.identity = j.identity;
    again.Start(Plus(kStart, kDay));
    ASSERT_EQ(j.details, again.details) << "who comes again takes the same path";
    ++taken[j.details[0] == "a" ? 0 : j.details[0] == "b" ? 1 : 2];
  }
  EXPECT_NEAR(taken[0], 12000, 300);
  EXPECT_NEAR(taken[1], 6000, 300);
  EXPECT_NEAR(taken[2], 2000, 200);
}

// The way of a text is fixed for ever: it must not change with a release.
TEST(EnrollmentSplit, PinnedPaths) {
  std::string ways;
  for (int i = 0; i < 20; ++i) {
    Journey j(Splitting(), kUtc);
    j.identity = "acme\x1f" "7\x1f" + std::to_string(i);
    j.Start(kStart);
    ways += j.details[0].substr(0, 1);
  }
  EXPECT_EQ(ways, "aababaabbnabaaaaabaa");
}

TEST(EnrollmentSplit, AControlGroupGetsNoMessages) {
  Program program = Splitting();
  program.steps[0].body = SplitStep{{{"all", 0, false, 1}, {"none", 1, true, 1}}};
  Journey j(program, kUtc);
  j.Start(kStart);
  EXPECT_TRUE(j.sent.empty());
  EXPECT_EQ(j.state.holdout, "s/none");
  EXPECT_EQ(j.words, (Words{"split", "skipped", "skipped", "ended"}));
  EXPECT_EQ(j.reason(), "completed");
}

TEST(EnrollmentGoto, ALoopWithAWaitGoesOn) {
  Program program = Chain({WaitFor("w", {.days = 1}), Send("a"), Goto("back", 0)});
  Journey j(program, kUtc);
  j.Start(kStart);
  j.RunTo(Plus(kStart, 150 * kDay));
  EXPECT_EQ(j.sent.size(), 150U);
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
}

TEST(EnrollmentGoto, ALoopWithoutAWaitEndsWithError) {
  for (const bool writes : {false, true}) {
    Program program = Chain({writes ? Tag("t") : Send("t"), Goto("back", 0)});
    Journey j(program, kUtc);
    j.Start(kStart);
    EXPECT_EQ(j.reason(), "error");
    EXPECT_EQ(j.details.back(), "error: a loop without a wait: goto back after 100 others");
  }
}

TEST(EnrollmentGoto, ALoopThatNeverEndsIsBounded) {
  Program program = Chain({WaitFor("w", {.us = kMinute}), Goto("back", 0)});
  Journey j(program, kUtc);
  j.Start(kStart);
  for (int i = 0; i < kVisitsMax && j.state.due; ++i) j.Fire(*j.state.due);
  EXPECT_EQ(j.reason(), "error");
  EXPECT_EQ(j.details.back(), "error: it has taken 10000 steps: a loop that never ends");
}

// semantics 7: not twice within one chain, not more than twenty times an hour.
TEST(EnrollmentReentry, Semantics7_Loops) {
  Program program = Chain({Stop("x")});
  program.settings.reentry = Reentry::kEveryEvent;
  EntryCase entry;
  entry.entry_key = "1";
  const Surroundings around{kStart, &kUtc, {}};
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kNone);
  entry.in_chain = true;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kLoop);
  entry.in_chain = false;
  entry.recent_entries = 19;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kNone);
  entry.recent_entries = 20;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kLoop);
}

// semantics 4: while_live, and re-entry after a response.
TEST(EnrollmentReentry, Semantics4_RestartAndResponse) {
  Program program = Chain({Stop("x")});
  EntryCase entry;
  entry.entry_key = "1";
  entry.live = true;
  entry.entries = 1;
  const Surroundings around{kStart, &kUtc, {}};
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kAlreadyLive);
  program.settings.restart = true;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kNone);
  entry.event_seen = true;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kDuplicateEvent);
  entry = {};
  entry.entry_key = "1";
  entry.entries = 1;
  entry.last_reason = EndReason::kResponse;
  program.settings.reentry = Reentry::kAfterExit;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kReentry);
  program.settings.reentry_after_response = true;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kNone);
  program.settings.reentry = Reentry::kNever;
  EXPECT_EQ(DecideEntry(program, entry, around), Refusal::kReentry);
}

}  // namespace
}  // namespace workflow::journey
