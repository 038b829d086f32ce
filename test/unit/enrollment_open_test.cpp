// Waits for something to happen (semantics 18).
#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kStart = Utc("2025-06-02T12:00:00Z");
using Kind = Listener::Kind;

// send a; wait for listener 0; send b; on timeout: send late.
Journey Waiting(std::optional<Duration> timeout, Lookback lookback = Lookback::kSinceEntry, std::vector<Step> before = {Send("a")}) {
  before.push_back(UntilEvent("w", 0, timeout, lookback));
  const auto wait = static_cast<int32_t>(before.size()) - 1;
  before.push_back(Send("b"));
  before.push_back(Stop("done"));
  before.push_back(Send("late"));
  Program program = Chain(std::move(before));
  program.steps[static_cast<size_t>(wait) + 2].next = kEndOfSteps;
  std::get<WaitStep>(program.steps[static_cast<size_t>(wait)].body).on_timeout = wait + 3;
  program.listeners = {Listens(Kind::kWait, wait, "order.paid")};
  return Journey(program, kUtc);
}

TEST(EnrollmentOpenWait, Semantics18_TheEventEndsIt) {
  Journey j = Waiting(Duration{.days = 3});
  j.Start(kStart);
  EXPECT_EQ(j.due(), "2025-06-05T12:00:00");
  EXPECT_EQ(j.details.back(), "for order.paid until 2025-06-05T12:00:00Z");
  j.Tell({0}, Plus(kStart, kHour));
  EXPECT_EQ(j.SentId(1), "b");
  EXPECT_EQ(j.reason(), "stopped");
  EXPECT_TRUE(j.state.kept.empty());
  EXPECT_EQ(j.words, (Words{"sent", "waiting", "met", "sent", "ended"}));
}

TEST(EnrollmentOpenWait, Semantics18_TheTimeoutTakesItsOwnWay) {
  Journey j = Waiting(Duration{.days = 3});
  j.Start(kStart);
  j.RunTo(Plus(kStart, 4 * kDay));
  EXPECT_EQ(j.SentId(1), "late");
  EXPECT_EQ(j.reason(), "completed");
}

// C27: what a condition reads of messages comes with an event that only has it looked at.
TEST(EnrollmentOpenWait, C27_AConditionOnAMessageIsLookedAtWhenItsReceiptComes) {
  Program program = Chain({Send("a"), Until("w", Holds(0), Duration{.days = 3}), Send("b")});
  program.listeners = {Listens(Kind::kLook, 0, "message.opened")};
  Journey j(program, kUtc);
  j.values = {Value(false)};
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour));
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
  EXPECT_TRUE(j.state.kept.empty());
  j.values = {Value(true)};
  j.Tell({0}, Plus(kStart, 2 * kHour), Plus(kStart, 2 * kHour), /*paused=*/true);
  EXPECT_EQ(j.due(), "2025-06-02T14:00:00");
  j.Tell({0}, Plus(kStart, 3 * kHour));
  EXPECT_EQ(j.SentId(1), "b");
  EXPECT_EQ(j.words, (Words{"sent", "waiting", "met", "sent", "ended"}));
}

TEST(EnrollmentOpenWait, WithoutTimeoutItHasNoTimer) {
  Journey j = Waiting(std::nullopt);
  j.Start(kStart);
  EXPECT_EQ(j.state.phase, Phase::kWaiting);
  EXPECT_FALSE(j.state.due);
  j.Tell({0}, Plus(kStart, 400 * kDay));
  EXPECT_EQ(j.SentId(1), "b");
}

// Semantics 18: first of condition and timeout wins, also where a late worker sees both at once, in whichever order.
TEST(EnrollmentOpenWait, Semantics18_WhicheverCameFirst) {
  Journey early = Waiting(Duration{.days = 1});
  early.Start(kStart);
  early.Tell({0}, Plus(kStart, kHour), Plus(kStart, 2 * kDay));
  EXPECT_EQ(early.SentId(1), "b");
  Journey late = Waiting(Duration{.days = 1});
  late.Start(kStart);
  late.Tell({0}, Plus(kStart, kDay + 1), Plus(kStart, 2 * kDay));
  EXPECT_EQ(late.SentId(1), "late");
}

