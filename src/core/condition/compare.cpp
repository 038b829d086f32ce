#include "core/condition/compare.h"

#include <algorithm>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

char Folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool SameFolded(char a, char b) { return Folded(a) == Folded(b); }

bool TextEqual(std::string_view a, std::string_view b, TypeKind type) {
  if (type != TypeKind::kCitext) return a == b;
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), SameFolded);
}

bool TextContains(std::string_view whole, std::string_view part, TypeKind type) {
  if (type != TypeKind::kCitext) return whole.find(part) != whole.npos;
  return part.empty() || std::search(whole.begin(), whole.end(), part.begin(), part.end(), SameFolded) != whole.end();
}

// A json scalar against a literal; what is no scalar, or one of another kind, is no match.
bool JsonEquals(const Json& json, const Value& literal) {
  if (const std::string* text = literal.As<std::string>()) return json.is_string() && json.string() == *text;
  if (const bool* truth = literal.As<bool>()) return json.is_boolean() && json.boolean() == *truth;
  if (!json.is_number()) return false;
  const std::optional<Decimal> number = Decimal::Parse(json.number());
  if (!number) return false;
  if (const Decimal* wanted = literal.As<Decimal>()) return *number == *wanted;
  const int64_t* whole = literal.As<int64_t>();
  return whole != nullptr && *number == Decimal(*whole);
}

std::optional<std::strong_ordering> OrderNumbers(const Value& a, const Value& b) {
  const int64_t* whole_a = a.As<int64_t>();
  const int64_t* whole_b = b.As<int64_t>();
  if (whole_a != nullptr && whole_b != nullptr) return *whole_a <=> *whole_b;
  const Decimal* exact_a = a.As<Decimal>();
  const Decimal* exact_b = b.As<Decimal>();
  if (exact_a != nullptr && exact_b != nullptr) return *exact_a <=> *exact_b;
  if (whole_a != nullptr && exact_b != nullptr) return Decimal(*whole_a) <=> *exact_b;
  if (exact_a != nullptr && whole_b != nullptr) return *exact_a <=> Decimal(*whole_b);
  return {};
}

// A date stands for its midnight beside a timestamp.
std::optional<LocalTime> Civil(const Value& value) {
  if (const LocalTime* local = value.As<LocalTime>()) return *local;
  if (const Date* date = value.As<Date>()) return At(*date, ClockTime{});
  return {};
}

template <typename T>
std::optional<std::strong_ordering> OrderOf(const Value& a, const Value& b) {
  const T* left = a.As<T>();
  const T* right = b.As<T>();
  if (left == nullptr || right == nullptr) return {};
  return *left <=> *right;
}

Outcome ListsEqual(const List& a, const List& b, TypeKind element) {
  if (a.size() != b.size()) return Outcome::kFalse;
  // Nulls in arrays are equal to each other, as the server has it.
  const Manner manner{.type = element};
  return ToOutcome(
      std::equal(a.begin(), a.end(), b.begin(), [&](const Value& x, const Value& y) { return !IsDistinct(x, y, manner); }));
}

// Texts of both sides, or nothing.
struct Texts {
  const std::string* whole;
  const std::string* part;
  Texts(const Value& a, const Value& b) : whole(a.As<std::string>()), part(b.As<std::string>()) {}
  explicit operator bool() const { return whole != nullptr && part != nullptr; }
};

}  // namespace

bool IsEmpty(const Value& value) {
  const Json* json = value.AsJson();
  return value.is_null() || (json != nullptr && json->is_null());
}

const Value& Unwrapped(const Value& value, Value* room) {
  const Json* json = value.AsJson();
  if (json == nullptr || json->is_array() || json->is_object()) return value;
  return *room = Dig(*json, {});
}

std::optional<std::strong_ordering> Order(const Value& a, const Value& b, Manner manner) {
  if (auto order = OrderNumbers(a, b)) return order;
  if (auto order = OrderOf<Instant>(a, b)) return order;
  if (auto order = OrderOf<Date>(a, b)) return order;
  if (auto order = OrderOf<bool>(a, b)) return order;
  if (const auto left = Civil(a), right = Civil(b); left && right) return *left <=> *right;
  // Of texts only a uuid has an order that does not depend on the server's collations.
  if (const Texts texts(a, b); texts && manner.type == TypeKind::kUuid) return *texts.whole <=> *texts.part;
  return {};
}

Outcome Equal(const Value& a, const Value& b, Manner manner) {
  if (const Texts texts(a, b); texts) return ToOutcome(TextEqual(*texts.whole, *texts.part, manner.type));
  if (const List* left = a.AsList(), *right = b.AsList(); left != nullptr && right != nullptr) {
    return ListsEqual(*left, *right, manner.element);
  }
  const std::optional<std::strong_ordering> order = Order(a, b, manner);
  return order ? ToOutcome(*order == std::strong_ordering::equal) : Outcome::kNull;
}

bool IsDistinct(const Value& a, const Value& b, Manner manner) {
  if (IsEmpty(a) || IsEmpty(b)) return IsEmpty(a) != IsEmpty(b);
  const Outcome equal = Equal(a, b, manner);
  return equal == Outcome::kNull ? !(a == b) : equal == Outcome::kFalse;
}

Outcome HasMember(const Value& list, const Value& member, Manner manner) {
  if (IsEmpty(list) || IsEmpty(member)) return Outcome::kNull;
  if (const List* items = list.AsList()) {
    const Manner inner{.type = manner.element};
    return ToOutcome(std::any_of(items->begin(), items->end(),
                                 [&](const Value& item) { return Equal(item, member, inner) == Outcome::kTrue; }));
  }
  const Json* json = list.AsJson();
  if (json == nullptr || !json->is_array()) return Outcome::kNull;
  return ToOutcome(
      std::any_of(json->array().begin(), json->array().end(), [&](const Json& item) { return JsonEquals(item, member); }));
}

Outcome Contains(const Value& whole, const Value& part, Manner manner) {
  if (const Texts texts(whole, part); texts) return ToOutcome(TextContains(*texts.whole, *texts.part, manner.type));
  return HasMember(whole, part, manner);
}

Outcome BeginsWith(const Value& whole, const Value& part, Manner manner) {
  const Texts texts(whole, part);
  if (!texts) return Outcome::kNull;
  const std::string_view head = std::string_view(*texts.whole).substr(0, texts.part->size());
  return ToOutcome(TextEqual(head, *texts.part, manner.type));
}

Outcome EndsWith(const Value& whole, const Value& part, Manner manner) {
  const Texts texts(whole, part);
  if (!texts) return Outcome::kNull;
  if (texts.whole->size() < texts.part->size()) return Outcome::kFalse;
  const std::string_view tail = std::string_view(*texts.whole).substr(texts.whole->size() - texts.part->size());
  return ToOutcome(TextEqual(tail, *texts.part, manner.type));
}

}  // namespace workflow
