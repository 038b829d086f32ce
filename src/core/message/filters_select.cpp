// Filters that pick items: where, reject, find, find_index, has. An item is picked where its property is true, or equals the
// second argument. A text has its parts as properties.
#include <optional>
#include <vector>

#include "core/message/filters.h"

namespace workflow::liquid {

namespace {

// Which items of a list are picked. Nothing of it is known where an item has no properties at all, and then there is no result.
struct Picked {
  Items items;
  std::vector<bool> picks;
  bool known = true;
};

// What `property` comes to in `item`; nothing where the item is no value or the property none.
Result<std::optional<Item>> Look(const Call& call, const Item& item, const Item& property) {
  if (item.is_nil() || item.As<bool>()) return std::optional<Item>();
  if (const std::string* text = item.AsString()) {
    if (property.is_nil()) return std::optional<Item>();
    const std::string* part = property.AsString();
    if (!part) return Failure{"a text has no property \"" + ToText(property, &call.budget) + "\""};
    return std::optional<Item>(text->find(*part) == std::string::npos ? Item() : property);
  }
  if (item.AsNumber() && property.AsNumber()) return std::optional<Item>(Item::Boolean(Equal(item, property, &call.budget)));
  auto value = PropertyOf(item, property, &call.budget);
  if (!value) return value.failure();
  return std::optional<Item>(std::move(*value));
}

Result<Picked> Pick(const Call& call) {
  Picked picked;
  picked.items = InputItems(call.input, &call.budget);
  for (const Item& item : picked.items) {
    auto value = Look(call, item, call.Argument(0));
    if (!value) return value.failure();
    if (!*value) {
      picked.known = false;
      break;
    }
    const bool any = call.Argument(1).is_nil();
    picked.picks.push_back(any ? (*value)->is_truthy() : Equal(**value, call.Argument(1), &call.budget));
  }
  return picked;
}

Result<Item> Filter(const Call& call, bool keep) {
  auto picked = Pick(call);
  if (!picked) return picked.failure();
  if (!picked->known) return Item();
  Items items;
  for (size_t i = 0; i < picked->items.size(); ++i) {
    if (picked->picks[i] == keep) items.push_back(std::move(picked->items[i]));
  }
  return Item::Array(std::move(items));
}

Result<Item> Where(const Call& call) { return Filter(call, true); }
Result<Item> Reject(const Call& call) { return Filter(call, false); }

Result<Item> Search(const Call& call, Item (*found)(const Picked& picked, size_t index), Item otherwise) {
  auto picked = Pick(call);
  if (!picked) return picked.failure();
  for (size_t i = 0; i < picked->picks.size(); ++i) {
    if (picked->picks[i]) return found(*picked, i);
  }
  return picked->known ? otherwise : Item();
}

Result<Item> Find(const Call& call) {
  return Search(
      call, [](const Picked& picked, size_t index) { return picked.items[index]; }, Item());
}

Result<Item> FindIndex(const Call& call) {
  return Search(
      call, [](const Picked&, size_t index) { return Item::Integer(static_cast<int64_t>(index)); }, Item());
}

Result<Item> Has(const Call& call) {
  return Search(
      call, [](const Picked&, size_t) { return Item::Boolean(true); }, Item::Boolean(false));
}

constexpr FilterSpec kSelectFilters[] = {
    {"find", Find, 1, 2}, {"find_index", FindIndex, 1, 2}, {"has", Has, 1, 2}, {"reject", Reject, 1, 2}, {"where", Where, 1, 2},
};

}  // namespace

std::span<const FilterSpec> SelectFilters() { return kSelectFilters; }

}  // namespace workflow::liquid
