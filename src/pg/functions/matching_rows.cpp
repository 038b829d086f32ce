// workflow.matching_rows(): which rows of an attached table a filter is true for, by the evaluator that rounds use.
#include <algorithm>
#include <deque>

#include "core/binding/bound_value.h"
#include "pg/convert.h"
#include "pg/functions/filters.h"
#include "pg/round/rows.h"

namespace workflow::pg {
namespace {

struct ReadRow {
  std::string key;
  std::deque<Value> values;  // by field of the filter
  std::vector<const Value*> facts;
  std::vector<Outcome> answers;
};

// The columns that the filter's fields are, by field; a field of anything but the row is an error.
std::vector<const BoundField*> BoundFields(const Source& source, const FieldTable& table) {
  std::vector<const BoundField*> fields;
  for (const Field& field : table.fields) {
    const bool own = field.scope == Scope::kRow && field.entity == source.binding.entity;
    const BoundField* bound = own ? FindBoundField(source.binding, field.name) : nullptr;
    if (bound == nullptr) {
      throw SqlError{ERRCODE_FEATURE_NOT_SUPPORTED, "a row of \"" + source.name + "\" does not tell " +
                                                        (field.entity.empty() ? "" : "\"" + field.entity + "\".") + "\"" + field.name + "\"",
                     {}, "Name fields of the row only."};
    }
    fields.push_back(bound);
  }
  return fields;
}

void ReadRows(const Source& source, const FieldTable& table, std::deque<ReadRow>* into) {
  const std::vector<const BoundField*> fields = BoundFields(source, table);
  std::string list;
  for (const std::string& column : source.binding.key) list += (list.empty() ? "\"row\"." : ", \"row\".") + QuotedName(column);
  for (const BoundField* field : fields) list += field->sql.empty() ? ", \"row\"." + QuotedName(field->column) : ", (" + field->sql + ")";
  Rows rows = ExecuteOnce("SELECT " + list + " FROM " + QuotedRelation(source) + " AS \"row\"");
  std::vector<Converter> converters;
  for (int i = 0; i < rows.description()->natts; ++i) converters.emplace_back(TupleDescAttr(rows.description(), i)->atttypid);
  const auto value = [&](size_t row, size_t column) {
    bool is_null = false;
    const Datum datum = rows.Raw(row, static_cast<int>(column) + 1, &is_null);
    return converters[column].Convert(datum, is_null);
  };
  const size_t keys = source.binding.key.size();
  for (size_t i = 0; i < rows.size(); ++i) {
    ReadRow& row = into->emplace_back();
    std::vector<Value> key;
    for (size_t k = 0; k < keys; ++k) key.push_back(value(i, k));
    row.key = CanonicalKey(key).value_or(std::string());
    for (size_t f = 0; f < fields.size(); ++f) {
      const Zone* zone = fields[f]->zone.empty() ? nullptr : Zones().Find(fields[f]->zone);
      Value whole = BoundValue(*fields[f], value(i, keys + f), zone);
      const Json* json = whole.AsJson();
      const std::vector<std::string>& path = table.fields[f].path;
      if (!path.empty()) whole = json == nullptr ? Value() : Dig(*json, path);
      row.values.push_back(std::move(whole));
      row.facts.push_back(&row.values.back());
    }
    row.answers.assign(table.deferred.size(), Outcome::kDeferred);
  }
  rows.Free();
}

// The rows for which it is true, in the order in which they were read.
std::vector<std::string> TrueOf(const Registry& registry, const Source& source, const Filter& filter, const Asker& asker, const Present& present,
                                std::deque<ReadRow>* rows) {
  std::vector<ReadRow*> open;
  for (ReadRow& row : *rows) open.push_back(&row);
  std::set<const ReadRow*> matching;
  while (!open.empty()) {
    std::vector<Question> questions;
    std::vector<Outcome*> places;
    std::vector<ReadRow*> undecided;
    for (ReadRow* row : open) {
      std::vector<uint32_t> asked;
      const Outcome outcome = Evaluate(filter.condition, Facts(row->facts, row->answers, &asked), present.now, present.zone);
      if (outcome == Outcome::kTrue) matching.insert(row);
      if (asked.empty()) continue;
      undecided.push_back(row);
      AskedRows tables;
      (source.binding.entity == "contact" ? tables.contact : tables.entry) = &source;
      tables.contact_key = tables.entry_row = row->key;
      tables.by_caller = !source.binding.tenant_setting.empty();
      for (const uint32_t rule : asked) {
        questions.push_back({&filter.table, rule, &row->facts, tables});
        places.push_back(&row->answers[rule]);
      }
    }
    Answer(registry, asker, &questions);
    for (size_t i = 0; i < questions.size(); ++i) *places[i] = questions[i].answer;
    open = std::move(undecided);
  }
  std::vector<std::string> keys;
  for (const ReadRow& row : *rows) if (matching.contains(&row)) keys.push_back(row.key);
  return keys;
}

}  // namespace
}  // namespace workflow::pg

// (filter jsonb, source regclass) -> setof text
WF_FUNCTION(workflow_matching_rows) {
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC); });
  auto* const result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Spi spi;
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const Source& source = AttachedSource(registry, PG_GETARG_OID(1));
  const Asker asker = CallingAsker();
  const workflow::Filter filter = FilterOver(FilterOf(PG_GETARG_DATUM(0)), registry, source, asker);
  const Present present = ReadPresent();
  std::deque<ReadRow> rows;
  // Where policies tell tenants apart, the caller sees those that the caller's own setting shows.
  RunAs(asker.role, asker.search_path, Tenant{.policies = !source.binding.tenant_setting.empty()}, [&] { ReadRows(source, filter.table, &rows); });
  for (const std::string& key : TrueOf(registry, source, filter, asker, present, &rows)) {
    Datum value = TextDatum(key);
    bool is_null = false;
    Datum* const values = &value;
    bool* const nulls = &is_null;
    CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, values, nulls); });
  }
  spi.Finish();
  return Datum{0};
}
