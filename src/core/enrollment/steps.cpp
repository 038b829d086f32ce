// Taking steps: the loop, and the steps that need no time.
#include "core/enrollment/walk.h"

namespace workflow::enrollment {
namespace {

// Of branches that were not taken, so much is told that it stays one line.
constexpr size_t kSeenMost = 600;

}  // namespace

void Walk::TakeSteps() {
  state().phase = Phase::kReady;
  state().due.reset();
  if (program_.steps.empty()) return End(EndReason::kCompleted, {});
  NoteGoalsMetAtEntry();
  if (StandingConditions() == Place::kEnded) return;
  // Without a goto steps only lead forward, so each is taken at most once; one more shows that a program is not well made.
  for (left_ = program_.steps.size() + 1; left_ > 0; --left_) {
    if (!HasStep(state().step)) return End(EndReason::kError, "the program has no step " + std::to_string(state().step));
    if (state().step == around_.stop_before && HasMoved()) return SetTimer(Phase::kRetry, around_.now);
    if (!TakeStep()) return;
  }
  End(EndReason::kError, "the steps lead in a circle");
}

// Null and deferred are not true: a condition that cannot be decided passes the step over.
bool Walk::TakeStep() {
  const Step& current = step();
  if (state().visit >= kVisitsMax) {
    End(EndReason::kError, "it has taken " + std::to_string(kVisitsMax) + " steps: a loop that never ends");
    return false;
  }
  if (HasGivenUp(state().step)) return PassOver(current);
  const bool passed = current.filter && !state().inside &&
                      Evaluate(*current.filter, around_.facts, around_.now, around_.zone) != Outcome::kTrue;
  if (passed) {
    Trace("skipped", "its condition is not true", Seen(*current.filter));
    return MoveTo(current.next);
  }
  return std::visit([&](const auto& body) { return Take(current, body); }, current.body);
}

// It has failed as often as it may; a branch is passed over whole.
bool Walk::PassOver(const Step& step) {
  Trace("skipped", "it has failed");
  EndOpen();
  return MoveTo(step.next);
}

// The first branch that matches, in order; where none does, `else`, which may be empty.
bool Walk::Take(const Step&, const BranchStep& branch) {
  ++state().visit;
  std::string others;
  for (const Branch& one : branch.branches) {
    if (Evaluate(one.condition, around_.facts, around_.now, around_.zone) != Outcome::kTrue) {
      if (others.size() < kSeenMost) others += (others.empty() ? "" : "; not ") + one.name + ": " + Seen(one.condition);
      continue;
    }
    Trace("branch", one.name, Seen(one.condition));
    return MoveTo(one.target);
  }
  Trace("branch", "else", others.empty() ? others : "not " + others);
  return MoveTo(branch.otherwise);
}

bool Walk::Take(const Step& step, const SetStep&) { return Change(step, SetEffect{state().step}, "changed"); }

bool Walk::Take(const Step& step, const TagStep&) { return Change(step, TagEffect{state().step}, "tagged"); }

bool Walk::Take(const Step&, const StopStep& stop) {
  ++state().visit;
  End(EndReason::kStopped, stop.reason);
  return false;
}

// The next step must see the rows as they are after this one (a condition on a tag just added), so the call ends here and asks
// for another. Where no step follows, nobody looks, and the enrollment ends at once.
bool Walk::Change(const Step& step, Effect effect, const char* what, std::string detail) {
  ++state().visit;
  decision_.effects.push_back(std::move(effect));
  Trace(what, std::move(detail));
  decision_.again = MoveTo(step.next);
  return false;
}

// The state's step stays on a step of the program, also when the last one is done.
bool Walk::MoveTo(int32_t next) {
  if (next == kEndOfSteps) {
    End(EndReason::kCompleted, {});
    return false;
  }
  state().step = next;
  state().attempts = 0;
  return true;
}

}  // namespace workflow::enrollment
