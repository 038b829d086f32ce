// Which withdrawal stops which message, and what that does to an enrollment (semantics 22, 27).
#include "core/delivery/consent.h"

#include <gtest/gtest.h>

#include "enrollment_fixture.h"

namespace workflow {
namespace {

using enum Category;
constexpr Category kAll[] = {kTransactional, kInformational, kMarketing};

// Which of transactional, informational, marketing go out on a channel: "tim", "t--", …
std::string Out(const ConsentFacts& facts, std::string_view channel, std::optional<std::string_view> address = {}) {
  std::string out;
  for (const Category category : kAll) {
    out += DecideConsent({category, channel, address}, facts).allowed() ? "tim"[static_cast<size_t>(category)] : '-';
  }
  return out;
}

TEST(Consent, Semantics22_AHardSuppressionStopsAllToThatAddress) {
  ConsentFacts facts{.suppressions = {{ConsentScope::kAll, "ann@x.test", "", "bounce"}}, .addresses = {{"email", "ann@x.test"}, {"phone", "+1"}}};
  EXPECT_EQ(Out(facts, "email"), "---");
  EXPECT_EQ(Out(facts, "sms"), "tim") << "another address";
  EXPECT_EQ(Out(facts, "email", "bob@x.test"), "tim") << "it goes elsewhere";
  EXPECT_EQ(Out(facts, "email", "ann@x.test"), "---");
  EXPECT_EQ(Out(facts, "email", ""), "tim") << "where it goes is not known yet";
  EXPECT_EQ(Out(facts, "in_app"), "tim") << "a channel without addresses";
}

TEST(Consent, Semantics22_AChannelsOptOutLeavesTransactional) {
  const ConsentFacts facts{.suppressions = {{ConsentScope::kChannel, "", "email", "unsubscribe"}}};
  EXPECT_EQ(Out(facts, "email"), "t--");
  EXPECT_EQ(Out(facts, "sms"), "tim");
  EXPECT_EQ(Out({.suppressions = {{ConsentScope::kChannel, "", "", "unsubscribe"}}}, "sms"), "t--") << "on every channel";
}

TEST(Consent, Semantics22_AMarketingOptOutStopsMarketing) {
  EXPECT_EQ(Out({.suppressions = {{ConsentScope::kMarketing, "", "", "marketing"}}}, "email"), "ti-");
  EXPECT_EQ(Out({}, "email"), "tim");
}

// attach 9: what the CRM's columns declare counts as the contact's own will.
TEST(Consent, Attach9_DeclaredConsent) {
  ConsentFacts facts{.declared = {{ConsentScope::kMarketing, "email", false, "public.contacts"}, {ConsentScope::kChannel, "sms", true, "public.contacts"}}};
  EXPECT_EQ(Out(facts, "email"), "ti-");
  EXPECT_EQ(Out(facts, "sms"), "tim");
  const ConsentVerdict verdict = DecideConsent({kMarketing, "email"}, facts);
  EXPECT_EQ(verdict.reason, "no consent in public.contacts");
  EXPECT_TRUE(verdict.withdrawn);
}

TEST(Consent, TheFurthestSuppressionGivesTheReason) {
  ConsentFacts facts{.suppressions = {{ConsentScope::kMarketing, "", "", "marketing"}, {ConsentScope::kAll, "", "", "block"}}};
  const ConsentVerdict verdict = DecideConsent({kMarketing, "email"}, facts);
  EXPECT_EQ(verdict.reason, "the contact is suppressed: block");
  EXPECT_FALSE(verdict.withdrawn) << "an operator blocked it";
  facts.suppressions[1].reason = "complaint";
  EXPECT_TRUE(DecideConsent({kMarketing, "email"}, facts).withdrawn);
}

TEST(Consent, ScopeOfAReason) {
  EXPECT_EQ(ScopeOfReason(true, {}), ConsentScope::kAll);
  EXPECT_EQ(ScopeOfReason(false, {}), ConsentScope::kChannel);
  EXPECT_EQ(ScopeOfReason(true, "unsubscribe"), ConsentScope::kChannel);
  EXPECT_EQ(ScopeOfReason(false, "bounce"), ConsentScope::kAll);
  EXPECT_EQ(ScopeOfReason(false, "marketing"), ConsentScope::kMarketing);
  EXPECT_EQ(ScopeOfReason(true, "asked by phone"), ConsentScope::kAll);
  for (const ConsentScope scope : {ConsentScope::kAll, ConsentScope::kChannel, ConsentScope::kMarketing}) {
    EXPECT_EQ(ParseConsentScope(ConsentScopeName(scope)), scope);
  }
  EXPECT_FALSE(ParseConsentScope("some"));
  EXPECT_EQ(FoldAddress("Ann@X.Test"), "ann@x.test");
}

Json Data(std::string_view text) {
  std::string error;
  return Json::Parse(text, &error).value_or(Json());
}

// semantics 26, 27: a bounce for good, a complaint and an opt-out stop what follows; a machine's doing is told apart.
TEST(Consent, Semantics27_WhatReceiptsMean) {
  EXPECT_TRUE(MeaningOfReceipt("seen", Data("{}")).event.empty());
  EXPECT_EQ(MeaningOfReceipt("opened", Data("{}")).event, "message.opened");
  EXPECT_FALSE(MeaningOfReceipt("opened", Data("{}")).machine);
  EXPECT_TRUE(MeaningOfReceipt("opened", Data(R"({"machine": true})")).machine);
  EXPECT_TRUE(MeaningOfReceipt("clicked", Data(R"({"machine": true})")).machine);
  EXPECT_FALSE(MeaningOfReceipt("replied", Data(R"({"machine": true})")).machine);
  EXPECT_TRUE(MeaningOfReceipt("replied", Data(R"({"auto": true})")).machine);
  EXPECT_EQ(MeaningOfReceipt("bounced", Data("{}")).stops, ConsentScope::kAll);
  EXPECT_TRUE(MeaningOfReceipt("bounced", Data("{}")).by_address);
  EXPECT_FALSE(MeaningOfReceipt("bounced", Data(R"({"soft": true})")).stops);
  EXPECT_EQ(MeaningOfReceipt("complained", Data("{}")).stops, ConsentScope::kAll);
  EXPECT_EQ(MeaningOfReceipt("unsubscribed", Data("{}")).stops, ConsentScope::kChannel);
  EXPECT_FALSE(MeaningOfReceipt("unsubscribed", Data("{}")).by_address);
  EXPECT_EQ(MeaningOfReceipt("unsubscribed", Data(R"({"marketing": true})")).stops, ConsentScope::kMarketing);
  EXPECT_FALSE(MeaningOfReceipt("delivered", Data("{}")).stops);
}

}  // namespace

namespace journey {
namespace {

const UtcZone kUtc;
const Instant kNow = Utc("2025-06-02T12:00:00Z");
const ConsentFacts kOptedOut{.suppressions = {{ConsentScope::kChannel, "", "", "unsubscribe"}}};
const ConsentFacts kBounced{.suppressions = {{ConsentScope::kAll, "", "", "bounce"}}};

// semantics 22: the message is written with its reason; the enrollment ends by exit_on_unsubscribe.
TEST(EnrollmentConsent, Semantics22_AnOptOutEndsWhatAsksForIt) {
  Journey journey(Chain({Send("a"), Send("b")}), kUtc);
  journey.consent = kOptedOut;
  journey.Start(kNow);
  ASSERT_EQ(journey.sent.size(), 1U);
  EXPECT_EQ(journey.sent[0].stopped, "the contact has opted out: unsubscribe");
  EXPECT_EQ(journey.reason(), "unsubscribed");
  EXPECT_EQ(journey.words, (Words{"suppressed", "ended"}));
}

TEST(EnrollmentConsent, Semantics22_OrItGoesOn) {
  Journey journey(Chain({Send("a"), Send("b")}), kUtc);
  journey.program.settings.exit_on_unsubscribe = false;
  journey.consent = kOptedOut;
  journey.Start(kNow);
  EXPECT_EQ(journey.words, (Words{"suppressed", "suppressed", "ended"}));
  EXPECT_EQ(journey.reason(), "completed");
}

// An address that does not work is not the contact's will.
TEST(EnrollmentConsent, Semantics22_ABounceEndsNothing) {
  Journey journey(Chain({Send("a"), Send("b")}), kUtc);
  journey.consent = kBounced;
  journey.Start(kNow);
  EXPECT_EQ(journey.reason(), "completed");
  EXPECT_EQ(journey.sent.size(), 2U);
}

TEST(EnrollmentConsent, TransactionalGoesOut) {
  Journey journey(Chain({Send("a")}), kUtc);
  journey.program.settings.category = Category::kTransactional;
  journey.consent = kOptedOut;
  journey.Start(kNow);
  ASSERT_EQ(journey.sent.size(), 1U);
  EXPECT_TRUE(journey.sent[0].stopped.empty());
}

// What is not known is asked for, and nothing of the decision counts; who sends nothing is not asked about.
TEST(EnrollmentConsent, UnknownConsentIsAskedFor) {
  Journey journey(Chain({Tag("t"), Send("a")}), kUtc);
  journey.consent_unknown = true;
  journey.state.clock = kNow;
  const Decision first = journey.Decide({.kind = InputKind::kStart}, kNow);
  EXPECT_FALSE(first.asks_consent);
  journey.state = first.state;
  EXPECT_TRUE(journey.Decide({.kind = InputKind::kAgain}, kNow).asks_consent);
}

// semantics 29: retry goes on at the failing step, with its tries counted anew.
TEST(EnrollmentRetry, Semantics29_AnEndByErrorIsTakenUp) {
  Journey journey(Chain({Send("a"), Send("b")}), kUtc);
  journey.program.settings.retry_max = 0;
  journey.state.clock = kNow;
  journey.state.step = 1;
  journey.Fail(kNow);
  ASSERT_EQ(journey.reason(), "error");
  journey.Give({.kind = InputKind::kRetried}, Plus(kNow, kHour));
  ASSERT_EQ(journey.sent.size(), 1U);
  EXPECT_EQ(journey.SentId(0), "b");
  EXPECT_EQ(journey.reason(), "completed");
  EXPECT_EQ(journey.state.attempts, 0);
  journey.Give({.kind = InputKind::kRetried}, Plus(kNow, kHour));
  EXPECT_EQ(journey.sent.size(), 1U) << "what has completed stays so";
}

}  // namespace
}  // namespace journey
}  // namespace workflow
