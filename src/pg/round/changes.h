// What every statement that touches the CRM's rows for a workflow has in common.
#pragma once

#include <string>
#include <vector>

#include "pg/capture/event_log.h"
#include "pg/round/turn.h"
#include "pg/server/spi.h"

namespace workflow::pg {

// What the rows captured by these statements belong to: chains, so deep.
class ChainDepth {
 public:
  ChainDepth(int32_t depth, Chains chains);
  ~ChainDepth();
  ChainDepth(const ChainDepth&) = delete;
  ChainDepth& operator=(const ChainDepth&) = delete;

 private:
  const int16_t before_;
  const int32_t chains_before_;
};
Chains ChainsOf(const std::vector<HostChange*>& changes);

// Before the first of them: the commit is of the database's level, and what the caller of tick() has deferred runs now, as who deferred it.
void BeforeHostChanges();

// Fills in the values that are {"sql"}: each expression is asked about all rows of the group at once, as the owner, with the search_path of
// publishing. The rows are as they are now, so what is to be changed is locked before.
void EvaluateSql(const Registry& registry, const std::vector<Assignment>& assignments, const std::string& owner, const std::vector<HostChange*>& changes);

const std::string& ColumnOf(const Source& source, const std::string& field);

// The source of an entity that belongs to the same contacts as `near`: in its schema, else the first. nullptr: none is attached.
const Source* SourceOfEntity(const Registry& registry, const std::string& entity, const Source* near);

// `$n::text[], …` and the names, for an unnest.
std::string ArrayParameters(int first, size_t count);
std::string Joined(const std::vector<std::string>& names);

// Each performs the changes of one group (same step, same sources, same owner) and leaves a result in each.
void PerformCreates(const Registry& registry, const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth);
void PerformCalls(const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth);
void PerformTasks(const std::vector<HostChange*>& changes, Instant now);

}  // namespace workflow::pg
