// Taking an enrollment from one version of its workflow to another (semantics 10): by the ids of steps, which are kept for ever.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/enrollment/enrollment.h"

namespace workflow {

// Steps that have another id in the new version: old id -> new id. Who stands at a step that is not named goes on at the step of the same id.
using StepMapping = std::map<std::string, std::string, std::less<>>;

// What is wrong with a mapping as such, in sentences; nothing: it can be used.
std::vector<std::string> CheckMapping(const Program& from, const Program& to, const StepMapping& mapping);

struct Migration {
  std::string from_step, to_step;  // ids; `to_step` is empty where nobody can go on
  std::string problem;             // why it stays where it is; empty: it moves
  State state = {};                // by `to`, where it moves
};

// The state of a live enrollment by the program `to`. What it has waited counts: the end of a wait is reckoned from where the wait began
// (`shifted_us`: moved by so much by pauses that have been dealt with), and one that lies behind is due now. A wait that is the same in both
// versions keeps its timer.
Migration Migrate(const Program& from, const Program& to, const State& state, const StepMapping& mapping, int64_t shifted_us,
                  const Surroundings& around);

}  // namespace workflow
