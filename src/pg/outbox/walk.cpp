#include "pg/outbox/walk.h"

#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

// No claim has ever locked the row, and so none has handed it out. (A row that was restored or frozen says the same.)
bool NeverLocked(TupleTableSlot* row) {
  return CallBackend([=] {
    bool should_free;
    const HeapTuple tuple = ExecFetchSlotHeapTuple(row, false, &should_free);
    return HeapTupleHeaderGetRawXmax(tuple->t_data) == InvalidTransactionId;
  });
}

int64_t ClampToInt64Time(int64_t key) { return std::clamp<int64_t>(key, DT_NOBEGIN, DT_NOEND); }

std::string AccountOf(TupleTableSlot* row) {
  const Datum account = CallBackend([=] {
    bool is_null;
    return slot_getattr(row, message_column::kAccount, &is_null);
  });
  return TextOf(account);
}

}  // namespace

Place PlaceOf(const Standing& standing, TimestampTz now) {
  if (standing.finished) return Place::kFinished;
  if (standing.seq == 0 || standing.visible_at <= now) return Place::kFree;
  return standing.visible_at > now + kAhead_us ? Place::kAhead : Place::kSoon;
}

void Walk::Run() {
  channel_datum_ = TextDatum(channel_);
  for (int rank = 0; rank < kRanks; ++rank) {
    Due(rank);
    Fresh(rank);
  }
}

void Walk::End() {
  for (auto& [day, scans] : scans_) {
    if (scans.fresh != nullptr) scans.fresh->End();
    if (scans.due != nullptr) scans.due->End();
  }
  scans_.clear();
  lookup_.End();
}

IndexScan* Walk::Begin(DayTables* tables, bool due, int rank, int64_t from, int64_t to) {
  Scans& scans = scans_[tables->day()];
  std::unique_ptr<IndexScan>& scan = due ? scans.due : scans.fresh;
  if (scan == nullptr) {
    scan = due ? std::make_unique<IndexScan>(tables->lease(), tables->lease_due(), snapshot_)
               : std::make_unique<IndexScan>(tables->message(), tables->message_claim(), snapshot_);
  }
  const IndexScan::Key keys[] = {
      {1, BTEqualStrategyNumber, F_TEXTEQ, channel_datum_},
      {2, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(static_cast<int16>(rank))},
      {3, BTGreaterEqualStrategyNumber, due ? RegProcedure{F_TIMESTAMPTZ_GE} : RegProcedure{F_INT8GE}, Int64GetDatum(from)},
      {3, BTLessEqualStrategyNumber, due ? RegProcedure{F_TIMESTAMPTZ_LE} : RegProcedure{F_INT8LE}, Int64GetDatum(to)}};
  scan->Begin(keys, 4);
  return scan.get();
}

bool Walk::IsUsedUp(TupleTableSlot* row) const {
  if (allowed_.empty()) return false;
  const auto found = allowed_.find(AccountOf(row));
  return found != allowed_.end() && found->second <= 0;
}

bool Walk::Sleeps(TupleTableSlot* row) const {
  if (!asleep_.accounts.empty() && asleep_.accounts.contains(AccountOf(row))) return true;
  if (asleep_.workflows.empty()) return false;
  const int32_t workflow = CallBackend([=] {
    bool is_null;
    return DatumGetInt32(slot_getattr(row, message_column::kWorkflowId, &is_null));
  });
  return std::binary_search(asleep_.workflows.begin(), asleep_.workflows.end(), workflow);
}

void Walk::Take(Record* record, int64_t key, int64_t id, DayTables* tables, TupleTableSlot* row, int rank, bool is_new, const Standing* standing) {
  if (const auto known = index_of_.find(id); known != index_of_.end()) {
    record->push_back({Met::Kind::kHeld, key, known->second, 0});
    return;
  }
  const auto note = [&](Met::Kind kind, uint64_t reason = 0) {
    // One that is done after another tells nothing more.
    if (kind != Met::Kind::kDone || record->empty() || record->back().kind != Met::Kind::kDone) record->push_back({kind, key, 0, reason});
  };
  if (Sleeps(row)) return note(Met::Kind::kUnfinished, asleep_.reason);
  if (IsUsedUp(row)) return note(Met::Kind::kUnfinished);
  if (!is_new) {
    const Standing found = standing != nullptr ? *standing : lookup_.StandingOf(id);
    switch (PlaceOf(found, now_)) {
      case Place::kFinished: return note(Met::Kind::kDone);
      case Place::kAhead: Rely(found.visible_at); return note(Met::Kind::kDone);
      case Place::kSoon: return note(Met::Kind::kUnfinished);
      case Place::kFree: break;
    }
  }
  switch (LockMessage(tables, row->tts_tid, snapshot_, /*wait=*/false)) {
    case LockResult::kBusy: return note(Met::Kind::kUnfinished);
    case LockResult::kGone: return note(Met::Kind::kDone);
    case LockResult::kLocked: break;
  }
  if (!allowed_.empty()) {
    const auto allowed = allowed_.find(AccountOf(row));
    if (allowed != allowed_.end()) --allowed->second;
  }
  const int32_t index = static_cast<int32_t>(held_.size());
  held_.push_back({.id = id, .rank = rank, .tables = tables, .row = CallBackend([=] { return ExecCopySlotHeapTuple(row); })});
  index_of_.emplace(id, index);
  record->push_back({Met::Kind::kHeld, key, index, 0});
}

