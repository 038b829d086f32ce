// Do rows hold values that filters cannot compare? A column has a type that publishing checks; what lies inside of json has not. Capture raises
// nothing over it (the rule is null), so it is looked for here, in a sample of each table.
#include <algorithm>

#include "core/condition/condition.h"
#include "pg/convert.h"
#include "pg/round/rows.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/sources/doctor.h"

namespace workflow::pg {
namespace {

constexpr int kSample = 1000;

// A field of a program that lies inside of a json column of the source.
struct Place {
  uint32_t field;
  std::string name;    // contact.data.score
  std::string column;
  size_t selected = 0; // which column of the sample
};

std::vector<Place> PlacesOf(const Program& program, const Source& source) {
  std::vector<Place> places;
  for (uint32_t i = 0; i < program.table.fields.size(); ++i) {
    const Field& field = program.table.fields[i];
    if (field.scope != Scope::kRow || field.entity != source.binding.entity || field.path.empty()) continue;
    const BoundField* bound = FindBoundField(source.binding, field.name);
    if (bound == nullptr || bound->column.empty()) continue;
    std::string name = field.entity + "." + field.name;
    for (const std::string& part : field.path) name += "." + part;
    places.push_back({i, std::move(name), bound->column});
  }
  return places;
}

std::vector<const Condition*> ConditionsOf(const Program& program) {
  std::vector<const Condition*> conditions;
  for (const Trigger& trigger : program.triggers) if (trigger.filter) conditions.push_back(&*trigger.filter);
  for (const Step& step : program.steps) {
    if (step.filter) conditions.push_back(&*step.filter);
    if (const auto* branches = std::get_if<BranchStep>(&step.body)) {
      for (const Branch& branch : branches->branches) conditions.push_back(&branch.condition);
    }
  }
  return conditions;
}

// How often each place could not be compared, in the rows of the sample.
std::map<std::string, int64_t> Count(const Program& program, std::vector<Place> places, const Source& source, int64_t* seen) {
  std::string list;
  std::vector<std::string> columns;
  for (Place& place : places) {
    const auto known = std::find(columns.begin(), columns.end(), place.column);
    place.selected = static_cast<size_t>(known - columns.begin()) + 1;
    if (known != columns.end()) continue;
    columns.push_back(place.column);
    list += (list.empty() ? "" : ", ") + QuotedName(place.column);
  }
  std::map<std::string, int64_t> counts;
  const std::vector<const Condition*> conditions = ConditionsOf(program);
  const Instant now = ToInstant(GetCurrentTimestamp());
  Rows rows = ExecuteOnce("SELECT " + list + " FROM " + QuotedRelation(source) + " LIMIT " + std::to_string(kSample));
  std::vector<Converter> converters;
  for (size_t i = 0; i < columns.size(); ++i) converters.emplace_back(TupleDescAttr(rows.description(), static_cast<int>(i))->atttypid);
  for (size_t row = 0; row < rows.size(); ++row) {
    std::vector<Value> values(program.table.fields.size());
    std::vector<const Value*> facts(program.table.fields.size(), nullptr);
    for (const Place& place : places) {
      bool is_null;
      const Datum datum = rows.Raw(row, static_cast<int>(place.selected), &is_null);
      const Value whole = converters[place.selected - 1].Convert(datum, is_null);
      const Json* json = whole.AsJson();
      if (json != nullptr) values[place.field] = Dig(*json, program.table.fields[place.field].path);
      facts[place.field] = &values[place.field];
    }
    std::set<uint32_t> fields;
    for (const Condition* condition : conditions) {
      for (const uint32_t field : Incomparable(*condition, facts, now)) fields.insert(field);
    }
    for (const Place& place : places) if (fields.contains(place.field)) ++counts[place.name];
  }
  *seen = static_cast<int64_t>(rows.size());
  rows.Free();
  return counts;
}

}  // namespace

void CheckValues(const Registry& registry, Checks* checks) {
  for (const auto& version : registry.versions) {
    if (!version->broken.empty()) continue;
    for (const auto& source : registry.sources) {
      if (!source->broken.empty()) continue;
      std::vector<Place> places = PlacesOf(version->program, *source);
      if (places.empty()) continue;
      int64_t seen = 0;
      std::map<std::string, int64_t> counts;
      // A table that cannot be read at all is told of by its own check.
      Subtransaction attempt;
      Raised raised;
      if (Contained([&] { RunAs(source->owner, source->search_path, [&] { counts = Count(version->program, places, *source, &seen); }); }, raised)) {
        attempt.Release();
      } else {
        attempt.RollBack();
      }
      for (const auto& [name, count] : counts) {
        checks->push_back({"workflow " + version->workflow_name, "warning",
                           "\"" + name + "\" cannot be compared as a rule of version " + std::to_string(version->number) + " wants in " +
                               std::to_string(count) + " of " + std::to_string(seen) + " rows of " + source->name + " looked at: they do not match",
                           "Mend the values or the rule; what was missed is found by workflow.reconcile()."});
      }
    }
  }
}

}  // namespace workflow::pg
