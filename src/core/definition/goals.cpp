// Goals, and the settings by which an enrollment ends before its last step.
#include <algorithm>
#include <array>
#include <set>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kThen = {Choice{"exit", static_cast<int>(GoalThen::kExit)}, Choice{"jump", static_cast<int>(GoalThen::kJump)},
                              Choice{"count", static_cast<int>(GoalThen::kCount)}};
constexpr std::array kMetAtEntry = {Choice{"skip", 0}, Choice{"enter", 1}};
constexpr std::array kScopes = {Choice{"off", static_cast<int>(ResponseScope::kOff)},
                                Choice{"enrollment", static_cast<int>(ResponseScope::kEnrollment)},
                                Choice{"workflow", static_cast<int>(ResponseScope::kWorkflow)},
                                Choice{"any_inbound", static_cast<int>(ResponseScope::kAnyInbound)}};
constexpr size_t kGoalsMax = 50;

// As for steps: a goal's id is kept for ever, in reports and in results.
bool IsGoalId(std::string_view id) {
  return id.size() <= 63 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
         });
}

class GoalReader {
 public:
  GoalReader(const Json& json, const std::string& path, int32_t index, CompileContext* context)
      : context_(context), problems_(context->problems), index_(index), reader_(json, path, "a goal", context->problems) {}

  Goal Read() {
    Goal goal;
    if (!reader_.is_object()) return goal;
    ReadId(&goal);
    const Json* condition = reader_.Take("if");
    const bool by_event = reader_.Has("on");
    if (by_event && condition != nullptr) {
      problems_->Error(reader_.path(), "a goal is reached by an event or by a condition, not by both",
                       "Write \"on\" with \"filter\", or \"if\".");
    } else if (!by_event && condition == nullptr) {
      problems_->Error(reader_.path(), "a goal does not say when it is reached", "Write \"on\" (an event) or \"if\" (a condition).");
    }
    if (by_event) ReadEvent();
    if (condition != nullptr) {
      Names names = Names::OfSteps(context_);
      goal.condition = CompileCondition(*condition, reader_.At("if"), names, problems_);
    }
    if (auto then = reader_.Choose("then", kThen)) goal.then = static_cast<GoalThen>(*then);
    goal.count_within = Positive("count_within");
    goal.count_after_exit = Positive("count_after_exit");
    ReadBelongings(&goal, by_event);
    reader_.Finish();
    return goal;
  }

 private:
  void ReadId(Goal* goal) {
    bool stated = reader_.Take("id") != nullptr;
    std::optional<std::string> id = reader_.Text("id");
    if (!stated) reader_.Missing("id", "Reports and goal steps name the goal by it.");
    if (!id) return;
    if (!IsGoalId(*id)) problems_->Error(reader_.At("id"), Quote(*id) + " is no id of a goal", "An id has 1 to 63 letters, digits, _ and -.");
    goal->id = *std::move(id);
  }

  void ReadEvent() {
    std::optional<Listener> listener = ReadListenerOf(&reader_, context_);
    if (!listener) return;
    listener->kind = Listener::Kind::kGoal;
    listener->index = index_;
    context_->program.listeners.push_back(*std::move(listener));
  }

  void ReadBelongings(Goal* goal, bool by_event) {
    const bool stated = reader_.Has("met_at_entry");
    if (auto met = reader_.Choose("met_at_entry", kMetAtEntry)) goal->enter_when_met = *met != 0;
    if (by_event && stated) {
      problems_->Error(reader_.At("met_at_entry"), "\"met_at_entry\" belongs to a goal with \"if\"",
                       "A goal by an event is listened for from entry on.");
    }
    if (!by_event && goal->count_after_exit) {
      problems_->Error(reader_.At("count_after_exit"), "\"count_after_exit\" belongs to a goal with \"on\"",
                       "Nobody looks at the conditions of an enrollment that has ended.");
    }
    if (!by_event && reader_.Has("filter")) {
      reader_.Allow("filter");
      problems_->Error(reader_.At("filter"), "\"filter\" belongs to a goal with \"on\"");
    }
  }

  std::optional<Duration> Positive(const char* key) {
    std::optional<Duration> length = reader_.Length(key);
    if (!length || (!length->is_negative() && !length->is_zero())) return length;
    problems_->Error(reader_.At(key), '"' + std::string(key) + "\" must be longer than nothing");
    return {};
  }

  CompileContext* context_;
  Problems* problems_;
  int32_t index_;
  ObjectReader reader_;
};

void ReadExit(const Json& json, const std::string& path, CompileContext* context) {
  if (json.is_string() || json.Find("on") != nullptr) {
    std::optional<Listener> listener = ReadListener(json, path, "an exit", context);
    if (!listener) return;
    listener->kind = Listener::Kind::kExit;
    context->program.listeners.push_back(*std::move(listener));
    return;
  }
  Names names = Names::OfSteps(context);
  std::optional<Condition> condition = CompileCondition(json, path, names, context->problems);
  if (condition) context->program.settings.exits.push_back(*std::move(condition));
}

}  // namespace

