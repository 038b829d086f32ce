// claim(): locks messages that may go out, looks again with the latest snapshot, asks the core for a verdict on each, and leases them.
#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/claim.h"
#include "pg/people/withdrawn.h"
#include "pg/server/table_writer.h"
#include "pg/server/entry.h"
#include "pg/server/keyed_table.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/settings.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

constexpr int32_t kQuantityMax = 10000;
// After so many that may not go out any more, what is found is enough: the next claim goes on.
constexpr size_t kDroppedMost = 10000;

// A message that a sender has seen survives a crash, and so does the round that wrote it, whose commit did not wait for the disk.
void CommitSynchronously() {
  if (synchronous_commit == SYNCHRONOUS_COMMIT_ON || synchronous_commit == SYNCHRONOUS_COMMIT_REMOTE_APPLY) return;
  Execute("SELECT set_config('synchronous_commit', 'on', true)").Free();
}

bool ClaimsAreHalted() {
  Rows rows = Execute("SELECT i.halted_at IS NOT NULL OR i.database::int8 <> $1 OR i.system_identifier <> $2 FROM workflow.installation i",
                      Params().Int8(MyDatabaseId).Int8(static_cast<int64_t>(GetSystemIdentifier())));
  // An event log without an installation is a restore under way: pg_dump loads the one before the other.
  const bool halted = rows.empty() ? OidIsValid(TableNamed("event_0")) : rows.Bool(0, 1);
  rows.Free();
  return halted;
}

// Workflows whose messages wait (semantics 11).
Asleep PausedWorkflows() {
  Asleep asleep;
  Rows rows = Execute("SELECT w.id FROM workflow.workflow w WHERE w.status = 'paused' ORDER BY 1");
  uint64_t hash = 14695981039346656037u;
  for (size_t i = 0; i < rows.size(); ++i) {
    asleep.workflows.push_back(rows.Int4(i, 1));
    hash = (hash ^ static_cast<uint64_t>(asleep.workflows.back())) * 1099511628211u;
  }
  if (!rows.empty()) asleep.reason = hash | 1;
  rows.Free();
  return asleep;
}

uint64_t RandomBits() {
  uint64_t bits = 0;
  if (!CallBackend([&] { return pg_strong_random(&bits, sizeof(bits)); })) throw SqlError{ERRCODE_INTERNAL_ERROR, "could not generate random values"};
  return bits;
}

// Why an enrollment is over; kNone where it is not, or where nobody knows of it.
class Endings {
 public:
  EndReason Of(int64_t enrollment) {
    constexpr int kPhase = 3, kReason = 10;
    if (!states_.Find(enrollment) || ParsePhase(states_.Text(kPhase)) != Phase::kEnded) return EndReason::kNone;
    return ParseEndReason(states_.Text(kReason)).value_or(EndReason::kNone);
  }
  void Finish() { states_.Finish(); }

 private:
  KeyedTable states_{"state", "state_pkey"};
};

// What the verdict needs that the message's row tells, or its enrollment's state (semantics 21).
HandOut FactsOf(const Held& held, Endings* endings) {
  const TupleDesc description = RelationGetDescr(held.tables->message());
  bool is_null = false;
  const HeapTuple row = held.row;
  HandOut facts;
  const Datum enrollment = CallBackend([&] { return heap_getattr(row, message_column::kEnrollment, description, &is_null); });
  facts.ended = endings->Of(DatumGetInt64(enrollment));
  const Datum expires = CallBackend([&] { return heap_getattr(row, message_column::kExpiresAt, description, &is_null); });
  if (!is_null) facts.expires_at = ToInstant(DatumGetTimestampTz(expires));
  return facts;
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
std::vector<std::string> WithdrawnOf(const std::vector<Held>& all) {
  if (!MayBeWithdrawn()) return {};
  std::vector<ToHandOut> messages;
  for (const Held& held : all) if (held.end == Held::End::kOpen) messages.push_back(ConsentOf(held));
  return Withdrawn(messages);
}

}  // namespace

