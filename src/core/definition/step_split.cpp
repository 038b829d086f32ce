// split and goto: which way an enrollment takes without a condition.
#include <algorithm>

#include "core/definition/steps.h"

namespace workflow::definition {
namespace {

constexpr int64_t kShareMax = 1'000'000;

}  // namespace

SplitWay ReadSplitPath(ObjectReader* reader, size_t number, bool* weighted) {
  SplitWay path;
  path.name = "path-" + std::to_string(number + 1);
  if (std::optional<std::string> name = reader->Text("name")) path.name = *std::move(name);
  *weighted = reader->Has("weight");
  path.weight = static_cast<int32_t>(reader->Integer("weight", 0, kShareMax).value_or(1));
  path.holdout = reader->Boolean("holdout").value_or(false);
  return path;
}

void CheckSplit(const SplitStep& split, const std::vector<bool>& weighted, const std::string& path, Problems* problems) {
  if (split.paths.size() == 1) {
    problems->Error(path, "a split has at least two paths", "A control group is a path too: {\"holdout\": true, \"weight\": 10}.");
  }
  const auto stated = std::count(weighted.begin(), weighted.end(), true);
  for (size_t i = 0; i < split.paths.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (split.paths[i].name == split.paths[j].name)
        problems->Error(Pointer(path, i), "two paths are named " + Quote(split.paths[i].name));
    }
    if (stated > 0 && !weighted[i]) {
      problems->Error(Pointer(path, i), "this path has no \"weight\", though another has", "Give each path one, or none for equal shares.");
    }
  }
  if (!split.paths.empty() && std::all_of(split.paths.begin(), split.paths.end(), [](const SplitWay& one) { return one.weight == 0; })) {
    problems->Error(path, "all paths have the weight 0, so nobody could take one");
  }
}

// A control group gets no messages. What comes after the split is not looked at here: there its messages are not written.
void CheckHoldout(const std::vector<Step>& steps, size_t first, const std::string& path, Problems* problems) {
  for (size_t i = first; i < steps.size(); ++i) {
    if (!std::holds_alternative<SendStep>(steps[i].body)) continue;
    problems->Error(steps[i].path, "a control group gets no messages", "Take this step out, or \"holdout\" from " + path + '.');
  }
}

std::optional<std::string> ReadGoto(ObjectReader* reader) {
  const bool stated = reader->Take("step") != nullptr;
  std::optional<std::string> target = reader->Text("step");
  if (!stated) reader->Missing("step", "It is the id of the step to go on with.");
  return target;
}

}  // namespace workflow::definition
