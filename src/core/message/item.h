// What an expression of a template comes to. Containers and strings of the data are borrowed, not copied: the data outlives the
// render. Everything that costs time or room in proportion to its size is paid for from the Budget.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/json.h"

namespace workflow::liquid {

// A number is exact. `places` is how many digits after the point it shows: as written where it was written, at least one where a
// computation had a fraction among its operands (10 - 2.0 is 8.0), none for an integer.
struct Number {
  Decimal value;
  int places = 0;
  bool is_integer() const { return places == 0; }
};

enum class Special : uint8_t { kEmpty, kBlank };

struct Range {  // both ends included; empty where last < first
  int64_t first = 0;
  int64_t last = 0;
};

// What a template sees as forloop and tablerowloop.
struct LoopState {
  std::string name;
  int64_t length = 0;
  int64_t index0 = 0;
  int64_t columns = 0;  // of a tablerow, else 0
  std::shared_ptr<const LoopState> parent;
};

class Item;
using Items = std::vector<Item>;

class Item {
 public:
  using Text = std::shared_ptr<const std::string>;
  using ItemsPtr = std::shared_ptr<const Items>;
  using LoopPtr = std::shared_ptr<const LoopState>;
  // The Json is an array or an object; scalars are taken apart at once.
  using NumberPtr = std::shared_ptr<const Number>;
  using Data = std::variant<std::monostate, Special, bool, NumberPtr, Text, ItemsPtr, const Json*, Range, LoopPtr>;

  Item() = default;  // nil
  explicit Item(Data data);
  // Out of line, because inlined moves of a variant make g++ see reads of members that are not there.
  Item(const Item&);
  Item(Item&&) noexcept;
  Item& operator=(const Item&);
  Item& operator=(Item&&) noexcept;
  ~Item();
  static Item Boolean(bool value) { return Item(Data(value)); }
  static Item Of(Number number) { return Item(Data(std::make_shared<const Number>(std::move(number)))); }
  static Item Integer(int64_t value) { return Of(Number{Decimal(value), 0}); }
  static Item String(std::string value) { return Item(Data(std::make_shared<const std::string>(std::move(value)))); }
  static Item Array(Items items) { return Item(Data(std::make_shared<const Items>(std::move(items)))); }
  // Text that is HTML already and is not escaped again.
  static Item Html(std::string value) { return String(std::move(value)).AsHtml(); }
  static Item Borrow(const Json& json);
  static Item Borrow(const std::string& text) { return Item(Data(Text(std::shared_ptr<void>(), &text))); }

  template <typename T> const T* As() const { return std::get_if<T>(&data_); }
  bool is_nil() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_truthy() const { return !is_nil() && !(As<bool>() && !*As<bool>()); }
  bool is_html() const { return html_; }
  Item AsHtml() const { Item copy = *this; copy.html_ = true; return copy; }

  const Number* AsNumber() const { return As<NumberPtr>() ? As<NumberPtr>()->get() : nullptr; }
  const std::string* AsString() const { return As<Text>() ? As<Text>()->get() : nullptr; }
  const Json* AsObject() const { return As<const Json*>() && (*As<const Json*>())->is_object() ? *As<const Json*>() : nullptr; }
  bool is_list() const;  // an array or a range
  // The member or element `key` names, nil where there is none. `dotted` allows first, last and size of what has no such member.
  Item Get(std::string_view key, bool dotted) const;
  Item Get(const Item& key) const;

  const Data& data() const { return data_; }

 private:
  Data data_;
  bool html_ = false;
};

// How much a render may still do and how large anything in it may grow. Once exceeded it stays so, and the renderer stops.
class Budget {
 public:
  Budget(size_t steps, size_t bytes) : steps_left_(steps), bytes_max_(bytes) {}
  bool Spend(size_t steps = 1);
  bool SpendOnBytes(size_t bytes) { return Spend(bytes / 64 + 1); }
  bool SpendOnSearch(size_t text, size_t sought) { return Spend(text / 1024 * sought + 1); }  // its worst case is their product
  bool Holds(size_t bytes);  // no text of a render is longer than its output may be
  size_t bytes_max() const { return bytes_max_; }
  bool exceeded() const { return exceeded_ != nullptr; }
  const char* reason() const { return exceeded_; }
  const char* hint() const { return too_long_ ? "The limit is the setting pg_workflow.max_message_bytes." : ""; }

 private:
  size_t steps_left_;
  size_t bytes_max_;
  const char* exceeded_ = nullptr;
  bool too_long_ = false;
};

// The elements of an array or range, the pairs of an object; anything else has none.
class Sequence {
 public:
  explicit Sequence(const Item& item);
  size_t size() const { return size_; }
  Item At(size_t index) const;

 private:
  Item item_;
  size_t size_ = 0;
};

// As it appears in the output: nil and the special values are empty, an array is its elements one after the other.
void AppendText(const Item& item, Budget* budget, std::string* out);
std::string ToText(const Item& item, Budget* budget);

bool Equal(const Item& a, const Item& b, Budget* budget);
// Nothing where the two have no order (number and text).
std::optional<int> Compare(const Item& a, const Item& b);

std::optional<Number> ParseNumber(std::string_view text);  // "12", "-12.50", as written; JSON's exponents too
Number FromDecimal(Decimal value, bool is_integer);         // of a computed value: the digits it needs
// A number, or what the head of a text says: " 12 apples" is 12, "apples" and anything else is 0.
Number ToNumber(const Item& item);
std::optional<int64_t> ToWhole(const Item& item);  // a whole number or a text that is one
std::string NumberText(const Number& number);
std::optional<int64_t> Truncated(const Decimal& value);  // toward zero; nothing where it does not fit

}  // namespace workflow::liquid
