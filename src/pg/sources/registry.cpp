#include "pg/sources/registry.h"

#include <algorithm>
#include <array>

#include "pg/server/entry.h"
#include "pg/server/memory.h"
#include "pg/sources/load.h"
#include "pg/sources/needs.h"
#include "pg/sources/read_table.h"
#include "pg/wakeup.h"

namespace workflow::pg {
namespace {

constexpr std::array<const char*, 6> kWatched = {"source", "workflow", "version", "template", "account", "cap"};
constexpr size_t kRead = 3;  // of these the registry reads the first ones

// What this backend holds. Plain data: the invalidation callback may come at any moment, in an aborted transaction and while loading,
// so it sets flags and touches nothing else.
struct Cache {
  MemoryContext context;
  const Registry* registry;
  uint64_t generation;
  volatile bool stale;
  int pins;                 // scopes that go on with an older registry
  std::vector<MemoryContext>* retired;  // what they keep alive
  Oid watched[kWatched.size()];
};
constinit Cache cache = {nullptr, nullptr, 0, true, 0, nullptr, {}};

extern "C" void OnRegistryInvalidated(Datum, Oid relation) noexcept {
  const bool is_watched = relation == InvalidOid || std::find(std::begin(cache.watched), std::end(cache.watched), relation) != std::end(cache.watched);
  if (is_watched) cache.stale = true;
  SuspectNeeds(relation, is_watched);
}

void Unlock(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const Oid table = cache.watched[i];
    CallBackend([=] { UnlockRelationOid(table, AccessShareLock); });
  }
}

// Capture runs inside the host's statement, which must not wait for whoever alters a table of ours.
bool LockWithoutWaiting() {
  for (size_t i = 0; i < kRead; ++i) {
    const Oid table = cache.watched[i];
    if (CallBackend([=] { return ConditionalLockRelationOid(table, AccessShareLock); })) continue;
    Unlock(i);
    return false;
  }
  return true;
}

void Reload() {
  for (size_t i = 0; i < kWatched.size(); ++i) cache.watched[i] = RequireOurRelation(kWatched[i]);
  cache.stale = false;  // from here on, what the callback reports may come too late for this load
  if (!LockWithoutWaiting()) {
    cache.stale = true;
    if (cache.registry != nullptr) return;
    throw SqlError{ERRCODE_LOCK_NOT_AVAILABLE, "the tables of pg_workflow are locked by another transaction"};
  }
  const MemoryContext caller = CurrentMemoryContext;
  MemoryContext context = CallBackend(
      [] { return AllocSetContextCreate(CacheMemoryContext, "pg_workflow registry", ALLOCSET_SMALL_SIZES); });
  MemoryContext scratch = CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow load", ALLOCSET_DEFAULT_SIZES); });
  MemoryContextSwitchTo(scratch);
  try {
    auto* fresh = MakeIn<Registry>(context);
    LoadRegistry(fresh);
    fresh->generation = ++cache.generation;
    Unlock(kRead);
    std::swap(cache.context, context);
    cache.registry = fresh;
  } catch (...) {
    // An error of the server is kept in `scratch`, which the caller's context frees.
    cache.stale = true;
    MemoryContextSwitchTo(caller);
    MemoryContextDelete(context);
    throw;
  }
  MemoryContextSwitchTo(caller);
  MemoryContextDelete(scratch);
  if (context == nullptr) return;
  if (cache.pins > 0) cache.retired->push_back(context);
  else MemoryContextDelete(context);
}

}  // namespace

RegistryPin::RegistryPin() {
  if (cache.retired == nullptr) cache.retired = new std::vector<MemoryContext>();
  cache.retired->reserve(cache.retired->size() + 64);
  ++cache.pins;
}

RegistryPin::~RegistryPin() {
  if (--cache.pins > 0) return;
  for (MemoryContext context : *cache.retired) MemoryContextDelete(context);
  cache.retired->clear();
}

const Registry& CurrentRegistry() {
  CallBackend([] { AcceptInvalidationMessages(); });
  if (cache.registry == nullptr || cache.stale) Reload();
  return *cache.registry;
}

const Registry* RegistryAtHand() { return cache.stale ? nullptr : cache.registry; }

const Source* Registry::FindSource(std::string_view name) const {
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const auto& source) { return source->name == name; });
  return found == sources.end() ? nullptr : found->get();
}

const Source* Registry::SourceById(int32_t id) const {
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const auto& source) { return source->id == id; });
  return found == sources.end() ? nullptr : found->get();
}

const LoadedVersion* Registry::VersionById(int32_t id) const {
  const auto found = std::find_if(versions.begin(), versions.end(), [&](const auto& version) { return version->id == id; });
  return found == versions.end() ? nullptr : found->get();
}

void RegisterInvalidation() { CacheRegisterRelcacheCallback(OnRegistryInvalidated, 0); }

}  // namespace workflow::pg

// For each row that changes in a table that the registry reads: every backend's copy is stale from this transaction's commit on.
WF_FUNCTION(wf_invalidate_registry) {
  if (!CALLED_AS_TRIGGER(fcinfo)) {
    throw workflow::pg::SqlError{ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED, "workflow.invalidate_registry() can only be called as a trigger"};
  }
  const auto* trigger = reinterpret_cast<TriggerData*>(fcinfo->context);
  workflow::pg::CallBackend([=] { CacheInvalidateRelcache(trigger->tg_relation); });
  workflow::pg::NoteChangeOfDefinitions(trigger->tg_relation);
  // It sleeps for as long as the definitions that it knows want nothing: a schedule that was just published may want something sooner.
  workflow::pg::WakeWorkerAtCommit();
  return PointerGetDatum(nullptr);
}
