// The transition function. The table is the whole of it: every phase and every input has its cell, and README.md says the same in
// words.
#include <algorithm>
#include <cassert>
#include <cstddef>

#include "core/condition/seen.h"
#include "core/enrollment/walk.h"

namespace workflow {
namespace {

using enrollment::Walk;
using Transition = void (Walk::*)(const Input&);

constexpr Transition kIgnore = &Walk::Ignore;
constexpr Transition kGo = &Walk::Go;
constexpr Transition kEndWait = &Walk::EndWait;
constexpr Transition kReckon = &Walk::Reckon;
constexpr Transition kResume = &Walk::Resume;
constexpr Transition kRetry = &Walk::Retry;
constexpr Transition kDelete = &Walk::Delete;
constexpr Transition kRemove = &Walk::Remove;
constexpr Transition kArchive = &Walk::Archive;
constexpr Transition kMerge = &Walk::Merge;
constexpr Transition kTakeUp = &Walk::TakeUp;
constexpr Transition kPutOff = &Walk::PutOff;
constexpr Transition kAnswer = &Walk::Answer;
constexpr Transition kTimeOut = &Walk::TimeOut;
constexpr Transition kProlong = &Walk::Prolong;
constexpr Transition kLook = &Walk::LookAround;
constexpr Transition kHear = &Walk::Hear;
constexpr Transition kSuper = &Walk::Supersede;
constexpr Transition kSendOn = &Walk::ResumeSend;

constexpr size_t kPhases = static_cast<size_t>(Phase::kEnded) + 1;
constexpr size_t kInputs = static_cast<size_t>(InputKind::kSuperseded) + 1;

// clang-format off
constexpr Transition kTransitions[kInputs][kPhases] = {
    //                      ready     waiting    window    retry     approval   ended
    /* start          */ {kGo,      kIgnore,   kIgnore,  kIgnore,  kIgnore,   kIgnore},
    /* again          */ {kGo,      kIgnore,   kIgnore,  kIgnore,  kIgnore,   kIgnore},
    /* timer          */ {kIgnore,  kEndWait,  kGo,      kGo,      kTimeOut,  kIgnore},
    /* record changed */ {kIgnore,  kReckon,   kLook,    kLook,    kLook,     kIgnore},
    /* record deleted */ {kDelete,  kDelete,   kDelete,  kDelete,  kDelete,   kIgnore},
    /* removed        */ {kRemove,  kRemove,   kRemove,  kRemove,  kRemove,   kIgnore},
    /* archived       */ {kArchive, kArchive,  kArchive, kArchive, kArchive,  kIgnore},
    /* merged         */ {kMerge,   kMerge,    kMerge,   kMerge,   kMerge,    kIgnore},
    /* retried        */ {kIgnore,  kIgnore,   kIgnore,  kTakeUp,  kIgnore,   kTakeUp},
    /* failed         */ {kRetry,   kRetry,    kRetry,   kRetry,   kRetry,    kIgnore},
    /* resume         */ {kIgnore,  kResume,   kSendOn,  kIgnore,  kProlong,  kIgnore},
    /* put off        */ {kPutOff,  kPutOff,   kPutOff,  kPutOff,  kPutOff,   kIgnore},
    /* answer         */ {kIgnore,  kIgnore,   kIgnore,  kIgnore,  kAnswer,   kIgnore},
    /* heard          */ {kHear,    kHear,     kHear,    kHear,    kHear,     kIgnore},
    /* superseded     */ {kSuper,   kSuper,    kSuper,   kSuper,   kSuper,    kIgnore},
};
// clang-format on

// A timer that was set before the one that counts now: what it was for is over.
bool IsStale(const Input& input, const State& state) { return input.kind == InputKind::kTimer && input.timer != state.timer; }

// One that comes before its time, by whichever clock: it is set once more.
bool IsEarly(const Input& input, const State& state, Instant now) {
  return input.kind == InputKind::kTimer && state.due && now < *state.due;
}

}  // namespace

Decision Advance(const Program& program, const State& state, const Input& input, const Surroundings& surroundings) {
  assert(surroundings.zone != nullptr);
  Walk walk(program, state, input, surroundings);
  if (!IsStale(input, state)) {
    const Transition cell = kTransitions[static_cast<size_t>(input.kind)][static_cast<size_t>(state.phase)];
    const Transition transition = IsEarly(input, state, surroundings.now) ? &Walk::SetAgain : cell;
    (walk.*transition)(input);
  }
  return walk.Done();
}

namespace enrollment {
namespace {

constexpr int64_t kBackoffFirst = kMinute;
constexpr int64_t kBackoffMax = kHour;

// Doubles up to an hour, or stays as it is where it is longer from the beginning.
int64_t Doubled(int64_t first, int32_t attempts) {
  int64_t base = first;
  for (int32_t i = 1; i < attempts && base < kBackoffMax; ++i) base *= 2;
  return std::min(base, std::max(first, kBackoffMax));
}

}  // namespace

Walk::Walk(const Program& program, const State& state, const Input& input, const Surroundings& around)
    : program_(program), around_(around), decision_{state, {}}, began_{state.step, state.visit}, goes_on_(input.kind == InputKind::kAgain) {
  if (input.kind == InputKind::kTimer) was_due_ = state.due;
}

// The state given is the one stored: nothing of the decision that failed has happened. So the same steps are taken again, with
// one exception: a wait whose time has come is over, and only what follows it is tried again.
void Walk::LeaveWaitThatIsOver() {
  if (state().phase == Phase::kApproval && state().due && *state().due <= around_.now) {
    if (const ApproveStep* approve = CurrentApproval()) LeaveApproval(*approve);
    return;
  }
  const bool wait_is_over = state().phase == Phase::kWaiting && state().due && *state().due <= around_.now;
  if (!wait_is_over || !HasStep(state().step) || !HasStep(step().next)) return;
  if (const auto* wait = std::get_if<WaitStep>(&step().body); wait != nullptr && wait->IsOpen()) return;  // it is looked at again
  LeaveChain();
  state().step = step().next;
  state().clock = around_.now;
}

// Nobody's fault: counts no attempt. What the turn had heard is not heard again, so it is noted now.
void Walk::PutOff(const Input& input) {
  LeaveWaitThatIsOver();
  if (state().phase == Phase::kEnded) return;
  if (!input.heard.empty()) {
    Input heard = input;
    heard.paused = true;
    Hear(heard);
    if (state().phase == Phase::kEnded) return;
  }
  SetTimer(Phase::kRetry, Instant{around_.now.us + std::max<int64_t>(input.delay_us, 0)});
}

void Walk::Retry(const Input& input) {
  LeaveWaitThatIsOver();
  if (state().phase == Phase::kEnded) return;
  Trace("failed", input.detail);
  ++state().attempts;
  if (state().attempts <= program_.settings.retry_max) return SetTimer(Phase::kRetry, Instant{around_.now.us + PauseUs(input.jitter)});
  const int32_t failed = HasStep(input.failed_step) ? input.failed_step : state().step;
  switch (program_.settings.on_error) {
    case OnError::kSkip:
      if (HasGivenUp(failed)) break;  // passing it over does not help
      state().given_up.push_back(failed);
      state().attempts = 0;
      return SetTimer(Phase::kRetry, around_.now);
    case OnError::kSuspend:
      state().attempts = 0;
      decision_.suspends = true;
      return SetTimer(Phase::kRetry, around_.now);
    case OnError::kExit:
      break;
  }
  End(EndReason::kError, input.detail);
}

// The jitter spreads it over half to one and a half times the pause.
int64_t Walk::PauseUs(double jitter) const {
  const Backoff& backoff = program_.settings.backoff;
  int64_t base = kBackoffFirst;
  if (!backoff.pauses.empty()) {
    const auto tried = static_cast<size_t>(std::max(state().attempts, 1) - 1);
    const Duration& pause = backoff.pauses[std::min(tried, backoff.pauses.size() - 1)];
    base = Add(around_.now, pause, *around_.zone).us - around_.now.us;
  }
  if (!backoff.is_list) base = Doubled(base, state().attempts);
  const double spread = jitter >= 0 && jitter <= 1 ? jitter : 0;  // no number at all is caught here as well
  return static_cast<int64_t>(static_cast<double>(base) * (0.5 + spread));
}

bool Walk::HasGivenUp(int32_t step) const {
  return std::find(state().given_up.begin(), state().given_up.end(), step) != state().given_up.end();
}

// Who ended otherwise than by an error stays ended.
void Walk::TakeUp(const Input& input) {
  if (state().phase == Phase::kEnded && state().reason != EndReason::kError) return;
  state().phase = Phase::kRetry;
  state().reason = EndReason::kNone;
  state().attempts = 0;
  state().given_up.clear();
  Trace("retried");
  if (input.paused) return SetTimer(Phase::kRetry, around_.now);
  TakeSteps();
}

void Walk::SetTimer(Phase phase, Instant due) {
  state().phase = phase;
  state().due = due;
  ++state().timer;  // whatever was set before is stale from here on
  state().gotos = 0;
  if (phase != Phase::kRetry) state().given_up.clear();  // it has come to rest beyond them
}

void Walk::End(EndReason reason, const std::string& text, std::string seen) {
  state().phase = Phase::kEnded;
  state().reason = reason;
  state().due.reset();
  state().given_up.clear();
  decision_.again = false;
  Trace("ended", text.empty() ? EndReasonName(reason) : EndReasonName(reason) + (": " + text), std::move(seen));
}

void Walk::Trace(const char* what, std::string detail, std::string seen) {
  decision_.effects.push_back(TraceEffect{state().step, what, std::move(detail), std::move(seen)});
}

std::string Walk::Seen(const Condition& condition) const {
  return SeenText(condition, program_.table, around_.facts, around_.now, around_.zone);
}

}  // namespace enrollment
}  // namespace workflow
