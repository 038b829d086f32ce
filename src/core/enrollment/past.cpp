// Inside a wait: arriving, its timer, a change of its date, a pause; and `if_past` where its end lies behind.
#include "core/enrollment/wait.h"
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

bool Walk::Take(const Step&, const WaitStep& wait) {
  if (wait.IsOpen()) return TakeOpen(wait);
  ++state().visit;
  was_due_.reset();  // from here on the time of this wait counts, not that of the timer before it
  const auto target = WaitEnd(wait, state().clock, around_);
  return target ? MeetTarget(wait, *target) : MeetNull(wait);
}

// Lateness of the worker is nobody's decision: what was due goes on. A date is read once more, because the change that moved it
// may not have been looked at yet.
void Walk::EndWait(const Input&) {
  const WaitStep* wait = CurrentWait();
  if (wait == nullptr) return;
  if (wait->IsOpen()) {
    if (Look(*wait, false)) TakeSteps();
    return;
  }
  bool go_on = false;
  if (wait->kind == WaitStep::Kind::kUntilDate) {
    const auto target = WaitEnd(*wait, state().clock, around_);
    if (!target) {
      go_on = MeetNull(*wait);
    } else if (*target > around_.now) {
      go_on = MeetMoved(*wait, *target);
    } else {
      go_on = Leave();
    }
  } else {
    go_on = Leave();
  }
  if (go_on) TakeSteps();
}

// A target that is the one already set needs no new timer. It may be due by now: then its timer is on the way.
void Walk::Reckon(const Input& input) {
  const WaitStep* wait = CurrentWait();
  if (wait == nullptr) return;
  const Place place = StandingConditions();
  if (place == Place::kEnded) return;
  const bool reads_record = wait->kind == WaitStep::Kind::kUntilDate || wait->IsOpen();
  if (input.paused) {
    if (place == Place::kMoved || reads_record) Postpone();
    else FollowZone(*wait, input.paused_us, /*goes_on=*/false);
    return;
  }
  if (place == Place::kMoved) return TakeSteps();
  if (wait->IsOpen()) {
    if (Look(*wait, false)) TakeSteps();
    return;
  }
  if (!reads_record) return FollowZone(*wait, input.paused_us);
  const auto target = WaitEnd(*wait, state().clock, around_);
  if (target && target == state().due) return;
  if (target ? MeetMoved(*wait, *target) : MeetNull(*wait)) TakeSteps();
}

// A timer before its time is set once more; where the end of the wait may have moved unnoticed, that is what it came for.
void Walk::SetAgain(const Input&) {
  const WaitStep* wait = state().phase == Phase::kWaiting && HasStep(state().step) ? std::get_if<WaitStep>(&step().body) : nullptr;
  if (wait == nullptr || !wait->daily) return SetTimer(state().phase, *state().due);
  const auto target = WaitEnd(*wait, state().clock, around_);
  if (target && target == state().due) return SetWait(*target);
  if (target ? MeetMoved(*wait, *target) : MeetNull(*wait)) TakeSteps();
}

// A wait for a clock time that is none in the zone by now: the contact has moved to another one.
void Walk::FollowZone(const WaitStep& wait, int64_t shifted_us, bool goes_on) {
  if (!wait.at || AtClock(*state().due, *wait.at, *around_.zone) == *state().due) return;
  auto target = WaitEnd(wait, state().clock, around_);
  if (!target) return;
  if (wait.kind == WaitStep::Kind::kFor) target = Postponed(wait, *target, shifted_us, *around_.zone);
  if (!goes_on && *target <= around_.now) return;
  if (MeetTarget(wait, *target)) TakeSteps();
}

void Walk::LookAround(const Input& input) {
  if (StandingConditions() != Place::kMoved) return;
  if (input.paused) return Postpone();
  TakeSteps();
}

// A duration stands still while paused, unless on_resume says otherwise; a date or clock time does not, and obeys if_past where it
// went by.
void Walk::Resume(const Input& input) {
  const WaitStep* wait = CurrentWait();
  if (wait == nullptr) return;
  const OnResume policy = input.on_resume.value_or(program_.settings.on_resume);
  const bool overdue = IsOverdue(*wait, input.resumed_at);
  if (policy == OnResume::kCatchUp || (policy == OnResume::kDropOverdue && !overdue)) return EndWait(input);
  if (policy == OnResume::kDropOverdue) return DropOverdue(wait->IsOpen() ? *state().timeout : *state().due);
  const bool anew = policy == OnResume::kRestartDelay;
  if (wait->IsOpen()) {
    if (state().timeout) {
      state().timeout = anew ? Add(input.resumed_at, *wait->timeout, *around_.zone)
                             : Postponed(*wait, *state().timeout, input.paused_us, *around_.zone);
    }
    if (Look(*wait, false)) TakeSteps();
    return;
  }
  std::optional<Instant> target;
  if (wait->kind == WaitStep::Kind::kFor && state().due) {
    target = anew ? *WaitEnd(*wait, input.resumed_at, around_) : Postponed(*wait, *state().due, input.paused_us, *around_.zone);
    if (!wait->at && !anew) {
      Stay(*target);
      return;
    }
  } else {
    target = WaitEnd(*wait, state().clock, around_);
  }
  if (target && target == state().due && *target > around_.now) return;
  if (target ? MeetMoved(*wait, *target) : MeetNull(*wait)) TakeSteps();
}

