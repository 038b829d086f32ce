// The send step: the window that holds the enrollment, and the times a message carries.
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

// Held, the enrollment waits at this step; when the window opens the step is taken from its condition on, so what has changed
// meanwhile counts. A held step is not yet taken: its visit, part of the idempotency key, is counted when the message is written.
bool Walk::Take(const Step& step, const SendStep& body) {
  if (!state().holdout.empty()) {
    Trace("skipped", "control group of " + state().holdout);
    return MoveTo(step.next);
  }
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
  const bool to_contact = body.receiver == Receiver::kContact || body.receiver == Receiver::kAddress;
  if (to_contact && around_.consent_unknown) {
    decision_.asks_consent = true;
    return false;
  }
  const ConsentVerdict verdict = to_contact ? ConsentTo(body) : ConsentVerdict();  // a notice to staff is never stopped
  bool go_on = false;
  if (to_contact && verdict.allowed() && MeetCap(body, &go_on)) return go_on;
  ++state().visit;
  // A worker that is behind writes its messages with the time they were due, so that they are claimed in that order.
  SendEffect send{state().step, state().visit, was_due_.value_or(around_.now), std::nullopt, verdict.reason};
  if (program_.settings.expires_after) send.expires_at = Add(send.due_at, *program_.settings.expires_after, *around_.zone);
  decision_.effects.emplace_back(send);
  Trace(verdict.allowed() ? "sent" : "suppressed", verdict.reason);
  state().clock = around_.now;  // the next wait counts from the writing
  was_due_.reset();
  if (verdict.withdrawn && program_.settings.exit_on_unsubscribe) {
    End(EndReason::kUnsubscribed, verdict.reason);
    return false;
  }
  return MoveTo(step.next);
}

// Whether a cap forbids the message; `go_on` is then whether another step is to be taken. A message that is deferred is held like one outside of the window,
// and looked at anew when the cap allows it: others may have been written by then.
bool Walk::MeetCap(const SendStep& send, bool* go_on) {
  if (program_.settings.category == Category::kTransactional) return false;
  if (around_.caps_unknown) {
    decision_.asks_caps = true;
    return true;
  }
  std::vector<std::string> written = around_.now_written;
  written.insert(written.end(), written_.begin(), written_.end());
  const CapVerdict verdict = around_.caps == nullptr ? CapVerdict() : DecideCap(*around_.caps, send.channel, written, around_.now, *around_.zone);
  if (verdict.cap == nullptr) {
    written_.push_back(send.channel);
    return false;
  }
  const std::string why = "cap of " + CapName(*verdict.cap);
  switch (verdict.on_cap) {
    case OnCap::kDefer:
      SetTimer(Phase::kWindow, verdict.until);
      Trace("held", "until " + FormatIso(verdict.until) + ": " + why);
      break;
    case OnCap::kSkip:
      Trace("skipped", why);
      *go_on = MoveTo(step().next);
      break;
    case OnCap::kExit:
      End(EndReason::kCondition, why);
      break;
  }
  return true;
}

// An address of its own is known once it is rendered, and looked at when the message is claimed.
ConsentVerdict Walk::ConsentTo(const SendStep& send) const {
  if (around_.consent == nullptr) return {};
  ConsentCase message{.category = program_.settings.category, .channel = send.channel};
  if (send.receiver == Receiver::kAddress) message.address = "";
  return DecideConsent(message, *around_.consent);
}

}  // namespace workflow::enrollment
