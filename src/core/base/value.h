// A value of a CRM's column, as the core compares it. The shell turns a Datum into a Value; the core never sees the server's types.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/instant.h"
#include "core/base/json.h"

namespace workflow {

enum class TypeKind : uint8_t {
  kBoolean, kInteger, kNumeric, kText, kCitext, kUuid, kDate, kTimestamp, kTimestamptz, kEnum, kJson, kList,
  kOther,  // comparable only by the server
};

struct Type {
  TypeKind kind = TypeKind::kOther;
  TypeKind element = TypeKind::kOther;                          // of a kList
  std::shared_ptr<const std::vector<std::string>> labels = {};  // of a kEnum (or a list of them), in order
  std::string sql_name = {};                                    // as format_type() prints it: "numeric(10,2)"
};

// "text", "list of integer": for messages.
std::string TypeName(const Type& type);

struct Null { friend bool operator==(Null, Null) = default; };
struct Date { int32_t days = 0; friend auto operator<=>(const Date&, const Date&) = default; };         // since 1970-01-01
struct LocalTime { int64_t us = 0; friend auto operator<=>(const LocalTime&, const LocalTime&) = default; };  // civil, since 1970-01-01 00:00

class Value;
using List = std::vector<Value>;

// Text, citext, uuid (canonical lower case) and enum labels are all held as std::string; the column's Type says which.
// real and double precision come as Decimal of their shortest exact text, with type kNumeric.
class Value {
 public:
  using Data = std::variant<Null, bool, int64_t, Decimal, std::string, Date, LocalTime, Instant, std::shared_ptr<const List>,
                            std::shared_ptr<const Json>>;
  Value() = default;
  Value(Data data) : data_(std::move(data)) {}  // NOLINT: a Value is its data
  static Value OfList(List items) { return Value(Data(std::make_shared<const List>(std::move(items)))); }
  static Value OfJson(Json json) { return Value(Data(std::make_shared<const Json>(std::move(json)))); }

  bool is_null() const { return std::holds_alternative<Null>(data_); }
  template <typename T> const T* As() const { return std::get_if<T>(&data_); }
  const List* AsList() const;
  const Json* AsJson() const;
  const Data& data() const { return data_; }

  friend bool operator==(const Value& a, const Value& b);  // same data, null equal to null: "is it the same version?"

 private:
  Data data_;
};

// One text form a value, independent of any session setting, and back. Used for keys, for rows kept in the event log, and for
// parameters of statements: dates and times are ISO 8601 (timestamptz in UTC with Z), lists and json are JSON.
// ParseValue returns nothing where `text` is no value of that type. Null has no text (it formats as ""): who writes a value down keeps
// apart whether it was null; in a list it is JSON's null. The extremes of a date or time are its infinities.
std::string FormatValue(const Value& value);
std::optional<Value> ParseValue(const Type& type, std::string_view text);

// For templates and for data that goes out: numbers and booleans as such, the rest as strings; null as null.
Json ToJson(const Value& value);
// A JSON literal of a definition as a value of `type`; nothing where it is none. Exact: 19.99 is 19.99. JSON's null is a value of
// json only: where NULL is meant, the caller says so.
std::optional<Value> FromJson(const Type& type, const Json& json);

}  // namespace workflow
