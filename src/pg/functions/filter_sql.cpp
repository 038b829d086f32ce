// workflow.filter_to_sql(): a filter as a WHERE expression over an attached table, so that the table's indexes serve it.
#include <algorithm>

#include "core/condition/sql.h"
#include "pg/convert.h"
#include "pg/functions/filters.h"
#include "pg/round/resolve.h"

namespace workflow::pg {
namespace {

// Equality by bytes, as the core has it, needs a collation that says so.
bool ComparesBytes(Oid relation, const std::string& column) {
  const char* name = column.c_str();
  return CallBackend([=] {
    const AttrNumber number = get_attnum(relation, name);
    Oid type = InvalidOid, collation = InvalidOid;
    int32 typmod = -1;
    if (number != InvalidAttrNumber) get_atttypetypmodcoll(relation, number, &type, &typmod, &collation);
    return !OidIsValid(collation) || get_collation_isdeterministic(collation);
  });
}

// Fields are columns of the table, without its name: so the expression stands in a query that calls the table as it likes. Those of the contact
// are looked up by the way that the binding has to it.
class ColumnNames final : public SqlNames {
 public:
  ColumnNames(const Registry& registry, const Source& source, const FieldTable& table, const workflow::Zone& zone)
      : registry_(registry), source_(source), table_(table), zone_(zone) {}

  std::string Of(uint32_t index, const std::string& path, Problems* problems) const override {
    const Field& field = table_.fields[index];
    if (field.scope == Scope::kRow && field.entity == source_.binding.entity) return At(field, Column(source_, field, "", path, problems), path, problems);
    if (field.scope == Scope::kRow && field.entity == "contact") return OfContact(field, path, problems);
    problems->Error(Pointer(path, "field"), "a table's rows do not tell this", "Fields of the row and of its contact can be said in SQL.");
    return "NULL";
  }

  std::string Collation(uint32_t index) const override { return CollationOfField(table_.fields[index], TablesOfField()); }
  std::string Zone() const override { return zone_.name(); }

  std::string Expression(const std::string& sql, const std::string&, Problems*) const override {
    std::string columns;
    for (const BoundField& field : source_.binding.fields) {
      if (field.column.empty()) continue;
      columns += (columns.empty() ? "" : ", ") + QuotedName(field.column) + " AS " + SqlName(field.name);
    }
    return "(SELECT (\n" + sql + "\n) FROM (SELECT " + columns + ") AS " + SqlName(source_.binding.entity) + ")";
  }

 private:
  AskedRows TablesOfField() const {
    AskedRows tables;
    tables.entry = &source_;
    tables.contact = source_.binding.entity == "contact" ? &source_ : ContactSource(registry_, source_);
    return tables;
  }

  std::string Column(const Source& source, const Field& field, const std::string& prefix, const std::string& path, Problems* problems) const {
    const BoundField* bound = FindBoundField(source.binding, field.name);
    const Membership* membership = bound == nullptr ? nullptr : MembershipOfField(source.binding, field.name);
    if (membership != nullptr) return Words(*membership, source.binding, prefix);
    const char* reason = bound == nullptr ? "is not there" : bound->column.empty() ? "is a query of the binding" : !bound->zone.empty()
                                                               ? "is a civil time that means an instant" : nullptr;
    if (reason != nullptr) {
      problems->Error(Pointer(path, "field"), "\"" + field.entity + "." + field.name + "\" " + reason + ", and cannot be said in SQL",
                      "Use workflow.matches().");
      return "NULL";
    }
    std::string column = prefix + QuotedName(bound->column);
    if (field.type.kind == TypeKind::kText && !ComparesBytes(source.relation, bound->column)) column = "(" + column + " COLLATE \"C\")";
    return column;
  }

  // Tags that are rows of another table. The key is taken first, where no name of that table could be meant.
  static std::string Words(const Membership& membership, const Binding& binding, const std::string& prefix) {
    std::string key;
    for (const std::string& column : binding.key) key += (key.empty() ? "" : ", ") + prefix + QuotedName(column);
    return "(SELECT (" + MembershipWords(membership, binding, "\"?r\"") + ") FROM (SELECT " + key + ") AS \"?r\")";
  }