// Semantics 18, lookback: what came before the wait.
TEST(EnrollmentOpenWait, Semantics18_Lookback) {
  const struct { Lookback lookback; int64_t heard; bool passes; } cases[] = {
      {Lookback::kSinceEntry, kHour, true}, {Lookback::kSinceEntry, kDay + kHour, true},
      {Lookback::kSinceStep, kHour, false}, {Lookback::kSinceStep, kDay + kHour, true},
      {Lookback::kNone, kHour, false},      {Lookback::kNone, kDay + kHour, false}};
  for (const auto& one : cases) {
    // The second wait's clock stands where the first one ended, a day after the start.
    Journey j = Waiting(Duration{.days = 9}, one.lookback, {WaitFor("day", {.days = 1}), Tag("t")});
    j.Start(kStart);
    if (one.heard < kDay) j.Tell({0}, Plus(kStart, one.heard));
    ASSERT_EQ(j.state.phase, Phase::kWaiting);
    // Put off at the tag: the wait begins two hours after the day is over.
    const Decision left = j.Decide({.kind = InputKind::kTimer, .timer = j.state.timer}, Plus(kStart, kDay));
    EXPECT_TRUE(left.again);
    j.state = left.state;
    if (one.heard > kDay) j.Tell({0}, Plus(kStart, one.heard));
    j.Give({.kind = InputKind::kAgain}, Plus(kStart, kDay + 2 * kHour));
    EXPECT_EQ(j.sent.size(), one.passes ? 1U : 0U) << static_cast<int>(one.lookback) << " " << one.heard;
  }
}

// What has ended a wait is used up: the next round of a loop waits for the next one.
TEST(EnrollmentOpenWait, Semantics18_AnEventServesOnce) {
  Program program = Chain({UntilEvent("w", 0, std::nullopt), Send("a"), Goto("back", 0)});
  program.listeners = {Listens(Kind::kWait, 0, "order.paid")};
  Journey j(program, kUtc);
  j.Start(kStart);
  for (int n = 1; n <= 3; ++n) {
    j.Tell({0}, Plus(kStart, n * kHour));
    EXPECT_EQ(j.sent.size(), static_cast<size_t>(n));
    EXPECT_EQ(j.state.phase, Phase::kWaiting);
  }
}

TEST(EnrollmentOpenWait, Semantics18_UntilPassesAtOnceWhereItHolds) {
  Journey j(Chain({Until("w", Holds(0), Duration{.days = 1}), Send("a")}), kUtc);
  j.values = {Value(true)};
  j.Start(kStart);
  EXPECT_EQ(j.sent.size(), 1U);
}

TEST(EnrollmentOpenWait, Semantics18_UntilIsLookedAtWhenTheRecordChanges) {
  Journey j(Chain({Until("w", Holds(0), Duration{.days = 1}), Send("a")}), kUtc);
  j.values = {Value(false)};
  j.Start(kStart);
  const int32_t timer = j.state.timer;
  j.Change(Plus(kStart, kHour));
  EXPECT_EQ(j.state.timer, timer) << "nothing has changed: the timer that is set serves";
  j.values = {Value(true)};
  j.Change(Plus(kStart, 2 * kHour));
  EXPECT_EQ(j.sent.size(), 1U);
  EXPECT_EQ(j.reason(), "completed");
}

Condition Age(Operator op, Duration duration) {
  Condition condition;
  condition.root.op = op;
  condition.root.type = TypeKind::kTimestamptz;
  condition.root.duration = duration;
  return condition;
}

// Semantics 18: looked at at the instant at which olderThan flips, not before and not after.
TEST(EnrollmentOpenWait, Semantics18_TimeAloneMakesItHold) {
  Journey j(Chain({Until("w", Age(Operator::kOlderThan, {.days = 2}), Duration{.days = 9}), Send("a")}), kUtc);
  j.values = {Value(Plus(kStart, -kDay))};
  j.Start(kStart);
  ASSERT_TRUE(j.state.due);
  j.RunTo(Plus(kStart, kDay));
  EXPECT_TRUE(j.sent.empty());
  j.RunTo(Plus(kStart, kDay + 1));
  ASSERT_EQ(j.sent.size(), 1U);
}

// Across months and a change of clocks, and for dates: found by looking when it says, never before it holds.
TEST(EnrollmentOpenWait, Semantics18_FlipsOnTheCalendar) {
  const IanaZone zone("America/New_York");
  const Duration lengths[] = {{.months = 1}, {.days = 30}, {.us = 36 * kHour}, {.months = 1, .days = 3}};
  for (const Duration& length : lengths) {
    for (const char* from : {"2025-01-31T10:00:00", "2025-02-10T02:30:00", "2025-10-03T01:30:00"}) {
      for (const bool as_date : {false, true}) {
        if (as_date && length.us != 0) continue;
        Journey j(Chain({Until("w", Age(Operator::kOlderThan, length), Duration{.days = 90}), Send("a")}), zone);
        const Instant at = In(zone, from);
        j.values = {as_date ? Value(DateOf(ToLocal(at, zone))) : Value(at)};
        j.Start(at);
        j.RunTo(Plus(at, 80 * kDay));
        ASSERT_EQ(j.sent.size(), 1U) << from << " " << FormatDuration(length) << as_date;
        // The first second at which it holds is not before the message, but within a second of it.
        const WaitStep& wait = std::get<WaitStep>(j.program.steps[0].body);
        const Value* facts[] = {&j.values[0]};
        EXPECT_EQ(Evaluate(*wait.condition, facts, j.sent[0].due_at, &zone), Outcome::kTrue);
        EXPECT_NE(Evaluate(*wait.condition, facts, Plus(j.sent[0].due_at, -kMinute), &zone), Outcome::kTrue) << from;
      }
    }
  }
}

