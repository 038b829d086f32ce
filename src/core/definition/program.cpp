#include "core/definition/program.h"

#include <algorithm>

namespace workflow {
namespace {

const char* NameOf(const SendStep&) { return "send"; }
const char* NameOf(const WaitStep& wait) { return wait.kind == WaitStep::Kind::kUntilGoal ? "goal" : "wait"; }
const char* NameOf(const BranchStep&) { return "branch"; }
const char* NameOf(const SetStep&) { return "set"; }
const char* NameOf(const TagStep&) { return "tag"; }
const char* NameOf(const StopStep&) { return "stop"; }
const char* NameOf(const SplitStep&) { return "split"; }
const char* NameOf(const GotoStep&) { return "goto"; }
const char* NameOf(const NotifyStep&) { return "notify"; }
const char* NameOf(const WebhookStep&) { return "webhook"; }
const char* NameOf(const CreateStep&) { return "create"; }
const char* NameOf(const CopyStep&) { return "copy"; }
const char* NameOf(const TaskStep&) { return "task"; }
const char* NameOf(const AssignStep&) { return "assign"; }
const char* NameOf(const ApproveStep&) { return "approve"; }
const char* NameOf(const CallStep&) { return "call"; }
const char* NameOf(const EmitStep&) { return "emit"; }
const char* NameOf(const EnrollStep&) { return "enroll"; }
const char* NameOf(const UnenrollStep&) { return "unenroll"; }
const char* NameOf(const SubscribeStep& step) { return step.subscribed ? "subscribe" : "unsubscribe"; }

}  // namespace

const char* StepTypeName(const Step& step) {
  return std::visit([](const auto& body) { return NameOf(body); }, step.body);
}

int32_t Program::StepIndex(std::string_view id) const {
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].id == id) return static_cast<int32_t>(i);
  }
  return kEndOfSteps;
}

bool Program::HasCode() const {
  const auto is_code = [](const auto& rule) { return rule->rule.op == Operator::kSql; };
  return !table.checks.empty() || std::any_of(table.deferred.begin(), table.deferred.end(), is_code);
}

int32_t Program::GoalIndex(std::string_view id) const {
  for (size_t i = 0; i < goals.size(); ++i) {
    if (goals[i].id == id) return static_cast<int32_t>(i);
  }
  return -1;
}

std::optional<OnResume> ParseOnResume(const std::string& name) {
  if (name == "freeze") return OnResume::kFreeze;
  if (name == "catch_up") return OnResume::kCatchUp;
  if (name == "restart_delay") return OnResume::kRestartDelay;
  if (name == "drop_overdue") return OnResume::kDropOverdue;
  return std::nullopt;
}

}  // namespace workflow