  // A jsonb of the place, where it is json.
  static std::string At(const Field& field, const std::string& column, const std::string& path, Problems* problems) {
    if (field.type.kind != TypeKind::kJson) return column;
    const std::string json = field.type.sql_name == "jsonb" ? column : "(" + column + "::jsonb)";
    if (field.path.empty()) return json;
    const auto place = SqlPath(json, field.path);
    if (place) return *place;
    problems->Error(Pointer(path, "field"), "SQL would take a part of this name for a place in an array", "Use workflow.matches().");
    return "NULL";
  }

  std::string OfContact(const Field& field, const std::string& path, Problems* problems) const {
    const Source* contacts = ContactSource(registry_, source_);
    const auto routes = RoutesOf(source_);
    if (contacts == nullptr || routes.size() != 1 || routes[0]->kind != ContactRoute::Kind::kColumn ||
        routes[0]->columns.size() != contacts->binding.key.size()) {
      problems->Error(Pointer(path, "field"), "the way from this table to its contact is no plain column, and cannot be said in SQL",
                      "Use workflow.matches().");
      return "NULL";
    }
    // The inner query shows nothing but "?v" and the keys, so that the outer table's columns are what is meant.
    std::string columns = At(field, Column(*contacts, field, "\"row\".", path, problems), path, problems) + " AS \"?v\"", where;
    for (size_t i = 0; i < contacts->binding.key.size(); ++i) {
      const std::string name = "\"?" + std::to_string(i + 1) + "\"", key = "\"row\"." + QuotedName(contacts->binding.key[i]);
      const std::string own = QuotedName(routes[0]->columns[i]);
      const bool same = ColumnType(*contacts, contacts->binding.key[i]) == ColumnType(source_, routes[0]->columns[i]);
      columns += ", " + key + (same ? "" : "::text") + " AS " + name;
      where += (i > 0 ? " AND \"?\"." : "\"?\".") + name + " = " + own + (same ? "" : "::text");
    }
    return "(SELECT \"?\".\"?v\" FROM (SELECT " + columns + " FROM " + QuotedRelation(*contacts) + " AS \"row\") AS \"?\" WHERE " + where + ")";
  }

  static std::vector<const ContactRoute*> RoutesOf(const Source& source) {
    std::vector<const ContactRoute*> routes;
    for (const ContactRoute& route : source.binding.contact) routes.push_back(&route);
    return routes;
  }

  const Registry& registry_;
  const Source& source_;
  const FieldTable& table_;
  const workflow::Zone& zone_;
};

// Tried on no rows: what the database refuses is said now.
void TrySql(const Source& source, const Asker& asker, const std::string& sql) {
  RunAs(asker.role, asker.search_path, ProbeOf(source.binding), [&] {
    Rows rows = ExecuteOnce("SELECT 1 FROM " + QuotedRelation(source) + " WHERE " + sql + " LIMIT 0");
    rows.Free();
  });
}

}  // namespace
}  // namespace workflow::pg

// (filter jsonb, source regclass) -> text
WF_FUNCTION(workflow_filter_to_sql) {
  using namespace workflow::pg;
  Spi spi;
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const Source& source = AttachedSource(registry, PG_GETARG_OID(1));
  const Asker asker = CallingAsker();
  const workflow::Filter filter = FilterOver(FilterOf(PG_GETARG_DATUM(0)), registry, source, asker);
  workflow::Problems problems;
  const Present present = ReadPresent();
  const std::string sql = workflow::ToSql(filter.condition, filter.table, ColumnNames(registry, source, filter.table, *present.zone), &problems);
  if (problems.HasErrors()) throw ErrorOf(problems, kInvalidDefinition, "filter");
  TrySql(source, asker, sql);
  spi.Finish();
  return TextDatum(sql);
}
