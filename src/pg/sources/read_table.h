// Reading tables of ours by plain scans: without SPI, privileges and plans, so that it works inside any transaction of a host.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/value.h"
#include "pg/convert.h"

namespace workflow::pg {

// Of the relation in the schema workflow; InvalidOid where there is none.
Oid OurRelation(const char* name);
Oid RequireOurRelation(const char* name);  // or SqlError

// The column of this name; nullptr where there is none.
const FormData_pg_attribute* AttributeNamed(TupleDesc descriptor, std::string_view name);

// Some columns of a table of ours. What is not as this library expects is found when it is made, as SqlError, while nothing is open that an
// abort would have to close.
class OurTable {
 public:
  // With `only`, a boolean column, just the rows where it is true.
  OurTable(const char* name, std::initializer_list<const char*> columns, const char* only = nullptr);

  // The columns' values of every row that `snapshot` sees, in no order. A regclass comes as the number of the relation.
  std::vector<std::vector<Value>> Rows(Snapshot snapshot) const;

 private:
  struct Column {
    AttrNumber number;
    bool is_relation;
    Converter converter;
  };
  Value Read(TupleTableSlot* slot, const Column& column) const;

  Oid oid_;
  std::vector<Column> columns_;
  AttrNumber only_ = InvalidAttrNumber;
};

}  // namespace workflow::pg
