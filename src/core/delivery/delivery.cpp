#include "core/delivery/delivery.h"

#include <algorithm>
#include <array>

namespace workflow {
namespace {

constexpr std::array kStateNames = {"ready", "leased", "sent", "cancelled", "expired", "failed", "dead", "no_address", "suppressed"};
static_assert(kStateNames.size() == static_cast<size_t>(MessageState::kSuppressed) + 1);

constexpr int64_t kFirstPause = 30 * kSecond;
constexpr int64_t kLongestPause = kHour;

}  // namespace

const char* MessageStateName(MessageState state) { return kStateNames[static_cast<size_t>(state)]; }

int64_t BackoffUs(int32_t attempt, double randomness) {
  int64_t pause = kFirstPause;
  for (int32_t i = 1; i < attempt && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  const double share = randomness >= 0 && randomness <= 1 ? randomness : 1;  // no number at all is caught here as well
  return pause / 2 + static_cast<int64_t>(static_cast<double>(pause / 2) * share);
}

MessageState AfterNack(int32_t attempt, bool permanent) {
  if (permanent) return MessageState::kFailed;
  return attempt >= kAttemptsMax ? MessageState::kDead : MessageState::kReady;
}

bool CancelsMessages(EndReason reason) {
  switch (reason) {
    case EndReason::kNone:
    case EndReason::kCompleted:
    case EndReason::kStopped:
    case EndReason::kError: return false;
    default: return true;
  }
}

Verdict Judge(const HandOut& message) {
  if (message.expires_at && *message.expires_at <= message.now) return {MessageState::kExpired, "nobody claimed it in time"};
  if (CancelsMessages(message.ended)) {
    return {MessageState::kCancelled, std::string("the enrollment ended: ") + EndReasonName(message.ended)};
  }
  if (!message.withdrawn.empty()) return {MessageState::kSuppressed, std::string(message.withdrawn)};
  if (message.attempt >= kAttemptsMax) {
    return {MessageState::kDead, message.last_reason.empty() ? "no sender has said what became of it" : std::string(message.last_reason)};
  }
  return {};
}

}  // namespace workflow
