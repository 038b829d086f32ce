// Which listeners an event concerns.
#include <algorithm>

#include "core/enrollment/enrollment.h"

namespace workflow {
namespace {

// What a machine did satisfies only who asks for it.
bool AsksForMachines(const Listener& listener, const FieldTable& table) {
  if (!listener.filter) return false;
  const std::vector<uint32_t> fields = FieldsOf(*listener.filter);
  return std::any_of(fields.begin(), fields.end(), [&](uint32_t index) {
    const Field& field = table.fields[index];
    return field.scope == Scope::kEvent && field.name == "data" && field.path == std::vector<std::string>{"automatic"};
  });
}

bool EndsByResponse(const ResponseRule& rule, const Happening& happening) {
  using About = Happening::About;
  if (happening.automatic && !rule.auto_replies) return false;
  if (!rule.channels.empty() && std::find(rule.channels.begin(), rule.channels.end(), happening.channel) == rule.channels.end()) return false;
  switch (rule.scope) {
    case ResponseScope::kOff:
      return false;
    case ResponseScope::kEnrollment:
      return happening.about == About::kEnrollment;
    case ResponseScope::kWorkflow:
      return happening.about == About::kEnrollment || happening.about == About::kWorkflow;
    case ResponseScope::kAnyInbound:
      return true;
  }
  return false;
}

}  // namespace

std::vector<int32_t> Heard(const Program& program, const Happening& happening, const Surroundings& surroundings) {
  std::vector<int32_t> heard;
  for (size_t i = 0; i < program.listeners.size(); ++i) {
    const Listener& listener = program.listeners[i];
    if (listener.on != happening.on) continue;
    // A score that a row tells, and one that a caller tells.
    if (listener.on == "score.reached" && listener.entity != happening.entity) continue;
    if (listener.kind == Listener::Kind::kResponse) {
      if (EndsByResponse(program.settings.response, happening)) heard.push_back(static_cast<int32_t>(i));
      continue;
    }
    // Of messages only its own concern an enrollment.
    if (happening.about == Happening::About::kWorkflow || happening.about == Happening::About::kOther) continue;
    if (listener.kind != Listener::Kind::kLook && happening.automatic && !AsksForMachines(listener, program.table)) continue;
    if (listener.filter && Evaluate(*listener.filter, surroundings.facts, surroundings.now, surroundings.zone) != Outcome::kTrue) continue;
    heard.push_back(static_cast<int32_t>(i));
  }
  return heard;
}

bool MayBeToldLate(const Program& program, const State& state, int32_t listener, Instant at, Instant entered_at) {
  if (at < entered_at || listener < 0 || static_cast<size_t>(listener) >= program.listeners.size()) return false;
  const Listener& one = program.listeners[static_cast<size_t>(listener)];
  if (one.kind != Listener::Kind::kWait) return one.kind == Listener::Kind::kGoal || one.kind == Listener::Kind::kExit;
  bool comes_again = false;
  for (size_t i = 0; i < program.steps.size(); ++i) {
    const auto* jump = std::get_if<GotoStep>(&program.steps[i].body);
    comes_again = comes_again || (jump != nullptr && jump->target <= static_cast<int32_t>(i));
  }
  const auto* wait = std::get_if<WaitStep>(&program.steps[static_cast<size_t>(one.index)].body);
  const bool here = state.inside && one.index == state.step;
  if (comes_again || (here && wait != nullptr && wait->lookback != Lookback::kSinceEntry)) return at >= state.clock;
  return here || one.index > state.step;
}

std::optional<GoalEffect> ReachedAfterExit(const Program& program, const State& state, int32_t listener, Instant ended_at, const Input& input,
                                           const Surroundings& surroundings) {
  const Listener& one = program.listeners[static_cast<size_t>(listener)];
  if (one.kind != Listener::Kind::kGoal) return {};
  const Goal& goal = program.goals[static_cast<size_t>(one.index)];
  const bool known = std::find(state.reached.begin(), state.reached.end(), one.index) != state.reached.end();
  if (known || !goal.count_after_exit || input.heard_at > Add(ended_at, *goal.count_after_exit, *surroundings.zone)) return {};
  return GoalEffect{one.index, input.heard_at, true, input.event};
}

}  // namespace workflow
