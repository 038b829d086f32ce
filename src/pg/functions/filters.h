// What the functions that are given a filter share.
#pragma once

#include "core/condition/condition.h"
#include "core/definition/compile.h"
#include "pg/deferred/deferred.h"
#include "pg/functions/problems.h"
#include "pg/zones.h"

namespace workflow::pg {

// Now and where days begin, for a filter that no workflow stands around: the clock of rounds, the zone of the account of everybody.
struct Present {
  Instant now;
  const Zone* zone;
};
Present ReadPresent();  // SPI is connected

// The caller of the SQL function, whose rights what the server decides has: it runs as the session's user by the caller's search_path.
Asker CallingAsker();

Json FilterOf(Datum filter);
const Source& AttachedSource(const Registry& registry, Oid relation);  // or SqlError WF006

// A filter over one table, whose fields `names` calls by the table's columns. SqlError WF001 where it is wrong.
Filter FilterOver(const Json& json, const Registry& registry, const Source& source, const Asker& asker);

}  // namespace workflow::pg
