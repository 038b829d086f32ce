// Messages by their number: one by one, or many as one stretch.
#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/tables.h"

namespace workflow::pg {
namespace {

std::optional<Token> TokenOf(Datum datum, bool is_null) {
  if (is_null) return std::nullopt;
  Token token;
  memcpy(token.data(), reinterpret_cast<pg_uuid_t*>(datum)->data, token.size());
  return token;
}

void ReadLease(const IndexScan& lease, Standing* standing) {
  using namespace lease_column;
  bool is_null;
  standing->seq = DatumGetInt32(lease.Column(kSeq, &is_null));
  standing->attempt = DatumGetInt16(lease.Column(kAttempt, &is_null));
  standing->visible_at = DatumGetTimestampTz(lease.Column(kVisibleAt, &is_null));
  const Datum token = lease.Column(kToken, &is_null);
  standing->token = TokenOf(token, is_null);
  const Datum reason = lease.Column(kReason, &is_null);
  standing->reason = is_null ? std::nullopt : std::optional(TextOf(reason));
}

}  // namespace

Lookup::Scans* Lookup::Of(int64_t message) {
  const int32_t day = DayOfMessage(message);
  auto found = scans_.find(day);
  if (found == scans_.end()) {
    DayTables* const tables = days_->Get(day);
    if (tables == nullptr) return nullptr;
    Scans scans;
    scans.message = std::make_unique<IndexScan>(tables->message(), tables->message_pkey(), snapshot_);
    scans.lease = std::make_unique<IndexScan>(tables->lease(), tables->lease_pkey(), snapshot_);
    scans.outcome = std::make_unique<IndexScan>(tables->outcome(), tables->outcome_pkey(), snapshot_);
    found = scans_.emplace(day, std::move(scans)).first;
  }
  return &found->second;
}

Standing Lookup::StandingOf(int64_t message) {
  Standing standing;
  Scans* const scans = Of(message);
  if (scans == nullptr) return standing;
  const IndexScan::Key key = {1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(message)};
  scans->lease->Begin(&key, 1);
  if (scans->lease->Next(BackwardScanDirection)) ReadLease(*scans->lease, &standing);
  standing.finished = FinishedAt(message, standing.seq);
  return standing;
}

size_t Lookup::EndOfStretch(const std::vector<int64_t>& messages, size_t begin) {
  constexpr int64_t kClose = 4;  // what lies between is read in vain
  size_t end = begin + 1;
  while (end < messages.size() && messages[end] - messages[end - 1] <= kClose && DayOfMessage(messages[end]) == DayOfMessage(messages[begin])) ++end;
  return end;
}

void Lookup::ReadStretch(const std::vector<int64_t>& messages, size_t begin, size_t end, std::vector<Standing>* standings) {
  DayTables* const tables = days_->Get(DayOfMessage(messages[begin]));
  if (tables == nullptr) return;
  StretchScan leases(tables->lease(), tables->lease_pkey(), snapshot_, messages[begin], messages[end - 1]);
  for (size_t at = begin; leases->Next();) {
    const int64_t id = leases->Int8(lease_column::kMessage);
    while (at < end && messages[at] < id) ++at;
    if (at == end) break;
    if (messages[at] == id) ReadLease(*leases.operator->(), &(*standings)[at]);  // the newest comes last
  }
  leases->End();
  StretchScan outcomes(tables->outcome(), tables->outcome_pkey(), snapshot_, messages[begin], messages[end - 1]);
  for (size_t at = begin; outcomes->Next();) {
    const int64_t id = outcomes->Int8(outcome_column::kMessage);
    while (at < end && messages[at] < id) ++at;
    if (at == end) break;
    bool is_null;
    if (messages[at] == id && DatumGetInt32(outcomes->Column(outcome_column::kSeq, &is_null)) >= (*standings)[at].seq) (*standings)[at].finished = true;
  }
  outcomes->End();
}

std::vector<Standing> Lookup::StandingsOf(const std::vector<int64_t>& messages) {
  std::vector<Standing> standings(messages.size());
  for (size_t at = 0, end = 0; at < messages.size(); at = end) {
    end = EndOfStretch(messages, at);
    if (end - at >= kStretch) {
      ReadStretch(messages, at, end, &standings);
      continue;
    }
    for (size_t i = at; i < end; ++i) standings[i] = StandingOf(messages[i]);
  }
  return standings;
}

bool Lookup::FinishedAt(int64_t message, int32_t seq) {
  Scans* const scans = Of(message);
  if (scans == nullptr) return true;  // its day was dropped
  const IndexScan::Key key = {1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(message)};
  scans->outcome->Begin(&key, 1);
  if (!scans->outcome->Next(BackwardScanDirection)) return false;
  bool is_null;
  return DatumGetInt32(scans->outcome->Column(outcome_column::kSeq, &is_null)) >= seq;
}

std::string Lookup::OutcomeOf(int64_t message) {
  Scans* const scans = Of(message);
  if (scans == nullptr) return {};
  const IndexScan::Key key = {1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(message)};
  scans->outcome->Begin(&key, 1);
  if (!scans->outcome->Next(BackwardScanDirection)) return {};
  bool is_null;
  return TextOf(scans->outcome->Column(outcome_column::kState, &is_null));
}

TupleTableSlot* Lookup::Message(int64_t message) {
  Scans* const scans = Of(message);
  if (scans == nullptr) return nullptr;
  const IndexScan::Key key = {1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(message)};
  scans->message->Begin(&key, 1);
  return scans->message->Next() ? scans->message->row() : nullptr;
}

void Lookup::End() {
  for (auto& [day, scans] : scans_) {
    scans.message->End();
    scans.lease->End();
    scans.outcome->End();
  }
  scans_.clear();
}

}  // namespace workflow::pg
