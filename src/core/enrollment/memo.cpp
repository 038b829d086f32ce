// The rarer half of a state as JSON: most enrollments have none of it, so it is no column of its own.
#include "core/base/json.h"
#include "core/enrollment/enrollment.h"

namespace workflow {
namespace {

constexpr const char* kKept = "kept";
constexpr const char* kInside = "inside";
constexpr const char* kTimeout = "timeout";
constexpr const char* kReached = "reached";
constexpr const char* kHoldout = "holdout";
constexpr const char* kUnchained = "unchained";
constexpr const char* kGivenUp = "given_up";

bool IsTrue(const Json* json) { return json != nullptr && json->is_boolean() && json->boolean(); }

}  // namespace

std::string MemoText(const Program& program, const State& state) {
  Json memo = Json::MakeObject();
  if (!state.kept.empty()) {
    Json kept = Json::MakeObject();
    for (const Kept& one : state.kept) kept.Set(program.steps[static_cast<size_t>(one.step)].id, Json::Integer(one.at.us));
    memo.Set(kKept, std::move(kept));
  }
  if (state.inside) memo.Set(kInside, Json::Boolean(true));
  if (state.timeout) memo.Set(kTimeout, Json::Integer(state.timeout->us));
  if (!state.reached.empty()) {
    Json reached = Json::MakeArray();
    for (const int32_t goal : state.reached) reached.array().push_back(Json::String(program.goals[static_cast<size_t>(goal)].id));
    memo.Set(kReached, std::move(reached));
  }
  if (!state.holdout.empty()) memo.Set(kHoldout, Json::String(state.holdout));
  if (state.unchained) memo.Set(kUnchained, Json::Boolean(true));
  if (!state.given_up.empty()) {
    Json given_up = Json::MakeArray();
    for (const int32_t step : state.given_up) given_up.array().push_back(Json::String(program.steps[static_cast<size_t>(step)].id));
    memo.Set(kGivenUp, std::move(given_up));
  }
  return memo.object().empty() ? std::string() : memo.Dump();
}

// What names steps or goals that the program does not have is forgotten.
void ReadMemo(const Program& program, std::string_view text, State* state) {
  std::string error;
  const std::optional<Json> memo = Json::Parse(text, &error);
  if (!memo || !memo->is_object()) return;
  if (const Json* kept = memo->Find(kKept); kept != nullptr && kept->is_object()) {
    for (const auto& [id, at] : kept->object()) {
      const int32_t step = program.StepIndex(id);
      if (step != kEndOfSteps && at.AsInteger()) state->kept.push_back({step, Instant{*at.AsInteger()}});
    }
  }
  state->inside = IsTrue(memo->Find(kInside));
  if (const Json* timeout = memo->Find(kTimeout); timeout != nullptr && timeout->AsInteger()) state->timeout = Instant{*timeout->AsInteger()};
  if (const Json* reached = memo->Find(kReached); reached != nullptr && reached->is_array()) {
    for (const Json& id : reached->array()) {
      const int32_t goal = id.is_string() ? program.GoalIndex(id.string()) : -1;
      if (goal >= 0) state->reached.push_back(goal);
    }
  }
  if (const Json* holdout = memo->Find(kHoldout); holdout != nullptr && holdout->is_string()) state->holdout = holdout->string();
  state->unchained = IsTrue(memo->Find(kUnchained));
  if (const Json* given_up = memo->Find(kGivenUp); given_up != nullptr && given_up->is_array()) {
    for (const Json& id : given_up->array()) {
      const int32_t step = id.is_string() ? program.StepIndex(id.string()) : kEndOfSteps;
      if (step != kEndOfSteps) state->given_up.push_back(step);
    }
  }
}

}  // namespace workflow
