// Waiting for a person: the answer, or the timeout. Each goes on in a list of steps of its own.
#include <algorithm>

#include "core/enrollment/wait.h"
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

bool Walk::Take(const Step&, const ApproveStep& approve) {
  ++state().visit;
  was_due_.reset();
  std::optional<Instant> until;
  if (approve.timeout) {
    until = Add(around_.now, *approve.timeout, *around_.zone);
    if (approve.at) until = AtClock(*until, *approve.at, *around_.zone);
    until = std::max(*until, around_.now);
  }
  ++state().timer;  // a timer that was set before is stale, also where no other is set
  state().phase = Phase::kApproval;
  state().due = until;
  state().attempts = 0;
  decision_.effects.emplace_back(ActEffect{state().step, state().visit});
  Trace("asked", until ? "until " + FormatIso(*until) : std::string());
  return false;
}

const ApproveStep* Walk::CurrentApproval() {
  const ApproveStep* approve = HasStep(state().step) ? std::get_if<ApproveStep>(&step().body) : nullptr;
  if (approve == nullptr) End(EndReason::kError, "its state does not fit its program");
  return approve;
}

// The answer stands whatever the steps after it meet: they are taken by a timer of their own, so that their failure is not the answer's.
void Walk::Answer(const Input& input) {
  const ApproveStep* approve = CurrentApproval();
  if (approve == nullptr) return;
  decision_.effects.emplace_back(CloseEffect{state().step, state().visit, input.approved ? "approved" : "rejected"});
  Trace(input.approved ? "approved" : "rejected", input.detail);
  state().clock = around_.now;
  if (MoveTo(input.approved ? approve->then.approved : approve->then.rejected)) SetTimer(Phase::kRetry, around_.now);
}

// The task is closed before the next steps are taken: what they meet does not open it again.
void Walk::TimeOut(const Input&) {
  const ApproveStep* approve = CurrentApproval();
  if (approve == nullptr) return;
  LeaveApproval(*approve);
  if (state().phase == Phase::kEnded) return;
  state().phase = Phase::kReady;
  state().due.reset();
  decision_.again = true;
}

void Walk::LeaveApproval(const ApproveStep& approve) {
  decision_.effects.emplace_back(CloseEffect{state().step, state().visit, "timed_out"});
  Trace("timed_out");
  state().clock = around_.now;
  MoveTo(approve.then.timed_out);
}

// A timeout stands still while paused, unless it is for a clock time.
void Walk::Prolong(const Input& input) {
  const ApproveStep* approve = CurrentApproval();
  if (approve == nullptr || !state().due) return;
  Instant until{state().due->us + std::max<int64_t>(input.paused_us, 0)};
  if (approve->at) until = AtClock(until, *approve->at, *around_.zone);
  if (until <= around_.now) return TimeOut(input);
  SetTimer(Phase::kApproval, until);
}

}  // namespace workflow::enrollment
