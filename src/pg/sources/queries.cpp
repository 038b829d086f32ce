// The queries of a binding, tried where a mistake still costs nothing: they run later in a round, where nobody is there to read the error.
#include <algorithm>

#include "pg/convert.h"
#include "pg/round/resolve.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

struct Tried {
  std::vector<Type> columns;
  std::string error, hint;  // the server's; empty: it ran
};

// An error that speaks of the query. Others (cancelled, out of memory, a lost lock) are the caller's own.
bool IsAboutQuery(int sqlstate) {
  if (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE) return InSecurityRestrictedOperation();  // doctor() tells of it and goes on
  const int category = ERRCODE_TO_CATEGORY(sqlstate);
  for (const int own : {ERRCODE_OPERATOR_INTERVENTION, ERRCODE_INSUFFICIENT_RESOURCES, ERRCODE_TRANSACTION_ROLLBACK,
                        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, ERRCODE_SYSTEM_ERROR, ERRCODE_INTERNAL_ERROR}) {
    if (category == own) return false;
  }
  return true;
}

// A text that could close the parenthesis it is put into, or bring a second statement, is no single SELECT by itself.
void RequireOneSelect(const std::string& sql) {
  const char* text = sql.c_str();
  const bool is_one = CallBackend([=] {
    const ::List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
    if (list_length(statements) != 1) return false;
    Node* statement = reinterpret_cast<RawStmt*>(linitial(statements))->stmt;
    if (!IsA(statement, SelectStmt)) return false;
    const auto* select = reinterpret_cast<SelectStmt*>(statement);
    return select->intoClause == nullptr && select->lockingClause == nullptr;
  });
  if (!is_one) throw SqlError{ERRCODE_SYNTAX_ERROR, "this is not one plain SELECT"};
}

std::vector<Type> ColumnsOf(const std::string& probe) {
  const char* text = probe.c_str();
  const TupleDesc columns = CallBackend([=] {
    SPI_execute(text, true, 0);
    return SPI_tuptable->tupdesc;
  });
  std::vector<Type> types;
  for (int i = 0; i < columns->natts; ++i) types.push_back(TypeOf(TupleDescAttr(columns, i)->atttypid, TupleDescAttr(columns, i)->atttypmod));
  return types;
}

// Runs the query without a row, which looks at names, types and privileges.
Tried Try(const std::string& sql, const std::string& probe) {
  Tried tried;
  Subtransaction attempt;
  try {
    RequireOneSelect(sql);
    tried.columns = ColumnsOf(probe);
  } catch (const SqlError& error) {
    tried.error = error.message;
  } catch (const BackendError& error) {
    if (!IsAboutQuery(error.sqlstate())) throw;
    tried.error = error.data()->message;
    if (error.data()->hint != nullptr) tried.hint = error.data()->hint;
  }
  attempt.RollBack();
  return tried;
}

bool IsSame(const Type& a, const Type& b) { return a.kind == b.kind && a.element == b.element; }

void CheckField(const BoundField& field, const std::string& from, Problems* problems) {
  const std::string path = Pointer("/fields", field.name);
  const Tried tried = Try(field.sql, "SELECT (" + field.sql + ")" + from + " LIMIT 0");
  if (!tried.error.empty()) {
    problems->Error(Pointer(path, "sql"), tried.error, tried.hint);
  } else if (!IsSame(tried.columns[0], field.type)) {
    problems->Error(Pointer(path, "type"), "the query gives " + TypeName(tried.columns[0]) + ", not " + TypeName(field.type),
                    "Declare that type, or cast the query's result.");
  }
}

void CheckRoute(const ContactRoute& route, const std::string& path, const std::string& from, const Source* contacts, Problems* problems) {
  const Tried tried = Try(route.sql, "SELECT q.*" + from + " CROSS JOIN LATERAL (" + route.sql + ") AS q LIMIT 0");
  if (!tried.error.empty()) {
    problems->Error(path, tried.error, tried.hint);
  } else if (contacts != nullptr && tried.columns.size() != contacts->binding.key.size()) {
    problems->Error(path, "the query gives " + std::to_string(tried.columns.size()) + " columns, but the key of a contact in \"" +
                              contacts->name + "\" has " + std::to_string(contacts->binding.key.size()));
  }
}

