// Moving an enrollment between versions: where it stands, what it has waited, what it remembers.
#include "core/enrollment/migrate.h"

#include <algorithm>
#include <utility>

#include "core/enrollment/wait.h"

namespace workflow {
namespace {

bool SameField(const Program& from, uint32_t a, const Program& to, uint32_t b) {
  if (a >= from.table.fields.size() || b >= to.table.fields.size()) return false;
  const Field &one = from.table.fields[a], &other = to.table.fields[b];
  return one.scope == other.scope && one.entity == other.entity && one.name == other.name && one.path == other.path;
}

// Whether both wait until the same time, whatever they do then.
bool EndsAlike(const Program& from, const WaitStep& a, const Program& to, const WaitStep& b) {
  if (a.at != b.at) return false;
  if (a.kind == WaitStep::Kind::kUntilTime) return true;
  return a.offset == b.offset && (a.kind == WaitStep::Kind::kFor || SameField(from, a.field, to, b.field));
}

const std::string& AwaitedEvent(const Program& program, const WaitStep& wait) {
  static const std::string none;
  return wait.listener >= 0 && static_cast<size_t>(wait.listener) < program.listeners.size()
             ? program.listeners[static_cast<size_t>(wait.listener)].on
             : none;
}

std::string Quoted(const std::string& id) { return "\"" + id + "\""; }

bool IsStep(const Program& program, int32_t step) { return step >= 0 && static_cast<size_t>(step) < program.steps.size(); }

// What the enrollments of a version are known by.
bool SameKey(const Program& from, const Program& to) {
  const auto &a = from.settings.entry_key, &b = to.settings.entry_key;
  if (a.size() != b.size() || (a.empty() && from.settings.entry_entity != to.settings.entry_entity)) return false;
  for (size_t i = 0; i < a.size(); ++i) if (!SameField(from, a[i], to, b[i])) return false;
  return true;
}

class Mover {
 public:
  Mover(const Program& from, const Program& to, const State& state, const StepMapping& mapping, int64_t shifted_us, const Surroundings& around)
      : from_(from), to_(to), mapping_(mapping), shifted_us_(shifted_us), around_(around), before_(state) {
    result_.state = state;
  }

  Migration Done() {
    if (!IsStep(from_, before_.step)) return Stays("its state does not fit its version");
    const Step& here = from_.steps[static_cast<size_t>(before_.step)];
    result_.from_step = here.id;
    const int32_t place = PlaceOf(here.id);
    if (place == kEndOfSteps) return Stays("the new version has no step " + Quoted(here.id) + ", and the mapping names none for it");
    if (!SameKey(from_, to_)) return Stays("the new version is entered by another key");
    result_.to_step = to_.steps[static_cast<size_t>(place)].id;
    result_.state.step = place;
    if (!CarryMemo() || !Stand(here, to_.steps[static_cast<size_t>(place)])) return Stays(problem_);
    return std::move(result_);
  }

 private:
  Migration Stays(std::string why) {
    result_.problem = std::move(why);
    result_.to_step.clear();
    result_.state = before_;
    return std::move(result_);
  }

  bool Refuse(std::string why) {
    problem_ = std::move(why);
    return false;
  }

  int32_t PlaceOf(const std::string& id) const {
    const auto named = mapping_.find(id);
    return to_.StepIndex(named == mapping_.end() ? id : named->second);
  }

  // Events kept for a wait go along where the new version has it, for the same event. A goal that was reached, or a control group, that the new
  // version does not know would be lost: the figures of both versions would be wrong.
  bool CarryMemo() {
    State& state = result_.state;
    state.kept.clear();
    for (const Kept& kept : before_.kept) {
      if (!IsStep(from_, kept.step)) continue;
      const Step& old = from_.steps[static_cast<size_t>(kept.step)];
      const int32_t place = PlaceOf(old.id);
      const auto* was = std::get_if<WaitStep>(&old.body);
      const auto* is = place == kEndOfSteps ? nullptr : std::get_if<WaitStep>(&to_.steps[static_cast<size_t>(place)].body);
      if (was == nullptr || is == nullptr || is->kind != WaitStep::Kind::kUntilEvent || AwaitedEvent(from_, *was) != AwaitedEvent(to_, *is)) continue;
      state.kept.push_back({place, kept.at});
    }
    state.reached.clear();
    for (const int32_t goal : before_.reached) {
      const std::string& id = from_.goals[static_cast<size_t>(goal)].id;
      const int32_t index = to_.GoalIndex(id);
      if (index < 0) return Refuse("it has reached goal " + Quoted(id) + ", which the new version does not have");
      state.reached.push_back(index);
    }
    return before_.holdout.empty() || HasControlGroup() || Refuse("it is in control group " + Quoted(before_.holdout) + ", which the new version does not have");
  }

  bool HasControlGroup() const {
    return std::any_of(to_.steps.begin(), to_.steps.end(), [&](const Step& step) {
      const auto* split = std::get_if<SplitStep>(&step.body);
      return split != nullptr && std::any_of(split->paths.begin(), split->paths.end(), [&](const SplitWay& way) {
        return way.holdout && step.id + "/" + way.name == before_.holdout;
      });
    });
  }

