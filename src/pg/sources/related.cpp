// Tables that a binding names beside its own, and the triggers that those get whose rows make events of its rows.
#include <algorithm>

#include "pg/server/spi.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

std::shared_ptr<const RelationDescription> DescribeRelation(Oid oid) {
  CallBackend([=] { LockRelationOid(oid, AccessShareLock); });
  if (!CallBackend([=] { return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)); })) return nullptr;
  Relation relation = CallBackend([=] { return relation_open(oid, NoLock); });
  auto description = std::make_shared<const RelationDescription>(Describe(relation));
  CallBackend([=] { relation_close(relation, NoLock); });
  return description;
}

// As it is written in the attached table's schema, else in the search_path; then as the server would read the name.
Oid FindTable(const std::string& written, Oid beside) {
  Params params;
  params.Text(written).Int8(beside);
  Rows rows = ExecuteOnce(
      "SELECT c.oid::pg_catalog.int8 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
      " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $1 AND (c.relnamespace OPERATOR(pg_catalog.=)"
      " (SELECT b.relnamespace FROM pg_catalog.pg_class b WHERE b.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid) OR pg_catalog.pg_table_is_visible(c.oid))"
      " OR pg_catalog.concat(n.nspname, '.', c.relname) OPERATOR(pg_catalog.=) $1"
      " OR $1 OPERATOR(pg_catalog.~) '^(\"([^\"]|\"\")+\"|[^\".[:space:]]+)([.](\"([^\"]|\"\")+\"|[^\".[:space:]]+))?$'"
      " AND c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1)::pg_catalog.oid)"
      " ORDER BY (c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $1 AND c.relnamespace OPERATOR(pg_catalog.=)"
      " (SELECT b.relnamespace FROM pg_catalog.pg_class b WHERE b.oid OPERATOR(pg_catalog.=) $2::pg_catalog.oid)) DESC,"
      " c.relname::pg_catalog.text OPERATOR(pg_catalog.=) $1 DESC, c.oid LIMIT 1",
      params);
  const Oid found = rows.empty() ? InvalidOid : static_cast<Oid>(rows.Int8(0, 1));
  rows.Free();
  return found;
}

}  // namespace

void DescribeRelated(const Json& document, Oid relation, RelationDescription* description) {
  const std::vector<std::string> names = RelatedNames(document);
  for (const std::string& written : names) {
    const Oid found = FindTable(written, relation);
    if (OidIsValid(found)) description->related.emplace(written, DescribeRelation(found));
  }
  if (description->related.size() == names.size()) return;
  Params params;
  params.Int8(relation);
  Rows rows = ExecuteOnce(
      "SELECT c.relname::pg_catalog.text FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace OPERATOR(pg_catalog.=)"
      " (SELECT b.relnamespace FROM pg_catalog.pg_class b WHERE b.oid OPERATOR(pg_catalog.=) $1::pg_catalog.oid) ORDER BY 1",
      params);
  for (size_t i = 0; i < rows.size(); ++i) description->neighbours.push_back(rows.Text(i, 1));
  rows.Free();
}

std::shared_ptr<const RelationDescription> DescribeNamed(const std::string& schema, const std::string& name) {
  const Oid oid = RelationNamed({schema, name});
  return OidIsValid(oid) ? DescribeRelation(oid) : nullptr;
}

Oid RelationNamed(const TableName& table) {
  const char *schema = table.schema.c_str(), *name = table.name.c_str();
  return CallBackend([=] {
    const Oid space = get_namespace_oid(schema, true);
    return OidIsValid(space) ? get_relname_relid(name, space) : InvalidOid;
  });
}

std::vector<Part> PartsOf(const Binding& binding) {
  std::vector<Part> parts;
  if (binding.tag_rows != nullptr) parts.push_back({kTagsPart, RelationNamed(binding.tag_rows->table), binding.tag_rows->table});
  if (binding.campaign_rows != nullptr) parts.push_back({kCampaignsPart, RelationNamed(binding.campaign_rows->table), binding.campaign_rows->table});
  return parts;
}

std::vector<PartTrigger> PartTriggers(const std::string& source) {
  Params params;
  params.Text(source);
  // Arguments are kept as bytes that each end with a zero.
  Rows rows = ExecuteOnce(
      "SELECT t.tgrelid::pg_catalog.int8, t.tgname::pg_catalog.text, a.arguments[2] FROM pg_catalog.pg_trigger t"
      " JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
      " CROSS JOIN LATERAL (SELECT pg_catalog.string_to_array(pg_catalog.encode(t.tgargs, 'escape'), '\\000') AS arguments) a"
      " WHERE n.nspname OPERATOR(pg_catalog.=) 'workflow' AND p.proname OPERATOR(pg_catalog.=) 'capture' AND t.tgnargs OPERATOR(pg_catalog.=) 2"
      " AND t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid"
      " AND pg_catalog.substr(t.tgargs, 1, pg_catalog.octet_length(pg_catalog.convert_to($1, pg_catalog.getdatabaseencoding())) OPERATOR(pg_catalog.+) 1)"
      "   OPERATOR(pg_catalog.=) (pg_catalog.convert_to($1, pg_catalog.getdatabaseencoding()) OPERATOR(pg_catalog.||) '\\x00'::pg_catalog.bytea)"
      " ORDER BY 1, 2",
      params);
  std::vector<PartTrigger> triggers;
  for (size_t i = 0; i < rows.size(); ++i) triggers.push_back({static_cast<Oid>(rows.Int8(i, 1)), rows.Text(i, 2), rows.Text(i, 3)});
  rows.Free();
  return triggers;
}

}  // namespace workflow::pg
