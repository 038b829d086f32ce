// What a claim does with each message that it holds: it asks the core for a verdict, leases, or writes an outcome.
#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/claim.h"
#include "pg/outbox/endings.h"
#include "pg/outbox/write.h"
#include "pg/people/withdrawn.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

// Drawn from the server's generator in stock, which costs as much for many as for few. What was handed out is not kept.
uint64_t RandomBits() {
  constexpr size_t kStock = 64;
  static constinit uint64_t stock[kStock] = {};
  static constinit size_t left = 0;
  if (left == 0) {
    if (!CallBackend([] { return pg_strong_random(stock, sizeof(stock)); })) throw SqlError{ERRCODE_INTERNAL_ERROR, "could not generate random values"};
    left = kStock;
  }
  return std::exchange(stock[--left], 0);
}

Datum ColumnOf(const Held& held, AttrNumber number, bool* is_null) {
  const TupleDesc description = RelationGetDescr(held.tables->message());
  const HeapTuple row = held.row;
  return CallBackend([=] { return heap_getattr(row, number, description, is_null); });
}

std::vector<int64_t> EnrollmentsOf(const std::vector<Held>& all) {
  std::vector<int64_t> enrollments;
  bool is_null;
  for (const Held& held : all) enrollments.push_back(DatumGetInt64(ColumnOf(held, message_column::kEnrollment, &is_null)));
  return enrollments;
}

std::optional<Instant> ExpiryOf(const Held& held) {
  bool is_null;
  const Datum expires = ColumnOf(held, message_column::kExpiresAt, &is_null);
  return is_null ? std::nullopt : std::optional(ToInstant(DatumGetTimestampTz(expires)));
}

// What its consent depends on.
ToHandOut ConsentOf(const Held& held) {
  const TupleDesc description = RelationGetDescr(held.tables->message());
  const HeapTuple row = held.row;
  const auto column = [&](AttrNumber number) {
    bool is_null = false;
    return CallBackend([&] { return heap_getattr(row, number, description, &is_null); });
  };
  ToHandOut message;
  message.enrollment = DatumGetInt64(column(message_column::kEnrollment));
  message.account = TextOf(column(message_column::kAccount));
  message.contact_key = TextOf(column(message_column::kContactKey));
  message.channel = TextOf(column(message_column::kChannel));
  message.recipient = JsonbText(column(message_column::kRecipient));
  message.category = static_cast<Category>(held.rank);
  return message;
}

// Of those that are open, in order: why they must not go out any more (semantics 22); empty where nobody has ever withdrawn anything.
std::vector<std::string> WithdrawnOf(const std::vector<Held>& all, Snapshot snapshot) {
  if (!MayBeWithdrawn(snapshot)) return {};
  std::vector<ToHandOut> messages;
  for (const Held& held : all) if (held.end == Held::End::kOpen) messages.push_back(ConsentOf(held));
  return Withdrawn(messages);
}

}  // namespace

void Claim::Decide(Walk* walk, Snapshot latest) {
  std::vector<Held>& all = walk->held();
  if (std::none_of(all.begin(), all.end(), [](const Held& held) { return held.end == Held::End::kOpen; })) return;
  // One token for all of a call, which says from which day on its messages may be.
  if (!token_) token_ = MakeToken(ToInstant(ClockNow()), std::max(marks_.first_day, MessageDays().front()), RandomBits(), RandomBits());
  std::vector<LeaseRow> leases;
  std::vector<OutcomeRow> outcomes;
  const std::vector<std::string> withdrawn = WithdrawnOf(all, latest);
  const std::vector<EndReason> endings = EndingsOf(EnrollmentsOf(all), latest);
  size_t open = 0;
  for (size_t i = 0; i < all.size(); ++i) {
    Held& held = all[i];
    if (held.end != Held::End::kOpen) continue;
    const Standing& standing = held.standing;
    HandOut message;
    message.ended = endings[i];
    message.expires_at = ExpiryOf(held);
    message.now = ToInstant(present_);
    message.attempt = standing.attempt;
    if (standing.reason) message.last_reason = *standing.reason;
    if (!withdrawn.empty()) message.withdrawn = withdrawn[open++];
    const Verdict verdict = Judge(message);
    if (verdict.state == MessageState::kLeased) {
      leases.push_back({held.id, lease_until_, present_, standing.seq + 1, standing.attempt + 1, held.rank, token_, standing.reason});
      leased_.push_back({held.row, held.tables->message(), standing.attempt + 1, 0});
      const bool ahead = lease_until_ > present_ + kAhead_us;
      held.end = ahead ? Held::End::kAhead : Held::End::kUnfinished;
      CountHandedOut(held);
      if (ahead) walk->Rely(lease_until_);
    } else {
      outcomes.push_back({held.id, present_, standing.seq, MessageStateName(verdict.state), std::nullopt, verdict.reason});
      held.end = Held::End::kFinished;
    }
  }
  WriteLeases(&days_, request_.channel, std::move(leases));
  WriteOutcomes(&days_, std::move(outcomes));
}

}  // namespace workflow::pg
