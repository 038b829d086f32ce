// Any JSON as relation and binding (shaped as the files of test/corpus/binding), any text as key. What must hold: no crash, an
// answer is nothing exactly where there is an error, and a completed document is accepted and stays as it is.
#include <cstdlib>
#include <string_view>

#include "../unit/binding_corpus.h"

namespace workflow {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

void TryKey(std::string_view text) {
  for (size_t count : {1, 2, 3}) {
    std::vector<std::string> parts = SplitKey(text, count);
    if (parts.empty()) continue;
    std::vector<Value> values(parts.begin(), parts.end());
    Require(CanonicalKey(values) == text);
  }
}

void TryBinding(const Json& json) {
  const Json* relation_json = json.Find("relation");
  const Json* document = json.Find("binding");
  if (relation_json == nullptr || document == nullptr) return;
  RelationDescription relation = binding_test::RelationOf(*relation_json);
  Problems problems, again;
  std::optional<Binding> binding = CompleteBinding(*document, relation, &problems);
  Require(binding.has_value() != problems.HasErrors());
  if (!binding) return;
  std::optional<Binding> twice = CompleteBinding(binding->document, relation, &again);
  Require(twice.has_value() && twice->document == binding->document);
}

}  // namespace
}  // namespace workflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  workflow::TryKey(text);
  std::string error;
  if (std::optional<workflow::Json> json = workflow::Json::Parse(text, &error)) workflow::TryBinding(*json);
  return 0;
}