void ReadGoals(const Json& json, const std::string& path, CompileContext* context) {
  if (!json.is_array()) {
    context->problems->Error(path, std::string("\"goals\" must be an array, not ") + json.KindName(),
                             "Write [{\"id\": \"bought\", \"on\": \"order.paid\"}].");
    return;
  }
  if (json.array().size() > kGoalsMax) {
    context->problems->Error(path, "a workflow has at most " + std::to_string(kGoalsMax) + " goals");
    return;
  }
  std::set<std::string> known;
  for (size_t i = 0; i < json.array().size(); ++i) {
    Goal goal = GoalReader(json.array()[i], Pointer(path, i), static_cast<int32_t>(i), context).Read();
    if (!goal.id.empty() && !known.insert(goal.id).second) {
      context->problems->Error(Pointer(Pointer(path, i), "id"), "the id " + Quote(goal.id) + " is used twice");
    }
    context->program.goals.push_back(std::move(goal));
  }
}

void CheckGoals(CompileContext* context) {
  const Program& program = context->program;
  for (size_t i = 0; i < program.goals.size(); ++i) {
    if (program.goals[i].then != GoalThen::kJump) continue;
    const auto waits_for = [&](const Step& step) {
      const auto* wait = std::get_if<WaitStep>(&step.body);
      return wait != nullptr && wait->kind == WaitStep::Kind::kUntilGoal && wait->goal == static_cast<int32_t>(i);
    };
    const auto count = std::count_if(program.steps.begin(), program.steps.end(), waits_for);
    if (count == 1) continue;
    const std::string place = Pointer(Pointer("/goals", i), "then");
    if (count == 0) {
      context->problems->Error(place, "the goal " + Quote(program.goals[i].id) + " has no step to jump to",
                               "Add a step {\"type\": \"goal\", \"goal\": " + Quote(program.goals[i].id) + ", \"timeout\": \"30 days\"}.");
    } else {
      context->problems->Error(place, "the goal " + Quote(program.goals[i].id) + " has more than one step to jump to", "Keep one of them.");
    }
  }
}

void CollectWatched(Program* program) {
  std::set<uint32_t> fields;
  const auto reads = [&](const Condition& condition) {
    for (const uint32_t field : FieldsOf(condition)) fields.insert(field);
  };
  for (const Condition& exit : program->settings.exits) reads(exit);
  for (const Goal& goal : program->goals) {
    if (goal.condition) reads(*goal.condition);
  }
  for (const Step& step : program->steps) {
    const auto* wait = std::get_if<WaitStep>(&step.body);
    if (wait == nullptr) continue;
    if (wait->kind == WaitStep::Kind::kUntilDate) fields.insert(wait->field);
    if (wait->days) fields.insert(*wait->days);
    if (wait->condition) reads(*wait->condition);
  }
  program->watched.assign(fields.begin(), fields.end());
  // What they read of messages comes with an event of its own.
  std::set<std::string> events;
  for (const uint32_t index : fields) {
    if (index >= program->table.fields.size()) continue;  // of a wait whose field is wrong
    const Field& field = program->table.fields[index];
    std::string_view name = field.name;
    if (field.scope != Scope::kMessage || !name.ends_with("_at") || name == "sent_at") continue;
    if (name.starts_with("machine_")) name.remove_prefix(8);
    events.insert("message." + std::string(name.substr(0, name.size() - 3)));
  }
  for (const std::string& on : events) program->listeners.push_back({.kind = Listener::Kind::kLook, .index = 0, .on = on, .entity = {}, .filter = {}});
}

// A list is one of alternatives; a condition that is a list would be ambiguous, so its parts are alternatives as well.
void ReadExits(const Json& json, const std::string& path, CompileContext* context) {
  if (!json.is_array()) return ReadExit(json, path, context);
  if (json.array().empty()) context->problems->Error(path, "the list of exits is empty", "Leave \"exit\" out, or name one.");
  for (size_t i = 0; i < json.array().size(); ++i) ReadExit(json.array()[i], Pointer(path, i), context);
}

ResponseRule ReadResponse(const Json& json, const std::string& path, CompileContext* context) {
  ResponseRule rule;
  if (json.is_object()) {
    ObjectReader reader(json, path, "stop_on_response", context->problems);
    const bool stated = reader.Take("scope") != nullptr;
    if (auto scope = reader.Choose("scope", kScopes)) rule.scope = static_cast<ResponseScope>(*scope);
    if (!stated) reader.Missing("scope", "It is \"enrollment\", \"workflow\", \"any_inbound\" or \"off\".");
    rule.auto_replies = reader.Boolean("auto_replies").value_or(false);
    const bool limited = reader.Has("channels");
    rule.channels = reader.Texts("channels");
    if (limited && rule.channels.empty())
      context->problems->Error(reader.At("channels"), "the list of channels is empty", "Leave it out where every channel counts.");
    reader.Finish();
  } else if (auto scope = ReadChoice(json, path, "stop_on_response", kScopes, context->problems)) {
    rule.scope = static_cast<ResponseScope>(*scope);
  }
  if (rule.scope != ResponseScope::kOff) {
    context->program.listeners.push_back({.kind = Listener::Kind::kResponse, .index = 0, .on = "message.replied", .entity = {}, .filter = {}});
  }
  return rule;
}

}  // namespace workflow::definition