// The rows a walk has locked are nobody else's now; what happened to them until then is seen by a snapshot that is taken only now.
void Claim::Recheck(Walk* walk) {
  LatestSnapshot snapshot;
  Lookup lookup(&days_, snapshot.get());
  std::vector<Held*> ascending;
  for (Held& held : walk->held()) ascending.push_back(&held);
  std::sort(ascending.begin(), ascending.end(), [](const Held* a, const Held* b) { return a->id < b->id; });
  std::vector<int64_t> ids;
  for (const Held* held : ascending) ids.push_back(held->id);
  std::vector<Standing> standings = lookup.StandingsOf(ids);
  for (size_t i = 0; i < ascending.size(); ++i) {
    Held& held = *ascending[i];
    held.standing = std::move(standings[i]);
    switch (PlaceOf(held.standing, present_)) {
      case Place::kFinished: held.end = Held::End::kFinished; break;
      case Place::kAhead:
        held.end = Held::End::kAhead;
        walk->Rely(held.standing.visible_at);
        break;
      case Place::kSoon: held.end = Held::End::kUnfinished; break;
      case Place::kFree: break;
    }
  }
  lookup.End();
  snapshot.End();
}

// What may still go out, as far as is known; accounts of which nothing may are passed over like paused workflows.
void Claim::LoadThrottles() {
  most_ = static_cast<size_t>(request_.quantity);
  throttles_.Load(request_.channel, ToInstant(present_));
  for (auto& [account, throttle] : throttles_.by_account()) {
    const int64_t free = throttle.Free();
    if (account.empty()) most_ = std::min(most_, static_cast<size_t>(free));
    else if (free == 0) asleep_.accounts.insert(account);
  }
  for (const std::string& account : asleep_.accounts) {
    for (const char c : account) asleep_.reason = (asleep_.reason ^ static_cast<unsigned char>(c)) * 1099511628211u;
    asleep_.reason = (asleep_.reason ^ 0x1f) * 1099511628211u | 1;
  }
}

std::map<std::string, int64_t> Claim::Allowed() {
  std::map<std::string, int64_t> allowed;
  for (auto& [account, throttle] : throttles_.by_account()) {
    if (!account.empty()) allowed[account] = throttle.Free();
  }
  return allowed;
}

// What is held may go out as far as it can be reserved; the rest stays as it was.
void Claim::Reserve(Walk* walk) {
  if (throttles_.empty()) return;
  std::map<std::string, int64_t> wanted, granted;
  const auto accounts_of = [](const Held& held) {
    bool is_null;
    const TupleDesc description = RelationGetDescr(held.tables->message());
    const HeapTuple row = held.row;
    const Datum account = CallBackend([&] { return heap_getattr(row, message_column::kAccount, description, &is_null); });
    return std::vector<std::string>{std::string(), TextOf(account)};
  };
  for (const Held& held : walk->held()) {
    if (held.end != Held::End::kOpen) continue;
    std::vector<std::string> accounts = accounts_of(held);
    if (accounts[1].empty()) accounts.pop_back();
    for (const std::string& account : accounts) ++wanted[account];
  }
  for (const auto& [account, count] : wanted) {
    Throttle* throttle = throttles_.Of(account);
    if (throttle != nullptr) granted[account] = throttle->Reserve(count, ToInstant(present_));
  }
  for (Held& held : walk->held()) {
    if (held.end != Held::End::kOpen) continue;
    const std::vector<std::string> accounts = accounts_of(held);
    bool may = true;
    for (const std::string& account : accounts) {
      const auto found = granted.find(account);
      may = may && (found == granted.end() || found->second > 0);
    }
    if (!may) {
      held.end = Held::End::kUnfinished;
      used_up_ = true;
      continue;
    }
    for (const std::string& account : std::set<std::string>(accounts.begin(), accounts.end())) {
      const auto found = granted.find(account);
      if (found != granted.end()) --found->second;
    }
  }
}

void Claim::CountHandedOut(const Held& held) {
  if (throttles_.empty()) return;
  if (Throttle* all = throttles_.Of("")) all->HandOut(1);
  bool is_null;
  const TupleDesc description = RelationGetDescr(held.tables->message());
  const HeapTuple row = held.row;
  const Datum value = CallBackend([&] { return heap_getattr(row, message_column::kAccount, description, &is_null); });
  const std::string account = TextOf(value);
  Throttle* own = account.empty() ? nullptr : throttles_.Of(account);
  if (own != nullptr) own->HandOut(1);
}

