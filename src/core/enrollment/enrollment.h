// The life of one enrollment as a state machine: state + input + now -> state + effects. README.md in this folder is its table.
// Nothing here acts: effects are data that the shell performs in the same transaction in which it stores the state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/instant.h"
#include "core/calendar/zone.h"
#include "core/condition/condition.h"
#include "core/definition/program.h"
#include "core/delivery/consent.h"

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

// An event that a wait may look back for, kept beside the enrollment until it is used: the last one counts.
struct Kept {
  int32_t step = 0;  // the wait
  Instant at;
  friend bool operator==(const Kept&, const Kept&) = default;
};

struct State {
  Phase phase = Phase::kReady;
  int32_t step = 0;          // index into the program's steps
  int32_t visit = 0;         // counts steps taken; part of a message's idempotency key
  int32_t attempts = 0;      // failed tries of this step
  int32_t timer = 0;         // number of the timer that counts; an older one that fires is stale
  Instant clock;             // the instant from which the next duration counts: the entering event, then each wait's end
  std::optional<Instant> due;  // of the timer
  EndReason reason = EndReason::kNone;
  // What most enrollments never have; stored together (MemoText).
  std::vector<Kept> kept = {};
  bool inside = false;                      // the open wait `step` has begun
  std::optional<Instant> timeout = {};      // when it ends if nothing happens; none: never
  std::vector<int32_t> reached = {};        // goals, by index
  std::string holdout = {};                 // "split/path" of the control group it belongs to
  std::vector<int32_t> given_up = {};       // steps that failed for good and are to be passed over, by index
  bool unchained = false;                   // it has waited an hour: what it does from here on begins another chain
  int32_t gotos = 0;                        // taken since it last came to rest; not stored
};

enum class InputKind : uint8_t {
  kStart,          // the first step of a new enrollment
  kAgain,          // go on after a change of rows that the last decision asked for
  kTimer,          // timer `timer` is due
  kRecordChanged,  // the row a wait depends on may have changed: the wait's end is reckoned anew
  kRecordDeleted,  // the entry's row or the contact is gone or no longer live
  kRemoved,        // unenroll()
  kArchived,       // the workflow was archived by force
  kMerged,         // the contact was merged into another one, who is in this workflow
  kRetried,        // an operator wants a step that failed taken again, also where the enrollment ended by it
  kFailed,         // performing the effects failed for good reasons of its own; the state is the stored one, before that decision
  kResume,         // the workflow was resumed after a pause of `paused_us` that began while waiting
  kPutOff,         // a row that the last decision wanted to change is locked by somebody: nothing of it happened; again in `delay_us`
  kAnswer,         // somebody has answered the approval
  kHeard,          // an event that listeners of the program wait for
  kSuperseded,     // another workflow of its exclusive group was entered, or its own once more
};

struct Input {
  InputKind kind = InputKind::kStart;
  int32_t timer = 0;        // of kTimer
  int64_t paused_us = 0;    // of kResume; of kRecordChanged: by how much pauses have moved the present wait
  int64_t delay_us = 0;     // of kPutOff
  double jitter = 0;        // of kFailed: 0..1, the randomness of the backoff
  int32_t failed_step = -1; // of kFailed: where it is known
  std::string detail = {};  // of kFailed, kRemoved, kAnswer, kSuperseded: goes to history
  bool approved = false;    // of kAnswer
  std::vector<int32_t> heard = {};  // of kHeard: indexes into the program's listeners; of kPutOff: those of the turn that is put off
  Instant heard_at = {};            // when it happened
  std::string event = {};           // its id: goes with a goal
  bool paused = false;      // of kHeard, kRecordChanged, kRetried: nobody goes on now (the workflow is paused, or a timer is to do it), but who leaves leaves
  Instant resumed_at = {};  // of kResume
  std::optional<OnResume> on_resume = {};  // of kResume: in place of the setting
};

// `stopped`: why the message is written and does not go out; empty: it does.
struct SendEffect { int32_t step; int32_t visit; Instant due_at; std::optional<Instant> expires_at; std::string stopped = {}; };
struct SetEffect { int32_t step; };
struct TagEffect { int32_t step; };
// What the step itself says: a row, a call, a person, an event. `visit` makes what comes of it the same at every try.
struct ActEffect { int32_t step; int32_t visit; };
// The task of the approval `step` is over.
struct CloseEffect { int32_t step; int32_t visit; const char* outcome; };
struct GoalEffect { int32_t goal; Instant at; bool counted; std::string event; };
// One line of the enrollment's history: what happened and why.
// `seen`: the rules that decided it, with the values they saw; they may be others by the time somebody asks.
struct TraceEffect { int32_t step; std::string what; std::string detail; std::string seen = {}; };
using Effect = std::variant<SendEffect, SetEffect, TagEffect, ActEffect, CloseEffect, GoalEffect, TraceEffect>;

