// What the functions of senders have in common.
#pragma once

#include <string>
#include <vector>

#include "core/delivery/delivery.h"
#include "core/delivery/token.h"
#include "pg/outbox/tables.h"

namespace workflow::pg {

inline constexpr int kLeaseLost = MAKE_SQLSTATE('W', 'F', '0', '0', '5');
inline constexpr int kWrongState = MAKE_SQLSTATE('W', 'F', '0', '0', '7');

// What a datum points to. (The server's own macros name a type that the core has another use for.)
template <typename T>
T* PointedTo(Datum datum) { return reinterpret_cast<T*>(datum); }
inline std::optional<Token> TokenArgument(const NullableDatum& argument) {
  if (argument.isnull) return std::nullopt;
  Token token;
  memcpy(token.data(), PointedTo<pg_uuid_t>(argument.value)->data, token.size());
  return token;
}

// 25006 on a standby and in a read-only transaction, 25001 above READ COMMITTED: an old snapshot would hand out what others have.
void RequireSenderPlace(const char* what);
// 22023 where the span is none; absent ones pass.
void RequireSpan(const char* name, const Interval* span);
void RequireArgument(const char* name, bool given);

// The time that leases and outcomes bear: the wall clock, or the last as_of where the clock is virtual.
TimestampTz PresentTime();

TimestampTz AddSpan(TimestampTz at, const Interval& span);
std::string TokenText(const std::optional<Token>& token);

// A message whose row this transaction has locked, as it stands since.
struct LockedMessage {
  int64_t id = 0;
  int32_t rank = 0;
  std::string channel = {};
  Standing standing = {};
  std::string outcome = {};  // the word of its outcome; empty: it has none
};
// Locks messages in the order of their numbers, so that two who wait never wait for each other. Those that somebody else has locked are waited for, or
// passed over. `ids` ascend.
std::vector<LockedMessage> LockMessages(OpenDays* days, const std::vector<int64_t>& ids, bool wait);
std::optional<LockedMessage> LockOne(OpenDays* days, int64_t id, bool wait);

// Those of the messages under `token` (only those of `ids` where given) that are still held under it, locked.
std::vector<LockedMessage> LockOwned(OpenDays* days, const std::optional<Token>& token, const std::vector<int64_t>* ids);

// Says that those under the token are sent; how many. Raises WF005 where there are none.
int64_t Acknowledge(OpenDays* days, const std::optional<Token>& token, const std::vector<int64_t>* ids);

}  // namespace workflow::pg