void Claim::Decide(Walk* walk) {
  std::vector<Held>& all = walk->held();
  if (std::none_of(all.begin(), all.end(), [](const Held& held) { return held.end == Held::End::kOpen; })) return;
  Endings endings;
  // One token for all of a call, which says from which day on its messages may be.
  if (!token_) token_ = MakeToken(ToInstant(ClockNow()), std::max(marks_.first_day, MessageDays().front()), RandomBits(), RandomBits());
  std::vector<LeaseRow> leases;
  std::vector<OutcomeRow> outcomes;
  const std::vector<std::string> withdrawn = WithdrawnOf(all);
  size_t open = 0;
  for (Held& held : all) {
    if (held.end != Held::End::kOpen) continue;
    const Standing& standing = held.standing;
    HandOut message = FactsOf(held, &endings);
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
  endings.Finish();
  WriteLeases(&days_, request_.channel, leases);
  WriteOutcomes(&days_, outcomes);
}

// How many it met that may not go out.
size_t Claim::Pass() {
  const size_t before = leased_.size();
  const std::vector<int32_t> all_days = MessageDays();
  LatestSnapshot snapshot;
  Walk walk(&days_, all_days, snapshot.get(), request_.channel, present_, marks_, asleep_, most_ - before, Allowed());
  walk.Run();
  walk.End();
  if (!walk.held().empty()) {
    Recheck(&walk);
    Reserve(&walk);
    Decide(&walk);
  }
  snapshot.End();
  all_seen_ = !walk.full();
  marks_ = walk.Left();
  until_ = std::min(until_, walk.until());
  return walk.held().size() - (leased_.size() - before);
}

// Days in whose tables no pointer is left need not be opened again.
void Claim::RaiseFirstDay() {
  const std::vector<int32_t> days = MessageDays();
  if (days.empty() || marks_.first_day >= days.back()) return;
  LatestSnapshot snapshot;
  const Datum channel = TextDatum(request_.channel);
  for (const int32_t day : days) {
    if (day < marks_.first_day) continue;
    bool left = day == days.back();
    for (int rank = 0; rank < kRanks && !left; ++rank) {
      left = marks_.fresh[rank].count > 0 && marks_.fresh[rank].spans[0].from < FirstMessage(day + 1);
    }
    DayTables* const tables = left ? nullptr : days_.Get(day);
    for (int rank = 0; rank < kRanks && !left && tables != nullptr; ++rank) {
      const int64_t from = marks_.due[rank].count > 0 ? marks_.due[rank].spans[0].from : Marks::kLast;
      const IndexScan::Key keys[] = {{1, BTEqualStrategyNumber, F_TEXTEQ, channel},
                                     {2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(static_cast<int16>(rank))},
                                     {3, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE, Int64GetDatum(from)}};
      IndexScan scan(tables->lease(), tables->lease_due(), snapshot.get());
      scan.Begin(keys, 3);
      left = scan.Next();
      scan.End();
    }
    marks_.first_day = day;
    if (left) break;
  }
  snapshot.End();
}

void Claim::Run() {
  CommitSynchronously();
  if (request_.ack_token) Acknowledge(&days_, request_.ack_token, nullptr);
  if (ClaimsAreHalted()) return;
  asleep_ = PausedWorkflows();
  // The clock before the snapshot: whoever passes a pointer by this clock sees all that had committed when the pointer's time came.
  present_ = PresentTime();
  is_virtual_ = settings::virtual_clock;
  lease_until_ = AddSpan(present_, request_.lease);
  marks_ = is_virtual_ ? AllMarks() : LoadMarks(request_.channel);
  LoadThrottles();
  if (most_ == 0) return;
  size_t dropped = 0;
  do {
    dropped += Pass();
  } while (!all_seen_ && !used_up_ && leased_.size() < most_ && dropped < kDroppedMost);
  throttles_.Save(ToInstant(present_));
  Sign();
  if (is_virtual_) return;
  RaiseFirstDay();
  KeepMarks(request_.channel, marks_, until_);
}

namespace {

ClaimRequest RequestOf(FunctionCallInfo fcinfo) {
  ClaimRequest request;
  const Interval* const lease = fcinfo->args[2].isnull ? nullptr : PointedTo<Interval>(fcinfo->args[2].value);
  RequireSpan("lease", lease);
  RequireArgument("channel", !fcinfo->args[0].isnull);
  RequireArgument("lease", lease != nullptr);
  request.channel = TextOf(fcinfo->args[0].value);
  request.lease = *lease;
  request.quantity = fcinfo->args[1].isnull ? 0 : DatumGetInt32(fcinfo->args[1].value);
  if (request.quantity < 1 || request.quantity > kQuantityMax) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"qty\" must be from 1 to 10000"};
  request.ack_token = TokenArgument(fcinfo->args[3]);
  return request;
}

}  // namespace
}  // namespace workflow::pg

WF_FUNCTION(workflow_claim) {
  using namespace workflow::pg;
  RequireSenderPlace("claim");
  const ClaimRequest request = RequestOf(fcinfo);
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  Spi spi;
  Claim claim(request);
  claim.Run();
  claim.Return(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
  claim.Close();
  spi.Finish();
  return Datum{0};
}
