// Goals, exits, responses: what an enrollment hears, and what it sees of itself.
#include <algorithm>

#include "core/enrollment/walk.h"

namespace workflow::enrollment {

// A goal is recorded whatever else the event brings; then it decides before a response, a response before an exit.
void Walk::Hear(const Input& input) {
  std::vector<int32_t> goals;
  const Listener* leaves = nullptr;
  bool look = false;
  for (const int32_t index : input.heard) {
    if (index < 0 || static_cast<size_t>(index) >= program_.listeners.size()) continue;
    const Listener& listener = program_.listeners[static_cast<size_t>(index)];
    if (listener.kind == Listener::Kind::kGoal && !HasReached(listener.index)) {
      Reach(listener.index, input.heard_at, input.event);
      goals.push_back(listener.index);
    }
    look = look || listener.kind == Listener::Kind::kLook;
    if (listener.kind == Listener::Kind::kResponse) leaves = &listener;
    if (listener.kind == Listener::Kind::kExit && leaves == nullptr) leaves = &listener;
  }
  Place place = Arrive(goals);
  if (place == Place::kEnded) return;
  if (leaves != nullptr) {
    const bool response = leaves->kind == Listener::Kind::kResponse;
    return End(response ? EndReason::kResponse : EndReason::kCondition, response ? std::string() : "exit: " + leaves->on);
  }
  if (look) {
    const Place standing = StandingConditions();
    if (standing == Place::kEnded) return;
    if (standing == Place::kMoved) place = standing;
  }
  const auto* present = state().inside ? std::get_if<WaitStep>(&step().body) : nullptr;
  bool awaited = place == Place::kMoved || (present != nullptr && present->kind == WaitStep::Kind::kUntilGoal && IsMet(*present)) ||
                 (look && present != nullptr && present->kind == WaitStep::Kind::kUntilCondition);
  for (const int32_t index : input.heard) {
    const Listener& listener = program_.listeners[static_cast<size_t>(index)];
    if (listener.kind != Listener::Kind::kWait) continue;
    const bool here = state().inside && listener.index == state().step;
    const auto* wait = std::get_if<WaitStep>(&program_.steps[static_cast<size_t>(listener.index)].body);
    if (wait == nullptr || (!here && wait->lookback == Lookback::kNone)) continue;
    Keep(listener.index, input.heard_at);
    awaited = awaited || here;
  }
  if (!awaited) return;
  if (input.paused) return Postpone();
  if (place == Place::kMoved) return TakeSteps();
  const auto* wait = state().phase == Phase::kWaiting ? std::get_if<WaitStep>(&step().body) : nullptr;
  if (wait != nullptr && wait->IsOpen() && Look(*wait, false)) TakeSteps();
}

// Exits and goals by condition, with the facts of this call.
Walk::Place Walk::StandingConditions() {
  const auto holds = [&](const Condition& condition) {
    return Evaluate(condition, around_.facts, around_.now, around_.zone) == Outcome::kTrue;
  };
  std::vector<int32_t> goals;
  for (size_t i = 0; i < program_.goals.size(); ++i) {
    const auto goal = static_cast<int32_t>(i);
    if (!program_.goals[i].condition || HasReached(goal) || !holds(*program_.goals[i].condition)) continue;
    Reach(goal, around_.now, {}, Seen(*program_.goals[i].condition));
    goals.push_back(goal);
  }
  const Place place = Arrive(goals);
  if (place == Place::kEnded) return place;
  const auto& exits = program_.settings.exits;
  if (const auto exit = std::find_if(exits.begin(), exits.end(), holds); exit != exits.end()) {
    End(EndReason::kCondition, "exit", Seen(*exit));
    return Place::kEnded;
  }
  return place;
}

// What reaching them does: the enrollment ends, or stands at the step of one of them, if that lies ahead.
Walk::Place Walk::Arrive(const std::vector<int32_t>& goals) {
  for (const int32_t goal : goals) {
    if (program_.goals[static_cast<size_t>(goal)].then != GoalThen::kExit) continue;
    End(EndReason::kGoal, program_.goals[static_cast<size_t>(goal)].id);
    return Place::kEnded;
  }
  Place place = Place::kHere;
  for (const int32_t goal : goals) {
    if (program_.goals[static_cast<size_t>(goal)].then != GoalThen::kJump) continue;
    const int32_t target = StepOfGoal(goal);
    if (target <= state().step) continue;
    if (state().phase == Phase::kApproval) {
      decision_.effects.emplace_back(CloseEffect{state().step, state().visit, "timed_out"});
      state().phase = Phase::kWaiting;
    }
    EndOpen();
    LeaveChain();
    state().step = target;
    state().attempts = 0;
    state().clock = around_.now;
    was_due_.reset();
    state().inside = true;  // it stands in the wait for what has come
    ++state().visit;
    place = Place::kMoved;
  }
  return place;
}

void Walk::Reach(int32_t goal, Instant at, const std::string& event, std::string seen) {
  const Goal& reached = program_.goals[static_cast<size_t>(goal)];
  const bool counted = !reached.count_within || at <= Add(around_.entered_at, *reached.count_within, *around_.zone);
  state().reached.push_back(goal);
  decision_.effects.emplace_back(GoalEffect{goal, at, counted, event});
  Trace("goal", counted ? reached.id : reached.id + ": too late to be counted", std::move(seen));
}

bool Walk::HasReached(int32_t goal) const {
  return std::find(state().reached.begin(), state().reached.end(), goal) != state().reached.end();
}

// Who may enter though a goal holds already has not reached it here: it is neither recorded nor acted on.
void Walk::NoteGoalsMetAtEntry() {
  if (state().visit > 0 || state().step != 0) return;
  for (size_t i = 0; i < program_.goals.size(); ++i) {
    const Goal& goal = program_.goals[i];
    const auto index = static_cast<int32_t>(i);
    if (!goal.condition || !goal.enter_when_met || HasReached(index)) continue;
    if (Evaluate(*goal.condition, around_.facts, around_.now, around_.zone) != Outcome::kTrue) continue;
    state().reached.push_back(index);
    Trace("goal", goal.id + ": met at entry");
  }
}

int32_t Walk::StepOfGoal(int32_t goal) const {
  for (size_t i = 0; i < program_.steps.size(); ++i) {
    const auto* wait = std::get_if<WaitStep>(&program_.steps[i].body);
    if (wait != nullptr && wait->kind == WaitStep::Kind::kUntilGoal && wait->goal == goal) return static_cast<int32_t>(i);
  }
  return kEndOfSteps;
}

}  // namespace workflow::enrollment