void Walk::Fresh(int rank) {
  const Marks& marks = before_.fresh[rank];
  for (int i = 0; i < marks.count; ++i) {
    const Span& span = marks.spans[i];
    if (full() || (span.asleep != 0 && span.asleep == asleep_.reason)) fresh_[rank].push_back({Met::Kind::kSkipped, 0, i, 0});
    else FreshSpan(rank, i, span);
  }
}

void Walk::FreshSpan(int rank, int index, const Span& span) {
  Record* const record = &fresh_[rank];
  int64_t last = span.from - (span.from == Marks::kFirst ? 0 : 1);  // the last number that was there
  for (const int32_t day : all_days_) {
    if (FirstMessage(day + 1) <= span.from || FirstMessage(day) > span.to) continue;
    DayTables* const tables = days_->Get(day);
    if (tables == nullptr) continue;
    IndexScan* const scan = Begin(tables, /*due=*/false, rank, span.from, span.to);
    while (scan->Next()) {
      last = scan->Int8(message_column::kId);
      // Near the front nearly all are new, and what is not will be told by the look under the lock.
      Take(record, last, last, tables, scan->row(), rank, span.from != Marks::kFirst && NeverLocked(scan->row()));
      if (!full()) continue;
      record->push_back({Met::Kind::kReached, last, index, 0});
      return;
    }
  }
  // Beyond the newest there is nothing yet, but there will be: numbers appear in their order, and days too.
  const bool is_front = span.to == Marks::kLast;
  if (is_front && !all_days_.empty()) last = std::max(last, FirstMessage(all_days_.back()) - 1);
  record->push_back({Met::Kind::kReached, is_front ? last : span.to, index, 0});
}

void Walk::Due(int rank) {
  const Marks& marks = before_.due[rank];
  for (int i = 0; i < marks.count; ++i) {
    const Span& span = marks.spans[i];
    if (full() || span.from > now_ || (span.asleep != 0 && span.asleep == asleep_.reason)) due_[rank].push_back({Met::Kind::kSkipped, 0, i, 0});
    else DueSpan(rank, i, span);
  }
}

void Walk::Back(Record* record, int64_t key, const IndexScan& lease, DayTables* tables, int rank) {
  const std::vector<int64_t> messages = MessagesOf(lease);
  std::vector<Standing> standings;
  if (messages.size() > 1) standings = lookup_.StandingsOf(messages);
  for (size_t i = 0; i < messages.size() && !full(); ++i) {
    const Standing* const known = standings.empty() ? nullptr : &standings[i];
    bool is_null;
    const bool finished = known != nullptr ? known->finished : lookup_.FinishedAt(messages[i], DatumGetInt32(lease.Column(lease_column::kSeq, &is_null)));
    TupleTableSlot* const row = finished ? nullptr : lookup_.Message(messages[i]);
    if (row != nullptr) Take(record, key, messages[i], tables, row, rank, /*is_new=*/false, known);
    else if (record->empty() || record->back().kind != Met::Kind::kDone) record->push_back({Met::Kind::kDone, key, 0, 0});
  }
}

void Walk::DueSpan(int rank, int index, const Span& span) {
  Record* const record = &due_[rank];
  const int64_t to = std::min<int64_t>(span.to, now_);
  // The days' leases together, in the order of time.
  struct Head { IndexScan* scan; DayTables* tables; int64_t key; };
  std::vector<Head> heads;
  for (const int32_t day : all_days_) {
    DayTables* const tables = day < before_.first_day ? nullptr : days_->Get(day);
    if (tables == nullptr) continue;
    IndexScan* const scan = Begin(tables, /*due=*/true, rank, ClampToInt64Time(span.from), to);
    if (scan->Next()) heads.push_back({scan, tables, scan->Int8(lease_column::kVisibleAt)});
  }
  while (!heads.empty()) {
    const auto next = std::min_element(heads.begin(), heads.end(), [](const Head& a, const Head& b) { return a.key < b.key; });
    const int64_t key = next->key;
    Back(record, key, *next->scan, next->tables, rank);
    if (full()) {  // others may lie at the same key
      record->push_back({Met::Kind::kReached, key - 1, index, 0});
      return;
    }
    if (next->scan->Next()) next->key = next->scan->Int8(lease_column::kVisibleAt);
    else heads.erase(next);
  }
  record->push_back({Met::Kind::kReached, to, index, 0});
}

Marks Walk::Replay(const Marks& before, const Record& record, const std::vector<Held>& held) {
  Look look(before);
  for (const Met& met : record) {
    switch (met.kind) {
      case Met::Kind::kSkipped: look.Skip(met.index); break;
      case Met::Kind::kReached: look.Reached(met.index, met.key); break;
      case Met::Kind::kDone: look.Done(met.key); break;
      case Met::Kind::kUnfinished: look.Unfinished(met.key, met.asleep); break;
      case Met::Kind::kHeld: {
        const Held::End end = held[static_cast<size_t>(met.index)].end;
        if (end == Held::End::kFinished || end == Held::End::kAhead) look.Done(met.key);
        else look.Unfinished(met.key);
        break;
      }
    }
  }
  return look.Result();
}

ChannelMarks Walk::Left() const {
  ChannelMarks left = before_;
  for (int rank = 0; rank < kRanks; ++rank) {
    left.fresh[rank] = Replay(before_.fresh[rank], fresh_[rank], held_);
    left.due[rank] = Replay(before_.due[rank], due_[rank], held_);
  }
  return left;
}

}  // namespace workflow::pg
