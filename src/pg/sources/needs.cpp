#include "pg/sources/needs.h"

#include <algorithm>

#include "pg/sources/kept_needs.h"
#include "pg/sources/read_table.h"

namespace workflow::pg {
namespace {

// What this backend has loaded. The flags and numbers are all that the invalidation callback touches.
struct NeedsCache {
  struct One {
    std::string source, part;
    LoadedNeeds needs;
  };
  using Loaded = std::vector<std::unique_ptr<One>>;  // few: one for each source whose rows this backend writes
  volatile bool stale = true;
  bool retry = false;             // what is loaded is of yesterday, for the tables were locked
  Oid table = InvalidOid;
  uint64_t generation = 0;
  Loaded* loaded = nullptr;
  Loaded* before = nullptr;       // of the generation before
};
constinit NeedsCache needs_cache;

const NeedsCache::One* Among(const NeedsCache::Loaded& loaded, const std::string& source, const std::string& part) {
  const auto found = std::find_if(loaded.begin(), loaded.end(), [&](const auto& one) { return one->source == source && one->part == part; });
  return found == loaded.end() ? nullptr : found->get();
}

void Drop(NeedsCache::Loaded* loaded, const std::string& source, const std::string& part) {
  std::erase_if(*loaded, [&](const auto& one) { return one->source == source && one->part == part; });
}

std::vector<const Binding*> AllBindings(const Registry& registry) {
  std::vector<const Binding*> all;
  for (const auto& source : registry.sources) all.push_back(&source->binding);
  return all;
}

std::vector<NeedingVersion> AllVersions(const Registry& registry) {
  std::vector<NeedingVersion> all;
  for (const auto& version : registry.versions) {
    const bool enters = version->current && (version->status == WorkflowStatus::kPublished || version->status == WorkflowStatus::kPaused);
    all.push_back({version->id, version->account, enters, version->broken.empty() ? &version->program : nullptr});
  }
  return all;
}

// From the table, where what it keeps is of now. A table that is locked, or of another build, is passed over.
std::optional<LoadedNeeds> KeptNeedsOf(const std::string& source, const std::string& part) {
  needs_cache.table = OurRelation(kNeedsTable);
  const Relation relation = OpenKeptNeeds(needs_cache.table, AccessShareLock);
  if (relation == nullptr) return {};
  const KeptNeeds kept = ReadKeptNeeds(relation, &source, &part);
  CallBackend([=] { table_close(relation, AccessShareLock); });
  if (!kept.IsOfNow()) return {};
  for (const KeptNeeds::Row& row : kept.rows) {
    if (row.kind != 'n' || row.source != source || row.part != part) continue;
    auto needs = ReadNeeds(row.body);
    if (!needs) return {};
    return LoadedNeeds{std::make_shared<const SourceNeeds>(*std::move(needs)), {}, {}};
  }
  return {};
}

LoadedNeeds Load(const std::string& source, const std::string& part) {
  if (const Registry* registry = RegistryAtHand()) return NeedsIn(*registry, source, part);
  if (auto kept = KeptNeedsOf(source, part)) return *std::move(kept);
  return NeedsIn(CurrentRegistry(), source, part);
}

}  // namespace

uint64_t NeedsGeneration() {
  CallBackend([] { AcceptInvalidationMessages(); });
  if (needs_cache.loaded == nullptr) {
    needs_cache.loaded = new NeedsCache::Loaded();
    needs_cache.before = new NeedsCache::Loaded();
  }
  if (needs_cache.stale) {
    needs_cache.stale = false;  // what is reported from here on may come too late for what is loaded next
    ++needs_cache.generation;
    for (auto& one : *needs_cache.loaded) {
      Drop(needs_cache.before, one->source, one->part);
      needs_cache.before->push_back(std::move(one));
    }
    needs_cache.loaded->clear();
  }
  return needs_cache.generation;
}

const LoadedNeeds& NeedsFor(const std::string& source, const std::string& part) {
  if (const auto* known = Among(*needs_cache.loaded, source, part)) return known->needs;
  auto made = std::make_unique<NeedsCache::One>(NeedsCache::One{source, part, {}});
  try {
    made->needs = Load(source, part);
    Drop(needs_cache.before, source, part);
  } catch (const SqlError& error) {
    needs_cache.retry = true;
    const auto* before = Among(*needs_cache.before, source, part);
    if (error.sqlstate != ERRCODE_LOCK_NOT_AVAILABLE || before == nullptr) throw;
    made->needs = before->needs;
  } catch (...) {
    needs_cache.stale = true;
    throw;
  }
  return needs_cache.loaded->emplace_back(std::move(made))->needs;
}

LoadedNeeds NeedsIn(const Registry& registry, const std::string& source_name, const std::string& part) {
  const Source* source = registry.FindSource(source_name);
  if (source == nullptr) return {nullptr, {}, "it is not attached"};
  if (!source->broken.empty()) return {nullptr, {}, source->broken};
  LoadedNeeds made;
  // A version that does not compile is not heard, and nobody knows which source it would have listened to.
  for (const auto& version : registry.versions) {
    if (version->broken.empty()) continue;
    made.broken.push_back("version " + std::to_string(version->number) + " of workflow \"" + version->workflow_name +
                          "\" cannot be compiled: " + version->broken);
  }
  const NeedingSource needing = {source->id, source->name, &source->binding};
  if (part.empty()) {
    made.needs = std::make_shared<const SourceNeeds>(NeedsOf(needing, AllBindings(registry), AllVersions(registry)));
  } else if (part != "tags" && part != "campaigns") {
    made.fault = "\"" + part + "\" is no part of a source";
  } else if (auto needs = NeedsOfPart(needing, part, AllVersions(registry))) {
    made.needs = std::make_shared<const SourceNeeds>(*std::move(needs));
  }
  return made;
}

void RetryNeeds() noexcept {
  if (!needs_cache.retry) return;
  needs_cache.retry = false;
  needs_cache.stale = true;
}

void SuspectNeeds(Oid relation, bool certain) noexcept {
  if (certain || relation == needs_cache.table) needs_cache.stale = true;
}

}  // namespace workflow::pg
