#include "core/definition/program.h"

namespace workflow {
namespace {

const char* NameOf(const SendStep&) { return "send"; }
const char* NameOf(const WaitStep&) { return "wait"; }
const char* NameOf(const BranchStep&) { return "branch"; }
const char* NameOf(const SetStep&) { return "set"; }
const char* NameOf(const TagStep&) { return "tag"; }
const char* NameOf(const StopStep&) { return "stop"; }

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

}  // namespace workflow
