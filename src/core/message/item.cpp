#include "core/message/item.h"

#include <algorithm>
#include <limits>

#include "core/message/text.h"

namespace workflow::liquid {

Item::Item(Data data) : data_(std::move(data)) {}
Item::Item(const Item&) = default;
Item::Item(Item&&) noexcept = default;
Item& Item::operator=(const Item&) = default;
Item& Item::operator=(Item&&) noexcept = default;
Item::~Item() = default;

bool Budget::Spend(size_t steps) {
  if (exceeded()) return false;
  if (steps > steps_left_) {
    exceeded_ = "the template takes too many steps";
    return false;
  }
  steps_left_ -= steps;
  return true;
}

bool Budget::Holds(size_t bytes) {
  if (exceeded()) return false;
  if (bytes > bytes_max_) {
    exceeded_ = "the template's output is too long";
    too_long_ = true;
  }
  return !exceeded();
}

Item Item::Borrow(const Json& json) {
  switch (json.kind()) {
    case Json::Kind::kNull:
      return Item();
    case Json::Kind::kBoolean:
      return Boolean(json.boolean());
    case Json::Kind::kNumber: {
      const auto number = ParseNumber(json.number());
      return number ? Of(*number) : Borrow(json.number());
    }
    case Json::Kind::kString:
      return Borrow(json.string());
    case Json::Kind::kArray:
    case Json::Kind::kObject:
      break;
  }
  return Item(Data(&json));
}

bool Item::is_list() const {
  if (const auto* json = As<const Json*>()) return (*json)->is_array();
  return As<ItemsPtr>() || As<Range>();
}

namespace {

Item LoopField(const LoopState& loop, std::string_view key) {
  const int64_t row = loop.columns ? loop.index0 / loop.columns : 0;
  const int64_t column = loop.columns ? loop.index0 % loop.columns : 0;
  if (key == "index") return Item::Integer(loop.index0 + 1);
  if (key == "index0") return Item::Integer(loop.index0);
  if (key == "rindex") return Item::Integer(loop.length - loop.index0);
  if (key == "rindex0") return Item::Integer(loop.length - loop.index0 - 1);
  if (key == "length") return Item::Integer(loop.length);
  if (key == "first") return Item::Boolean(loop.index0 == 0);
  if (key == "last") return Item::Boolean(loop.index0 + 1 == loop.length);
  if (key == "name" && !loop.columns) return Item::String(loop.name);
  if (key == "parentloop" && loop.parent) return Item(Item::Data(loop.parent));
  if (!loop.columns) return Item();
  if (key == "col") return Item::Integer(column + 1);
  if (key == "col0") return Item::Integer(column);
  if (key == "row") return Item::Integer(row + 1);
  if (key == "col_first") return Item::Boolean(column == 0);
  if (key == "col_last") return Item::Boolean(column + 1 == loop.columns);
  return Item();
}

}  // namespace

Item Item::Get(std::string_view key, bool dotted) const {
  if (const auto* loop = As<LoopPtr>()) return LoopField(**loop, key);
  if (const Json* object = AsObject()) {
    if (const Json* member = object->Find(key)) return Borrow(*member);
  }
  if (!dotted) return Item();
  const Sequence all(*this);
  if (key == "size") {
    if (const std::string* text = AsString()) return Integer(static_cast<int64_t>(CharCount(*text)));
    if (is_list() || AsObject()) return Integer(static_cast<int64_t>(all.size()));
  } else if (key == "first") {
    if (const std::string* text = AsString()) return String(std::string(CharSlice(*text, 0, 1)));
    if (all.size()) return all.At(0);
  } else if (key == "last" && !AsObject()) {
    if (const std::string* text = AsString()) return String(std::string(LastChar(*text)));
    if (all.size()) return all.At(all.size() - 1);
  }
  return Item();
}

Item Item::Get(const Item& key) const {
  if (const std::string* name = key.AsString()) return Get(*name, false);
  const auto* number = key.AsNumber();
  if (!number || !is_list()) return Item();
  auto index = number->value.ToInteger();
  const Sequence all(*this);
  const auto size = static_cast<int64_t>(all.size());
  if (!index || *index >= size || *index < -size) return Item();
  return all.At(static_cast<size_t>(*index < 0 ? *index + size : *index));
}

Sequence::Sequence(const Item& item) : item_(item) {
  if (const auto* items = item.As<Item::ItemsPtr>()) {
    size_ = (*items)->size();
  } else if (const auto* json = item.As<const Json*>()) {
    size_ = (*json)->is_array() ? (*json)->array().size() : (*json)->object().size();
  } else if (const auto* range = item.As<Range>(); range && range->last >= range->first) {
    const uint64_t span = static_cast<uint64_t>(range->last) - static_cast<uint64_t>(range->first);
    size_ = static_cast<size_t>(std::min<uint64_t>(span, std::numeric_limits<int64_t>::max() - 1)) + 1;
  }
}

Item Sequence::At(size_t index) const {
  if (const auto* items = item_.As<Item::ItemsPtr>()) return (**items)[index];
  if (const auto* range = item_.As<Range>()) return Item::Integer(range->first + static_cast<int64_t>(index));
  const Json& json = **item_.As<const Json*>();
  if (json.is_array()) return Item::Borrow(json.array()[index]);
  const Json::Member& member = json.object()[index];
  return Item::Array({Item::Borrow(member.first), Item::Borrow(member.second)});
}

// Lists nest no deeper than the data does, whose depth its reader has bounded.
void AppendText(const Item& item, Budget* budget, std::string* out) {
  if (const std::string* text = item.AsString()) {
    if (budget->SpendOnBytes(text->size()) && budget->Holds(out->size() + text->size())) *out += *text;
  } else if (const auto* number = item.AsNumber()) {
    *out += NumberText(*number);
  } else if (const auto* boolean = item.As<bool>()) {
    *out += *boolean ? "true" : "false";
  } else if (const Json* object = item.AsObject()) {
    const std::string dump = object->Dump();
    if (budget->SpendOnBytes(dump.size()) && budget->Holds(out->size() + dump.size())) *out += dump;
  } else if (const auto* range = item.As<Range>()) {
    *out += std::to_string(range->first) + ".." + std::to_string(range->last);
  } else if (item.is_list()) {
    const Sequence all(item);
    for (size_t i = 0; i < all.size() && budget->Spend(); ++i) AppendText(all.At(i), budget, out);
  }
}

std::string ToText(const Item& item, Budget* budget) {
  std::string text;
  AppendText(item, budget, &text);
  return text;
}

namespace {

bool EqualsSpecial(const Item& item, Special special) {
  const Sequence all(item);
  if (item.is_list() || item.AsObject()) return all.size() == 0;
  const std::string* text = item.AsString();
  if (special == Special::kEmpty) return text && text->empty();
  return item.is_nil() || (item.As<bool>() && !*item.As<bool>()) || (text && Strip(*text).empty());
}

bool EqualObjects(const Json& a, const Json& b, Budget* budget) {
  if (a.object().size() != b.object().size()) return false;
  for (const auto& [key, value] : a.object()) {
    const Json* other = b.Find(key);
    if (!other || !budget->Spend() || !Equal(Item::Borrow(value), Item::Borrow(*other), budget)) return false;
  }
  return true;
}

bool EqualLists(const Item& a, const Item& b, Budget* budget) {
  const Sequence left(a), right(b);
  if (left.size() != right.size()) return false;
  for (size_t i = 0; i < left.size(); ++i) {
    if (!budget->Spend() || !Equal(left.At(i), right.At(i), budget)) return false;
  }
  return true;
}

}  // namespace

bool Equal(const Item& a, const Item& b, Budget* budget) {
  const auto* special_a = a.As<Special>();
  const auto* special_b = b.As<Special>();
  if (special_a && special_b) return *special_a == *special_b;
  if (special_a) return EqualsSpecial(b, *special_a);
  if (special_b) return EqualsSpecial(a, *special_b);
  if (a.is_list() && b.is_list()) return EqualLists(a, b, budget);
  if (a.data().index() != b.data().index()) return false;
  if (const std::string* text = a.AsString()) return budget->SpendOnBytes(text->size()) && *text == *b.AsString();
  if (const auto* number = a.AsNumber()) return number->value == b.AsNumber()->value;
  if (const auto* boolean = a.As<bool>()) return *boolean == *b.As<bool>();
  if (a.AsObject() && b.AsObject()) return EqualObjects(*a.AsObject(), *b.AsObject(), budget);
  return a.is_nil();
}

std::optional<int> Compare(const Item& a, const Item& b) {
  if (a.AsNumber() && b.AsNumber()) {
    const auto order = a.AsNumber()->value <=> b.AsNumber()->value;
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  if (a.AsString() && b.AsString()) return a.AsString()->compare(*b.AsString());
  return std::nullopt;
}

}  // namespace workflow::liquid
