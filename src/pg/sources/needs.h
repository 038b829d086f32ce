// What capture has to know of the sources, as of now. A backend that has loaded no definitions reads it from workflow.capture_need, where rounds
// keep it in a form that nothing has to be compiled from; what is there counts only while nothing has changed since it was made.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/snapshot.h"
#include "core/needs/needs.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

struct LoadedNeeds {
  std::shared_ptr<const SourceNeeds> needs;  // none: the binding has no such part, or `fault`
  std::vector<std::string> broken;           // what is to be said of versions that are not heard
  std::string fault;                         // why the source cannot be used
};

// Another number whenever what was loaded may be of yesterday.
uint64_t NeedsGeneration();
// Of the source of that name, or of a part of it. Raises like CurrentRegistry(). The reference holds until the generation changes.
const LoadedNeeds& NeedsFor(const std::string& source, const std::string& part);
// The same, of definitions that are at hand.
LoadedNeeds NeedsIn(const Registry& registry, const std::string& source, const std::string& part);
// At the end of a transaction: what could not be read for want of a lock is tried again.
void RetryNeeds() noexcept;

// For rounds, which come one at a time: what `registry` says is kept for all backends, unless it is there already.
void SaveNeeds(const Registry& registry);

// A row of `table` has changed: what is kept is of yesterday once this transaction commits.
void NoteChangeOfDefinitions(Relation table);

// Of the invalidation callback, which may come at any moment.
void SuspectNeeds(Oid relation, bool certain) noexcept;

}  // namespace workflow::pg