TEST(EnrollmentOpenWait, Semantics18_EveryHourWhereNoEventTells) {
  Journey j(Chain({Until("w", Holds(0), Duration{.us = 150 * kMinute}, true), Send("a")}), kUtc);
  j.values = {Value(false)};
  j.Start(kStart);
  EXPECT_EQ(j.due(), "2025-06-02T13:00:00");
  j.Fire(Plus(kStart, kHour));
  j.Fire(Plus(kStart, 2 * kHour));
  EXPECT_EQ(j.due(), "2025-06-02T14:30:00");
  j.values = {Value(true)};
  j.Fire(Plus(kStart, 150 * kMinute));
  EXPECT_EQ(j.sent.size(), 1U);
}

// Semantics 28: a row that is locked puts the turn off; what was heard is not forgotten, and the wait not begun anew.
TEST(EnrollmentOpenWait, WhatWasHeardSurvivesBeingPutOff) {
  Journey j = Waiting(Duration{.days = 3}, Lookback::kNone);
  j.Start(kStart);
  const int32_t visit = j.state.visit;
  const Decision off = j.Decide({.kind = InputKind::kPutOff, .delay_us = kSecond, .heard = {0}, .heard_at = Plus(kStart, kHour)}, Plus(kStart, kHour));
  EXPECT_EQ(off.state.phase, Phase::kRetry);
  j.state = off.state;
  j.Fire(Plus(kStart, kHour + kSecond));
  EXPECT_EQ(j.SentId(1), "b");
  EXPECT_EQ(j.sent[1].visit, visit + 1);
}

// A send after the timeout that fails is tried again on the same way, not by if_past.
TEST(EnrollmentOpenWait, ARetryStaysOnTheWayOfTheTimeout) {
  Journey j = Waiting(Duration{.days = 3});
  std::get<WaitStep>(j.program.steps[1].body).if_past.policy = IfPast::kExit;
  j.Start(kStart);
  const Instant end = Plus(kStart, 3 * kDay);
  j.Fail(end);
  EXPECT_EQ(j.state.phase, Phase::kRetry);
  j.Fire(Plus(end, kHour));
  EXPECT_EQ(j.SentId(1), "late");
}

TEST(EnrollmentOpenWait, ATimeoutLongPastOnArrivalGoesByIfPast) {
  Journey exits = Waiting(Duration{.days = 1}, Lookback::kSinceEntry, {});
  std::get<WaitStep>(exits.program.steps[0].body).if_past.policy = IfPast::kExit;
  exits.Start(kStart, Plus(kStart, 9 * kDay));
  EXPECT_EQ(exits.reason(), "condition");
  Journey goes_on = Waiting(Duration{.days = 1}, Lookback::kSinceEntry, {});
  goes_on.Start(kStart, Plus(kStart, kDay + kHour));
  EXPECT_EQ(goes_on.SentId(0), "late");
}

// Semantics 11: while paused nobody goes on; what came is looked at when it is resumed.
TEST(EnrollmentOpenWait, Semantics11_HeardWhilePaused) {
  Journey j = Waiting(Duration{.days = 3}, Lookback::kNone);
  j.Start(kStart);
  j.Tell({0}, Plus(kStart, kHour), Plus(kStart, kHour), true);
  EXPECT_EQ(j.sent.size(), 1U);
  EXPECT_EQ(j.due(), "2025-06-02T13:00:00");
  j.Give({.kind = InputKind::kResume, .paused_us = kDay, .resumed_at = Plus(kStart, kDay)}, Plus(kStart, kDay));
  EXPECT_EQ(j.SentId(1), "b");
}

Journey Resumed(OnResume policy, Step wait, int64_t paused_from, int64_t resumed, int64_t fired) {
  Journey j(Chain({std::move(wait), Send("a"), WaitFor("next", {.days = 5}), Send("b")}), kUtc);
  j.program.settings.on_resume = policy;
  j.Start(kStart);
  j.Give({.kind = InputKind::kResume, .paused_us = resumed - paused_from, .resumed_at = Plus(kStart, resumed)}, Plus(kStart, fired));
  return j;
}

