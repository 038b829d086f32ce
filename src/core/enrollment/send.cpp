// The send step: the window that holds the enrollment, and the times a message carries.
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

// Held, the enrollment waits at this step; when the window opens the step is taken from its condition on, so what has changed
// meanwhile counts. A held step is not yet taken: its visit, part of the idempotency key, is counted when the message is written.
bool Walk::Take(const Step& step, const SendStep&) {
  const std::optional<Instant> open = NextOpen(program_.settings.send_window, around_.now, *around_.zone);
  if (!open) {
    End(EndReason::kError, "the send window does not open within 400 days");
    return false;
  }
  if (*open > around_.now) {
    SetTimer(Phase::kWindow, *open);
    Trace("held", "until " + FormatIso(*open));
    return false;
  }
  ++state().visit;
  // A worker that is behind writes its messages with the time they were due, so that they are claimed in that order.
  SendEffect send{state().step, state().visit, was_due_.value_or(around_.now), std::nullopt};
  if (program_.settings.expires_after) send.expires_at = Add(send.due_at, *program_.settings.expires_after, *around_.zone);
  decision_.effects.emplace_back(send);
  Trace("sent");
  state().clock = around_.now;  // the next wait counts from the writing
  was_due_.reset();
  return MoveTo(step.next);
}

}  // namespace workflow::enrollment
