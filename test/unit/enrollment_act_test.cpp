// Steps that act outside of the enrollment, the choice of `assign`, and the wait for a person.
#include <gtest/gtest.h>

#include "core/enrollment/assign.h"
#include "enrollment_fixture.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNow = Utc("2025-06-02T12:00:00Z");

template <typename E>
std::vector<E> Of(const Decision& decision) {
  std::vector<E> found;
  for (const Effect& effect : decision.effects) {
    if (const auto* one = std::get_if<E>(&effect)) found.push_back(*one);
  }
  return found;
}

Decision Start(const Journey& journey) { return journey.Decide({.kind = InputKind::kStart}, kNow); }

// What is said to others changes nothing that the next step sees, so the enrollment goes on in the same call.
TEST(EnrollmentAct, WhatIsSaidToOthersDoesNotHoldTheEnrollment) {
  Journey journey(Chain({MakeStep("e", EmitStep{"a.b", {}}), MakeStep("n", EnrollStep{"w", {}}), MakeStep("s", SubscribeStep{}), Send("last")}), kUtc);
  const Decision decision = Start(journey);
  const auto acts = Of<ActEffect>(decision);
  ASSERT_EQ(acts.size(), 3U);
  EXPECT_EQ(acts[0].visit, 1);
  EXPECT_EQ(acts[2].visit, 3);
  EXPECT_EQ(Of<SendEffect>(decision).size(), 1U);
  EXPECT_FALSE(decision.again);
  EXPECT_EQ(decision.state.phase, Phase::kEnded);
}

// What leaves a result is done before the next step is decided.
TEST(EnrollmentAct, WhatLeavesAResultIsDoneFirst) {
  Journey journey(Chain({MakeStep("c", CallStep{"f", {}}), Send("last")}), kUtc);
  const Decision decision = Start(journey);
  ASSERT_EQ(Of<ActEffect>(decision).size(), 1U);
  EXPECT_EQ(Of<ActEffect>(decision)[0].visit, decision.state.visit);
  EXPECT_TRUE(decision.again);
  EXPECT_EQ(decision.state.step, 1);
}

// semantics 15 is about messages to the contact: staff and other systems are told at once.
TEST(EnrollmentAct, NoSendWindowHoldsANotificationOrARequest) {
  Journey journey(Chain({MakeStep("n", NotifyStep{}), MakeStep("w", WebhookStep{}), Send("held")}), kUtc);
  journey.program.settings.send_window.windows = {WeekdaysFrom("13:00", "14:00")};
  const Decision decision = Start(journey);
  EXPECT_EQ(Of<SendEffect>(decision).size(), 2U);
  EXPECT_EQ(decision.state.phase, Phase::kWindow);
}

Journey Asking(Duration timeout = {.days = 2}) {
  Program program = Chain({Approve("ask", timeout), Send("yes"), Send("no"), Send("late")});
  std::get<ApproveStep>(program.steps[0].body).then = {1, 2, 3};
  for (size_t i = 1; i < 4; ++i) program.steps[i].next = kEndOfSteps;
  Journey journey(std::move(program), kUtc);
  journey.Start(kNow);
  return journey;
}

TEST(EnrollmentApprove, AsksAndWaits) {
  const Journey journey = Asking();
  EXPECT_EQ(journey.state.phase, Phase::kApproval);
  EXPECT_EQ(journey.due(), "2025-06-04T12:00:00");
  EXPECT_TRUE(journey.sent.empty());
}

TEST(EnrollmentApprove, AnAnswerStandsWhateverTheStepsAfterItMeet) {
  for (const bool approved : {true, false}) {
    Journey journey = Asking();
    const int32_t visit = journey.state.visit;
    const Decision decision = journey.Decide({.kind = InputKind::kAnswer, .detail = "fine", .approved = approved}, Plus(kNow, kHour));
    ASSERT_EQ(Of<CloseEffect>(decision).size(), 1U);
    EXPECT_STREQ(Of<CloseEffect>(decision)[0].outcome, approved ? "approved" : "rejected");
    EXPECT_EQ(Of<CloseEffect>(decision)[0].visit, visit);
    EXPECT_EQ(decision.state.phase, Phase::kRetry);
    EXPECT_EQ(decision.state.due, Plus(kNow, kHour));
    journey.state = decision.state;
    journey.Fire(Plus(kNow, kHour));
    ASSERT_EQ(journey.sent.size(), 1U);
    EXPECT_EQ(journey.SentId(0), approved ? "yes" : "no");
  }
}

TEST(EnrollmentApprove, TimesOut) {
  Journey journey = Asking();
  journey.RunTo(Plus(kNow, 3 * kDay));
  ASSERT_EQ(journey.sent.size(), 1U);
  EXPECT_EQ(journey.SentId(0), "late");
}

// A pause stands still for a timeout as for any duration (semantics 11).
TEST(EnrollmentApprove, APauseProlongsIt) {
  Journey journey = Asking();
  journey.Give({.kind = InputKind::kResume, .paused_us = kDay}, Plus(kNow, kDay));
  EXPECT_EQ(journey.due(), "2025-06-05T12:00:00");
}

// Failing after the timeout does not ask once more.
TEST(EnrollmentApprove, AFailureAfterTheTimeoutGoesOnInItsList) {
  Journey journey = Asking();
  journey.Fail(Plus(kNow, 2 * kDay));
  EXPECT_EQ(journey.state.phase, Phase::kRetry);
  EXPECT_EQ(journey.StepId(), "late");
}

TEST(Assign, RoundRobinTakesEachInTurn) {
  const std::vector<Assignee> users = {{"a"}, {"b"}, {"c"}};
  std::string order;
  for (int64_t turn = 0; turn < 7; ++turn) order += users[UserOfTurn(users, turn)].user;
  EXPECT_EQ(order, "abcabca");
}

TEST(Assign, WeightsAreKeptAndSpread) {
  const std::vector<Assignee> users = {{"a", 5}, {"b", 1}, {"c", 1}};
  std::string order;
  for (int64_t turn = 0; turn < 14; ++turn) order += users[UserOfTurn(users, turn)].user;
  EXPECT_EQ(order, "aabacaaaabacaa");
}

TEST(Assign, ChoosesWhoHasTheFewestAndOfEqualsTheFirst) {
  EXPECT_EQ(LeastBusy(std::vector<int64_t>{3, 1, 1}), 1U);
}

TEST(Assign, GoesByTheValueOfAField) {
  AssignStep step;
  step.map = {{"DE", "7"}, {"3", "9"}};
  const Value germany(std::string("DE")), three(int64_t{3}), other(std::string("FR")), null;
  const Value inside = Value::OfJson(Json::String("DE"));
  EXPECT_EQ(UserFor(step, &germany), "7");
  EXPECT_EQ(UserFor(step, &inside), "7");
  EXPECT_EQ(UserFor(step, &three), "9");
  EXPECT_EQ(UserFor(step, &other), std::nullopt);
  step.otherwise = "1";
  EXPECT_EQ(UserFor(step, &null), "1");
}

}  // namespace
}  // namespace workflow::journey
