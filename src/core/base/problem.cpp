#include "core/base/problem.h"

namespace workflow {
namespace {

constexpr size_t kLongestName = 200;  // a longer one was not mistyped, and comparing it would take too long

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other: the slips of a hand that types.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string Pointer(std::string_view parent, std::string_view key) {
  std::string pointer(parent);
  pointer += '/';
  for (char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string Pointer(std::string_view parent, size_t index) { return std::string(parent) + '/' + std::to_string(index); }

std::string NearestName(std::string_view wrong, const std::vector<std::string>& known) {
  if (wrong.size() > kLongestName) return {};
  size_t limit = wrong.size() / 3;
  const std::string* nearest = nullptr;
  for (const std::string& name : known) {
    if (name.size() > wrong.size() + limit || wrong.size() > name.size() + limit) continue;
    size_t distance = EditDistance(wrong, name);
    if (distance > limit || (nearest != nullptr && distance == limit)) continue;  // of equally near ones, the first
    nearest = &name;
    limit = distance;
  }
  return nearest == nullptr ? std::string() : *nearest;
}

std::string NearestHint(std::string_view wrong, const std::vector<std::string>& known) {
  std::string name = NearestName(wrong, known);
  return name.empty() ? std::string() : "Did you mean \"" + name + "\"?";
}

}  // namespace workflow
