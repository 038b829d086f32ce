#include "core/base/decimal.h"

#include <algorithm>
#include <boost/multiprecision/cpp_int.hpp>
#include <charconv>
#include <limits>

namespace workflow {
namespace {

using boost::multiprecision::cpp_int;

// The width of numeric: digits before and after the point. It also bounds what an exponent of a few characters can make us store.
constexpr int64_t kIntegerDigitsMax = 131072;
constexpr int kPlacesMax = 16383;

cpp_int PowerOfTen(int64_t exponent) { return pow(cpp_int(10), static_cast<unsigned>(exponent)); }

cpp_int ToBig(bool negative, const std::string& digits) {
  cpp_int value = digits.empty() ? cpp_int(0) : cpp_int(digits);  // never a leading zero, which would make it octal
  return negative ? cpp_int(-value) : value;
}

std::string Magnitude(const cpp_int& value) { return cpp_int(abs(value)).str(); }

// Adds one in the last place.
void Increment(std::string* digits) {
  size_t i = digits->size();
  while (i > 0 && (*digits)[i - 1] == '9') (*digits)[--i] = '0';
  if (i == 0) {
    digits->insert(digits->begin(), '1');
  } else {
    ++(*digits)[i - 1];
  }
}

std::string_view TakeDigits(std::string_view* rest) {
  size_t count = std::min(rest->find_first_not_of("0123456789"), rest->size());
  std::string_view digits = rest->substr(0, count);
  rest->remove_prefix(count);
  return digits;
}

bool TakeOneOf(std::string_view* rest, std::string_view wanted) {
  if (rest->empty() || wanted.find(rest->front()) == wanted.npos) return false;
  rest->remove_prefix(1);
  return true;
}

// The exponent behind "e", cut off far beyond any that a number can have.
std::optional<int64_t> TakeExponent(std::string_view* rest) {
  bool negative = rest->starts_with('-');
  TakeOneOf(rest, "+-");
  std::string_view digits = TakeDigits(rest);
  if (digits.empty()) return {};
  int64_t exponent = 0;
  for (char c : digits) exponent = std::min<int64_t>(exponent * 10 + (c - '0'), int64_t{1} << 40);
  return negative ? -exponent : exponent;
}

}  // namespace

Decimal::Decimal(int64_t value) {
  std::string text = std::to_string(value);
  *this = Make(value < 0, value < 0 ? text.substr(1) : text, 0);
}

Decimal Decimal::NaN() {
  Decimal result;
  result.kind_ = Kind::kNaN;
  return result;
}

Decimal Decimal::Infinite(bool negative) {
  Decimal result;
  result.kind_ = Kind::kInfinity;
  result.negative_ = negative;
  return result;
}

Decimal Decimal::Make(bool negative, std::string digits, int64_t scale) {
  digits.erase(0, digits.find_first_not_of('0'));
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    --scale;
  }
  if (digits.empty()) return Decimal();
  if (static_cast<int64_t>(digits.size()) - scale > kIntegerDigitsMax) return Infinite(negative);
  if (scale > kPlacesMax + static_cast<int64_t>(digits.size())) return Decimal();
  Decimal result;
  result.negative_ = negative;
  result.digits_ = std::move(digits);
  result.scale_ = static_cast<int32_t>(scale);
  return result.Rounded(kPlacesMax);
}

Decimal Decimal::Negated() const {
  Decimal result = *this;
  if (kind_ != Kind::kNaN && !is_zero()) result.negative_ = !negative_;
  return result;
}

Decimal Decimal::Rounded(int places) const {
  if (!is_finite() || scale_ <= places) return *this;
  size_t dropped = static_cast<size_t>(scale_ - places);
  if (dropped > digits_.size()) return Decimal();
  std::string kept = digits_.substr(0, digits_.size() - dropped);
  if (digits_[kept.size()] >= '5') Increment(&kept);
  return Make(negative_, std::move(kept), places);
}

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  if (text == "NaN") return NaN();
  bool negative = TakeOneOf(&text, "-");
  if (text == "Infinity") return Infinite(negative);
  std::string_view whole = TakeDigits(&text);
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return {};
  std::string digits(whole);
  int64_t scale = 0;
  int32_t shown = 0;
  if (TakeOneOf(&text, ".")) {
    std::string_view fraction = TakeDigits(&text);
    if (fraction.empty()) return {};
    digits += fraction;
    scale = static_cast<int64_t>(fraction.size());
    shown = static_cast<int32_t>(std::min<int64_t>(scale, kPlacesMax));
  }
  if (TakeOneOf(&text, "eE")) {
    shown = 0;  // an exponent says nothing about zeros
    std::optional<int64_t> exponent = TakeExponent(&text);
    if (!exponent) return {};
    scale -= *exponent;
  }
  if (!text.empty()) return {};
  // Too wide is refused and not rounded: what was written would not be what is kept.
  size_t last = digits.find_last_not_of('0');
  if (last != digits.npos && scale - static_cast<int64_t>(digits.size() - 1 - last) > kPlacesMax) return {};
  Decimal result = Make(negative, std::move(digits), scale);
  if (!result.is_finite()) return {};
  result.shown_ = shown;
  return result;
}