struct Decision {
  State state;
  std::vector<Effect> effects;
  std::optional<Instant> look = {};  // before its timer is due it wants to be looked at: another timer of the same number
  bool again = false;      // perform the effects, read the facts anew, then call with kAgain
  bool suspends = false;   // the workflow is to be suspended (on_error.then)
  bool asks_caps = false;  // the same of what the contact has been sent
  bool asks_consent = false;  // it depends on the contact's consent, which is not known yet: nothing else of it counts
};

struct Surroundings {
  Instant now;
  const Zone* zone;        // the enrollment's effective zone
  Facts facts;
  bool backfill = false;   // entered by a backfill: lateness never continues unless the definition says so
  Instant entered_at = {};
  std::string identity = {};  // account, workflow, entry key: what a split goes by
  const ConsentFacts* consent = nullptr;  // nullptr: nobody has withdrawn anything
  bool consent_unknown = false;           // it has not been read: who needs it says so (Decision::asks_consent)
  const CapFacts* caps = nullptr;         // nullptr: there is no cap
  bool caps_unknown = false;              // they have not been read
  std::vector<std::string> now_written = {};  // channels of messages to the contact that count, written just now for other enrollments
  int32_t stop_before = -1;  // a step that has failed in this very call: what comes before it is done, and it is tried by a timer of its own
};

// Terminal states ignore every input; a timer whose number is not the state's is ignored. Both return the state as it was.
Decision Advance(const Program& program, const State& state, const Input& input, const Surroundings& surroundings);

// So many failures of a workflow, without a success between, suspend it (semantics 28).
inline constexpr int32_t kFailuresInARowMax = 20;
inline bool SuspendsWorkflow(int32_t failures_in_a_row) { return failures_in_a_row >= kFailuresInARowMax; }

// A loop of gotos that never comes to rest, and one that never ends.
inline constexpr int32_t kGotosWithoutRestMax = 100;
inline constexpr int32_t kVisitsMax = 10'000;

// What is stored of the rarer half of a state, as JSON by the ids of steps and goals; empty where there is nothing.
std::string MemoText(const Program& program, const State& state);
void ReadMemo(const Program& program, std::string_view text, State* state);

// ---- hearing --------------------------------------------------------------------------------------------------------------------

// Something that happened to the contact, as it concerns one enrollment.
struct Happening {
  enum class About : uint8_t {
    kNobody,      // it names no message of ours
    kEnrollment,  // a message of this enrollment
    kWorkflow,    // a message of another enrollment in this workflow
    kOther,
  };
  std::string on;
  About about = About::kNobody;
  bool automatic = false;  // a machine's open or click, an automatic reply
  std::string channel = {};
  std::string entity = {};  // of the row that made it; empty: none did
};

// The listeners that it concerns, by index. Facts are those of the event, as for a trigger's filter.
std::vector<int32_t> Heard(const Program& program, const Happening& happening, const Surroundings& surroundings);

// Whether an event that was found afterwards, and happened at `at`, may still be told to a listener that may have heard it already: it changes nothing
// then. What happened before entry is over; a wait that is passed is; where steps can come again, only what came since the last of them counts.
bool MayBeToldLate(const Program& program, const State& state, int32_t listener, Instant at, Instant entered_at);

// A goal reached by who has left already. Nothing where it does not count any more.
std::optional<GoalEffect> ReachedAfterExit(const Program& program, const State& state, int32_t listener, Instant ended_at, const Input& input,
                                           const Surroundings& surroundings);

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
  bool in_chain = false;                // this key has been in this workflow within the same chain
  int32_t recent_entries = 0;           // of this key within the last hour
  int32_t entries = 0;                  // enrollments of this key in this workflow so far
  bool live = false;                    // one of them is live
  EndReason last_reason = EndReason::kNone;
  std::optional<Instant> last_ended_at;
};

enum class Refusal : uint8_t {  // semantics 5
  kNone, kAlreadyLive, kReentry, kCooldown, kDuplicateEvent, kLoop, kPaused, kArchived, kUnresolvedContact, kNotLive, kNoEntryKey, kFilter,
  kNotPublished, kGoalMet,
};
const char* RefusalName(Refusal refusal);  // "already_live", …

inline constexpr int32_t kChainDepthMax = 16;
inline constexpr int32_t kEntriesPerHourMax = 20;
// A wait so long ends a chain.
inline constexpr int64_t kChainRest = kHour;

// An event that could not be dealt with (its contact is not there yet, or it failed) is looked at again after 1, 2, 4 … minutes, at most an hour.
// `tries` counts from 1.
int64_t ParkedPauseUs(int32_t tries);
// One that failed is given up after so many tries; one whose contact is missing never is.
inline constexpr int32_t kEventTriesMax = 5;

// The first rule that refuses, in the order: status, contact, liveness, filter, duplicate, entry key, chain, goal, live, re-entry, cooldown.
// Where nothing refuses though one is live, that one is restarted: it ends as superseded.
Refusal DecideEntry(const Program& program, const EntryCase& entry, const Surroundings& surroundings);

}  // namespace workflow