  bool Stand(const Step& old, const Step& fresh) {
    const auto *was = std::get_if<WaitStep>(&old.body), *is = std::get_if<WaitStep>(&fresh.body);
    switch (before_.phase) {
      case Phase::kWaiting:
        return Wait(was, is);
      case Phase::kWindow:
        if (!std::holds_alternative<SendStep>(fresh.body)) return Refuse("step " + Quoted(fresh.id) + " of the new version sends no message");
        SetTimer(around_.now);  // its window decides
        return true;
      case Phase::kApproval:
        return Approve(old, fresh);
      case Phase::kReady:
      case Phase::kRetry:
        return !before_.inside || Wait(was, is, /*sets_timer=*/false);  // the step is taken when its timer comes
      case Phase::kEnded:
        break;
    }
    return Refuse("it has ended");
  }

  bool Wait(const WaitStep* was, const WaitStep* is, bool sets_timer = true) {
    if (was == nullptr || is == nullptr || was->kind != is->kind) return Refuse("step " + Quoted(ToId()) + " of the new version waits for something else");
    if (is->IsOpen()) return OpenWait(*was, *is, sets_timer);
    if (EndsAlike(from_, *was, to_, *is) || !sets_timer) return true;
    if (is->kind == WaitStep::Kind::kUntilDate) {
      SetTimer(around_.now);  // its end is reckoned anew then
      return true;
    }
    const auto end = enrollment::WaitEnd(*is, before_.clock, around_);
    SetTimer(end ? std::max(enrollment::Postponed(*is, *end, shifted_us_, *around_.zone), around_.now) : around_.now);
    return true;
  }

  // What it waits for is looked at once, by the new version's condition, and by what is known already.
  bool OpenWait(const WaitStep& was, const WaitStep& is, bool sets_timer) {
    if (is.kind == WaitStep::Kind::kUntilGoal && from_.goals[static_cast<size_t>(was.goal)].id != to_.goals[static_cast<size_t>(is.goal)].id) {
      return Refuse("step " + Quoted(ToId()) + " of the new version waits for another goal");
    }
    State& state = result_.state;
    if (was.timeout != is.timeout) {
      state.timeout.reset();
      if (is.timeout) state.timeout = enrollment::Postponed(is, Add(before_.clock, *is.timeout, *around_.zone), shifted_us_, *around_.zone);
    }
    const bool same = is.kind != WaitStep::Kind::kUntilCondition && was.timeout == is.timeout && AwaitedEvent(from_, was) == AwaitedEvent(to_, is);
    if (sets_timer && !same) SetTimer(around_.now);
    return true;
  }

  // The person is asked still, and the task names the step.
  bool Approve(const Step& old, const Step& fresh) {
    const auto *was = std::get_if<ApproveStep>(&old.body), *is = std::get_if<ApproveStep>(&fresh.body);
    if (was == nullptr || is == nullptr || old.id != fresh.id) return Refuse("it waits for an answer, and the new version asks in no step " + Quoted(old.id));
    if (was->timeout == is->timeout && was->at == is->at) return true;
    State& state = result_.state;
    ++state.timer;
    std::optional<Instant> due;
    if (is->timeout && before_.due && was->timeout && !was->at) {  // since it was asked
      const int64_t longer = Add(around_.now, *is->timeout, *around_.zone).us - Add(around_.now, *was->timeout, *around_.zone).us;
      due = Instant{before_.due->us + longer};
    } else if (is->timeout) {
      due = Add(around_.now, *is->timeout, *around_.zone);
    }
    if (due && is->at) due = AtClock(*due, *is->at, *around_.zone);
    if (due) due = std::max(*due, around_.now);
    state.due = due;
    return true;
  }

  const std::string& ToId() const { return to_.steps[static_cast<size_t>(result_.state.step)].id; }

  void SetTimer(Instant due) {
    result_.state.due = due;
    ++result_.state.timer;
  }

  const Program &from_, &to_;
  const StepMapping& mapping_;
  const int64_t shifted_us_;
  const Surroundings& around_;
  const State& before_;
  Migration result_;
  std::string problem_;
};

}  // namespace

std::vector<std::string> CheckMapping(const Program& from, const Program& to, const StepMapping& mapping) {
  std::vector<std::string> problems;
  for (const auto& [old, fresh] : mapping) {
    if (from.StepIndex(old) == kEndOfSteps) problems.push_back("the version that is left has no step " + Quoted(old));
    if (to.StepIndex(fresh) == kEndOfSteps) problems.push_back("the new version has no step " + Quoted(fresh));
  }
  return problems;
}

Migration Migrate(const Program& from, const Program& to, const State& state, const StepMapping& mapping, int64_t shifted_us, const Surroundings& around) {
  return Mover(from, to, state, mapping, shifted_us, around).Done();
}

}  // namespace workflow
