#include "pg/sources/read_table.h"

namespace workflow::pg {
namespace {

constexpr const char* kSchema = "workflow";

SqlError Mismatch(int sqlstate, std::string message) {
  return {sqlstate, std::move(message), {},
          "The extension pg_workflow is not installed in this database, or is of another version than its library; "
          "see ALTER EXTENSION pg_workflow UPDATE."};
}

bool IsTrue(TupleTableSlot* slot, AttrNumber number) {
  bool is_null = false;
  const Datum datum = CallBackend([=, &is_null] { return slot_getattr(slot, number, &is_null); });
  return !is_null && DatumGetBool(datum);
}

}  // namespace

Oid OurRelation(const char* name) {
  return CallBackend([=] {
    const Oid schema = get_namespace_oid(kSchema, true);
    return OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
  });
}

Oid RequireOurRelation(const char* name) {
  const Oid oid = OurRelation(name);
  if (!OidIsValid(oid)) throw Mismatch(ERRCODE_UNDEFINED_TABLE, std::string("relation \"workflow.") + name + "\" does not exist");
  return oid;
}

const FormData_pg_attribute* AttributeNamed(TupleDesc descriptor, std::string_view name) {
  for (int i = 0; i < descriptor->natts; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(descriptor, i);
    if (!attribute->attisdropped && name == NameStr(attribute->attname)) return attribute;
  }
  return nullptr;
}

// By the relation's own description, which has to be read anyway: looking each column up in the catalogs costs the first row of a connection
// more than all else.
OurTable::OurTable(const char* name, std::initializer_list<const char*> columns, const char* only) : oid_(RequireOurRelation(name)) {
  Relation relation = CallBackend([this] { return table_open(oid_, AccessShareLock); });
  const TupleDesc descriptor = RelationGetDescr(relation);
  const char* missing = nullptr;
  for (const char* column : columns) {
    const FormData_pg_attribute* attribute = AttributeNamed(descriptor, column);
    if (attribute == nullptr) missing = column;
    else columns_.push_back({attribute->attnum, attribute->atttypid == REGCLASSOID, Converter(attribute->atttypid)});
  }
  if (only != nullptr) {
    const FormData_pg_attribute* attribute = AttributeNamed(descriptor, only);
    if (attribute == nullptr) missing = only;
    else only_ = attribute->attnum;
  }
  CallBackend([=] { table_close(relation, AccessShareLock); });
  if (missing == nullptr) return;
  throw Mismatch(ERRCODE_UNDEFINED_COLUMN, std::string("column \"") + missing + "\" of relation \"workflow." + name + "\" does not exist");
}

Value OurTable::Read(TupleTableSlot* slot, const Column& column) const {
  bool is_null = false;
  const AttrNumber number = column.number;
  const Datum datum = CallBackend([=, &is_null] { return slot_getattr(slot, number, &is_null); });
  if (column.is_relation && !is_null) return Value(static_cast<int64_t>(DatumGetObjectId(datum)));
  return column.converter.Convert(datum, is_null);
}

std::vector<std::vector<Value>> OurTable::Rows(Snapshot snapshot) const {
  std::vector<std::vector<Value>> rows;
  Relation relation = CallBackend([this] { return table_open(oid_, AccessShareLock); });
  TableScanDesc scan = CallBackend([=] { return table_beginscan(relation, snapshot, 0, nullptr); });
  TupleTableSlot* slot = CallBackend([=] { return table_slot_create(relation, nullptr); });
  while (CallBackend([=] { return table_scan_getnextslot(scan, ForwardScanDirection, slot); })) {
    if (only_ != InvalidAttrNumber && !IsTrue(slot, only_)) continue;
    std::vector<Value> row;
    for (const Column& column : columns_) row.push_back(Read(slot, column));
    rows.push_back(std::move(row));
  }
  CallBackend([=] {
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    table_close(relation, AccessShareLock);
  });
  return rows;
}

}  // namespace workflow::pg
