#include "core/definition/link.h"

#include <algorithm>

#include "core/definition/reader.h"

namespace workflow::definition {
namespace {

// Where a step may lead without time passing. A wait may always take time, so nothing is followed through it.
std::vector<int32_t> WaysOn(const Step& step) {
  if (std::holds_alternative<WaitStep>(step.body) || std::holds_alternative<ApproveStep>(step.body)) return {};
  if (std::holds_alternative<StopStep>(step.body) && !step.filter) return {};
  std::vector<int32_t> ways;
  if (const auto* jump = std::get_if<GotoStep>(&step.body)) ways.push_back(jump->target);
  if (const auto* branch = std::get_if<BranchStep>(&step.body)) {
    for (const Branch& one : branch->branches) ways.push_back(one.target);
    ways.push_back(branch->otherwise);
  }
  if (const auto* split = std::get_if<SplitStep>(&step.body)) {
    for (const SplitWay& path : split->paths) ways.push_back(path.target);
  }
  if (ways.empty() || step.filter) ways.push_back(step.next);
  return ways;
}

bool ReturnsWithoutWait(const std::vector<Step>& steps, int32_t from) {
  std::vector<bool> seen(steps.size(), false);
  std::vector<int32_t> open = WaysOn(steps[static_cast<size_t>(from)]);
  while (!open.empty()) {
    const int32_t at = open.back();
    open.pop_back();
    if (at == from) return true;
    if (at < 0 || seen[static_cast<size_t>(at)]) continue;
    seen[static_cast<size_t>(at)] = true;
    for (const int32_t way : WaysOn(steps[static_cast<size_t>(at)])) open.push_back(way);
  }
  return false;
}

}  // namespace

void LinkJumps(const std::vector<Jump>& jumps, std::vector<Step>* steps, Problems* problems) {
  std::vector<std::string> known;
  for (const Step& step : *steps) known.push_back(step.id);
  for (const Jump& jump : jumps) {
    const auto found = std::find(known.begin(), known.end(), jump.target);
    if (found == known.end()) {
      std::string hint = NearestHint(jump.target, known);
      problems->Error(jump.path, "there is no step " + Quote(jump.target), hint.empty() ? "It is the id of a step." : hint);
      continue;
    }
    std::get<GotoStep>((*steps)[static_cast<size_t>(jump.from)].body).target = static_cast<int32_t>(found - known.begin());
  }
  for (const Jump& jump : jumps) {
    if (!ReturnsWithoutWait(*steps, jump.from)) continue;
    problems->Warning(jump.path, "this goto can come back to itself without a wait in between",
                      "After 100 rounds without a wait the enrollment ends with an error; put a wait into the circle.");
  }
}

}  // namespace workflow::definition
