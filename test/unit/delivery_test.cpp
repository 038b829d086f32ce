#include "core/delivery/delivery.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "core/delivery/message_id.h"
#include "core/delivery/token.h"

namespace workflow {
namespace {

constexpr Instant kNow{1'800'000'000'000'000};

// semantics 26: the pause doubles from 30 seconds to an hour; the randomness takes off up to a half.
TEST(Delivery, Semantics26_BackoffWithJitter) {
  const std::pair<int32_t, int64_t> whole[] = {{1, 30}, {2, 60}, {3, 120}, {7, 1920}, {8, 3600}, {9, 3600}, {2000, 3600}, {0, 30}};
  for (const auto& [attempt, seconds] : whole) {
    EXPECT_EQ(BackoffUs(attempt, 1), seconds * kSecond) << attempt;
    EXPECT_EQ(BackoffUs(attempt, 0), seconds * kSecond / 2) << attempt;
  }
  EXPECT_EQ(BackoffUs(1, 0.5), 22'500'000);
  EXPECT_EQ(BackoffUs(1, std::numeric_limits<double>::quiet_NaN()), 30 * kSecond) << "what is no share takes off nothing";
}

// semantics 26: after the last attempt dead; a permanent failure at once.
TEST(Delivery, Semantics26_AfterNack) {
  EXPECT_EQ(AfterNack(1, false), MessageState::kReady);
  EXPECT_EQ(AfterNack(kAttemptsMax - 1, false), MessageState::kReady);
  EXPECT_EQ(AfterNack(kAttemptsMax, false), MessageState::kDead);
  EXPECT_EQ(AfterNack(kAttemptsMax + 1, false), MessageState::kDead);
  EXPECT_EQ(AfterNack(1, true), MessageState::kFailed);
  EXPECT_EQ(AfterNack(kAttemptsMax, true), MessageState::kFailed);
}

// semantics 21, 23: every reason is on one side.
TEST(Delivery, Semantics21_WhichEndsCancel) {
  for (const EndReason reason : {EndReason::kNone, EndReason::kCompleted, EndReason::kStopped, EndReason::kError}) {
    EXPECT_FALSE(CancelsMessages(reason)) << EndReasonName(reason);
  }
  for (const EndReason reason : {EndReason::kGoal, EndReason::kResponse, EndReason::kRemoved, EndReason::kUnsubscribed, EndReason::kCondition,
                                 EndReason::kRecordDeleted, EndReason::kArchived, EndReason::kSuperseded, EndReason::kMerged}) {
    EXPECT_TRUE(CancelsMessages(reason)) << EndReasonName(reason);
  }
}

TEST(Delivery, Semantics21_TheVerdictOnAMessage) {
  EXPECT_EQ(Judge({.now = kNow}).state, MessageState::kLeased);
  EXPECT_EQ(Judge({.now = kNow, .expires_at = Instant{kNow.us + 1}, .attempt = kAttemptsMax - 1}).state, MessageState::kLeased);
  EXPECT_EQ(Judge({.now = kNow, .ended = EndReason::kCompleted}).state, MessageState::kLeased);

  const Verdict expired = Judge({.now = kNow, .expires_at = kNow, .ended = EndReason::kRemoved, .attempt = kAttemptsMax});
  EXPECT_EQ(expired.state, MessageState::kExpired) << "comes before the others";
  EXPECT_EQ(expired.reason, "nobody claimed it in time");
  const Verdict cancelled = Judge({.now = kNow, .ended = EndReason::kRemoved, .attempt = kAttemptsMax});
  EXPECT_EQ(cancelled.state, MessageState::kCancelled) << "comes before dead";
  EXPECT_EQ(cancelled.reason, "the enrollment ended: removed");
}

// semantics 26: leases that run out use up attempts too.
TEST(Delivery, Semantics26_DeadSaysWhy) {
  const Verdict suppressed = Judge({.now = kNow, .attempt = kAttemptsMax, .withdrawn = "the contact has opted out"});
  EXPECT_EQ(suppressed.state, MessageState::kSuppressed) << "semantics 21, 22: consent is looked at once more, before the attempts";
  EXPECT_EQ(suppressed.reason, "the contact has opted out");
  EXPECT_EQ(Judge({.now = kNow, .ended = EndReason::kRemoved, .withdrawn = "x"}).state, MessageState::kCancelled);
  EXPECT_EQ(Judge({.now = kNow, .attempt = kAttemptsMax}).state, MessageState::kDead);
  EXPECT_EQ(Judge({.now = kNow, .attempt = kAttemptsMax}).reason, "no sender has said what became of it");
  EXPECT_EQ(Judge({.now = kNow, .attempt = kAttemptsMax, .last_reason = "timeout"}).reason, "timeout");
}

TEST(Delivery, WordsAreTheContract) {
  const std::pair<MessageState, const char*> words[] = {
      {MessageState::kReady, "ready"},     {MessageState::kLeased, "leased"}, {MessageState::kSent, "sent"},
      {MessageState::kCancelled, "cancelled"}, {MessageState::kExpired, "expired"}, {MessageState::kFailed, "failed"},
      {MessageState::kDead, "dead"},       {MessageState::kNoAddress, "no_address"}, {MessageState::kSuppressed, "suppressed"}};
  for (const auto& [state, word] : words) EXPECT_STREQ(MessageStateName(state), word);
}

TEST(MessageId, TellsTheDay) {
  const Instant noon{(int64_t{kFirstDay} + 2517) * kDay + kDay / 2};
  EXPECT_EQ(DayOf(noon), 2517);
  EXPECT_EQ(DayOf(StartOfDay(2517)), 2517);
  EXPECT_EQ(DayOf(Instant{StartOfDay(2517).us - 1}), 2516);
  const int64_t id = MessageId(2517, 42);
  EXPECT_EQ(DayOfMessage(id), 2517);
  EXPECT_LT(MessageId(2517, (int64_t{1} << kDayShift) - 1), MessageId(2518, 0));
  EXPECT_LT(MessageId(kDayMax, (int64_t{1} << kDayShift) - 1), int64_t{1} << 53) << "clients count exactly so far";
  EXPECT_EQ(DayOf(Instant{-1}), 0);
  EXPECT_EQ(DayOf(Instant{std::numeric_limits<int64_t>::max()}), kDayMax);
}

TEST(LeaseToken, AscendsAndTellsTheDay) {
  const int32_t today = DayOf(kNow);
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, today, 1, 2)), today);
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, today - 3, 1, 2)), today - 3);
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, today + 3, 1, 2)), today) << "of messages that a clock put into the future";
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, today - 254, 1, 2)), today - 254);
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, today - 255, 1, 2)), 0) << "too long ago: look everywhere";
  EXPECT_EQ(OldestDayOf(MakeToken(kNow, 0, 1, 2)), 0);
  EXPECT_EQ(OldestDayOf(Token{}), 0) << "no token of ours";
  EXPECT_LT(MakeToken(kNow, today, ~uint64_t{0}, ~uint64_t{0}), MakeToken(Instant{kNow.us + 1000}, today, 0, 0));
}

// RFC 9562: version 8, variant 10; 66 bits are free.
TEST(LeaseToken, IsAUuidThatCannotBeGuessed) {
  const Token none = MakeToken(kNow, DayOf(kNow), 0, 0), all = MakeToken(kNow, DayOf(kNow), ~uint64_t{0}, ~uint64_t{0});
  int bits = 0;
  for (size_t i = 0; i < none.size(); ++i) bits += __builtin_popcount(static_cast<unsigned>(none[i] ^ all[i]));
  EXPECT_EQ(bits, 66);
  EXPECT_EQ(none[6] >> 4, 8);
  EXPECT_EQ(all[8] >> 6, 2);
}

}  // namespace
}  // namespace workflow
