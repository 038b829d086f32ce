// ack(), nack(), extend(), revive(), and the cancelling of messages.
#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/hints.h"
#include "pg/outbox/sender.h"
#include "pg/outbox/write.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

double Randomness() { return CallBackend([] { return pg_prng_double(&pg_global_prng_state); }); }

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(workflow_ack) {
  using namespace workflow;
  using namespace workflow::pg;
  RequireSenderPlace("ack");
  const std::optional<Token> token = TokenArgument(fcinfo->args[0]);
  const std::vector<int64_t> ids = PG_ARGISNULL(1) ? std::vector<int64_t>() : NumbersOf(PG_GETARG_DATUM(1));
  Spi spi;
  OpenDays days;
  const int64_t count = Acknowledge(&days, token, PG_ARGISNULL(1) ? nullptr : &ids);
  days.Close();
  spi.Finish();
  PG_RETURN_INT64(count);
}

WF_FUNCTION(workflow_nack) {
  using namespace workflow;
  using namespace workflow::pg;
  RequireSenderPlace("nack");
  const std::optional<Token> token = TokenArgument(fcinfo->args[0]);
  const int64_t id = PG_ARGISNULL(1) ? -1 : PG_GETARG_INT64(1);
  const std::string reason = PG_ARGISNULL(2) ? std::string() : TextOf(PG_GETARG_DATUM(2));
  const Interval* const retry_after = PG_ARGISNULL(3) ? nullptr : PointedTo<Interval>(PG_GETARG_DATUM(3));
  RequireSpan("retry_after", retry_after);
  const bool permanent = !PG_ARGISNULL(4) && PG_GETARG_BOOL(4);
  Spi spi;
  OpenDays days;
  const std::optional<LockedMessage> message = token ? LockOne(&days, id, /*wait=*/true) : std::nullopt;
  if (!message || message->standing.finished || message->standing.token != token) {
    throw SqlError{kLeaseLost, "the lease of token " + TokenText(token) + " on message " + (PG_ARGISNULL(1) ? "<NULL>" : std::to_string(id)) + " was lost",
                   "It ran out and another sender took the message, or it has its outcome already."};
  }
  const LockedMessage& one = *message;
  const TimestampTz present = PresentTime();
  const MessageState state = AfterNack(one.standing.attempt, permanent);
  if (state == MessageState::kReady) {
    const TimestampTz again = retry_after != nullptr ? AddSpan(present, *retry_after) : present + BackoffUs(one.standing.attempt, Randomness());
    CheckLedger(one.channel);
    WriteLeases(&days, one.channel, {{id, again, present, one.standing.seq + 1, one.standing.attempt, one.rank, std::nullopt, reason}});
    if (!settings::virtual_clock) ReopenIfLate(one.channel, one.rank, again, DayOfMessage(id));
  } else {
    WriteOutcomes(&days, {{id, present, one.standing.seq, MessageStateName(state), token, reason}});
  }
  days.Close();
  spi.Finish();
  return TextDatum(MessageStateName(state));
}

WF_FUNCTION(workflow_extend) {
  using namespace workflow;
  using namespace workflow::pg;
  RequireSenderPlace("extend");
  const std::optional<Token> token = TokenArgument(fcinfo->args[0]);
  const Interval* const span = PG_ARGISNULL(1) ? nullptr : PointedTo<Interval>(PG_GETARG_DATUM(1));
  RequireSpan("by_interval", span);
  RequireArgument("by_interval", span != nullptr);
  Spi spi;
  OpenDays days;
  const std::vector<LockedMessage> owned = LockOwned(&days, token, nullptr);
  if (owned.empty()) {
    throw SqlError{kLeaseLost, "the lease of token " + TokenText(token) + " was lost",
                   "It ran out and another sender took the messages, or they have their outcome already."};
  }
  const TimestampTz present = PresentTime();
  TimestampTz until = DT_NOEND;
  std::map<std::string, std::vector<LeaseRow>> rows;  // one token may hold messages of one channel only, but nothing here needs that
  for (const LockedMessage& one : owned) {
    const TimestampTz end = AddSpan(std::max(one.standing.visible_at, present), *span);
    until = std::min(until, end);
    rows[one.channel].push_back({one.id, end, present, one.standing.seq + 1, one.standing.attempt, one.rank, token, one.standing.reason});
  }
  for (const auto& [channel, leases] : rows) {
    CheckLedger(channel);
    WriteLeases(&days, channel, leases);
  }
  days.Close();
  spi.Finish();
  PG_RETURN_TIMESTAMPTZ(until);
}

// Of a message that is dead: a lease of nobody's, which supersedes the outcome.
WF_FUNCTION(workflow_revive) {
  using namespace workflow;
  using namespace workflow::pg;
  RequireSenderPlace("revive");
  const int64_t id = PG_GETARG_INT64(0);
  Spi spi;
  OpenDays days;
  const std::optional<LockedMessage> message = LockOne(&days, id, /*wait=*/true);
  if (!message || message->outcome != MessageStateName(MessageState::kDead)) {
    throw SqlError{kWrongState, "message " + std::to_string(id) + " is not dead",
                   !message ? "There is none." : "It is " + (message->outcome.empty() ? std::string("on its way") : message->outcome) + "."};
  }
  const TimestampTz present = PresentTime();
  WriteLeases(&days, message->channel, {{id, present, present, message->standing.seq + 1, 0, message->rank, std::nullopt, message->standing.reason}});
  ForgetLedger(message->channel);
  ReopenAtCommit(message->channel, message->rank, present, DayOfMessage(id));
  days.Close();
  Execute("SELECT workflow.note_audit('revive', NULL, $1::text)", Params().Int8(id)).Free();
  spi.Finish();
  PG_RETURN_VOID();
}

WF_FUNCTION(workflow_cancel_unclaimed) {
  using namespace workflow;
  using namespace workflow::pg;
  RequireSenderPlace("cancel_messages");
  std::vector<int64_t> ids = NumbersOf(PG_GETARG_DATUM(0));
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const std::string reason = TextOf(PG_GETARG_DATUM(1));
  Spi spi;
  OpenDays days;
  const TimestampTz present = PresentTime();
  std::vector<OutcomeRow> outcomes;
  for (const LockedMessage& message : LockMessages(&days, ids, /*wait=*/false)) {
    if (message.standing.finished || message.standing.token) continue;
    outcomes.push_back({message.id, present, message.standing.seq, MessageStateName(MessageState::kCancelled), std::nullopt, reason});
  }
  WriteOutcomes(&days, outcomes);
  days.Close();
  spi.Finish();
  PG_RETURN_INT64(static_cast<int64_t>(outcomes.size()));
}