std::string Decimal::ToShown() const { return ToFixed(std::max(shown_, scale_)); }

std::string Decimal::ToString() const {
  if (kind_ == Kind::kNaN) return "NaN";
  if (kind_ == Kind::kInfinity) return negative_ ? "-Infinity" : "Infinity";
  if (is_zero()) return "0";
  std::string text = digits_;
  if (scale_ <= 0) {
    text.append(static_cast<size_t>(-scale_), '0');
  } else {
    size_t scale = static_cast<size_t>(scale_);
    if (text.size() <= scale) text.insert(0, scale - text.size() + 1, '0');
    text.insert(text.size() - scale, ".");
  }
  return negative_ ? "-" + text : text;
}

std::string Decimal::ToFixed(int places) const {
  if (!is_finite()) return ToString();
  places = std::clamp(places, 0, kPlacesMax);
  Decimal rounded = Rounded(places);
  std::string text = rounded.ToString();
  if (places == 0) return text;
  int shown = std::max(rounded.scale_, 0);
  if (shown == 0) text += '.';
  return text.append(static_cast<size_t>(places - shown), '0');
}

std::optional<int64_t> Decimal::ToInteger() const {
  if (!is_finite() || scale_ > 0 || static_cast<int64_t>(digits_.size()) - scale_ > 19) return {};
  std::string text = ToString();
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::strong_ordering operator<=>(const Decimal& a, const Decimal& b) {
  using Kind = Decimal::Kind;
  // -Infinity, negative, zero, positive, Infinity, NaN.
  auto rank = [](const Decimal& d) {
    if (d.kind_ == Kind::kNaN) return 3;
    if (d.kind_ == Kind::kInfinity) return d.negative_ ? -2 : 2;
    return d.is_zero() ? 0 : (d.negative_ ? -1 : 1);
  };
  if (auto order = rank(a) <=> rank(b); order != 0) return order;
  const Decimal& low = a.negative_ ? b : a;
  const Decimal& high = a.negative_ ? a : b;
  // Same sign: the one with more digits before the point is larger; with as many, digits compare like text, as none begins or
  // ends with a zero.
  auto magnitude = [](const Decimal& d) { return static_cast<int64_t>(d.digits_.size()) - d.scale_; };
  if (auto order = magnitude(low) <=> magnitude(high); order != 0) return order;
  return low.digits_.compare(high.digits_) <=> 0;
}

Decimal operator+(const Decimal& a, const Decimal& b) {
  using Kind = Decimal::Kind;
  if (a.kind_ == Kind::kNaN || b.kind_ == Kind::kNaN) return Decimal::NaN();
  if (!a.is_finite()) return b.is_finite() || a.negative_ == b.negative_ ? a : Decimal::NaN();
  if (!b.is_finite()) return b;
  int32_t scale = std::max(a.scale_, b.scale_);
  cpp_int sum =
      ToBig(a.negative_, a.digits_) * PowerOfTen(scale - a.scale_) + ToBig(b.negative_, b.digits_) * PowerOfTen(scale - b.scale_);
  return Decimal::Make(sum < 0, Magnitude(sum), scale);
}

Decimal operator-(const Decimal& a, const Decimal& b) { return a + b.Negated(); }

Decimal operator*(const Decimal& a, const Decimal& b) {
  using Kind = Decimal::Kind;
  if (a.kind_ == Kind::kNaN || b.kind_ == Kind::kNaN) return Decimal::NaN();
  bool negative = a.negative_ != b.negative_;
  if (!a.is_finite() || !b.is_finite()) {
    return a.is_zero() || b.is_zero() ? Decimal::NaN() : Decimal::Infinite(negative);
  }
  cpp_int product = ToBig(false, a.digits_) * ToBig(false, b.digits_);
  return Decimal::Make(negative, Magnitude(product), int64_t{a.scale_} + b.scale_);
}

std::optional<Decimal> Decimal::Divide(const Decimal& a, const Decimal& b, int places) {
  if (b.is_zero()) return {};
  if (a.kind_ == Kind::kNaN || b.kind_ == Kind::kNaN) return NaN();
  bool negative = a.negative_ != b.negative_;
  if (!a.is_finite()) return b.is_finite() ? Infinite(negative) : NaN();
  if (!b.is_finite()) return Decimal();
  places = std::clamp(places, 0, kPlacesMax);
  // a / b * 10^places as one fraction of whole numbers.
  int64_t exponent = int64_t{b.scale_} - a.scale_ + places;
  cpp_int above = ToBig(false, a.digits_);
  cpp_int below = ToBig(false, b.digits_);
  (exponent >= 0 ? above : below) *= PowerOfTen(exponent >= 0 ? exponent : -exponent);
  cpp_int quotient;
  cpp_int rest;
  divide_qr(above, below, quotient, rest);
  if (rest * 2 >= below) ++quotient;
  return Make(negative, Magnitude(quotient), places);
}

}  // namespace workflow
