// Filters on lists.
#include <algorithm>
#include <unordered_set>

#include "core/message/filters.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

Result<Item> Join(const Call& call) {
  const std::string glue = call.Has(0) ? call.Text(0) : " ";
  const Items items = InputItems(call.input, &call.budget);
  std::string out;
  for (size_t i = 0; i < items.size() && call.budget.Holds(out.size()); ++i) {
    if (i > 0) out += glue;
    AppendText(items[i], &call.budget, &out);
  }
  return Item::String(std::move(out));
}

Result<Item> First(const Call& call) { return call.input.Get("first", true); }
Result<Item> Last(const Call& call) { return call.input.Get("last", true); }

Result<Item> Reverse(const Call& call) {
  Items items = InputItems(call.input, &call.budget);
  std::reverse(items.begin(), items.end());
  return Item::Array(std::move(items));
}

Result<Item> Concat(const Call& call) {
  if (!call.Argument(0).is_list()) return Failure{"a list can be joined only to a list"};
  Items items = InputItems(call.input, &call.budget);
  const Sequence more(call.Argument(0));
  for (size_t i = 0; i < more.size() && call.budget.Spend(); ++i) items.push_back(more.At(i));
  return Item::Array(std::move(items));
}

// The items, each beside what it goes by: itself, or its member that the first argument names.
struct Keyed {
  Item item, key;
};

Result<std::vector<Keyed>> WithKeys(const Call& call) {
  std::vector<Keyed> keyed;
  const Item property = call.Argument(0);
  for (Item& item : InputItems(call.input, &call.budget)) {
    if (property.is_nil()) {
      keyed.push_back({item, item});
      continue;
    }
    auto key = PropertyOf(item, property, &call.budget);
    if (!key) return key.failure();
    keyed.push_back({std::move(item), std::move(*key)});
  }
  return keyed;
}

Item ItemsOf(std::vector<Keyed> keyed) {
  Items items;
  items.reserve(keyed.size());
  for (Keyed& one : keyed) items.push_back(std::move(one.item));
  return Item::Array(std::move(items));
}

// What has no key comes last; numbers and texts do not mix.
Result<Item> Sort(const Call& call) {
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  const Item* sample = nullptr;
  for (const Keyed& one : *keyed) {
    if (one.key.is_nil()) continue;
    if (!sample) sample = &one.key;
    if (const std::string* text = one.key.AsString()) call.budget.SpendOnBytes(text->size());
    if (!Compare(*sample, one.key)) return Failure{"the items have no common order"};
  }
  if (call.budget.exceeded()) return Item();
  std::stable_sort(keyed->begin(), keyed->end(), [&](const Keyed& a, const Keyed& b) {
    if (a.key.is_nil() || b.key.is_nil()) return !a.key.is_nil() && b.key.is_nil();
    return *Compare(a.key, b.key) < 0;
  });
  return ItemsOf(std::move(*keyed));
}

// By text, in whatever case it is written.
Result<Item> SortNatural(const Call& call) {
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  for (Keyed& one : *keyed) {
    if (!one.key.is_nil()) one.key = Item::String(ToLower(ToText(one.key, &call.budget)));
  }
  if (call.budget.exceeded()) return Item();
  std::stable_sort(keyed->begin(), keyed->end(), [&](const Keyed& a, const Keyed& b) {
    if (a.key.is_nil() || b.key.is_nil()) return !a.key.is_nil() && b.key.is_nil();
    return *a.key.AsString() < *b.key.AsString();
  });
  return ItemsOf(std::move(*keyed));
}

Result<Item> Uniq(const Call& call) {
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  std::unordered_set<std::string> seen;
  std::erase_if(*keyed, [&](const Keyed& one) {
    return !seen.insert(std::to_string(one.key.data().index()) + ToText(one.key, &call.budget)).second;
  });
  return ItemsOf(std::move(*keyed));
}

Result<Item> Compact(const Call& call) {
  if (call.input.is_nil()) return Item();
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  std::erase_if(*keyed, [](const Keyed& one) { return one.key.is_nil(); });
  return ItemsOf(std::move(*keyed));
}

Result<Item> Map(const Call& call) {
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  Items keys;
  for (Keyed& one : *keyed) keys.push_back(std::move(one.key));
  return Item::Array(std::move(keys));
}

Result<Item> Sum(const Call& call) {
  auto keyed = WithKeys(call);
  if (!keyed) return keyed.failure();
  Decimal sum;
  bool whole = true;
  for (const Keyed& one : *keyed) {
    const Number number = ToNumber(one.key);
    sum = sum + number.value;
    whole = whole && number.is_integer();
  }
  return Item::Of(FromDecimal(std::move(sum), whole));
}

constexpr FilterSpec kListFilters[] = {
    {"compact", Compact, 0, 1}, {"concat", Concat, 1, 1}, {"first", First},
    {"join", Join, 0, 1},       {"last", Last},           {"map", Map, 1, 1},
    {"reverse", Reverse},       {"sort", Sort, 0, 1},     {"sort_natural", SortNatural, 0, 1},
    {"sum", Sum, 0, 1},         {"uniq", Uniq, 0, 1},
};

}  // namespace

std::span<const FilterSpec> ListFilters() { return kListFilters; }

}  // namespace workflow::liquid
