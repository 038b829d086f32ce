#include "core/message/filters.h"

#include <algorithm>

#include "core/message/text.h"

namespace workflow::liquid {

namespace {

std::vector<std::span<const FilterSpec>> All() {
  return {TextFilters(), MarkupFilters(), NumberFilters(), ListFilters(), SelectFilters(), DateFilters(), MoneyFilters()};
}

}  // namespace

const FilterSpec* FindFilter(std::string_view name) {
  for (const auto& room : All()) {
    const auto found = std::find_if(room.begin(), room.end(), [&](const FilterSpec& spec) { return spec.name == name; });
    if (found != room.end()) return &*found;
  }
  return nullptr;
}

std::vector<std::string> FilterNames() {
  std::vector<std::string> names;
  for (const auto& room : All()) {
    for (const FilterSpec& spec : room) names.emplace_back(spec.name);
  }
  return names;
}

const Item& Call::Argument(size_t index) const {
  static const Item missing;
  return Has(index) ? arguments[index] : missing;
}

namespace {

void AppendFlat(const Item& item, Budget* budget, Items* out) {
  if (!item.is_list()) {
    out->push_back(item);
    return;
  }
  const Sequence all(item);
  for (size_t i = 0; i < all.size() && budget->Spend(); ++i) AppendFlat(all.At(i), budget, out);
}

}  // namespace

Items InputItems(const Item& input, Budget* budget) {
  Items items;
  if (!input.is_nil() && !input.As<Special>()) AppendFlat(input, budget, &items);
  return items;
}

Result<Item> PropertyOf(const Item& item, const Item& property, Budget* budget) {
  if (item.AsObject() || item.As<Item::LoopPtr>()) return property.is_nil() ? Item() : item.Get(ToText(property, budget), false);
  return Failure{"cannot take the property \"" + ToText(property, budget) + "\" of \"" + ToText(item, budget).substr(0, 40) +
                 "\""};
}

}  // namespace workflow::liquid
