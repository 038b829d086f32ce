// Rules over times and schemaless data as SQL.
#include "core/condition/sql_rule.h"

namespace workflow {

std::string AsciiLower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string Folded(const std::string& text) {
  return "(translate(" + text + "::text, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') COLLATE \"C\")";
}

std::string SchemaOf(const Type& type) {
  const std::string name = CastName(type);
  const size_t dot = name.rfind('.');
  return dot == name.npos ? "pg_catalog" : name.substr(0, dot);
}

namespace {

std::string SqlInterval(const Duration& duration) {
  return "'" + std::to_string(duration.months) + " months " + std::to_string(duration.days) + " days " + std::to_string(duration.us) +
         " microseconds'::interval";
}

}  // namespace

// The calendar part is counted in the zone and goes first, as the evaluator has it. (Where a clock change falls on the bound itself, the server
// and the core place it differently, by the length of the change.)
std::string SqlRule::Age() {
  const std::string x = Field(rule_.field), now = names_.Now(), zone = SqlText(names_.Zone());
  const Duration& duration = *rule_.duration;
  const Duration calendar{.months = duration.months, .days = duration.days, .us = 0};
  const std::string local = "(" + now + " AT TIME ZONE " + zone + ")";
  std::string until = now, from;
  const bool civil = duration.months != 0 || duration.days != 0;
  const std::string base = civil ? "((" + local + " - " + SqlInterval(calendar) + ") AT TIME ZONE " + zone + ")" : now;
  from = "(" + base + " - " + SqlInterval({.months = 0, .days = 0, .us = duration.us}) + ")";
  switch (type().kind) {
    case TypeKind::kTimestamptz:
      break;
    case TypeKind::kTimestamp:
      from = "(" + from + " AT TIME ZONE " + zone + ")";
      until = local;
      break;
    case TypeKind::kDate:
      until = local + "::date";
      from = "((" + local + "::date - " + SqlInterval(calendar) + ")::date)";
      break;
    default:
      return Problem("the age of a text in json cannot be said in SQL", "Compare a column of a type for times.");
  }
  if (rule_.op == Operator::kOlderThan) return "(" + x + " < " + from + ")";
  return "(" + x + " >= " + from + " AND " + x + " <= " + until + ")";
}

std::string SqlRule::Scalar(uint32_t field, const char* kind) {
  const std::string x = Field(field);
  if (table_.fields[field].type.kind != TypeKind::kJson) return x;
  const std::string_view wanted = kind;
  const char* const cast = wanted == "number" ? "::numeric" : wanted == "boolean" ? "::boolean" : "";
  return "(CASE WHEN jsonb_typeof(" + x + ") = '" + kind + "' THEN (" + x + " #>> '{}')" + cast + " END)";
}

std::string SqlRule::JsonEqualLiteral(const Value& value) {
  const char* const kind = value.As<std::string>() != nullptr ? "string" : value.As<bool>() != nullptr ? "boolean" : "number";
  const std::string x = Field(rule_.field);
  return "(CASE WHEN jsonb_typeof(" + x + ") = '" + kind + "' THEN " + x + " = " + SqlText(ToJson(value).Dump()) + "::jsonb END)";
}

// Scalars of one kind are equal or not; all else cannot be compared.
std::string SqlRule::JsonEqual(size_t index) {
  if (rule_.value_fields.empty()) return JsonEqualLiteral(rule_.values[index]);
  const uint32_t left = rule_.field, right = rule_.value_fields[index];
  const TypeKind a = table_.fields[left].type.kind, b = table_.fields[right].type.kind;
  if (a == TypeKind::kJson && b == TypeKind::kJson) {
    const std::string x = Field(left), y = Field(right);
    return "(CASE WHEN jsonb_typeof(" + x + ") = jsonb_typeof(" + y + ") AND jsonb_typeof(" + x + ") IN ('string', 'number', 'boolean') THEN " + x + " = " +
           y + " END)";
  }
  const TypeKind other = a == TypeKind::kJson ? b : a;
  const char* const kind = other == TypeKind::kBoolean ? "boolean" : other == TypeKind::kInteger || other == TypeKind::kNumeric ? "number" : "string";
  const std::string x = Scalar(left, kind), y = Scalar(right, kind);
  if (a == TypeKind::kCitext) return "(" + Folded(x) + " = " + Folded(y) + ")";
  if (std::string_view(kind) == "string") return "((" + x + "::text COLLATE \"C\") = " + y + "::text)";
  return "(" + x + " = " + y + ")";
}

std::string SqlRule::JsonMember(const Value& value) {
  Json list = Json::MakeArray();
  list.array().push_back(ToJson(value));
  return Field(rule_.field) + " @> " + SqlText(list.Dump()) + "::jsonb";
}

std::string SqlRule::JsonSubstring() {
  const bool contains = rule_.op == Operator::kContains || rule_.op == Operator::kDoesNotContain;
  if (!rule_.value_fields.empty()) {
    if (contains) return Problem("what json contains cannot be compared with another field in SQL", "Compare it with a value.");
    return Part(Scalar(rule_.field, "string"), "(" + Scalar(rule_.value_fields[0], "string") + "::text)", {});
  }
  const std::string* literal = rule_.values[0].As<std::string>();
  const std::string part = literal == nullptr ? std::string("NULL") : Part("(" + Field(rule_.field) + " #>> '{}')", {}, *literal);
  const std::string head = "(CASE jsonb_typeof(" + Field(rule_.field) + ") WHEN 'string' THEN " + part;
  return contains ? head + " WHEN 'array' THEN " + JsonMember(rule_.values[0]) + " END)" : head + " END)";
}

std::string SqlRule::JsonOverlap() {
  const char* const joined = rule_.op == Operator::kContainsAll ? " AND " : " OR ";
  std::string sql;
  for (size_t i = 0; i < rule_.values.size(); ++i) sql += (i > 0 ? joined : "") + JsonMember(rule_.values[i]);
  return "(CASE WHEN jsonb_typeof(" + Field(rule_.field) + ") = 'array' THEN " + sql + " END)";
}

}  // namespace workflow