// Semantics 11: on_resume. A wait of 3 days; paused from the first day to the fifth (overdue), or to the second (not yet due).
TEST(EnrollmentOpenWait, Semantics11_OnResume) {
  const Step wait = WaitFor("w", {.days = 3});
  EXPECT_EQ(Resumed(OnResume::kFreeze, wait, kDay, 5 * kDay, 5 * kDay).due(), "2025-06-09T12:00:00");
  Journey caught = Resumed(OnResume::kCatchUp, wait, kDay, 5 * kDay, 5 * kDay);
  EXPECT_EQ(caught.sent.size(), 1U);
  EXPECT_EQ(Resumed(OnResume::kRestartDelay, wait, kDay, 5 * kDay, 5 * kDay).due(), "2025-06-10T12:00:00");
  Journey dropped = Resumed(OnResume::kDropOverdue, wait, kDay, 5 * kDay, 5 * kDay);
  EXPECT_TRUE(dropped.sent.empty());
  EXPECT_EQ(dropped.StepId(), "next");
  EXPECT_EQ(dropped.due(), "2025-06-10T12:00:00");  // five days after the wait would have ended
  EXPECT_EQ(Resumed(OnResume::kDropOverdue, wait, kDay, 2 * kDay, 3 * kDay).sent.size(), 1U) << "what was not overdue is not dropped";
  EXPECT_EQ(Resumed(OnResume::kRestartDelay, wait, kDay, 2 * kDay, 3 * kDay).due(), "2025-06-07T12:00:00");
}

// Each by the caller's word in place of the setting: resume(name, mode).
TEST(EnrollmentOpenWait, Semantics11_TheCallerMaySayOtherwise) {
  Journey j(Chain({WaitFor("w", {.days = 3}), Send("a")}), kUtc);
  j.Start(kStart);
  j.Give({.kind = InputKind::kResume, .paused_us = kDay, .resumed_at = Plus(kStart, 5 * kDay), .on_resume = OnResume::kCatchUp}, Plus(kStart, 5 * kDay));
  EXPECT_EQ(j.sent.size(), 1U);
}

TEST(EnrollmentOpenWait, Semantics11_ATimeoutStandsStillOrBeginsAnew) {
  for (const OnResume policy : {OnResume::kFreeze, OnResume::kRestartDelay}) {
    Journey j = Waiting(Duration{.days = 3});
    j.program.settings.on_resume = policy;
    j.Start(kStart);
    j.Give({.kind = InputKind::kResume, .paused_us = kDay, .resumed_at = Plus(kStart, 2 * kDay)}, Plus(kStart, 3 * kDay));
    EXPECT_EQ(j.due(), policy == OnResume::kFreeze ? "2025-06-06T12:00:00" : "2025-06-07T12:00:00");
    j.RunTo(Plus(kStart, 9 * kDay));
    EXPECT_EQ(j.SentId(1), "late");
  }
}

// Semantics 7: a chain ends at a wait of an hour or more.
TEST(EnrollmentOpenWait, Semantics7_AnHoursWaitEndsTheChain) {
  for (const int64_t length : {kHour - kMinute, kHour}) {
    Journey j(Chain({WaitFor("w", {.us = length}), Tag("t"), Stop("x")}), kUtc);
    j.Start(kStart);
    j.RunTo(Plus(kStart, kDay));
    EXPECT_EQ(j.state.unchained, length == kHour);
  }
}

// What is stored of a state is what it was; ids, not numbers.
TEST(EnrollmentMemo, GoesThroughText) {
  Journey j = Waiting(Duration{.days = 3});
  j.program.goals = {{.id = "bought"}};
  EXPECT_EQ(MemoText(j.program, j.state), "");
  State state;
  state.kept = {{1, kStart}};
  state.inside = true;
  state.timeout = Plus(kStart, 5);
  state.reached = {0};
  state.holdout = "split/none";
  state.unchained = true;
  const std::string text = MemoText(j.program, state);
  EXPECT_NE(text.find("\"w\""), std::string::npos) << text;
  State back;
  ReadMemo(j.program, text, &back);
  EXPECT_EQ(std::tie(back.kept, back.inside, back.timeout, back.reached, back.holdout, back.unchained),
            std::tie(state.kept, state.inside, state.timeout, state.reached, state.holdout, state.unchained));
  State other;
  ReadMemo(Chain({Send("x")}), text, &other);
  EXPECT_TRUE(other.kept.empty() && other.reached.empty());
}

}  // namespace
}  // namespace workflow::journey
