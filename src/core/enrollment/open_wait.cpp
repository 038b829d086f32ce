// Open waits: until an event came, a condition holds, a goal is reached; or until their timeout. What they wait for is looked at on
// arrival, when an event tells of it, and at each instant at which time alone may have changed the answer.
#include <algorithm>

#include "core/enrollment/flip.h"
#include "core/enrollment/wait.h"
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

// A step that failed or was put off comes here again: it is still the same wait, with the same end.
bool Walk::TakeOpen(const WaitStep& wait) {
  was_due_.reset();
  const bool arriving = !state().inside;
  if (arriving) {
    ++state().visit;
    const int32_t here = state().step;
    const auto too_old = [&](const Kept& kept) {
      return kept.step == here &&
             (wait.lookback == Lookback::kNone || (wait.lookback == Lookback::kSinceStep && kept.at < state().clock));
    };
    std::erase_if(state().kept, too_old);
    if (wait.timeout) state().timeout = Add(state().clock, *wait.timeout, *around_.zone);
    state().inside = true;
  }
  return Look(wait, arriving);
}

bool Walk::Look(const WaitStep& wait, bool arriving) {
  if (IsMet(wait)) {
    Trace("met", WhatFor(wait), wait.condition ? Seen(*wait.condition) : std::string());
    Forget(state().step);
    return LeaveOpen(step().next);
  }
  if (state().timeout && *state().timeout <= around_.now) return TimeOut(wait, arriving);
  return StayOpen(wait, arriving);
}

// The first of condition and timeout wins, also where both are seen at once.
bool Walk::IsMet(const WaitStep& wait) {
  switch (wait.kind) {
    case WaitStep::Kind::kUntilEvent:
      return std::any_of(state().kept.begin(), state().kept.end(), [&](const Kept& kept) {
        return kept.step == state().step && (!state().timeout || kept.at <= *state().timeout);
      });
    case WaitStep::Kind::kUntilCondition:
      return wait.condition && Evaluate(*wait.condition, around_.facts, around_.now, around_.zone) == Outcome::kTrue;
    case WaitStep::Kind::kUntilGoal:
      return HasReached(wait.goal);
    default:
      return false;
  }
}

bool Walk::TimeOut(const WaitStep& wait, bool arriving) {
  const Instant end = *state().timeout;
  if (arriving && end < around_.now) {
    const IfPast policy = PastPolicy(wait, end, around_);
    if (policy == IfPast::kExit) {
      End(EndReason::kCondition, "if_past");
      return false;
    }
    if (policy == IfPast::kSkip) {
      EndOpen();
      state().clock = end;
      return SkipToNextWait();
    }
    Trace("late", "was due " + FormatIso(end));
  }
  Trace("timed_out", WhatFor(wait));
  return LeaveOpen(wait.on_timeout);
}

// The timer that is set already serves, where it has the right time.
bool Walk::StayOpen(const WaitStep& wait, bool arriving) {
  std::optional<Instant> due = state().timeout;
  const auto sooner = [&](Instant at) { due = due ? std::min(*due, at) : at; };
  if (wait.condition) {
    if (const auto flip = NextFlip(*wait.condition, around_)) sooner(*flip);
    if (wait.hourly) sooner(Instant{around_.now.us + kHour});
  }
  if (arriving) Trace("waiting", "for " + WhatFor(wait) + (state().timeout ? " until " + FormatIso(*state().timeout) : ""));
  state().gotos = 0;
  state().attempts = 0;
  const bool set_already = state().phase == Phase::kWaiting && state().due == due && (!due || *due > around_.now);
  if (set_already) return false;
  state().phase = Phase::kWaiting;
  state().due = due;
  ++state().timer;
  return false;
}

bool Walk::LeaveOpen(int32_t next) {
  LeaveChain();
  EndOpen();
  state().clock = around_.now;
  return MoveTo(next);
}

void Walk::EndOpen() {
  state().inside = false;
  state().timeout.reset();
}

std::string Walk::WhatFor(const WaitStep& wait) const {
  if (wait.kind == WaitStep::Kind::kUntilEvent && wait.listener >= 0) return program_.listeners[static_cast<size_t>(wait.listener)].on;
  if (wait.kind == WaitStep::Kind::kUntilGoal && wait.goal >= 0) return "goal " + program_.goals[static_cast<size_t>(wait.goal)].id;
  return "its condition";
}

// The last one counts, unless an earlier one came in time and that one did not.
void Walk::Keep(int32_t kept_for, Instant at) {
  const auto known = std::find_if(state().kept.begin(), state().kept.end(), [&](const Kept& kept) { return kept.step == kept_for; });
  if (known == state().kept.end()) {
    state().kept.push_back({kept_for, at});
  } else if (!(state().inside && kept_for == state().step && IsMet(std::get<WaitStep>(step().body)))) {
    known->at = std::max(known->at, at);
  }
}

void Walk::Forget(int32_t kept_for) {
  std::erase_if(state().kept, [&](const Kept& kept) { return kept.step == kept_for; });
}

// A held send and a step to be tried again keep their own time.
void Walk::Postpone() {
  if (state().phase == Phase::kWaiting) SetTimer(Phase::kWaiting, around_.now);
}

// Called where a wait is really left.
void Walk::LeaveChain() {
  if (around_.now.us - std::max(state().clock, around_.entered_at).us >= kChainRest) state().unchained = true;
}

}  // namespace workflow::enrollment
