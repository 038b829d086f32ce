// Filters on numbers. Arithmetic is exact; a fraction among the operands makes the result one (10 plus 2.0 is 12.0).
#include <algorithm>

#include "core/message/filters.h"

namespace workflow::liquid {

namespace {

constexpr int kQuotientPlaces = 16;
constexpr size_t kShownDigitsMax = 1000;

Result<Item> Checked(Decimal value, bool is_integer) {
  if (value.ToString().size() > kShownDigitsMax) return Failure{"the number has too many digits"};
  return Item::Of(FromDecimal(std::move(value), is_integer));
}

struct Operands {
  Number left, right;
  bool whole() const { return left.is_integer() && right.is_integer(); }
};

// Shows no fewer digits behind the point than its operands: 10.00 plus 1 is 11.00.
Result<Item> Shown(Decimal value, const Operands& of) {
  Result<Item> item = Checked(std::move(value), of.whole());
  if (!item) return item;
  Number number = *item->AsNumber();
  number.places = std::max({number.places, of.left.places, of.right.places});
  return Item::Of(std::move(number));
}

Operands Of(const Call& call) { return {ToNumber(call.input), ToNumber(call.Argument(0))}; }

Result<Item> Plus(const Call& call) {
  const Operands of = Of(call);
  return Shown(of.left.value + of.right.value, of);
}

Result<Item> Minus(const Call& call) {
  const Operands of = Of(call);
  return Shown(of.left.value - of.right.value, of);
}

Result<Item> Times(const Call& call) {
  const Operands of = Of(call);
  return Shown(of.left.value * of.right.value, of);
}

// The whole number next to `value` below (or above) it.
Decimal Rounded(const Decimal& value, bool up) {
  const std::string text = value.ToString();
  const size_t point = text.find('.');
  if (point == std::string::npos) return value;
  const Decimal truncated = *Decimal::Parse(text.substr(0, point));
  if (up) return value.is_negative() ? truncated : truncated + Decimal(1);
  return value.is_negative() ? truncated - Decimal(1) : truncated;
}

// The greatest whole number not above the quotient. The quotient may be rounded up to a whole number, which the remainder shows.
Decimal FloorQuotient(const Decimal& a, const Decimal& b) {
  Decimal quotient = Rounded(*Decimal::Divide(a, b, 1), false);
  const Decimal remainder = a - quotient * b;
  if (!remainder.is_zero() && remainder.is_negative() != b.is_negative()) quotient = quotient - Decimal(1);
  return quotient;
}

Result<Item> DividedBy(const Call& call) {
  const Operands of = Of(call);
  if (of.right.value.is_zero()) return Failure{"division by zero"};
  if (of.whole()) return Checked(FloorQuotient(of.left.value, of.right.value), true);
  return Checked(*Decimal::Divide(of.left.value, of.right.value, kQuotientPlaces), false);
}

// Has the divisor's sign, so that it counts up through a cycle.
Result<Item> Modulo(const Call& call) {
  const Operands of = Of(call);
  if (of.right.value.is_zero()) return Failure{"division by zero"};
  return Checked(of.left.value - FloorQuotient(of.left.value, of.right.value) * of.right.value, of.whole());
}

Result<Item> Abs(const Call& call) {
  Number number = ToNumber(call.input);
  if (number.value.is_negative()) number.value = Decimal(0) - number.value;
  return Item::Of(std::move(number));
}

Result<Item> Ceil(const Call& call) { return Checked(Rounded(ToNumber(call.input).value, true), true); }
Result<Item> Floor(const Call& call) { return Checked(Rounded(ToNumber(call.input).value, false), true); }

Result<Item> Round(const Call& call) {
  const Number number = ToNumber(call.input);
  const int64_t wanted = Truncated(ToNumber(call.Argument(0)).value).value_or(0);
  if (wanted <= 0) {
    const Decimal unit = *Decimal::Parse("1e" + std::to_string(std::min<int64_t>(-std::max<int64_t>(wanted, -100), 100)));
    return Checked(*Decimal::Parse(Decimal::Divide(number.value, unit, 0)->ToFixed(0)) * unit, true);
  }
  if (number.is_integer()) return Item::Of(number);
  const int places = static_cast<int>(std::min<int64_t>(wanted, 100));
  return Checked(*Decimal::Parse(number.value.ToFixed(places)), false);
}

Result<Item> Clamp(const Call& call, bool at_least) {
  const Operands of = Of(call);
  return Item::Of((of.left.value < of.right.value) == at_least ? of.right : of.left);
}

Result<Item> AtLeast(const Call& call) { return Clamp(call, true); }
Result<Item> AtMost(const Call& call) { return Clamp(call, false); }

constexpr FilterSpec kNumberFilters[] = {
    {"abs", Abs},           {"at_least", AtLeast, 1, 1},     {"at_most", AtMost, 1, 1},
    {"ceil", Ceil},         {"divided_by", DividedBy, 1, 1}, {"floor", Floor},
    {"minus", Minus, 1, 1}, {"modulo", Modulo, 1, 1},        {"plus", Plus, 1, 1},
    {"round", Round, 0, 1}, {"times", Times, 1, 1},
};

}  // namespace

std::span<const FilterSpec> NumberFilters() { return kNumberFilters; }

}  // namespace workflow::liquid
