// The life of one enrollment as a state machine: state + input + now -> state + effects. README.md in this folder is its table.
// Nothing here acts: effects are data that the shell performs in the same transaction in which it stores the state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/instant.h"
#include "core/calendar/zone.h"
#include "core/condition/condition.h"
#include "core/definition/program.h"

namespace workflow {

enum class Phase : uint8_t {
  kReady,    // about to take `step`
  kWaiting,  // inside the wait `step`; a timer is set
  kWindow,   // held at the send `step` until the send window opens; a timer is set
  kRetry,    // `step` failed; a timer is set for the next try
  kApproval, // inside the approval `step`; a timer is set where it times out
  kEnded,    // terminal; `reason` says why
};

enum class EndReason : uint8_t {  // semantics 23; the ones that later versions use are named already: the list is the contract
  kNone, kCompleted, kGoal, kResponse, kRemoved, kUnsubscribed, kCondition, kRecordDeleted, kError, kArchived, kSuperseded, kMerged, kStopped,
};
const char* EndReasonName(EndReason reason);  // "completed", …; "" for kNone
std::optional<EndReason> ParseEndReason(std::string_view name);
const char* PhaseName(Phase phase);
std::optional<Phase> ParsePhase(std::string_view name);

struct State {
  Phase phase = Phase::kReady;
  int32_t step = 0;          // index into the program's steps
  int32_t visit = 0;         // counts steps taken; part of a message's idempotency key
  int32_t attempts = 0;      // failed tries of this step
  int32_t timer = 0;         // number of the timer that counts; an older one that fires is stale
  Instant clock;             // the instant from which the next duration counts: the entering event, then each wait's end
  std::optional<Instant> due;  // of the timer
  EndReason reason = EndReason::kNone;
};

enum class InputKind : uint8_t {
  kStart,          // the first step of a new enrollment
  kAgain,          // go on after a change of rows that the last decision asked for
  kTimer,          // timer `timer` is due
  kRecordChanged,  // the row a wait depends on may have changed: the wait's end is reckoned anew
  kRecordDeleted,  // the entry's row or the contact is gone or no longer live
  kRemoved,        // unenroll()
  kArchived,       // the workflow was archived by force
  kFailed,         // performing the effects failed for good reasons of its own; the state is the stored one, before that decision
  kResume,         // the workflow was resumed after a pause of `paused_us` that began while waiting
  kPutOff,         // a row that the last decision wanted to change is locked by somebody: nothing of it happened; again in `delay_us`
  kAnswer,         // somebody has answered the approval
};

struct Input {
  InputKind kind = InputKind::kStart;
  int32_t timer = 0;        // of kTimer
  int64_t paused_us = 0;    // of kResume
  int64_t delay_us = 0;     // of kPutOff
  double jitter = 0;        // of kFailed: 0..1, the randomness of the backoff
  std::string detail = {};  // of kFailed, kRemoved, kAnswer: goes to history
  bool approved = false;    // of kAnswer
};

struct SendEffect { int32_t step; int32_t visit; Instant due_at; std::optional<Instant> expires_at; };
struct SetEffect { int32_t step; };
struct TagEffect { int32_t step; };
// What the step itself says: a row, a call, a person, an event. `visit` makes what comes of it the same at every try.
struct ActEffect { int32_t step; int32_t visit; };
// The task of the approval `step` is over.
struct CloseEffect { int32_t step; int32_t visit; const char* outcome; };
// One line of the enrollment's history: what happened and why.
struct TraceEffect { int32_t step; std::string what; std::string detail; };
using Effect = std::variant<SendEffect, SetEffect, TagEffect, ActEffect, CloseEffect, TraceEffect>;

struct Decision {
  State state;
  std::vector<Effect> effects;
  bool again = false;      // perform the effects, read the facts anew, then call with kAgain
};

struct Surroundings {
  Instant now;
  const Zone* zone;        // the enrollment's effective zone
  Facts facts;
  bool backfill = false;   // entered by a backfill: lateness never continues unless the definition says so
};

// Terminal states ignore every input; a timer whose number is not the state's is ignored. Both return the state as it was.
Decision Advance(const Program& program, const State& state, const Input& input, const Surroundings& surroundings);

// ---- entering -------------------------------------------------------------------------------------------------------------------

enum class WorkflowStatus : uint8_t { kDraft, kPublished, kPaused, kArchived };

// What is known when an event may enroll a contact. Facts are those of the trigger's filter.
struct EntryCase {
  WorkflowStatus status = WorkflowStatus::kPublished;
  const Trigger* trigger = nullptr;     // nullptr: by enroll(), which has no filter
  bool contact_found = true;
  bool contact_live = true;
  bool row_live = true;
  std::optional<std::string> entry_key; // none: one of its fields is null
  bool event_seen = false;              // this event id has entered this workflow before
  int32_t depth = 0;                    // of the chain of workflows that led here
  int32_t entries = 0;                  // enrollments of this key in this workflow so far
  bool live = false;                    // one of them is live
  EndReason last_reason = EndReason::kNone;
  std::optional<Instant> last_ended_at;
};

enum class Refusal : uint8_t {  // semantics 5
  kNone, kAlreadyLive, kReentry, kCooldown, kDuplicateEvent, kLoop, kPaused, kArchived, kUnresolvedContact, kNotLive, kNoEntryKey, kFilter,
  kNotPublished,
};
const char* RefusalName(Refusal refusal);  // "already_live", …

inline constexpr int32_t kChainDepthMax = 16;

// An event that could not be dealt with (its contact is not there yet, or it failed) is looked at again after 1, 2, 4 … minutes, at most an hour.
// `tries` counts from 1.
int64_t ParkedPauseUs(int32_t tries);
// One that failed is given up after so many tries; one whose contact is missing never is.
inline constexpr int32_t kEventTriesMax = 5;

// The first rule that refuses, in the order: status, contact, liveness, filter, duplicate, entry key, chain, live, re-entry, cooldown.
Refusal DecideEntry(const Program& program, const EntryCase& entry, const Surroundings& surroundings);

}  // namespace workflow
