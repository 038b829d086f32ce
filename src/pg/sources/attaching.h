// What attach, detach and doctor share. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/binding/binding.h"
#include "pg/server/guard.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

inline constexpr int kInvalidBinding = MAKE_SQLSTATE('W', 'F', '0', '0', '4');
inline constexpr int kNotAttached = MAKE_SQLSTATE('W', 'F', '0', '0', '6');

// What attach reports beside the binding.
struct Finding {
  std::string severity;  // warning; info: a count of a dry run
  std::string path, message, hint;
  std::optional<int64_t> count = {};
};

// relation.cpp --------------------------------------------------------------------------------------------------------------------------

// "public.orders", quoted where it must be: for SQL, for messages and as the source's name. Empty where there is no such relation.
std::string QualifiedName(Oid relation);
// Nothing but the owner (or a superuser) attaches and detaches; raises as the server does for its own commands.
void RequireOwner(Oid relation);
// Tables of the server, of ours and of a session are never sources.
void RefuseSystemTables(Oid relation, const std::string& name);

// The rest of this scope acts as the extension's owner, who may create triggers on every table, with nothing of the caller's search_path.
class AsExtension {
 public:
  AsExtension();
  AsExtension(const AsExtension&) = delete;
  AsExtension& operator=(const AsExtension&) = delete;
  ~AsExtension();
  void Restore();  // by hand on success; settings go with an abort

 private:
  Oid user_ = InvalidOid;
  int context_ = 0;
  int nest_level_ = 0;
  bool restored_ = false;
};

// triggers.cpp --------------------------------------------------------------------------------------------------------------------------

// Locks the relation and all its partitions, waiting lock_timeout at most (a second where that is 0); else SqlError 55P03 that says who
// holds them. The lock stays until the transaction ends.
void LockOrName(Oid relation, LOCKMODE mode);
// Both expect the lock, and act as the extension's owner.
void CreateTriggers(Oid relation, const std::string& source, bool replicated);
void DropTriggers(Oid relation);
void CreatePartTrigger(Oid relation, const std::string& trigger, const std::string& source, const char* part, bool replicated);
void DropTrigger(Oid relation, const std::string& trigger);
void DropAllTriggers(Oid relation);  // whatever calls our functions

struct TriggerState {
  bool present = false;
  char enabled = 'O';         // as in pg_trigger
  std::string argument;
  int64_t disabled_below = 0; // partitions on which it is disabled
};
inline constexpr const char* kCaptureTrigger = "pg_workflow_capture";
inline constexpr const char* kTruncateTrigger = "pg_workflow_truncate";
TriggerState StateOfTrigger(Oid relation, const char* name);  // SPI is connected

// related.cpp ---------------------------------------------------------------------------------------------------------------------------

// Finds and describes the tables that the document names; what may have been meant instead where one is not there.
void DescribeRelated(const Json& document, Oid relation, RelationDescription* description);
std::shared_ptr<const RelationDescription> DescribeNamed(const std::string& schema, const std::string& name);  // nullptr: it is not there
Oid RelationNamed(const TableName& table);

// A table whose rows make events of the source's rows.
struct Part {
  const char* name;
  Oid relation;        // InvalidOid where it is not there
  TableName table;
};
inline constexpr const char* kTagsPart = "tags";
inline constexpr const char* kCampaignsPart = "campaigns";
std::vector<Part> PartsOf(const Binding& binding);

struct PartTrigger {
  Oid relation;
  std::string name, part;
};
std::vector<PartTrigger> PartTriggers(const std::string& source);  // as they are there; SPI is connected
// The trigger of a part: one table may be part of several sources.
std::string PartTriggerName(const char* part, int32_t source);

// queries.cpp ---------------------------------------------------------------------------------------------------------------------------

// Tries every query of the binding on the relation, as the caller and without reading a row. `contacts` may be nullptr.
void CheckQueries(const Binding& binding, Oid relation, const Source* contacts, Problems* problems);
// Do the routes fit what contacts are attached?
void CheckRoutes(const Binding& binding, const Source* contacts, Problems* problems);

// counts.cpp ----------------------------------------------------------------------------------------------------------------------------

// What the binding would find in the rows that are there: as the caller, reading all of them.
std::vector<Finding> CountRows(const Binding& binding, Oid relation, const Source* contacts);

// existing.cpp --------------------------------------------------------------------------------------------------------------------------

// Appends the events of rows that are there already; with `since`, of what happened at or after it. The number of events.
int64_t AppendExisting(const Source& source, bool backfill, std::optional<Instant> since);

const Source* SourceOf(const Registry& registry, Oid relation);  // nullptr where it is not attached
const Source& RequireSource(const Registry& registry, Oid relation);  // or SqlError

}  // namespace workflow::pg
