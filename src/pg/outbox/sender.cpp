#include "pg/outbox/sender.h"

#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/hints.h"
#include "pg/outbox/write.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

// The messages that were ever handed out under the token, ascending.
std::vector<int64_t> MessagesUnder(OpenDays* days, const Token& token) {
  pg_uuid_t uuid;
  memcpy(uuid.data, token.data(), token.size());
  const IndexScan::Key key = {1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&uuid)};
  std::vector<int64_t> found;
  LatestSnapshot snapshot;
  const int32_t oldest = OldestDayOf(token);
  const std::vector<int32_t> all = MessageDays();
  for (const int32_t day : all) {
    DayTables* const tables = day < oldest ? nullptr : days->Get(day);
    if (tables == nullptr) continue;
    IndexScan scan(tables->lease(), tables->lease_token(), snapshot.get());
    scan.Begin(&key, 1);
    while (scan.Next()) {
      const std::vector<int64_t> messages = MessagesOf(scan);
      found.insert(found.end(), messages.begin(), messages.end());
    }
    scan.End();
  }
  snapshot.End();
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace

void RequireSenderPlace(const char* what) {
  if (RecoveryInProgress()) {
    throw SqlError{ERRCODE_READ_ONLY_SQL_TRANSACTION, std::string(what) + " cannot run during recovery", {}, "Call it on the primary server."};
  }
  if (XactReadOnly) throw SqlError{ERRCODE_READ_ONLY_SQL_TRANSACTION, std::string(what) + " cannot run in a read-only transaction"};
  if (IsolationUsesXactSnapshot()) {
    throw SqlError{ERRCODE_ACTIVE_SQL_TRANSACTION, std::string(what) + " cannot run above READ COMMITTED",
                   "It must see what has committed since its transaction began."};
  }
}

void RequireSpan(const char* name, const Interval* span) {
  if (span == nullptr) return;
  const Interval none = {};
  const bool longer = CallBackend([&] { return DatumGetBool(DirectFunctionCall2(interval_gt, IntervalPGetDatum(span), IntervalPGetDatum(&none))); });
  if (!longer) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, std::string("\"") + name + "\" must be longer than nothing"};
}

void RequireArgument(const char* name, bool given) {
  if (!given) throw SqlError{ERRCODE_NULL_VALUE_NOT_ALLOWED, std::string("\"") + name + "\" must not be null or empty"};
}

TimestampTz PresentTime() {
  if (settings::virtual_clock) {
    const Rows rows = Execute("SELECT workflow.virtual_now()");
    if (const auto as_of = rows.MaybeTime(0, 1)) return ToTimestampTz(*as_of);
  }
  return ClockNow();
}

TimestampTz AddSpan(TimestampTz at, const Interval& span) {
  return CallBackend([&] { return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(at), IntervalPGetDatum(&span))); });
}

std::string TokenText(const std::optional<Token>& token) {
  if (!token) return "<NULL>";
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t i = 0; i < token->size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += kDigits[(*token)[i] >> 4];
    text += kDigits[(*token)[i] & 15];
  }
  return text;
}

std::vector<LockedMessage> LockMessages(OpenDays* days, const std::vector<int64_t>& ids, bool wait) {
  LatestSnapshot before;
  Lookup find(days, before.get());
  std::vector<LockedMessage> locked;
  find.Messages(ids, [&](size_t i, TupleTableSlot* row) {
    if (LockMessage(days->Get(DayOfMessage(ids[i])), row->tts_tid, before.get(), wait) != LockResult::kLocked) return;
    LockedMessage message{.id = ids[i]};
    bool is_null;
    const Datum channel = CallBackend([&] {
      message.rank = DatumGetInt16(slot_getattr(row, message_column::kRank, &is_null));
      return slot_getattr(row, message_column::kChannel, &is_null);
    });
    message.channel = TextOf(channel);
    locked.push_back(std::move(message));
  });
  find.End();
  before.End();
  // Whoever held a lock before us may have changed what we saw.
  LatestSnapshot after;
  Lookup look(days, after.get());
  std::vector<int64_t> numbers;
  for (const LockedMessage& message : locked) numbers.push_back(message.id);
  std::vector<Standing> standings = look.StandingsOf(numbers);
  for (size_t i = 0; i < locked.size(); ++i) {
    locked[i].standing = std::move(standings[i]);
    if (locked[i].standing.finished) locked[i].outcome = look.OutcomeOf(locked[i].id);
  }
  look.End();
  after.End();
  return locked;
}

std::optional<LockedMessage> LockOne(OpenDays* days, int64_t id, bool wait) {
  if (id < 0) return std::nullopt;
  std::vector<LockedMessage> locked = LockMessages(days, {id}, wait);
  return locked.empty() ? std::nullopt : std::optional(std::move(locked.front()));
}

std::vector<LockedMessage> LockOwned(OpenDays* days, const std::optional<Token>& token, const std::vector<int64_t>* ids) {
  if (!token) return {};
  std::vector<int64_t> found = MessagesUnder(days, *token);
  if (ids != nullptr) {
    std::vector<int64_t> wanted = *ids;
    std::sort(wanted.begin(), wanted.end());
    std::erase_if(found, [&](int64_t id) { return !std::binary_search(wanted.begin(), wanted.end(), id); });
  }
  std::vector<LockedMessage> locked = LockMessages(days, found, /*wait=*/true);
  std::erase_if(locked, [&](const LockedMessage& message) { return message.standing.finished || message.standing.token != token; });
  return locked;
}

int64_t Acknowledge(OpenDays* days, const std::optional<Token>& token, const std::vector<int64_t>* ids) {
  const std::vector<LockedMessage> owned = LockOwned(days, token, ids);
  if (owned.empty()) {
    throw SqlError{kLeaseLost, "the lease of token " + TokenText(token) + " was lost",
                   "It ran out and another sender took the messages, or they have their outcome already."};
  }
  const TimestampTz present = PresentTime();
  std::vector<OutcomeRow> outcomes;
  for (const LockedMessage& one : owned) outcomes.push_back({one.id, present, one.standing.seq, MessageStateName(MessageState::kSent), token, {}});
  WriteOutcomes(days, std::move(outcomes));
  return static_cast<int64_t>(owned.size());
}

}  // namespace workflow::pg
