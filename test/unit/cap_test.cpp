#include "core/delivery/cap.h"

#include <gtest/gtest.h>

#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNoon = Utc("2025-06-02T12:00:00Z");

CapFacts Facts(FrequencyCap cap, std::vector<Instant> sent) { return {{std::move(cap)}, {std::move(sent)}}; }

// semantics 21: a cap is a number of messages in any time of a length; the next is allowed when the oldest too many has left it.
TEST(Cap, Semantics21_CountsInAnyTimeOfItsLength) {
  const FrequencyCap two = {.channel = "email", .max = 2};
  EXPECT_EQ(DecideCap(Facts(two, {Plus(kNoon, -kHour)}), "email", {}, kNoon, kUtc).cap, nullptr);
  const CapFacts full = Facts(two, {Plus(kNoon, -kHour), Plus(kNoon, -3 * kHour), Plus(kNoon, -4 * kHour)});
  EXPECT_EQ(DecideCap(full, "email", {}, kNoon, kUtc).until, Plus(kNoon, kDay - 3 * kHour));
  EXPECT_EQ(DecideCap(full, "sms", {}, kNoon, kUtc).cap, nullptr);
  EXPECT_EQ(DecideCap(Facts(two, {Plus(kNoon, -kHour), Plus(kNoon, -kDay)}), "email", {}, kNoon, kUtc).cap, nullptr) << "a day ago to the instant counts no more";
  EXPECT_EQ(DecideCap(Facts(two, {Plus(kNoon, -kHour)}), "email", {"sms", "email"}, kNoon, kUtc).until, Plus(kNoon, kDay - kHour)) << "what was written just now counts";
  EXPECT_NE(DecideCap(Facts({.max = 1}, {}), "email", {"sms"}, kNoon, kUtc).cap, nullptr) << "all channels together";
}

// A cap in calendar units ends when it says, also where month's ends are clamped: it never defers to an instant at which it still forbids.
TEST(Cap, CalendarUnits) {
  const IanaZone paris("Europe/Paris");
  const FrequencyCap monthly = {.max = 1, .per = {.months = 1, .days = 0, .us = 0}};
  const Instant sent = In(paris, "2025-01-31T10:00:00");
  CapVerdict verdict = DecideCap(Facts(monthly, {sent}), "email", {}, In(paris, "2025-02-28T09:59:59"), paris);
  ASSERT_NE(verdict.cap, nullptr);
  EXPECT_EQ(verdict.until, In(paris, "2025-02-28T10:00:00"));
  EXPECT_EQ(DecideCap(Facts(monthly, {sent}), "email", {}, verdict.until, paris).cap, nullptr);
  EXPECT_LE(CountsSince(monthly, In(paris, "2025-02-28T09:59:59")), sent);
}

// Of several the one that ends or leaves out before one that defers; of these the longest. The account's does what the workflow's own says.
TEST(Cap, OfSeveral) {
  const Instant before = Plus(kNoon, -kMinute);
  const FrequencyCap day = {.max = 1}, hour = {.max = 1, .per = {.months = 0, .days = 0, .us = kHour}};
  FrequencyCap skip = hour;
  skip.on_cap = OnCap::kSkip;
  EXPECT_EQ(DecideCap({{hour, day}, {{before}, {before}}}, "email", {}, kNoon, kUtc).until, Plus(before, kDay));
  EXPECT_EQ(DecideCap({{day, skip}, {{before}, {before}}}, "email", {}, kNoon, kUtc).on_cap, OnCap::kSkip);
  FrequencyCap of_account = day;
  of_account.of_account = true;
  EXPECT_EQ(DecideCap({{skip, of_account}, {{}, {before}}}, "email", {}, kNoon, kUtc).on_cap, OnCap::kSkip);
  EXPECT_EQ(DecideCap({{of_account}, {{before}}}, "email", {}, kNoon, kUtc).on_cap, OnCap::kDefer);
  EXPECT_EQ(CapName({.channel = "email", .max = 2}), "2 messages by email in 1 day");
  EXPECT_EQ(CapName({.max = 1, .per = {.months = 0, .days = 0, .us = 2 * kHour}}), "1 message in 2 hours");
}

// semantics 21: looked at when the message is written; what has not been read is asked for first.
TEST(Cap, Semantics21_OfASend) {
  Program program = Chain({Send("a"), Send("b")});
  program.settings.caps = {{.max = 1}};
  const State state;
  const auto decide = [&](const CapFacts* facts, bool unknown, Instant now) {
    Surroundings around{.now = now, .zone = &kUtc, .facts = {}};
    around.caps = facts;
    around.caps_unknown = unknown;
    return Advance(program, state, {.kind = InputKind::kStart}, around);
  };
  EXPECT_TRUE(decide(nullptr, true, kNoon).asks_caps);
  EXPECT_EQ(decide(nullptr, false, kNoon).state.phase, Phase::kEnded) << "no cap at all";
  CapFacts facts = {program.settings.caps, {{}}};
  const Decision held = decide(&facts, false, kNoon);
  EXPECT_EQ(held.state.phase, Phase::kWindow);
  EXPECT_EQ(held.state.step, 1);
  EXPECT_EQ(*held.state.due, Plus(kNoon, kDay));
  facts.caps[0].on_cap = OnCap::kSkip;
  EXPECT_EQ(decide(&facts, false, kNoon).state.reason, EndReason::kCompleted);
  facts.caps[0].on_cap = OnCap::kExit;
  EXPECT_EQ(decide(&facts, false, kNoon).state.reason, EndReason::kCondition);
  program.settings.category = Category::kTransactional;
  EXPECT_EQ(decide(&facts, true, kNoon).state.reason, EndReason::kCompleted) << "transactional messages are outside of caps";
}

}  // namespace
}  // namespace workflow::journey
