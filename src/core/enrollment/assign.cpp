#include "core/enrollment/assign.h"

#include <algorithm>
#include <vector>

namespace workflow {

// Smooth weighted round robin: each turn everybody gains his weight, and who has most pays all of it.
size_t UserOfTurn(std::span<const Assignee> users, int64_t turn) {
  int64_t total = 0;
  for (const Assignee& user : users) total += user.weight;
  if (users.size() < 2 || total <= 0) return 0;
  if (total == static_cast<int64_t>(users.size())) return static_cast<size_t>(turn % total);
  std::vector<int64_t> credit(users.size(), 0);
  size_t chosen = 0;
  for (int64_t i = 0; i <= turn % total; ++i) {
    for (size_t u = 0; u < users.size(); ++u) credit[u] += users[u].weight;
    chosen = static_cast<size_t>(std::max_element(credit.begin(), credit.end()) - credit.begin());
    credit[chosen] -= total;
  }
  return chosen;
}

size_t LeastBusy(std::span<const int64_t> counts) {
  return static_cast<size_t>(std::min_element(counts.begin(), counts.end()) - counts.begin());
}

std::optional<std::string> UserFor(const AssignStep& step, const Value* value) {
  if (value != nullptr && !value->is_null()) {
    const Json* json = value->AsJson();
    const std::string text = json != nullptr && json->is_string() ? json->string() : FormatValue(*value);
    for (const auto& [from, user] : step.map) {
      if (from == text) return user;
    }
  }
  return step.otherwise;
}

}  // namespace workflow
