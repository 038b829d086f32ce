// The way into schemaless data. Keys of objects, positions of arrays (0 is the first); everything else leads nowhere, which is
// null.
#include <charconv>
#include <optional>

#include "core/condition/condition.h"

namespace workflow {
namespace {

const Json* Element(const Json& array, const std::string& position) {
  size_t index = 0;
  const char* end = position.data() + position.size();
  const auto [stop, error] = std::from_chars(position.data(), end, index);
  if (error != std::errc() || stop != end || index >= array.array().size()) return nullptr;
  return &array.array()[index];
}

}  // namespace

Value Dig(const Json& json, std::span<const std::string> path) {
  const Json* here = &json;
  for (const std::string& key : path) {
    here = here->is_array() ? Element(*here, key) : here->Find(key);
    if (here == nullptr) return Value();
  }
  switch (here->kind()) {
    case Json::Kind::kNull:
      return Value();
    case Json::Kind::kBoolean:
      return Value(here->boolean());
    case Json::Kind::kString:
      return Value(here->string());
    case Json::Kind::kNumber: {
      // A number beyond what a decimal holds cannot be compared, so it is null like everything that cannot.
      std::optional<Decimal> number = Decimal::Parse(here->number());
      return number ? Value(*std::move(number)) : Value();
    }
    case Json::Kind::kArray:
    case Json::Kind::kObject:
      break;
  }
  return Value::OfJson(*here);
}

}  // namespace workflow
