// A row's key as one text. A lone part is written as it is; several are escaped, so that no text of one part can look like two.
#include <cassert>

#include "core/binding/binding.h"

namespace workflow {

std::optional<std::string> CanonicalKey(const std::vector<Value>& parts) {
  assert(!parts.empty());
  std::string key;
  for (const Value& part : parts) {
    if (part.is_null()) return std::nullopt;
    if (parts.size() == 1) return FormatValue(part);
    if (&part != &parts.front()) key += ',';
    for (char c : FormatValue(part)) {
      if (c == '\\' || c == ',') key += '\\';
      key += c;
    }
  }
  return key;
}

std::vector<std::string> SplitKey(std::string_view key, size_t parts) {
  if (parts == 1) return {std::string(key)};
  std::vector<std::string> split(1);
  for (size_t i = 0; i < key.size(); ++i) {
    if (key[i] == ',') {
      split.emplace_back();
    } else if (key[i] != '\\') {
      split.back() += key[i];
    } else if (++i < key.size() && (key[i] == '\\' || key[i] == ',')) {
      split.back() += key[i];
    } else {
      return {};
    }
  }
  if (split.size() != parts) return {};
  return split;
}

}  // namespace workflow