// By its real end: while it was paused the timer may have been set to have a change looked at.
bool Walk::IsOverdue(const WaitStep& wait, Instant resumed_at) {
  if (wait.IsOpen()) return state().timeout && *state().timeout <= resumed_at && !IsMet(wait);
  const auto end = wait.kind == WaitStep::Kind::kUntilDate ? WaitEnd(wait, state().clock, around_) : state().due;
  return end && *end <= resumed_at;
}

void Walk::ResumeSend(const Input& input) {
  const OnResume policy = input.on_resume.value_or(program_.settings.on_resume);
  if (policy == OnResume::kDropOverdue && state().due && *state().due <= input.resumed_at) return DropOverdue(*state().due);
  TakeSteps();
}

// What fell due in the pause is left out; what follows counts from when it would have been.
void Walk::DropOverdue(Instant was_due) {
  state().clock = was_due;
  EndOpen();
  if (SkipToNextWait()) TakeSteps();
}

const WaitStep* Walk::CurrentWait() {
  const WaitStep* wait = HasStep(state().step) ? std::get_if<WaitStep>(&step().body) : nullptr;
  if (wait == nullptr || (!state().due && !wait->IsOpen())) {
    End(EndReason::kError, "its state does not fit its program");
    return nullptr;
  }
  return wait;
}

bool Walk::MeetNull(const WaitStep& wait) {
  if (wait.on_null == OnNull::kContinue) return Leave();
  End(EndReason::kCondition, "on_null");
  return false;
}

bool Walk::MeetTarget(const WaitStep& wait, Instant target) {
  if (target > around_.now) return Stay(target);
  if (target == around_.now) return Leave();
  return MeetPast(wait, target);
}

// The end has moved while it was waited for: what went before it (a reminder) comes again, for the new one.
bool Walk::MeetMoved(const WaitStep& wait, Instant target) {
  if (target <= around_.now || wait.rewind == kEndOfSteps) return MeetTarget(wait, target);
  Trace("waiting", "until " + FormatIso(target));
  return MoveTo(wait.rewind);
}

bool Walk::MeetPast(const WaitStep& wait, Instant target) {
  switch (PastPolicy(wait, target, around_)) {
    case IfPast::kContinue:
      Trace("late", "was due " + FormatIso(target));
      return Leave();
    case IfPast::kNextDay:
      return StayUntilNextDay(*wait.at);
    case IfPast::kSkip:
      state().clock = target;  // the next wait counts from when this one would have ended
      return SkipToNextWait();
    case IfPast::kExit:
      End(EndReason::kCondition, "if_past");
      return false;
  }
  return false;
}

// A record that changes often must not push the next day further and further away: a time of that clock which is already set, and
// comes sooner, stays.
bool Walk::StayUntilNextDay(ClockTime time) {
  const Instant next = NextDayAt(time, around_.now, *around_.zone);
  const auto& due = state().due;
  if (due && *due > around_.now && *due <= next && AtClock(*due, time, *around_.zone) == *due) return false;
  return Stay(next);
}

void Walk::SetWait(Instant until) {
  SetTimer(Phase::kWaiting, until);
  const auto* wait = std::get_if<WaitStep>(&step().body);
  const bool daily = wait != nullptr && wait->daily;
  const Instant look = daily ? NextLook(*wait, around_.now, *around_.zone) : until;
  if (look < until) decision_.look = look;
}

bool Walk::Stay(Instant until) {
  SetWait(until);
  state().attempts = 0;
  Trace("waiting", "until " + FormatIso(until));
  return false;
}

// The next duration counts from the instant at which the enrollment really goes on.
bool Walk::Leave() {
  LeaveChain();
  state().clock = around_.now;
  return MoveTo(step().next);
}

// A branch is passed over whole: its `next` is the step that follows it. A goto is followed.
bool Walk::SkipToNextWait() {
  int32_t next = step().next;
  for (size_t passed = 0; HasStep(next) && passed <= program_.steps.size(); ++passed) {
    const Step& candidate = program_.steps[static_cast<size_t>(next)];
    if (std::holds_alternative<WaitStep>(candidate.body)) break;
    const auto* jump = candidate.filter ? nullptr : std::get_if<GotoStep>(&candidate.body);
    if (jump != nullptr && !CountGoto(candidate)) return false;
    next = jump != nullptr ? jump->target : candidate.next;
  }
  Trace("skipped", HasStep(next) ? "past: on to " + program_.steps[static_cast<size_t>(next)].id : "past: no wait follows");
  return MoveTo(next);
}

}  // namespace workflow::enrollment
