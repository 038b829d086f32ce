// claim(): locks messages that may go out, looks again with the latest snapshot, asks the core for a verdict on each, and leases them.
#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/claim.h"
#include "pg/outbox/gate.h"
#include "pg/server/entry.h"
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

}  // namespace

// The rows a walk has locked are nobody else's now; what happened to them until then is seen by a snapshot that is taken only now.
void Claim::Recheck(Walk* walk, Snapshot latest) {
  Lookup lookup(&days_, latest);
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
    LatestSnapshot latest;
    Recheck(&walk, latest.get());
    Reserve(&walk);
    Decide(&walk, latest.get());
    latest.End();
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

// Whether claims may go on, and what they pass over.
bool Claim::Enter() {
  most_ = static_cast<size_t>(request_.quantity);
  LatestSnapshot snapshot;
  const bool halted = ClaimsAreHalted(snapshot.get());
  if (!halted) {
    asleep_ = PausedWorkflows(snapshot.get());
    throttled_ = IsThrottled(request_.channel, snapshot.get());
  }
  snapshot.End();
  return !halted;
}

void Claim::Run() {
  CommitSynchronously();
  if (request_.ack_token) Acknowledge(&days_, request_.ack_token, nullptr);
  if (!Enter()) return;
  // The clock before the snapshot: whoever passes a pointer by this clock sees all that had committed when the pointer's time came.
  present_ = PresentTime();
  is_virtual_ = settings::virtual_clock;
  lease_until_ = AddSpan(present_, request_.lease);
  marks_ = is_virtual_ ? AllMarks() : LoadMarks(request_.channel);
  if (throttled_) LoadThrottles();
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