std::vector<std::string> ColumnFields(const Binding& binding) {
  std::vector<std::string> names;
  for (const BoundField& field : binding.fields) {
    if (!field.column.empty()) names.push_back(field.name);
  }
  return names;
}

}  // namespace

void CheckQueries(const Binding& binding, Oid relation, const Source* contacts, Problems* problems) {
  const std::string from = " FROM " + QualifiedName(relation) + " AS \"row\"";
  // The rows themselves: may they all be read?
  const Tried rows = Try("SELECT 1", "SELECT 1" + from + " LIMIT 0");
  if (!rows.error.empty()) problems->Error("", rows.error, rows.hint);
  for (size_t i = 0; i < binding.contact.size(); ++i) {
    const std::string path = Pointer(Pointer("/contact", i), "sql");
    if (!binding.contact[i].sql.empty()) CheckRoute(binding.contact[i], path, from, contacts, problems);
  }
  for (const BoundField& field : binding.fields) {
    if (field.sql.empty()) continue;
    if (MembershipOfField(binding, field.name) == nullptr) {
      CheckField(field, from, problems);
    } else if (const Tried tried = Try(field.sql, "SELECT (" + field.sql + ")" + from + " LIMIT 0"); !tried.error.empty()) {
      problems->Error(Pointer("", field.name), tried.error, tried.hint);
    }
  }
  for (size_t i = 0; i < binding.zone.size(); ++i) {
    const ZoneRule& rule = binding.zone[i];
    if (rule.sql.empty()) continue;
    const Tried tried = Try(rule.sql, "SELECT (" + rule.sql + ")::pg_catalog.text" + from + " LIMIT 0");
    if (!tried.error.empty()) problems->Error(Pointer(Pointer("/zone", i), "sql"), tried.error, tried.hint);
  }
  for (size_t i = 0; i < binding.consent.size(); ++i) {
    const ConsentRule& rule = binding.consent[i];
    if (rule.sql.empty()) continue;
    const std::string path = Pointer(Pointer(Pointer("/consent", i), "allowed_when"), "sql");
    const Tried tried = Try(rule.sql, "SELECT (" + rule.sql + ")" + from + " LIMIT 0");
    if (!tried.error.empty()) {
      problems->Error(path, tried.error, tried.hint);
    } else if (tried.columns[0].kind != TypeKind::kBoolean) {
      problems->Error(path, "the query gives " + TypeName(tried.columns[0]) + ", not boolean", "Select whether messages are allowed.");
    }
  }
}

void CheckRoutes(const Binding& binding, const Source* contacts, Problems* problems) {
  for (size_t i = 0; i < binding.contact.size(); ++i) {
    const ContactRoute& route = binding.contact[i];
    const std::string path = Pointer("/contact", i);
    if (route.kind == ContactRoute::Kind::kMatch && contacts == nullptr) {
      problems->Warning(Pointer(path, "match"), "no contact source is attached yet", "Attach the table of the contacts as well.");
    }
    if (contacts == nullptr) continue;
    if (i == 0 && !contacts->binding.tenant_setting.empty() && binding.account.empty() && binding.account_value.empty()) {
      problems->Error("/account", "the contacts in \"" + contacts->name + "\" are read for one account at a time, and a row here names none",
                      "Add \"account\" with the column that holds the tenant.");
    }
    for (const auto& [field, column] : route.match) {
      const BoundField* found = FindBoundField(contacts->binding, field);
      if (found != nullptr && !found->column.empty()) continue;
      problems->Error(Pointer(Pointer(path, "match"), "contact." + field),
                      "the contacts in \"" + contacts->name + "\" have no " + (found == nullptr ? "field" : "column") + " \"" + field + "\"",
                      NearestHint(field, ColumnFields(contacts->binding)));
    }
    if (route.kind == ContactRoute::Kind::kColumn && route.columns.size() != contacts->binding.key.size()) {
      problems->Error(Pointer(path, "column"), "the key of a contact in \"" + contacts->name + "\" has " +
                                                   std::to_string(contacts->binding.key.size()) + " columns, not " +
                                                   std::to_string(route.columns.size()));
    }
  }
}

}  // namespace workflow::pg
