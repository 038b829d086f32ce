// What becomes of a message on its way through the senders. Decisions only: who holds which row, and what is written, is the shell's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/instant.h"
#include "core/enrollment/enrollment.h"

namespace workflow {

enum class MessageState : uint8_t {
  kReady,       // a claim may take it, at once or when its time has come
  kLeased,      // a sender holds it, or held it until its lease ran out
  kSent,
  kCancelled,   // its enrollment ended early, or somebody cancelled it
  kExpired,     // nobody claimed it in time
  kFailed,      // for good
  kDead,        // attempts used up; it may be revived
  kNoAddress,
  kSuppressed,
};
const char* MessageStateName(MessageState state);  // "ready", …, "no_address": the words of workflow.outbox

// How often a message is handed out at most.
inline constexpr int32_t kAttemptsMax = 10;

// The pause after so many attempts: 30 seconds, doubled each time, at most an hour; randomness (0 to 1) takes off up to a half (semantics 26).
int64_t BackoffUs(int32_t attempt, double randomness);

// Of a message that a sender could not deliver at its `attempt`-th attempt: ready (again, after a pause), failed or dead.
MessageState AfterNack(int32_t attempt, bool permanent);

// Whether what an enrollment that ended so has written and nobody has claimed is not sent any more. One that came to its end, that was stopped by a
// step of its own, or that failed, leaves its messages valid.
bool CancelsMessages(EndReason reason);

// A message that is about to be handed out.
struct HandOut {
  Instant now;
  std::optional<Instant> expires_at = {};
  EndReason ended = EndReason::kNone;  // of its enrollment; none: it lives
  int32_t attempt = 0;                 // how often it was handed out so far
  std::string_view last_reason = {};   // what a sender said of the last attempt
  std::string_view withdrawn = {};     // why the contact's consent stops it; empty: it does not
};
struct Verdict {
  MessageState state = MessageState::kLeased;  // anything else: it is not handed out, and this is its outcome
  std::string reason = {};
};
// The first that holds, in the order: expired, cancelled, suppressed, dead, leased (semantics 21, 26).
Verdict Judge(const HandOut& message);

}  // namespace workflow
