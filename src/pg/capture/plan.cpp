#include "pg/capture/plan.h"

#include <algorithm>
#include <exception>

#include "pg/capture/capture.h"

namespace workflow::pg {
namespace {

struct Plans {
  std::unordered_map<Oid, std::vector<std::unique_ptr<RelationPlan>>> relations;  // one for each of its triggers
  std::map<std::pair<int32_t, std::string>, std::shared_ptr<SourcePlan>> sources;  // and part
  std::vector<std::shared_ptr<SourcePlan>> retired;  // rows buffered in this transaction may refer to them
  uint64_t layouts = 0;
  const RelationPlan* last = nullptr;                // of the last row; most come from the same table
  Oid last_relation = InvalidOid;
  std::string registry_fault;                        // of this transaction: not tried again for every row
  bool any_dirty = false;                            // some relation's plan is: it may be that of a table which is gone
};
constinit Plans* plans = nullptr;

// May come at any moment, also while a plan is in use: it only marks.
extern "C" void ForgetPlanOfRelation(Datum, Oid relation) noexcept {
  if (relation != InvalidOid) {
    const auto found = plans->relations.find(relation);
    if (found == plans->relations.end()) return;
    for (const auto& plan : found->second) plan->dirty = plans->any_dirty = true;
    return;
  }
  plans->any_dirty = true;
  for (auto& [oid, of_relation] : plans->relations) {
    for (const auto& plan : of_relation) plan->dirty = true;
  }
}

bool SameColumns(const Layout& a, const Layout& b) {
  const auto same = [](const StoredColumn& x, const StoredColumn& y) { return x.name == y.name && x.type == y.type; };
  return a.rest == b.rest && std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), same);
}

void GiveLayout(SourcePlan* plan, const SourcePlan* before) {
  if (before != nullptr && SameColumns(*before->layout, *plan->layout)) {
    plan->layout = before->layout;
    return;
  }
  auto layout = std::make_shared<Layout>(*plan->layout);
  layout->id = ++plans->layouts;
  plan->layout = std::move(layout);
}

// The plan of the source: the one that is there, as long as `descriptor` has the columns it was made for.
std::shared_ptr<SourcePlan> SourcePlanFor(const Registry& registry, const Source& source, const std::string& part, TupleDesc descriptor) {
  std::shared_ptr<SourcePlan>& place = plans->sources[{source.id, part}];
  const auto fits = [&](const StoredColumn& column) {
    for (int i = 0; i < descriptor->natts; ++i) {
      const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor, i);
      if (!attribute.attisdropped && column.name == NameStr(attribute.attname)) return attribute.atttypid == column.type;
    }
    return true;  // what is missing is the relation's fault, not the plan's
  };
  if (place != nullptr && place->generation == registry.generation &&
      std::all_of(place->layout->columns.begin(), place->layout->columns.end(), fits)) {
    return place;
  }
  std::shared_ptr<SourcePlan> fresh =
      part.empty() ? BuildSourcePlan(registry, source, descriptor) : BuildPartPlan(registry, source, part, descriptor);
  if (fresh != nullptr) GiveLayout(fresh.get(), place.get());
  if (place != nullptr) plans->retired.push_back(std::move(place));
  place = fresh;
  return fresh;
}

// A version that does not compile is not heard, and nobody knows which source it would have listened to.
void ReportBrokenVersions(const Registry& registry, const Source& source) {
  for (const auto& version : registry.versions) {
    if (version->broken.empty()) continue;
    ReportFault(source.name, "version " + std::to_string(version->number) + " of workflow \"" + version->workflow_name +
                                 "\" cannot be compiled: " + version->broken);
  }
}

