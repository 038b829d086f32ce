#include "core/base/value.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/iso.h"

namespace workflow {
namespace {

const char* KindText(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
      return "boolean";
    case TypeKind::kInteger:
      return "integer";
    case TypeKind::kNumeric:
      return "numeric";
    case TypeKind::kText:
      return "text";
    case TypeKind::kCitext:
      return "citext";
    case TypeKind::kUuid:
      return "uuid";
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kTimestamptz:
      return "timestamptz";
    case TypeKind::kEnum:
      return "enum";
    case TypeKind::kJson:
      return "json";
    case TypeKind::kList:
      return "list";
    case TypeKind::kOther:
      return "other";
  }
  return "other";
}

// The type of a list's elements. Lists of lists there are none.
std::optional<Type> ElementType(const Type& list) {
  if (list.element == TypeKind::kList) return {};
  return Type{.kind = list.element, .labels = list.labels};
}

bool IsLabel(const Type& type, std::string_view text) {
  return type.labels != nullptr && std::find(type.labels->begin(), type.labels->end(), text) != type.labels->end();
}

template <typename T>
std::optional<Value> Wrap(std::optional<T> data) {
  if (!data) return {};
  return Value(Value::Data(std::move(*data)));
}

std::optional<Value> ParseBoolean(std::string_view text) {
  if (text == "t" || text == "true") return Value(true);
  if (text == "f" || text == "false") return Value(false);
  return {};
}

std::optional<Value> ParseInteger(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return Value(value);
}

// Every way to write a uuid that the server takes: either case, in braces or not, a hyphen after any four digits or none.
std::optional<Value> ParseUuid(std::string_view text) {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  std::string uuid;
  size_t digits = 0;
  bool may_divide = false;
  for (char c : text) {
    if (c == '-' && may_divide) {
      may_divide = false;
      continue;
    }
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) || digits == 32) return {};
    if (digits == 8 || digits == 12 || digits == 16 || digits == 20) uuid += '-';
    uuid += c;
    ++digits;
    may_divide = digits % 4 == 0 && digits < 32;
  }
  if (digits != 32) return {};
  return Value(Value::Data(std::move(uuid)));
}

// `T` is a date or time whose extremes are the infinities.
template <typename T, typename Number>
std::optional<Value> ParseTime(std::string_view text, std::optional<T> (*parse)(std::string_view)) {
  if (text == "infinity") return Value(T{std::numeric_limits<Number>::max()});
  if (text == "-infinity") return Value(T{std::numeric_limits<Number>::min()});
  return Wrap(parse(text));
}

std::optional<Value> ParseList(const Type& type, std::string_view text) {
  std::optional<Type> element = ElementType(type);
  std::optional<Json> json = Json::Parse(text, nullptr);
  if (!element || !json || !json->is_array()) return {};
  List items;
  for (const Json& item : json->array()) {
    if (item.is_null()) {
      items.emplace_back();
      continue;
    }
    std::optional<Value> value = item.is_string() ? ParseValue(*element, item.string()) : std::nullopt;
    if (!value) return {};
    items.push_back(std::move(*value));
  }
  return Value::OfList(std::move(items));
}

std::string FormatList(const List& list) {
  Json::Array items;
  for (const Value& value : list) items.push_back(value.is_null() ? Json() : Json::String(FormatValue(value)));
  return Json::MakeArray(std::move(items)).Dump();
}

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

std::string TypeName(const Type& type) {
  if (type.kind == TypeKind::kList) return std::string("list of ") + KindText(type.element);
  if (type.kind == TypeKind::kOther && !type.sql_name.empty()) return type.sql_name;
  return KindText(type.kind);
}

const List* Value::AsList() const {
  const auto* list = As<std::shared_ptr<const List>>();
  return list != nullptr ? list->get() : nullptr;
}

const Json* Value::AsJson() const {
  const auto* json = As<std::shared_ptr<const Json>>();
  return json != nullptr ? json->get() : nullptr;
}

