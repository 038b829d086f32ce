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

AttrNumber OurTable::Require(const char* name, const char* column) const {
  const AttrNumber number = CallBackend([=, this] { return get_attnum(oid_, column); });
  if (number != InvalidAttrNumber) return number;
  throw Mismatch(ERRCODE_UNDEFINED_COLUMN,
                 std::string("column \"") + column + "\" of relation \"workflow." + name + "\" does not exist");
}

OurTable::OurTable(const char* name, std::initializer_list<const char*> columns, const char* only) : oid_(RequireOurRelation(name)) {
  for (const char* column : columns) {
    const AttrNumber number = Require(name, column);
    const Oid type = CallBackend([=, this] { return get_atttype(oid_, number); });
    columns_.push_back({number, type == REGCLASSOID, Converter(type)});
  }
  if (only != nullptr) only_ = Require(name, only);
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
