// money: "IDR", in the form that the currency's own country writes: Rp 1.250.000. A second argument asks for a form without a
// locale: "code" is 1,250,000 IDR and "plain" is 1250000.
#include <algorithm>

#include "core/message/filters.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

struct Currency {
  std::string_view code;
  std::string_view symbol;  // with the space that belongs to it
  int places = 2;
  std::string_view group = ",";
  std::string_view point = ".";
  bool symbol_last = false;
  bool lakhs = false;  // groups of two above the first three
};

constexpr std::string_view kNbsp = "\u00a0";

constexpr Currency kCurrencies[] = {
    {"AED", "AED "},
    {"ARS", "$ ", 2, ".", ","},
    {"AUD", "A$"},
    {"BHD", "BHD ", 3},
    {"BRL", "R$ ", 2, ".", ","},
    {"CAD", "CA$"},
    {"CHF", "CHF ", 2, "'"},
    {"CLP", "$", 0, ".", ","},
    {"CNY", "CN¥"},
    {"CZK", "\u00a0Kč", 2, kNbsp, ",", true},
    {"DKK", "\u00a0kr.", 2, ".", ",", true},
    {"EUR", "€"},
    {"GBP", "£"},
    {"HKD", "HK$"},
    {"HUF", "\u00a0Ft", 0, kNbsp, ",", true},
    {"IDR", "Rp ", 0, ".", ","},
    {"ILS", "₪"},
    {"INR", "₹", 2, ",", ".", false, true},
    {"JPY", "¥", 0},
    {"KRW", "₩", 0},
    {"KWD", "KWD ", 3},
    {"MXN", "MX$"},
    {"MYR", "RM "},
    {"NGN", "₦"},
    {"NOK", "\u00a0kr", 2, kNbsp, ",", true},
    {"NZD", "NZ$"},
    {"PHP", "₱"},
    {"PLN", "\u00a0zł", 2, kNbsp, ",", true},
    {"RUB", "\u00a0₽", 2, kNbsp, ",", true},
    {"SAR", "SAR "},
    {"SEK", "\u00a0kr", 2, kNbsp, ",", true},
    {"SGD", "S$"},
    {"THB", "฿"},
    {"TRY", "₺", 2, ".", ","},
    {"TWD", "NT$"},
    {"USD", "$"},
    {"VND", "\u00a0₫", 0, ".", ",", true},
    {"ZAR", "R "},
};

Currency Find(std::string_view code) {
  const auto* found =
      std::find_if(std::begin(kCurrencies), std::end(kCurrencies), [&](const Currency& c) { return c.code == code; });
  return found == std::end(kCurrencies) ? Currency{code, {}} : *found;
}

std::string Grouped(const std::string& digits, const Currency& currency) {
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t left = digits.size() - i;
    const bool boundary = currency.lakhs && left > 3 ? (left - 3) % 2 == 0 : left % 3 == 0;
    if (i > 0 && boundary) out += currency.group;
    out += digits[i];
  }
  return out;
}

std::string Format(const Decimal& amount, Currency currency, std::string_view form) {
  std::string digits = amount.ToFixed(currency.places);
  if (form == "plain") return digits;
  const bool negative = digits[0] == '-';
  if (negative) digits.erase(0, 1);
  if (form == "code" || currency.symbol.empty()) currency = {currency.code, {}, currency.places};
  const size_t point = digits.find('.');
  std::string text = Grouped(digits.substr(0, point), currency);
  if (point != std::string::npos) text += std::string(currency.point) + digits.substr(point + 1);
  if (currency.symbol.empty()) {
    text += " " + std::string(currency.code);
  } else if (currency.symbol_last) {
    text += currency.symbol;
  } else {
    text.insert(0, currency.symbol);
  }
  return (negative ? "-" : "") + text;
}

Result<Item> Money(const Call& call) {
  const std::string* text = call.input.AsString();
  if (call.input.is_nil() || (text && Strip(*text).empty())) return Item();
  const auto amount = text                    ? ParseNumber(Strip(*text))
                      : call.input.AsNumber() ? std::optional(*call.input.AsNumber())
                                              : std::nullopt;
  if (!amount) return Failure{"\"" + call.Text().substr(0, 40) + "\" is not an amount"};
  const std::string code = ToUpper(call.Text(0));
  const bool is_code = code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (!is_code)
    return Failure{"\"" + call.Text(0).substr(0, 40) + "\" is not a currency",
                   "A currency is named by its ISO code, as \"IDR\"."};
  const std::string form = call.Text(1);
  if (!form.empty() && form != "code" && form != "plain") {
    return Failure{"unknown form \"" + form.substr(0, 40) + "\"", "The forms are \"code\" and \"plain\"."};
  }
  return Item::String(Format(amount->value, Find(code), form));
}

constexpr FilterSpec kMoneyFilters[] = {{"money", Money, 1, 2}};

}  // namespace

std::span<const FilterSpec> MoneyFilters() { return kMoneyFilters; }

}  // namespace workflow::liquid