void Compile(const Registry& registry, Relation relation, RelationPlan* plan) {
  const TupleDesc descriptor = RelationGetDescr(relation);
  plan->is_heap = relation->rd_tableam == GetHeapamTableAmRoutine();
  const Source* source = registry.FindSource(plan->source_name);
  if (source == nullptr) throw SqlError{ERRCODE_UNDEFINED_OBJECT, "it is not attached"};
  if (!source->broken.empty()) throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, source->broken};
  ReportBrokenVersions(registry, *source);
  std::shared_ptr<SourcePlan> of_source = SourcePlanFor(registry, *source, plan->part, descriptor);
  if (of_source == nullptr) return;
  plan->numbers = ColumnNumbers(*of_source->layout, descriptor);
  for (const AttrNumber number : plan->numbers) plan->last = std::max(plan->last, number);
  if (of_source->layout->rest && !plan->is_heap) {
    for (AttrNumber number = 1; number <= descriptor->natts; ++number) {
      const bool stored = std::find(plan->numbers.begin(), plan->numbers.end(), number) != plan->numbers.end();
      if (stored || TupleDescAttr(descriptor, number - 1)->attisdropped) continue;
      plan->others.push_back(number);
    }
  }
  plan->source = std::move(of_source);
}

const RelationPlan* Usable(const RelationPlan* plan) {
  if (!plan->fault.empty()) {
    ReportFault(plan->source_name, plan->fault);
    return nullptr;
  }
  return plan->source == nullptr ? nullptr : plan;
}

// The registry, or why there is none: its tables are missing, or of another version than this library.
const Registry* TryRegistry(std::string* why) {
  try {
    return &CurrentRegistry();
  } catch (const SqlError& error) {
    *why = error.message;
  }
  return nullptr;
}

std::string TryCompile(const Registry& registry, Relation relation, RelationPlan* plan) {
  try {
    Compile(registry, relation, plan);
    return {};
  } catch (const SqlError& error) {
    return error.message;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

const RelationPlan* PlanFor(Relation relation, const char* source_name, const char* part) {
  const Registry* registry = plans->registry_fault.empty() ? TryRegistry(&plans->registry_fault) : nullptr;
  if (registry == nullptr) {
    ReportFault(source_name, plans->registry_fault);
    return nullptr;
  }
  const Oid oid = RelationGetRelid(relation);
  const auto is_it = [&](const RelationPlan& plan) { return plan.source_name == source_name && plan.part == part; };
  const RelationPlan* known = plans->last_relation == oid && plans->last != nullptr && is_it(*plans->last) ? plans->last : nullptr;
  if (known == nullptr) {
    const auto found = plans->relations.find(oid);
    if (found != plans->relations.end()) {
      for (const auto& plan : found->second) if (is_it(*plan)) known = plan.get();
    }
  }
  if (known == nullptr || known->dirty || known->generation != registry->generation) {
    auto plan = std::make_unique<RelationPlan>();
    plan->source_name = source_name;
    plan->part = part;
    plans->last = nullptr;
    // In its place before it is compiled: what is invalidated meanwhile makes it dirty.
    auto& of_relation = plans->relations[oid];
    std::erase_if(of_relation, [&](const auto& old) { return is_it(*old); });
    RelationPlan* placed = of_relation.emplace_back(std::move(plan)).get();
    placed->fault = TryCompile(*registry, relation, placed);
    placed->generation = registry->generation;  // an error of the server leaves it without
    known = placed;
  }
  plans->last = known;
  plans->last_relation = oid;
  return Usable(known);
}

void RegisterPlanInvalidation() {
  if (plans == nullptr) plans = new Plans();
  CacheRegisterRelcacheCallback(ForgetPlanOfRelation, 0);
}

void ForgetOldPlans() noexcept {
  plans->retired.clear();
  plans->registry_fault.clear();
  if (!plans->any_dirty) return;
  plans->any_dirty = false;
  plans->last = nullptr;
  for (auto& [oid, of_relation] : plans->relations) std::erase_if(of_relation, [](const auto& plan) { return plan->dirty; });
  std::erase_if(plans->relations, [](const auto& item) { return item.second.empty(); });
}

}  // namespace workflow::pg
