// Tables of which each day, or each month, has a child of its own: what grows for ever is dropped by age, never deleted row by row. A child
// inherits from its parent (no partition: dropping one must not lock the parent), holds what its CHECK says, has the parent's indexes and storage
// options, and is no member of the extension: pg_dump treats it like any table. The parents stay empty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/instant.h"
#include "core/delivery/message_id.h"
#include "pg/server/guard.h"

namespace workflow::pg {

std::string DayChild(std::string_view parent, int32_t day);      // "message_20261122"; days as in message_id.h
int32_t MonthOf(Instant at);                                     // months since January 2020 (UTC)
Instant StartOfMonth(int32_t month);
std::string MonthChild(std::string_view parent, int32_t month);  // "trace_202611"

// The child of `parent` that holds low <= column < high; made where it is missing, by this transaction. SPI must be connected. `low` and `high` are
// literals of the column's type.
Oid EnsureChild(std::string_view parent, std::string_view child, std::string_view column, std::string_view low, std::string_view high);

// The month's child of `parent` that holds `at`, made where it is missing; `column` is the time that it goes by.
Oid EnsureMonth(std::string_view parent, std::string_view column, Instant at);

// Where a message that is written now lies: today's tables of messages, leases and outcomes, made where they are missing. Never earlier than the
// newest there are, so that numbers only grow. SPI must be connected, and the caller hold the round lock.
struct MessageDay {
  int32_t day = 0;
  Oid message = InvalidOid, lease = InvalidOid, outcome = InvalidOid;
};
MessageDay EnsureMessageDay();

// The next `count` numbers of that day, ascending.
std::vector<int64_t> NextMessageIds(const MessageDay& today, size_t count);

// The days that have tables of messages, ascending. Kept by this backend until a child is made; a child that was dropped since is still in it.
const std::vector<int32_t>& MessageDays();

// One day's tables and their indexes, by number; InvalidOid where one is missing.
struct DayRelations {
  Oid message, message_pkey, message_claim;
  Oid lease, lease_pkey, lease_token, lease_due;
  Oid outcome, outcome_pkey;
};
const DayRelations* RelationsOf(int32_t day);  // nullptr: the day has none; kept like the days
void ForgetMessageDays();
void RegisterMessageDays();  // once per backend, at load

}  // namespace workflow::pg
