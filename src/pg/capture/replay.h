// Rows that were there before anybody listened, or that came while capture was off.
#pragma once

#include <string>

#include "pg/sources/registry.h"

namespace workflow::pg {

// Appends an event for each row of the source that `where_sql` (a boolean expression over the table's columns) holds for and that a listened
// workflow wants, as if the row were inserted now; only events that come once per row, and with `since` only those that happened from then on (an
// event that tells no time counts always). Those that had come before are known to the
// round, which passes them over. Returns how many were appended. SPI must be connected; the rows are read with the caller's rights.
int64_t AppendExistingRows(const Source& source, const std::string& where_sql, bool backfill, std::optional<Instant> since);

}  // namespace workflow::pg
