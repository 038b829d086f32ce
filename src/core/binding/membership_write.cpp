// How a step adds a row that ties a row to a word, and makes one that is there count no more.
#include <algorithm>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

using By = WrittenColumn::By;

bool IsTime(const Type& type) {
  return type.kind == TypeKind::kTimestamp || type.kind == TypeKind::kTimestamptz || type.kind == TypeKind::kDate;
}

bool Has(const std::vector<WrittenColumn>& columns, const std::string& name) {
  return std::any_of(columns.begin(), columns.end(), [&](const WrittenColumn& column) { return column.column == name; });
}

// A literal of the document for a column; "now()" is the present time.
std::optional<WrittenColumn> Literal(const ColumnDescription& column, const Json& json) {
  WrittenColumn written = {.column = column.name, .by = By::kText};
  if (json.is_null()) {
    written.by = By::kNull;
    return written;
  }
  if (IsTime(column.type) && json.is_string() && json.string() == "now()") {
    written.by = By::kNow;
    return written;
  }
  const auto value = FromJson(column.type, json);
  if (!value) return std::nullopt;
  written.text = FormatValue(*value);
  return written;
}

std::vector<WrittenColumn> ReadColumns(Build* build, const Json& given, const std::string& path, const RelationDescription& table) {
  std::vector<WrittenColumn> columns;
  if (!given.is_object()) {
    MustBe(given, path, "an object of columns and their values", build->problems);
    return columns;
  }
  Build there = {.document = build->document, .relation = table, .problems = build->problems};
  for (const auto& [name, value] : given.object()) {
    const ColumnDescription* column = RequireColumn(&there, Json::String(name), Pointer(path, name));
    if (column == nullptr) continue;
    auto written = Literal(*column, value);
    if (written) columns.push_back(*std::move(written));
    else MustBe(value, Pointer(path, name), "a value of type " + TypeName(column->type), build->problems);
  }
  return columns;
}

// Rules that must all hold, and say by themselves what a row has to be given; `open` where some do not.
void Collect(const ConditionNode& node, const Binding& rows, std::vector<WrittenColumn>* columns, bool* open) {
  if (node.kind == ConditionNode::Kind::kAnd && !node.negated) {
    for (const ConditionNode& child : node.children) Collect(child, rows, columns, open);
    return;
  }
  const bool rule = node.kind == ConditionNode::Kind::kRule && node.op != Operator::kSql;
  const Field* field = rule ? &rows.table.fields[node.field] : nullptr;
  const bool whole = field != nullptr && field->path.empty() && node.value_fields.empty();
  if (whole && node.op == Operator::kNull) {
    columns->push_back({.column = field->name, .by = By::kNull});
  } else if (whole && (node.op == Operator::kEqual || node.op == Operator::kIn) && !node.values.empty()) {
    columns->push_back({.column = field->name, .by = By::kText, .text = FormatValue(node.values[0])});
  } else {
    *open = true;
  }
}

// A row stops to count by the time at which it was deleted, or by a flag the other way; where `live` has neither, it goes.
std::optional<std::vector<WrittenColumn>> Undoing(const std::vector<WrittenColumn>& asked, const RelationDescription& table,
                                                  const Json* only) {
  for (const WrittenColumn& column : asked) {
    if (only != nullptr && only->is_object() && only->Find(column.column) != nullptr) continue;
    const ColumnDescription& described = *FindColumn(table, column.column);
    if (column.by == By::kNull && IsTime(described.type)) return {{{.column = column.column, .by = By::kNow}}};
    if (column.by == By::kText && described.type.kind == TypeKind::kBoolean) {
      return {{{.column = column.column, .by = By::kText, .text = column.text == "true" ? "false" : "true"}}};
    }
  }
  return std::nullopt;
}

