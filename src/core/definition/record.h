// A filter asked about a record that stands in a document: {"contact": {…}, "order": {…}, "old": {…}, "event": {…}}, or flat, by dotted names.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/condition/condition.h"
#include "core/definition/catalog.h"

namespace workflow {

struct RecordFilter {
  Condition condition;
  FieldTable table;
  std::vector<Value> values;  // of each field: what the record says, null where it says nothing
};

// A value as rows turned into json have it: what has no form of its own there is a string, and a list may hold nulls. Nothing where it is none of `type`.
std::optional<Value> RecordValue(const Type& type, const Json& json);

// Fields of attached entities have the types of their columns, all others that of the value in the record. What is wrong with the filter goes into
// `of_filter`; a value of the record that is none of its column's type into `of_record`. The result is nothing where either has an error.
std::optional<RecordFilter> CompileForRecord(const Json& filter, const Json& record, const Catalog& catalog, Problems* of_filter, Problems* of_record);

}  // namespace workflow
