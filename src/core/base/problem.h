// What is wrong (or doubtful) with a document a person wrote. Bad input is refused whole, with every problem at once, so checks
// append to a list and go on.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace workflow {

enum class Severity { kError, kWarning };

struct Problem {
  Severity severity = Severity::kError;
  std::string path;     // JSON Pointer (RFC 6901) of the place in the document; "" is the whole
  std::string message;  // a sentence without capital or full stop, as PostgreSQL's error style has it
  std::string hint;     // a full sentence, or empty
};

class Problems {
 public:
  void Error(std::string path, std::string message, std::string hint = {}) {
    list_.push_back({Severity::kError, std::move(path), std::move(message), std::move(hint)});
  }
  void Warning(std::string path, std::string message, std::string hint = {}) {
    list_.push_back({Severity::kWarning, std::move(path), std::move(message), std::move(hint)});
  }
  bool HasErrors() const {
    return std::any_of(list_.begin(), list_.end(), [](const Problem& p) { return p.severity == Severity::kError; });
  }
  const std::vector<Problem>& list() const { return list_; }

 private:
  std::vector<Problem> list_;
};

// `parent` + "/" + `key`, with ~ and / of the key escaped.
std::string Pointer(std::string_view parent, std::string_view key);
std::string Pointer(std::string_view parent, size_t index);

// The known name nearest to `wrong` by edit distance (at most a third of its length off), or empty.
std::string NearestName(std::string_view wrong, const std::vector<std::string>& known);
// `Did you mean "x"?`, or empty where no known name is near.
std::string NearestHint(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace workflow