// Columns that nobody gives a value and that must have one: times are the present one, uuids are made. The first that cannot be filled.
std::string FillIn(const RelationDescription& table, const std::vector<std::string>& given, std::vector<WrittenColumn>* columns) {
  for (const ColumnDescription& column : table.columns) {
    const bool has = std::find(given.begin(), given.end(), column.name) != given.end() || Has(*columns, column.name);
    const bool key = std::find(table.primary_key.begin(), table.primary_key.end(), column.name) != table.primary_key.end();
    if (has || column.generated || column.has_default || !(column.not_null || key)) continue;
    if (IsTime(column.type)) columns->push_back({.column = column.name, .by = By::kNow});
    else if (column.type.kind == TypeKind::kUuid) columns->push_back({.column = column.name, .by = By::kUuid});
    else return column.name;
  }
  return {};
}

void ReadCreating(Build* build, const Json& given, const std::string& path, Membership* membership) {
  const Json* create = Member(given, "create");
  if (create != nullptr && !create->is_boolean()) {
    MustBe(*create, Pointer(path, "create"), "true or false", build->problems);
    return;
  }
  if (membership->hops.size() != 1 || !membership->hops[0].path.empty()) {
    if (create != nullptr && create->boolean()) {
      build->problems->Error(Pointer(path, "create"), "there is no one table to which a " + membership->word + " could be added");
    }
    return;
  }
  const Membership::Hop& hop = membership->hops[0];
  const RelationDescription* words = nullptr;
  for (const auto& [name, relation] : build->relation.related) {
    if (relation != nullptr && relation->schema == hop.table.schema && relation->name == hop.table.name) words = relation.get();
  }
  std::vector<std::string> has = {hop.gives};
  const ColumnDescription* account = build->binding.account.empty() ? nullptr : FindColumn(*words, build->binding.account);
  if (account != nullptr && IsKeyType(account->type)) has.push_back(membership->word_account = account->name);
  const std::string missing = FillIn(*words, has, &membership->create);
  const bool is_view = words->kind != RelationKind::kTable && words->kind != RelationKind::kPartitioned;
  membership->creates = missing.empty() && !is_view && (create == nullptr || create->boolean());
  if (create != nullptr && create->boolean() && !membership->creates) {
    build->problems->Error(Pointer(path, "create"), is_view ? "a " + membership->word + " cannot be added to a view"
                                                            : "a new " + membership->word + " would have no value for column \"" + missing + "\"");
  }
}

}  // namespace

void ReadWriting(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Membership* membership) {
  bool open = false;
  std::vector<WrittenColumn> asked;
  if (membership->rows->live) Collect(membership->rows->live->root, *membership->rows, &asked, &open);
  if (const Json* add = Member(given, "add")) {
    membership->add = ReadColumns(build, *add, Pointer(path, "add"), table);
    open = false;
  }
  for (const WrittenColumn& column : asked) {
    if (!Has(membership->add, column.column)) membership->add.push_back(column);
  }
  const Json* only = Member(given, "only");
  for (const WrittenColumn& column : membership->add) {
    const bool fixed = only != nullptr && only->is_object() && only->Find(column.column) != nullptr;
    (fixed ? membership->only : membership->revive).push_back(column);
  }
  membership->remove = Undoing(asked, table, only);
  if (const Json* remove = Member(given, "remove")) {
    membership->remove.reset();
    if (remove->is_object()) membership->remove = ReadColumns(build, *remove, Pointer(path, "remove"), table);
    else if (!remove->is_string() || remove->string() != "delete") {
      MustBe(*remove, Pointer(path, "remove"), "\"delete\", or an object of columns and their values", build->problems);
    }
  }
  std::vector<std::string> has = membership->owner;
  has.push_back(membership->member);
  if (!membership->rows->account.empty()) has.push_back(membership->rows->account);
  const std::string missing = FillIn(table, has, &membership->add);
  const std::string name = "\"" + table.schema + "." + table.name + "\"";
  if (open) membership->unwritable = "what makes a row of " + name + " count cannot be told from its conditions; say it in \"add\"";
  else if (!missing.empty()) membership->unwritable = "column \"" + missing + "\" of " + name + " has no default; give it in \"add\"";
  else if (membership->hops.size() > 1) membership->unwritable = "the way to a " + membership->word + " leads over several tables";
  ReadCreating(build, given, path, membership);
}

}  // namespace workflow::attaching
