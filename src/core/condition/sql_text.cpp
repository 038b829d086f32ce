// Constants, names and types in SQL.
#include <algorithm>

#include "core/condition/operators.h"
#include "core/condition/sql.h"

namespace workflow {
namespace {

const char* CastOfKind(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean:
      return "boolean";
    case TypeKind::kInteger:
      return "bigint";
    case TypeKind::kNumeric:
      return "numeric";
    case TypeKind::kUuid:
      return "uuid";
    case TypeKind::kDate:
      return "date";
    case TypeKind::kTimestamp:
      return "timestamp";
    case TypeKind::kTimestamptz:
      return "timestamptz";
    case TypeKind::kJson:
      return "jsonb";
    default:
      return "text";
  }
}

// "numeric(10,2)" without "(10,2)", but for what stands in quotes.
std::string WithoutLength(std::string_view name) {
  std::string bare;
  bool quoted = false;
  int depth = 0;
  for (const char c : name) {
    if (c == '"') quoted = !quoted;
    if (c == '(' && !quoted) ++depth;
    if (depth == 0) bare += c;
    if (c == ')' && !quoted) --depth;
  }
  return bare;
}

// Names that mean one character, one bit, or fields of an interval where no length stands beside them.
std::string Plain(const std::string& name) {
  if (name == "character") return "bpchar";
  if (name == "bit") return "\"bit\"";
  return name.starts_with("interval ") ? "interval" : name;
}

bool IsPlainNumber(const std::string& number) {
  return std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string SqlText(std::string_view text) {
  std::string quoted = text.find('\\') == text.npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + '\'';
}

std::string SqlName(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string CastName(const Type& type) {
  const bool by_name = type.kind == TypeKind::kOther || type.kind == TypeKind::kEnum || type.kind == TypeKind::kCitext;
  if (by_name && !type.sql_name.empty()) return Plain(WithoutLength(type.sql_name));
  if (type.kind != TypeKind::kList) return CastOfKind(type.kind);
  std::string name = WithoutLength(type.sql_name);
  if (!name.ends_with("[]")) return std::string(CastOfKind(type.element)) + "[]";
  name.resize(name.size() - 2);
  return Plain(name) + "[]";
}

std::string ArrayLiteral(const List& list) {
  std::string text = "{";
  for (const Value& item : list) {
    if (text.size() > 1) text += ',';
    if (item.is_null()) {
      text += "NULL";
      continue;
    }
    text += '"';
    for (const char c : FormatValue(item)) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text + '}';
}

std::string SqlLiteral(const Value& value, const Type& type) {
  if (const bool* truth = value.As<bool>()) return *truth ? "true" : "false";
  if (const int64_t* number = value.As<int64_t>()) {
    // The least number has no positive twin that a minus could stand before.
    const std::string text = std::to_string(*number);
    return IsPlainNumber(text) ? text : "'" + text + "'::bigint";
  }
  if (const Decimal* number = value.As<Decimal>()) return "'" + number->ToString() + "'::numeric";
  if (const List* list = value.AsList()) return SqlText(ArrayLiteral(*list)) + "::" + CastName(type);
  // A text takes the type of what it stands beside, so that indexes over varchar and name serve as well.
  if (type.kind == TypeKind::kText) return SqlText(FormatValue(value));
  if (value.As<Date>() != nullptr) return SqlText(FormatValue(value)) + "::date";
  if (value.As<LocalTime>() != nullptr) return SqlText(FormatValue(value)) + "::timestamp";
  return SqlText(FormatValue(value)) + "::" + CastName(type);
}

std::optional<std::string> SqlPath(const std::string& json, const std::vector<std::string>& path) {
  std::string keys;
  for (const std::string& key : path) {
    // The server takes -1 and +1 for places in an array, too; Dig does not.
    const size_t sign = key.find_first_not_of(" \t\r\n\f\v");
    const bool number_like = sign != key.npos && key.find_first_of("0123456789") != key.npos && !IsPlainNumber(key) &&
                             (key[sign] == '-' || key[sign] == '+' || sign > 0);
    if (number_like) return {};
    keys += (keys.empty() ? "" : ", ") + SqlText(key);
  }
  return "(" + json + " #> ARRAY[" + keys + "]::text[])";
}

}  // namespace workflow
