#include "pg/functions/problems.h"

namespace workflow::pg {
namespace {

void AddLine(const std::string& line, std::string* text) {
  if (!text->empty()) *text += '\n';
  *text += line;
}

}  // namespace

std::string LineOf(const std::string& path, const std::string& sentence) {
  return path.empty() ? sentence : '"' + path + "\": " + sentence;
}

SqlError ErrorOf(const Problems& problems, int sqlstate, const std::string& what) {
  SqlError error{sqlstate, {}, {}, {}};
  size_t count = 0;
  size_t hints = 0;
  const std::string* only_hint = nullptr;
  for (const Problem& problem : problems.list()) {
    if (problem.severity != Severity::kError) continue;
    ++count;
    AddLine(LineOf(problem.path, problem.message), &error.detail);
    if (problem.hint.empty()) continue;
    ++hints;
    only_hint = &problem.hint;
    AddLine(LineOf(problem.path, problem.hint), &error.hint);
  }
  // A lone hint needs no place: it belongs to the only one that has any, and the detail names that.
  if (hints == 1 && count == 1) error.hint = *only_hint;
  error.message = what + " has " + std::to_string(count) + (count == 1 ? " error" : " errors");
  return error;
}

}  // namespace workflow::pg
