// Whose a relation is, and who we are while we touch it.
#include "pg/server/spi.h"
#include "pg/sources/attaching.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {

std::string QualifiedName(Oid relation) {
  const char* name = CallBackend([=]() -> const char* {
    const char* bare = get_rel_name(relation);
    return bare == nullptr ? "" : quote_qualified_identifier(get_namespace_name_or_temp(get_rel_namespace(relation)), bare);
  });
  return name;
}

void RequireOwner(Oid relation) {
  CallBackend([=] {
    if (WF_OWNS_RELATION(relation, GetUserId())) return;
    aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)), get_rel_name(relation));
  });
}

void RefuseSystemTables(Oid relation, const std::string& name) {
  const Oid schema = CallBackend([=] { return get_rel_namespace(relation); });
  const Oid ours = CallBackend([] { return get_namespace_oid("workflow", true); });
  const Oid standard = CallBackend([] { return get_namespace_oid("information_schema", true); });
  const auto refuse = [&](const std::string& reason) { throw SqlError{kInvalidBinding, "\"" + name + "\" cannot be attached", reason}; };
  if (schema == ours) refuse("It is a table of pg_workflow itself.");
  if (IsCatalogNamespace(schema) || IsToastNamespace(schema) || schema == standard) refuse("It belongs to the server.");
  if (CallBackend([=] { return get_rel_persistence(relation); }) == RELPERSISTENCE_TEMP) {
    refuse("It is a temporary table: only this session sees it.");
  }
}

AsExtension::AsExtension() {
  const Oid table = RequireOurRelation("source");
  const Oid owner = CallBackend([=] {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for relation %u", table);
    const Oid found = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return found;
  });
  GetUserIdAndSecContext(&user_, &context_);
  nest_level_ = CallBackend([] {
    const int level = NewGUCNestLevel();
    (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return level;
  });
  SetUserIdAndSecContext(owner, context_ | SECURITY_LOCAL_USERID_CHANGE);
}

AsExtension::~AsExtension() {
  if (!restored_) SetUserIdAndSecContext(user_, context_);
}

void AsExtension::Restore() {
  SetUserIdAndSecContext(user_, context_);
  restored_ = true;
  CallBackend([this] { AtEOXact_GUC(true, nest_level_); });
}

}  // namespace workflow::pg
