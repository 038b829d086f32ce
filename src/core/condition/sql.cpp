// Writing rules down. `x` is the field, `y` what it is compared with; each expression is null exactly where the evaluator's outcome is.
#include "core/condition/sql.h"

#include <algorithm>

#include "core/condition/operators.h"
#include "core/condition/sql_rule.h"

namespace workflow {
namespace {

bool IsText(const Type& type) { return type.kind == TypeKind::kText || IsPadded(type); }

}  // namespace

std::string SqlRule::Problem(const std::string& message, const std::string& hint) {
  problems_->Error(path_, message, hint);
  return "NULL";
}

const Type& SqlRule::type() const { return table_.fields[rule_.field].type; }

Type SqlRule::OperandType(size_t index) const {
  return rule_.value_fields.empty() ? type() : table_.fields[rule_.value_fields[index]].type;
}

std::string SqlRule::Field(uint32_t field) {
  const Type& type = table_.fields[field].type;
  const std::string name = names_.Of(field, path_, problems_);
  // The core takes floating point numbers as what they are written as, exactly.
  if (type.kind == TypeKind::kNumeric && (type.sql_name == "real" || type.sql_name == "double precision")) return "(" + name + "::text::numeric)";
  return name;
}

std::string SqlRule::Operand(size_t index) {
  return rule_.value_fields.empty() ? SqlLiteral(rule_.values[index], workflow::OperandType(InfoOf(rule_.op).family, type())) : Field(rule_.value_fields[index]);
}

// Bytes are compared, as the core does; two columns may have collations of their own.
std::string SqlRule::Bytes(const std::string& text) const { return rule_.value_fields.empty() ? text : "(" + text + " COLLATE \"C\")"; }

std::string SqlRule::Equal(size_t index) {
  const Type& left = type();
  if (left.kind == TypeKind::kJson || OperandType(index).kind == TypeKind::kJson) return JsonEqual(index);
  const std::string x = Field(rule_.field), y = Operand(index);
  if (left.kind == TypeKind::kCitext) {
    const std::string folded = Folded(x) + " = " + Folded(y);
    // The first half is what an index over the column can serve.
    return rule_.value_fields.empty() ? "(" + x + " OPERATOR(" + SchemaOf(left) + ".=) " + y + " AND " + folded + ")" : "(" + folded + ")";
  }
  if (left.kind == TypeKind::kList) return ListEqual(x, y, index);
  if (IsText(left)) return "(" + Bytes(x) + " = " + y + ")";
  return "(" + x + " = " + y + ")";
}

std::string SqlRule::ListEqual(const std::string& x, const std::string& y, size_t index) {
  const Type &left = type(), right = OperandType(index);
  if (left.element == TypeKind::kCitext) return "(" + Folded(x) + " = " + Folded(y) + ")";
  const bool numbers = left.element == TypeKind::kNumeric || right.element == TypeKind::kNumeric;
  const auto as = [&](const std::string& list) { return "(" + list + "::text[]::numeric[])"; };
  if (numbers) return "(" + as(x) + " = " + as(y) + ")";
  const bool texts = left.element == TypeKind::kText && !rule_.value_fields.empty();
  if (texts) return "((" + x + "::text[] COLLATE \"C\") = " + y + "::text[])";
  return "(" + x + " = " + y + ")";
}

std::string SqlRule::Order(size_t index, const char* op) {
  const Type& left = type();
  if (left.kind == TypeKind::kJson || OperandType(index).kind == TypeKind::kJson) {
    return "(" + Scalar(rule_.field, "number") + " " + op + " " +
           (rule_.value_fields.empty() ? Operand(index) : Scalar(rule_.value_fields[index], "number")) + ")";
  }
  std::string x = Field(rule_.field);
  std::string y = Operand(index);
  if (left.kind == TypeKind::kCitext) return "(" + x + Collated() + " OPERATOR(" + SchemaOf(left) + "." + op + ") " + y + "::" + CastName(left) + ")";
  if (IsText(left)) x += Collated();
  return "(" + x + " " + op + " " + y + ")";
}

// The field's own order: that of the other column may be another.
std::string SqlRule::Collated() const {
  const std::string collation = names_.Collation(rule_.field);
  return collation.empty() ? std::string() : " COLLATE " + collation;
}

std::string SqlRule::Any() {
  const bool plain = rule_.value_fields.empty() && type().kind != TypeKind::kJson && type().kind != TypeKind::kCitext;
  std::string list;
  for (size_t i = 0; i < rule_.values.size() + rule_.value_fields.size(); ++i) {
    if (!list.empty()) list += plain ? ", " : " OR ";
    list += plain ? Operand(i) : Equal(i);
  }
  return plain ? "(" + Field(rule_.field) + " IN (" + list + "))" : "(" + list + ")";
}

// A part of a text.
std::string SqlRule::Part(const std::string& x, const std::string& y, std::string_view literal) {
  const bool begins = rule_.op == Operator::kBeginsWith || rule_.op == Operator::kDoesNotBeginWith;
  const bool ends = rule_.op == Operator::kEndsWith || rule_.op == Operator::kDoesNotEndWith;
  if (literal.empty()) {
    const std::string text = "(" + x + " COLLATE \"C\")";
    if (begins) return "starts_with(" + text + ", " + y + ")";
    return ends ? "(right(" + text + ", length(" + y + ")) = " + y + ")" : "(strpos(" + text + ", " + y + ") > 0)";
  }
  std::string pattern = begins ? "" : "%";
  for (const char c : literal) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  if (!ends) pattern += '%';
  return "(" + x + " LIKE " + SqlText(pattern) + ")";
}

std::string SqlRule::Substring() {
  const Type& left = type();
  if (left.kind == TypeKind::kJson) return JsonSubstring();
  if (left.kind == TypeKind::kList) return Member(0);
  const bool folded = left.kind == TypeKind::kCitext;
  std::string x = Field(rule_.field);
  if (folded) x = Folded(x);
  else if (left.kind == TypeKind::kOther) x = "(" + x + "::text)";
  if (rule_.value_fields.empty()) {
    const std::string literal = FormatValue(rule_.values[0]);
    return Part(x, {}, folded ? AsciiLower(literal) : literal);
  }
  std::string y = Operand(0);
  if (OperandType(0).kind == TypeKind::kJson) y = Scalar(rule_.value_fields[0], "string");
  return Part(x, folded ? Folded(y) : "(" + y + "::text)", {});
}

// Whether a number is one of those that the members of this list may be.
bool FitsMember(const Value& value, const Type& list) {
  const int64_t* number = value.As<int64_t>();
  if (number == nullptr || list.element != TypeKind::kInteger) return false;
  const std::string name = CastName(list);
  if (name == "smallint[]") return *number >= INT16_MIN && *number <= INT16_MAX;
  return name == "bigint[]" || (name == "integer[]" && *number >= INT32_MIN && *number <= INT32_MAX);
}

// A member of a list: nulls in it match nothing, as with @>.
std::string SqlRule::Member(size_t index) {
  const Type& list = type();
  const std::string x = Field(rule_.field);
  std::string y = Operand(index);
  if (OperandType(index).kind == TypeKind::kJson && !rule_.value_fields.empty()) return Problem("json cannot be looked for in a list by SQL");
  if (list.element == TypeKind::kCitext) {
    return "CASE WHEN " + x + " IS NOT NULL AND " + y + " IS NOT NULL THEN EXISTS (SELECT FROM unnest(" + x + ") AS m(m) WHERE " + Folded("m.m") + " = " +
           Folded(y) + ") END";
  }
  const bool fits = rule_.value_fields.empty() && FitsMember(rule_.values[index], list);
  const bool numbers = !fits && (list.element == TypeKind::kNumeric || list.element == TypeKind::kInteger);
  const std::string all = numbers ? "(" + x + "::text[]::numeric[])" : x;
  const std::string cast = numbers ? "numeric[]" : CastName(list);
  const std::string one = rule_.value_fields.empty() ? y : "(" + y + (numbers ? "::text::numeric)" : ")");
  if (rule_.value_fields.empty()) return "(" + all + " @> ARRAY[" + one + "]::" + cast + ")";
  return "CASE WHEN " + y + " IS NOT NULL THEN " + all + " @> ARRAY[" + one + "]::" + cast + " END";
}

std::string SqlRule::Overlap() {
  if (type().kind == TypeKind::kJson) return JsonOverlap();
  const char* const joined = rule_.op == Operator::kContainsAll ? " AND " : " OR ";
  std::string sql;
  for (size_t i = 0; i < rule_.values.size(); ++i) sql += (i > 0 ? joined : "") + Member(i);
  return "(" + sql + ")";
}

std::string SqlRule::Matches() {
  const std::string pattern = SqlText(FormatValue(rule_.values[0]));
  if (type().kind == TypeKind::kJson) return "(" + Scalar(rule_.field, "string") + " ~ " + pattern + ")";
  const std::string x = Field(rule_.field);
  return "(" + x + "::text " + (type().kind == TypeKind::kCitext ? "~* " : "~ ") + pattern + ")";
}

// What became of a value: true or false, as IS DISTINCT FROM is.
std::string SqlRule::Change() {
  const std::string now = Field(rule_.field), old = Field(*rule_.old_field);
  const std::string literal = rule_.values.empty() ? std::string() : SqlLiteral(rule_.values[0], type());
  switch (rule_.op) {
    case Operator::kChangedTo:
      return "(" + now + " IS NOT DISTINCT FROM " + literal + " AND " + old + " IS DISTINCT FROM " + literal + ")";
    case Operator::kChangedFrom:
      return "(" + old + " IS NOT DISTINCT FROM " + literal + " AND " + now + " IS DISTINCT FROM " + literal + ")";
    default:
      return "(" + now + " IS DISTINCT FROM " + old + ")";
  }
}

std::string SqlRule::Positive() {
  switch (rule_.op) {
    case Operator::kEqual:
    case Operator::kNotEqual:
      return Equal(0);
    case Operator::kIn:
    case Operator::kNotIn:
      return Any();
    case Operator::kBetween:
    case Operator::kNotBetween:
      return "(" + Order(0, ">=") + " AND " + Order(1, "<=") + ")";
    case Operator::kLess:
      return Order(0, "<");
    case Operator::kGreater:
      return Order(0, ">");
    case Operator::kLessOrEqual:
      return Order(0, "<=");
    case Operator::kGreaterOrEqual:
      return Order(0, ">=");
    case Operator::kContainsAny:
    case Operator::kContainsAll:
      return Overlap();
    case Operator::kMatches:
      return Matches();
    case Operator::kWithinLast:
    case Operator::kOlderThan:
      return Age();
    default:
      return Substring();
  }
}

std::string SqlRule::Write() {
  if (rule_.op == Operator::kSql) return names_.Expression(table_.deferred[static_cast<size_t>(rule_.deferred)]->sql, path_, problems_);
  if (rule_.old_field) return Change();
  const bool null = rule_.op == Operator::kNull, not_null = rule_.op == Operator::kNotNull;
  if (null || not_null) {
    const std::string x = names_.Of(rule_.field, path_, problems_);
    if (type().kind == TypeKind::kJson) return "(coalesce(jsonb_typeof(" + x + "), 'null') " + (null ? "=" : "<>") + " 'null')";
    // A composite value of nothing but nulls is still a value.
    if (type().kind == TypeKind::kOther) return "(" + x + (null ? " IS NOT DISTINCT FROM NULL)" : " IS DISTINCT FROM NULL)");
    return "(" + x + (null ? " IS NULL)" : " IS NOT NULL)");
  }
  return InfoOf(rule_.op).negative ? "(NOT " + Positive() + ")" : Positive();
}

namespace {

std::string WriteNode(const ConditionNode& node, const Condition& condition, const FieldTable& table, const SqlNames& names, Problems* problems) {
  if (node.kind == ConditionNode::Kind::kRule) return RuleToSql(node, condition.paths[node.number], table, names, problems);
  std::string sql;
  for (const ConditionNode& child : node.children) {
    if (!sql.empty()) sql += node.kind == ConditionNode::Kind::kAnd ? " AND " : " OR ";
    sql += WriteNode(child, condition, table, names, problems);
  }
  return (node.negated ? "(NOT (" : "(") + sql + (node.negated ? "))" : ")");
}

// Whether SQL has the same meaning without a clock, a zone and the author's rights.
bool IsTimeless(const ConditionNode& node) {
  if (node.kind != ConditionNode::Kind::kRule) return std::all_of(node.children.begin(), node.children.end(), IsTimeless);
  const bool age = node.op == Operator::kWithinLast || node.op == Operator::kOlderThan;
  return !age && node.op != Operator::kSql && node.value_fields.empty();
}

void WriteNecessary(const ConditionNode& node, const Condition& condition, const FieldTable& table, const SqlNames& names, std::string* sql) {
  if (node.kind == ConditionNode::Kind::kAnd && !node.negated) {
    for (const ConditionNode& child : node.children) WriteNecessary(child, condition, table, names, sql);
    return;
  }
  if (!IsTimeless(node)) return;
  Problems problems;
  const std::string own = WriteNode(node, condition, table, names, &problems);
  if (!problems.HasErrors()) *sql += (sql->empty() ? "" : " AND ") + own;
}

}  // namespace

std::string NecessarySql(const Condition& condition, const FieldTable& table, const SqlNames& names) {
  std::string sql;
  WriteNecessary(condition.root, condition, table, names, &sql);
  return sql.empty() ? "true" : sql;
}

std::string RuleToSql(const ConditionNode& rule, const std::string& path, const FieldTable& table, const SqlNames& names, Problems* problems) {
  return SqlRule(rule, path, table, names, problems).Write();
}

std::string ToSql(const Condition& condition, const FieldTable& table, const SqlNames& names, Problems* problems) {
  return WriteNode(condition.root, condition, table, names, problems);
}

}  // namespace workflow
