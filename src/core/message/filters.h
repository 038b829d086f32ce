// The filters of the language, looked up by name once, when a template is parsed.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/message/item.h"
#include "core/message/template.h"

namespace workflow::liquid {

// One application of a filter. Missing optional arguments are simply not there; a missing value is nil.
struct Call {
  const Item& input;
  const std::vector<Item>& arguments;
  const std::vector<std::pair<std::string, Item>>& named;
  const RenderContext& context;
  Budget& budget;

  bool Has(size_t index) const { return index < arguments.size(); }
  const Item& Argument(size_t index) const;  // nil where it was not given
  std::string Text() const { return ToText(input, &budget); }
  std::string Text(size_t index) const { return ToText(Argument(index), &budget); }
};

using FilterFunction = Result<Item> (*)(const Call& call);

struct FilterSpec {
  std::string_view name;
  FilterFunction apply;
  size_t arguments_min = 0;
  size_t arguments_max = 0;
  std::string_view named = {};  // the one named argument it takes
};

const FilterSpec* FindFilter(std::string_view name);
std::vector<std::string> FilterNames();

std::span<const FilterSpec> TextFilters();
std::span<const FilterSpec> MarkupFilters();
std::span<const FilterSpec> NumberFilters();
std::span<const FilterSpec> ListFilters();
std::span<const FilterSpec> SelectFilters();
std::span<const FilterSpec> DateFilters();
std::span<const FilterSpec> MoneyFilters();

// The input as the list filters see it: an array's elements with nested arrays laid flat, an object or any other value as the only
// element, nothing where there is no value.
Items InputItems(const Item& input, Budget* budget);
// What `property` names in `item`; a failure where such a value has no properties.
Result<Item> PropertyOf(const Item& item, const Item& property, Budget* budget);

}  // namespace workflow::liquid
