// Numbers of a template: how they are read, and how many digits they show.
#include <algorithm>
#include <string>

#include "core/message/item.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

constexpr int kDigitsMax = 1000;  // beyond any sum of money; it bounds what a multiplication can cost

size_t DigitsAt(std::string_view text, size_t from) {
  size_t end = from;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end - from;
}

// Of "e-12" at the end of a number: -12; of nothing: 0.
std::optional<int64_t> ReadExponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  const bool negative = text.substr(1, 1) == "-";
  text.remove_prefix(negative || text.substr(1, 1) == "+" ? 2 : 1);
  if (text.empty() || text.size() > 4 || DigitsAt(text, 0) != text.size()) return std::nullopt;
  const int64_t value = std::stoll(std::string(text));
  if (value > kDigitsMax) return std::nullopt;
  return negative ? -value : value;
}

}  // namespace

std::optional<Number> ParseNumber(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = DigitsAt(text, at);
  at += whole;
  size_t places = 0;
  if (at < text.size() && text[at] == '.') {
    places = DigitsAt(text, at + 1);
    if (places == 0) return std::nullopt;
    at += 1 + places;
  }
  if (whole == 0 || whole + places > kDigitsMax) return std::nullopt;
  const auto exponent = ReadExponent(text.substr(at));
  if (!exponent) return std::nullopt;
  const size_t sign = text[0] == '-' ? 1 : 0;
  std::string_view magnitude = text.substr(sign);  // without the leading zeros that a decimal may not have
  while (magnitude.size() > 1 && magnitude[0] == '0' && IsDigit(magnitude[1])) magnitude.remove_prefix(1);
  const auto value = Decimal::Parse(std::string(sign ? "-" : "") + std::string(magnitude));
  if (!value) return std::nullopt;
  const int64_t shown = std::max<int64_t>(static_cast<int64_t>(places) - *exponent, 0);
  return Number{*value, static_cast<int>(*exponent < 0 || places > 0 ? std::max<int64_t>(shown, 1) : 0)};
}

Number FromDecimal(Decimal value, bool is_integer) {
  if (is_integer) return Number{std::move(value), 0};
  const std::string text = value.ToString();
  const size_t point = text.find('.');
  const int places = point == std::string::npos ? 1 : static_cast<int>(text.size() - point - 1);
  return Number{std::move(value), places};
}

Number ToNumber(const Item& item) {
  if (const auto* number = item.AsNumber()) return *number;
  const std::string* text = item.AsString();
  if (!text) return Number{};
  const std::string_view stripped = Strip(*text);
  if (const auto number = ParseNumber(stripped); number && stripped.find_first_of("eE") == std::string_view::npos) return *number;
  const size_t sign = !stripped.empty() && (stripped[0] == '-' || stripped[0] == '+') ? 1 : 0;
  const size_t digits = DigitsAt(stripped, sign);
  const bool plus = sign == 1 && stripped[0] == '+';
  return ParseNumber(stripped.substr(plus ? 1 : 0, digits + (plus ? 0 : sign))).value_or(Number{});
}

std::optional<int64_t> ToWhole(const Item& item) {
  if (const auto* number = item.AsNumber()) return number->is_integer() ? number->value.ToInteger() : std::nullopt;
  const std::string* text = item.AsString();
  if (!text) return std::nullopt;
  const auto number = ParseNumber(Strip(*text));
  return number && number->is_integer() ? number->value.ToInteger() : std::nullopt;
}

std::optional<int64_t> Truncated(const Decimal& value) {
  const std::string text = value.ToString();
  const std::string whole = text.substr(0, text.find('.'));
  const auto number = Decimal::Parse(whole);
  return number ? number->ToInteger() : std::nullopt;
}

std::string NumberText(const Number& number) { return number.value.ToFixed(number.places); }

}  // namespace workflow::liquid
