#include "core/condition/literal.h"

#include <algorithm>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

bool IsOrdering(Family family) { return family == Family::kOrder || family == Family::kRange; }

// Whether the empty string is a value like any other here.
bool TakesEmptyString(const Subject& subject) {
  const TypeKind kind = subject.type.kind;
  const bool text = kind == TypeKind::kText || kind == TypeKind::kCitext || kind == TypeKind::kJson;
  const Family family = subject.op.family;
  return text && !subject.op.change && (family == Family::kEquality || family == Family::kChoice);
}

// Input fields of a form give numbers as strings. Whole numbers of an integer field stay integers, so that comparing them is
// cheap.
std::optional<Value> ReadNumber(TypeKind kind, const Json& json) {
  if (!json.is_number() && !json.is_string()) return {};
  std::optional<Decimal> number = Decimal::Parse(json.is_number() ? json.number() : Trimmed(json.string()));
  if (!number) return {};
  if (kind == TypeKind::kInteger) {
    if (std::optional<int64_t> whole = number->ToInteger()) return Value(*whole);
  }
  return Value(*std::move(number));
}

std::optional<Value> ReadBoolean(const Json& json) {
  if (json.is_boolean()) return Value(json.boolean());
  if (!json.is_string()) return {};
  const std::string_view text = Trimmed(json.string());
  if (text != "true" && text != "false") return {};
  return Value(text == "true");
}

// Schemaless data has no type to go by, so the literal says which it means. Only numbers have an order there: then a string that
// is a number can mean nothing else.
std::optional<Value> ReadScalar(const Json& json, Family family) {
  if (IsOrdering(family)) return ReadNumber(TypeKind::kNumeric, json);
  if (json.is_boolean()) return Value(json.boolean());
  if (json.is_string()) return Value(json.string());
  return json.is_number() ? ReadNumber(TypeKind::kNumeric, json) : std::nullopt;
}

std::optional<Value> Read(const Type& type, const Json& json, Family family) {
  // A pattern is a text whatever it is matched with, and so is what a padded text may hold.
  const bool of_text = family == Family::kPattern || (family == Family::kSubstring && IsPadded(type));
  if (of_text) return json.is_string() ? std::optional(Value(json.string())) : std::nullopt;
  switch (type.kind) {
    case TypeKind::kBoolean:
      return ReadBoolean(json);
    case TypeKind::kInteger:
    case TypeKind::kNumeric:
      return ReadNumber(type.kind, json);
    case TypeKind::kJson:
      return ReadScalar(json, family);
    case TypeKind::kTimestamp:  // a day stands for its midnight
      if (json.is_string()) {
        if (std::optional<Date> date = ParseDate(json.string())) return Value(At(*date, ClockTime{}));
      }
      return FromJson(type, json);
    case TypeKind::kList: {
      if (!json.is_array()) return {};
      List members;
      for (const Json& item : json.array()) {
        std::optional<Value> member = Read(OperandType(Family::kOverlap, type), item, family);
        if (!member) return {};
        members.push_back(*std::move(member));
      }
      return Value::OfList(std::move(members));
    }
    case TypeKind::kOther:  // whether it is a value the server says when the definition is published
      if (json.is_number()) return Value(json.number());
      return FromJson(type, json);
    default:
      return FromJson(type, json);
  }
}

std::string HintFor(const Type& type, const Json& json, Family family) {
  if (family == Family::kPattern) return "Write a regular expression as a string.";
  switch (type.kind) {
    case TypeKind::kBoolean:
      return "Write true or false.";
    case TypeKind::kInteger:
    case TypeKind::kNumeric:
      return "Write a number.";
    case TypeKind::kText:
    case TypeKind::kCitext:
      return "Write a string.";
    case TypeKind::kUuid:
      return "Write a uuid as a string.";
    case TypeKind::kDate:
      return "Write a date such as \"2026-01-31\".";
    case TypeKind::kTimestamp:
      return "Write a date and time such as \"2026-01-31T09:00:00\".";
    case TypeKind::kTimestamptz:
      return "Write an instant with its offset, such as \"2026-01-31T09:00:00Z\".";
    case TypeKind::kJson:
      return IsOrdering(family) ? "Only the numbers of json have an order." : "Write a string, a number, true or false.";
    case TypeKind::kList:
      return "Write an array.";
    case TypeKind::kEnum:
      if (json.is_string() && type.labels != nullptr) return NearestHint(json.string(), *type.labels);
      return {};
    case TypeKind::kOther:
      return "Write a string, as the database reads such values.";
  }
  return {};
}

// The literal as a message shows it. A long one would hide the message.
std::string Shown(const Json& json) {
  constexpr size_t kShownMax = 80;
  std::string text = json.Dump();
  return text.size() <= kShownMax ? text : std::string(json.KindName()) + " given";
}

}  // namespace

bool IsUnfinished(const Subject& subject, const Json& value) {
  if (value.is_null()) return true;
  if (!value.is_string()) return false;
  // Blanks are a text, but no number and no date.
  const TypeKind kind = subject.type.kind;
  const bool text = kind == TypeKind::kText || kind == TypeKind::kCitext || kind == TypeKind::kJson;
  return text ? value.string().empty() && !TakesEmptyString(subject) : Trimmed(value.string()).empty();
}

std::optional<Value> CompileLiteral(const Subject& subject, const Json& json, const std::string& path, Problems* problems) {
  if (IsUnfinished(subject, json)) {
    problems->Error(path, "the rule on \"" + subject.name + "\" is unfinished: its value is empty",
                    json.is_null() ? "Use a rule with the operator \"null\" for what is empty." : "");
    return {};
  }
  std::optional<Value> value = Read(subject.type, json, subject.op.family);
  if (!value) {
    problems->Error(path, "invalid value for \"" + subject.name + "\" of type " + TypeName(subject.type) + ": " + Shown(json),
                    HintFor(subject.type, json, subject.op.family));
  }
  return value;
}

std::optional<std::vector<Item>> SplitItems(const Subject& subject, const Json& json, const std::string& path,
                                            Problems* problems) {
  std::vector<Item> items;
  if (json.is_array()) {
    for (size_t i = 0; i < json.array().size(); ++i) items.push_back({json.array()[i], Pointer(path, i)});
  } else if (json.is_string()) {
    for (std::string_view rest = json.string();;) {
      const size_t comma = rest.find(',');
      const std::string_view item = Trimmed(rest.substr(0, comma));
      if (!item.empty()) items.push_back({Json::String(std::string(item)), path});
      if (comma == rest.npos) break;
      rest.remove_prefix(comma + 1);
    }
  } else if (!json.is_null()) {
    problems->Error(path, "operator \"" + std::string(subject.op.name) + "\" needs an array of values, not a " + json.KindName(),
                    "Write an array, or a string with commas between the values.");
    return {};
  }
  return items;
}

}  // namespace workflow
