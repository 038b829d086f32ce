// Steps that act outside of the enrollment: rows, calls, people, events. What they do is the shell's; here is only that they do it.
#include "core/enrollment/walk.h"

namespace workflow::enrollment {

// A message to staff or to another system is held by no send window.
bool Walk::Write(const Step& step) {
  ++state().visit;
  SendEffect send{state().step, state().visit, was_due_.value_or(around_.now), std::nullopt};
  if (program_.settings.expires_after) send.expires_at = Add(send.due_at, *program_.settings.expires_after, *around_.zone);
  decision_.effects.emplace_back(send);
  Trace("sent");
  state().clock = around_.now;
  was_due_.reset();
  return MoveTo(step.next);
}

// What is said to others changes nothing that the next step could see.
bool Walk::Say(const Step& step, const char* what, std::string detail) {
  ++state().visit;
  decision_.effects.emplace_back(ActEffect{state().step, state().visit});
  Trace(what, std::move(detail));
  return MoveTo(step.next);
}

bool Walk::Take(const Step& step, const NotifyStep&) { return Write(step); }
bool Walk::Take(const Step& step, const WebhookStep&) { return Write(step); }
bool Walk::Take(const Step& step, const EmitStep& emit) { return Say(step, "emitted", emit.event); }
bool Walk::Take(const Step& step, const EnrollStep& enroll) { return Say(step, "enrolled", enroll.workflow); }
bool Walk::Take(const Step& step, const UnenrollStep& unenroll) { return Say(step, "unenrolled", unenroll.workflow); }
bool Walk::Take(const Step& step, const SubscribeStep& subscribe) {
  return Say(step, subscribe.subscribed ? "subscribed" : "unsubscribed", subscribe.campaign.empty() ? "all mail" : subscribe.campaign);
}

bool Walk::Take(const Step& step, const CreateStep& create) { return Act(step, "created", create.entity); }
bool Walk::Take(const Step& step, const CopyStep& copy) { return Act(step, "copied", copy.from); }
bool Walk::Take(const Step& step, const TaskStep&) { return Act(step, "task"); }
bool Walk::Take(const Step& step, const AssignStep&) { return Act(step, "assigned"); }
bool Walk::Take(const Step& step, const CallStep& call) { return Act(step, "called", call.function); }

// Like a change of a row: what it gives is known only when it has been done.
bool Walk::Act(const Step& step, const char* what, std::string detail) {
  return Change(step, ActEffect{state().step, state().visit + 1}, what, std::move(detail));
}

}  // namespace workflow::enrollment
