// Which of the core's types a type of the server is.
#include "pg/convert.h"

namespace workflow::pg {

TypeKind KindOfBuiltin(Oid base) {
  switch (base) {
    case BOOLOID: return TypeKind::kBoolean;
    case INT2OID:
    case INT4OID:
    case INT8OID: return TypeKind::kInteger;
    case NUMERICOID:
    case FLOAT4OID:
    case FLOAT8OID: return TypeKind::kNumeric;
    case TEXTOID:
    case VARCHAROID:
    case NAMEOID: return TypeKind::kText;
    case UUIDOID: return TypeKind::kUuid;
    case DATEOID: return TypeKind::kDate;
    case TIMESTAMPOID: return TypeKind::kTimestamp;
    case TIMESTAMPTZOID: return TypeKind::kTimestamptz;
    case JSONOID:
    case JSONBOID: return TypeKind::kJson;
    default: return TypeKind::kOther;
  }
}

namespace {

struct TypeFacts {
  NameData name;
  char typtype;
  char category;
  Oid output;
};

TypeFacts FactsOf(Oid type) {
  return CallBackend([=] {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for type %u", type);
    auto* form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    TypeFacts facts = {form->typname, form->typtype, form->typcategory, form->typoutput};
    ReleaseSysCache(tuple);
    return facts;
  });
}

// Any schema may hold citext; what tells it from a stranger's type of that name is that it is a string.
TypeKind KindOfScalar(Oid base) {
  const TypeKind builtin = KindOfBuiltin(base);
  if (builtin != TypeKind::kOther || base < FirstNormalObjectId) return builtin;
  const TypeFacts facts = FactsOf(base);
  if (facts.typtype == TYPTYPE_ENUM) return TypeKind::kEnum;
  if (facts.typtype == TYPTYPE_BASE && facts.category == TYPCATEGORY_STRING && strcmp(NameStr(facts.name), "citext") == 0) {
    return TypeKind::kCitext;
  }
  return TypeKind::kOther;
}

struct Labels {
  NameData* names;
  size_t count;
};

// In the enum's own order.
std::shared_ptr<const std::vector<std::string>> LabelsOf(Oid type) {
  const Labels found = CallBackend([=] {
    Relation relation = table_open(EnumRelationId, AccessShareLock);
    Relation index = index_open(EnumTypIdSortOrderIndexId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
    SysScanDesc scan = systable_beginscan_ordered(relation, index, nullptr, 1, &key);
    Labels labels = {nullptr, 0};
    while (HeapTuple tuple = systable_getnext_ordered(scan, ForwardScanDirection)) {
      const size_t bytes = (labels.count + 1) * sizeof(NameData);
      labels.names = static_cast<NameData*>(labels.names == nullptr ? palloc(bytes) : repalloc(labels.names, bytes));
      labels.names[labels.count++] = reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel;
    }
    systable_endscan_ordered(scan);
    index_close(index, AccessShareLock);
    table_close(relation, AccessShareLock);
    return labels;
  });
  auto labels = std::make_shared<std::vector<std::string>>();
  for (size_t i = 0; i < found.count; ++i) labels->push_back(NameStr(found.names[i]));
  return labels;
}

// The same whatever search_path is in force: built-in types plain, all others with their schema.
std::string SqlName(Oid base, int32 typmod) {
  std::string name = CallBackend([=] {
    return format_type_extended(base, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY | FORMAT_TYPE_ALLOW_INVALID);
  });
  static constexpr std::string_view kBuiltin = "pg_catalog.";
  return name.starts_with(kBuiltin) ? name.substr(kBuiltin.size()) : name;
}

}  // namespace

Type TypeOf(Oid type, int32 typmod) {
  const Oid base = CallBackend([&] { return getBaseTypeAndTypmod(type, &typmod); });
  Type result;
  result.sql_name = SqlName(base, typmod);
  const Oid element = CallBackend([=] { return get_element_type(base); });
  if (element == InvalidOid) {
    result.kind = KindOfScalar(base);
    if (result.kind == TypeKind::kEnum) result.labels = LabelsOf(base);
    return result;
  }
  const Oid element_base = CallBackend([=] { return getBaseType(element); });
  result.kind = TypeKind::kList;
  result.element = KindOfScalar(element_base);
  if (result.element == TypeKind::kEnum) result.labels = LabelsOf(element_base);
  return result;
}

}  // namespace workflow::pg
