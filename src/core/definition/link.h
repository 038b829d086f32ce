// goto: from ids to indexes, once all steps have theirs.
#pragma once

#include <string>
#include <vector>

#include "core/base/problem.h"
#include "core/definition/program.h"

namespace workflow::definition {

struct Jump {
  int32_t from;        // index of the goto
  std::string target;  // as written
  std::string path;    // where it is written
};

// A circle without a wait is a warning: at run time it ends with an error. Nothing is wrong with one that waits.
void LinkJumps(const std::vector<Jump>& jumps, std::vector<Step>* steps, Problems* problems);

}  // namespace workflow::definition