bool operator==(const Value& a, const Value& b) {
  if (const List* list = a.AsList()) return b.AsList() != nullptr && *list == *b.AsList();
  if (const Json* json = a.AsJson()) return b.AsJson() != nullptr && *json == *b.AsJson();
  return a.data_ == b.data_;
}

std::string FormatValue(const Value& value) {
  return std::visit(Overloaded{
                        [](Null) { return std::string(); },
                        [](bool b) { return std::string(b ? "true" : "false"); },
                        [](int64_t number) { return std::to_string(number); },
                        [](const Decimal& number) { return number.ToString(); },
                        [](const std::string& text) { return text; },
                        [](Date date) { return iso::Format(date); },
                        [](LocalTime local) { return iso::Format(local); },
                        [](Instant at) { return iso::Format(at); },
                        [](const std::shared_ptr<const List>& list) { return list ? FormatList(*list) : std::string(); },
                        [](const std::shared_ptr<const Json>& json) { return json ? json->Dump() : std::string(); },
                    },
                    value.data());
}

std::optional<Value> ParseValue(const Type& type, std::string_view text) {
  switch (type.kind) {
    case TypeKind::kBoolean:
      return ParseBoolean(text);
    case TypeKind::kInteger:
      return ParseInteger(text);
    case TypeKind::kNumeric:
      return Wrap(Decimal::Parse(text));
    case TypeKind::kText:
    case TypeKind::kCitext:
    case TypeKind::kOther:
      return Value(Value::Data(std::string(text)));
    case TypeKind::kUuid:
      return ParseUuid(text);
    case TypeKind::kDate:
      return ParseTime<Date, int32_t>(text, iso::ParseDate);
    case TypeKind::kTimestamp:
      return ParseTime<LocalTime, int64_t>(text, iso::ParseLocalTime);
    case TypeKind::kTimestamptz:
      return ParseTime<Instant, int64_t>(text, iso::ParseInstant);
    case TypeKind::kEnum:
      return IsLabel(type, text) ? std::optional<Value>(Value::Data(std::string(text))) : std::nullopt;
    case TypeKind::kJson: {
      std::optional<Json> json = Json::Parse(text, nullptr);
      return json ? std::optional(Value::OfJson(std::move(*json))) : std::nullopt;
    }
    case TypeKind::kList:
      return ParseList(type, text);
  }
  return {};
}

Json ToJson(const Value& value) {
  if (value.is_null()) return Json();
  if (const bool* b = value.As<bool>()) return Json::Boolean(*b);
  if (const int64_t* number = value.As<int64_t>()) return Json::Integer(*number);
  const Decimal* number = value.As<Decimal>();
  if (number != nullptr && number->is_finite()) return Json::Number(number->ToShown());
  if (const Json* json = value.AsJson()) return *json;
  const List* list = value.AsList();
  if (list == nullptr) return Json::String(FormatValue(value));
  Json::Array items;
  for (const Value& item : *list) items.push_back(ToJson(item));
  return Json::MakeArray(std::move(items));
}

std::optional<Value> FromJson(const Type& type, const Json& json) {
  switch (type.kind) {
    case TypeKind::kJson:
      return Value::OfJson(json);
    case TypeKind::kBoolean:
      return json.is_boolean() ? std::optional(Value(json.boolean())) : std::nullopt;
    case TypeKind::kInteger:
      return Wrap(json.AsInteger());
    case TypeKind::kNumeric:
      if (json.is_number()) return Wrap(Decimal::Parse(json.number()));
      break;
    case TypeKind::kList: {
      std::optional<Type> element = ElementType(type);
      if (!element || !json.is_array()) return {};
      List items;
      for (const Json& item : json.array()) {
        std::optional<Value> value = FromJson(*element, item);
        if (!value) return {};
        items.push_back(std::move(*value));
      }
      return Value::OfList(std::move(items));
    }
    default:
      break;
  }
  return json.is_string() ? ParseValue(type, json.string()) : std::nullopt;
}

}  // namespace workflow
