#include "pg/convert.h"
#include "pg/sources/registry.h"

namespace workflow::pg {
namespace {

RelationKind KindOf(char relkind) {
  switch (relkind) {
    case RELKIND_RELATION: return RelationKind::kTable;
    case RELKIND_PARTITIONED_TABLE: return RelationKind::kPartitioned;
    case RELKIND_VIEW: return RelationKind::kView;
    case RELKIND_MATVIEW: return RelationKind::kMaterializedView;
    case RELKIND_FOREIGN_TABLE: return RelationKind::kForeign;
    default: return RelationKind::kOther;
  }
}

struct KeyNumbers {
  AttrNumber numbers[INDEX_MAX_KEYS];
  int count;
};

// A deferrable primary key is one as well, which RelationGetPrimaryKeyIndex() does not think.
KeyNumbers PrimaryKeyOf(Relation relation) {
  return CallBackend([=] {
    KeyNumbers key = {};
    const ::List* indexes = RelationGetIndexList(relation);
    for (int n = 0; n < list_length(indexes); ++n) {
      HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(list_nth_oid(indexes, n)));
      if (!HeapTupleIsValid(tuple)) continue;
      auto* index = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
      if (index->indisprimary) {
        key.count = index->indnkeyatts;
        for (int i = 0; i < key.count; ++i) key.numbers[i] = index->indkey.values[i];
      }
      ReleaseSysCache(tuple);
    }
    return key;
  });
}

ColumnDescription OfAttribute(const FormData_pg_attribute& attribute) {
  return {.name = NameStr(attribute.attname),
          .type = TypeOf(attribute.atttypid, attribute.atttypmod),
          .not_null = attribute.attnotnull,
          .generated = attribute.attgenerated != '\0',
          .has_default = attribute.atthasdef || attribute.attidentity != '\0'};
}

}  // namespace

RelationDescription Describe(Relation relation) {
  const Form_pg_class form = relation->rd_rel;
  RelationDescription description;
  description.schema = CallBackend([=] { return get_namespace_name(form->relnamespace); });
  description.name = NameStr(form->relname);
  description.kind = KindOf(form->relkind);
  description.is_partition = form->relispartition;
  // relhassubclass stays true after the last child is gone.
  if (form->relkind == RELKIND_RELATION && form->relhassubclass) {
    description.has_inheritance_children =
        CallBackend([=] { return find_inheritance_children(RelationGetRelid(relation), NoLock) != nullptr; });
  }
  description.row_security_forced = form->relrowsecurity && form->relforcerowsecurity;
  const TupleDesc columns = RelationGetDescr(relation);
  for (int i = 0; i < columns->natts; ++i) {
    const FormData_pg_attribute& attribute = *TupleDescAttr(columns, i);
    if (!attribute.attisdropped) description.columns.push_back(OfAttribute(attribute));
  }
  const KeyNumbers key = PrimaryKeyOf(relation);
  for (int i = 0; i < key.count; ++i) {
    description.primary_key.push_back(NameStr(TupleDescAttr(columns, key.numbers[i] - 1)->attname));
  }
  return description;
}

}  // namespace workflow::pg
