// {"sql"}: one boolean expression of the author's, asked of rows of the attached tables. Each entity is a row of that name: contact.email.
#include <algorithm>

#include "core/condition/sql.h"
#include "pg/deferred/deferred.h"
#include "pg/round/rows.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

// The columns of the keys that the statement's list has: their names cannot be meant by accident.
std::string KeyName(size_t n) { return "\"?" + std::to_string(n) + "\""; }

// Parameters would be those of the statement around the expression.
extern "C" bool HasParameter(Node* node, void* context) noexcept {
  if (node == nullptr) return false;
  if (IsA(node, ParamRef)) return true;
  return raw_expression_tree_walker(node, WF_WALKER(HasParameter), context);
}

bool IsBareSelect(const SelectStmt& select) {
  return select.distinctClause == nullptr && select.intoClause == nullptr && select.fromClause == nullptr && select.whereClause == nullptr &&
         select.groupClause == nullptr && select.havingClause == nullptr && select.windowClause == nullptr && select.valuesLists == nullptr &&
         select.sortClause == nullptr && select.limitOffset == nullptr && select.limitCount == nullptr && select.lockingClause == nullptr &&
         select.withClause == nullptr && select.op == SETOP_NONE && list_length(select.targetList) == 1;
}

// Which table an entity's row comes from. Where the row is not of this case, any table of that entity says what columns it would have.
const Source* TableOf(const Registry& registry, const std::string& entity, const AskedRows& tables, bool* is_there) {
  const Source* given = entity == "contact" ? tables.contact : tables.entry;
  *is_there = given != nullptr && given->binding.entity == entity;
  if (*is_there) return given;
  for (const auto& source : registry.sources) {
    if (source->broken.empty() && source->binding.entity == entity) return source.get();
  }
  throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "no table is attached as \"" + entity + "\"", {}, "See workflow.doctor()."};
}

// The row by its key; what is a query in the binding is not among its columns.
std::string RowOf(const Source& source, const std::string& entity, bool is_there, size_t* next_key) {
  std::string columns, where;
  for (const BoundField& field : source.binding.fields) {
    if (field.column.empty()) continue;
    columns += (columns.empty() ? "\"row\"." : ", \"row\".") + QuotedName(field.column) + " AS " + SqlName(field.name);
  }
  for (const std::string& column : source.binding.key) {
    if (!is_there) break;
    where += (where.empty() ? "" : " AND ") + ("\"row\"." + QuotedName(column)) + " = \"?\"." + KeyName((*next_key)++) + "::" + ColumnType(source, column);
  }
  return " LEFT JOIN LATERAL (SELECT " + columns + " FROM " + QuotedRelation(source) + " AS \"row\" WHERE " + (is_there ? where : "false") + ") AS " +
         SqlName(entity) + " ON true";
}

}  // namespace

void RequireExpression(const std::string& sql) {
  const char* text = sql.c_str();
  enum Fault { kNone, kNotOne, kParameter };
  const Fault fault = CallBackend([=] {
    const ::List* statements = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
    if (list_length(statements) != 1) return kNotOne;
    Node* statement = reinterpret_cast<RawStmt*>(linitial(statements))->stmt;
    if (!IsA(statement, SelectStmt) || !IsBareSelect(*reinterpret_cast<SelectStmt*>(statement))) return kNotOne;
    const auto* target = reinterpret_cast<ResTarget*>(linitial(reinterpret_cast<SelectStmt*>(statement)->targetList));
    if (target->name != nullptr || target->indirection != nullptr) return kNotOne;
    return HasParameter(statement, nullptr) ? kParameter : kNone;
  });
  if (fault == kNotOne) throw SqlError{ERRCODE_SYNTAX_ERROR, "this is not one expression", {}, "Write a condition, such as contact.score > 10."};
  if (fault == kParameter) throw SqlError{ERRCODE_UNDEFINED_PARAMETER, "an expression of a condition has no parameters"};
}

void RequireAllowed(const std::string& role) {
  if (settings::allow_superuser_code) return;
  const char* name = role.c_str();
  if (!CallBackend([=] { return superuser_arg(get_role_oid(name, false)); })) return;
  throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "a workflow of superuser \"" + role + "\" must not contain \"sql\"", {},
                 "Let another role own it, or set pg_workflow.allow_superuser_code."};
}

std::string ExpressionStatement(const Registry& registry, const DeferredRule& rule, const AskedRows& tables) {
  // Text, keys, event: in this order the parameters come.
  std::string joins, arrays = "$1::text[], $2::timestamptz[], $3::text[]", names = "\"?event\", \"?at\", \"?data\"";
  size_t next_key = 1;
  for (const std::string& entity : rule.entities) {
    bool is_there = false;
    const Source* source = TableOf(registry, entity, tables, &is_there);
    joins += RowOf(*source, entity, is_there, &next_key);
  }
  for (size_t n = 1; n < next_key; ++n) {
    arrays += ", $" + std::to_string(n + 3) + "::text[]";
    names += ", " + KeyName(n);
  }
  joins += " CROSS JOIN LATERAL (SELECT \"?\".\"?event\" AS name, \"?\".\"?at\" AS at, \"?\".\"?data\"::jsonb AS data) AS event";
  // The line breaks keep a comment at the expression's end from going on; as a query of its own it gives one answer for each row.
  return "SELECT (SELECT (\n" + rule.sql + "\n)) FROM unnest(" + arrays + ") WITH ORDINALITY AS \"?\"(" + names + ", \"?n\")" + joins +
         " ORDER BY \"?\".\"?n\"";
}

Params ExpressionParams(const Registry& registry, const DeferredRule& rule, const AskedRows& tables, const std::vector<const AskedRows*>& rows) {
  std::vector<std::string> events;
  std::vector<std::optional<Instant>> times;
  std::vector<std::optional<std::string>> data;
  for (const AskedRows* row : rows) {
    events.push_back(row->event_name);
    times.emplace_back(row->event_at);
    data.push_back(row->event_data == nullptr || row->event_data->is_null() ? std::nullopt : std::optional(row->event_data->Dump()));
  }
  Params params;
  params.Texts(events).Times(times).Texts(data);
  for (const std::string& entity : rule.entities) {
    bool is_there = false;
    const Source* source = TableOf(registry, entity, tables, &is_there);
    if (!is_there) continue;
    std::vector<std::string> keys;
    for (const AskedRows* row : rows) keys.push_back(entity == "contact" ? row->contact_key : row->entry_row);
    for (const auto& column : KeyColumns(*source, keys)) params.Texts(column);
  }
  return params;
}

std::string CallersSearchPath(int levels) {
  const char* path = CallBackend([=]() -> const char* {
    const config_generic* setting = FindSetting("search_path");
    const GucStack* entry = setting == nullptr ? nullptr : setting->stack;
    for (int i = 1; i < levels && entry != nullptr; ++i) entry = entry->prev;
    return entry == nullptr ? namespace_search_path : entry->prior.val.stringval;
  });
  return path == nullptr ? "" : path;
}

}  // namespace workflow::pg
