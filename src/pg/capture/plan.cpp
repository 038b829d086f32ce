#include "pg/capture/plan.h"

#include <algorithm>
#include <exception>

#include "pg/capture/capture.h"

namespace workflow::pg {
namespace {

struct OfSource {
  int32_t source;
  std::string part;
  std::shared_ptr<SourcePlan> plan;
};

struct Plans {
  // Where the plans of the relation are, or would be.
  auto Place(Oid relation) {
    return std::lower_bound(relations.begin(), relations.end(), relation, [](const auto& item, Oid oid) { return item.first < oid; });
  }
  auto Find(Oid relation) {
    const auto place = Place(relation);
    return place == relations.end() || place->first != relation ? relations.end() : place;
  }
  // Sorted vectors: the first row of a connection would pay for each part of the C++ library that it is the first to touch.
  std::vector<std::pair<Oid, std::vector<std::unique_ptr<RelationPlan>>>> relations;  // one plan for each of its triggers
  std::vector<OfSource> sources;
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
    const auto found = plans->Find(relation);
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
std::shared_ptr<SourcePlan> SourcePlanFor(const std::shared_ptr<const SourceNeeds>& needs, uint64_t generation, const std::string& part, TupleDesc descriptor) {
  const auto is_it = [&](const OfSource& one) { return one.source == needs->source && one.part == part; };
  auto known = std::find_if(plans->sources.begin(), plans->sources.end(), is_it);
  if (known == plans->sources.end()) known = plans->sources.insert(known, {needs->source, part, nullptr});
  std::shared_ptr<SourcePlan>& place = known->plan;
  const auto fits = [&](const StoredColumn& column) {
    for (int i = 0; i < descriptor->natts; ++i) {
      const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor, i);
      if (!attribute.attisdropped && column.name == NameStr(attribute.attname)) return attribute.atttypid == column.type;
    }
    return true;  // what is missing is the relation's fault, not the plan's
  };
  if (place != nullptr && place->generation == generation && std::all_of(place->layout->columns.begin(), place->layout->columns.end(), fits)) {
    return place;
  }
  std::shared_ptr<SourcePlan> fresh = BuildPlan(needs, descriptor);
  if (fresh != nullptr) {
    fresh->generation = generation;
    GiveLayout(fresh.get(), place.get());
  }
  if (place != nullptr) plans->retired.push_back(std::move(place));
  place = fresh;
  return fresh;
}

void Compile(const LoadedNeeds& loaded, uint64_t generation, Relation relation, RelationPlan* plan) {
  const TupleDesc descriptor = RelationGetDescr(relation);
  plan->is_heap = relation->rd_tableam == GetHeapamTableAmRoutine();
  if (!loaded.fault.empty()) throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, loaded.fault};
  for (const std::string& reason : loaded.broken) ReportFault(plan->source_name, reason);
  if (loaded.needs == nullptr) return;
  std::shared_ptr<SourcePlan> of_source = SourcePlanFor(loaded.needs, generation, plan->part, descriptor);
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

std::string TryCompile(const LoadedNeeds& loaded, uint64_t generation, Relation relation, RelationPlan* plan) {
  try {
    Compile(loaded, generation, relation, plan);
    return {};
  } catch (const SqlError& error) {
    return error.message;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
}

// What is to be known of the source, or why it cannot be: the tables are missing, or of another version than this library.
const LoadedNeeds* TryNeeds(const char* source_name, const char* part, std::string* why) {
  try {
    return &NeedsFor(source_name, part);
  } catch (const SqlError& error) {
    *why = error.message;
  }
  return nullptr;
}

}  // namespace

const RelationPlan* PlanFor(Relation relation, const char* source_name, const char* part) {
  if (!plans->registry_fault.empty()) {
    ReportFault(source_name, plans->registry_fault);
    return nullptr;
  }
  const uint64_t generation = NeedsGeneration();
  const Oid oid = RelationGetRelid(relation);
  const auto is_it = [&](const RelationPlan& plan) { return plan.source_name == source_name && plan.part == part; };
  const RelationPlan* known = plans->last_relation == oid && plans->last != nullptr && is_it(*plans->last) ? plans->last : nullptr;
  if (known == nullptr) {
    const auto found = plans->Find(oid);
    if (found != plans->relations.end()) {
      for (const auto& plan : found->second) if (is_it(*plan)) known = plan.get();
    }
  }
  if (known == nullptr || known->dirty || known->generation != generation) {
    const LoadedNeeds* loaded = TryNeeds(source_name, part, &plans->registry_fault);
    if (loaded == nullptr) {
      ReportFault(source_name, plans->registry_fault);
      return nullptr;
    }
    auto plan = std::make_unique<RelationPlan>();
    plan->source_name = source_name;
    plan->part = part;
    plans->last = nullptr;
    // In its place before it is compiled: what is invalidated meanwhile makes it dirty.
    auto place = plans->Place(oid);
    if (place == plans->relations.end() || place->first != oid) place = plans->relations.emplace(place, oid, std::vector<std::unique_ptr<RelationPlan>>());
    auto& of_relation = place->second;
    std::erase_if(of_relation, [&](const auto& old) { return is_it(*old); });
    RelationPlan* placed = of_relation.emplace_back(std::move(plan)).get();
    placed->fault = TryCompile(*loaded, generation, relation, placed);
    placed->generation = generation;  // an error of the server leaves it without
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
  RetryNeeds();
  plans->retired.clear();
  plans->registry_fault.clear();
  if (!plans->any_dirty) return;
  plans->any_dirty = false;
  plans->last = nullptr;
  for (auto& [oid, of_relation] : plans->relations) std::erase_if(of_relation, [](const auto& plan) { return plan->dirty; });
  std::erase_if(plans->relations, [](const auto& item) { return item.second.empty(); });
}

}  // namespace workflow::pg
