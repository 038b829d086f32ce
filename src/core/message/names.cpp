#include "core/message/names.h"

#include <algorithm>

namespace workflow::liquid {

void Names::Read(std::string_view root, std::string dotted) {
  if (bound_.contains(root)) return;
  for (const auto& variables : loops_) {
    if (std::find(variables.begin(), variables.end(), root) != variables.end()) return;
  }
  if (loops_.empty()) {
    reads_.insert(std::move(dotted));
  } else {
    pending_.push_back({std::string(root), std::move(dotted)});
  }
}

void Names::Bind(std::string_view name) { bound_.emplace(name); }

std::vector<std::string> Names::InSight() const {
  std::vector<std::string> names = Bound();
  for (const auto& variables : loops_) names.insert(names.end(), variables.begin(), variables.end());
  return names;
}

void Names::EnterLoop(std::vector<std::string> variables) { loops_.push_back(std::move(variables)); }

void Names::LeaveLoop() {
  loops_.pop_back();
  if (!loops_.empty()) return;
  for (Pending& read : pending_) {
    if (!bound_.contains(read.root)) reads_.insert(std::move(read.dotted));
  }
  pending_.clear();
}

std::vector<std::string> Names::Take() { return {reads_.begin(), reads_.end()}; }

}  // namespace workflow::liquid
