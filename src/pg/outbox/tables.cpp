#include "pg/outbox/tables.h"

#include <algorithm>

#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

Relation OpenOne(Oid oid, LOCKMODE mode) {
  return CallBackend([=]() -> Relation {
    if (!OidIsValid(oid)) return nullptr;
    LockRelationOid(oid, mode);
    // Dropped while we waited for the lock, or a moment before.
    return SearchSysCacheExists1(RELOID, ObjectIdGetDatum(oid)) ? relation_open(oid, NoLock) : nullptr;
  });
}

void CloseOne(Relation relation) {
  if (relation != nullptr) CallBackend([=] { relation_close(relation, NoLock); });
}

// Columns are reached by their number.
void RequireColumns(Relation relation, int count) {
  if (RelationGetDescr(relation)->natts == count) return;
  throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, std::string("table workflow.") + RelationGetRelationName(relation) + " is not of this version"};
}

Datum TokenDatum(const std::optional<Token>& token) {
  if (!token) return 0;
  auto* copy = static_cast<pg_uuid_t*>(CallBackend([] { return palloc(sizeof(pg_uuid_t)); }));
  memcpy(copy->data, token->data(), token->size());
  return UUIDPGetDatum(copy);
}

// Ascending by number, so that the rows of a day lie together.
template <typename Row, typename Put>
void WriteByDay(OpenDays* days, std::vector<Row> rows, bool leases, Put&& put) {
  constexpr size_t kMost = 1000;
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.message < b.message; });
  for (size_t at = 0; at < rows.size();) {
    const int32_t day = DayOfMessage(rows[at].message);
    size_t end = at;
    while (end < rows.size() && DayOfMessage(rows[end].message) == day) ++end;
    DayTables* const tables = days->Get(day);
    if (tables == nullptr) throw SqlError{ERRCODE_UNDEFINED_TABLE, "the tables of the outbox of day " + DayChild("message", day) + " are missing"};
    Inserter inserter(leases ? tables->lease() : tables->outcome(), static_cast<int>(std::min(end - at, kMost)));
    while (at < end) {
      std::vector<Datum> values;
      std::vector<char> nulls;
      for (size_t i = 0; i < kMost && at < end; ++i, ++at) put(rows[at], &values, &nulls);
      inserter.Insert(values, nulls);
    }
    inserter.Finish();
  }
  if (!rows.empty()) CallBackend([] { CommandCounterIncrement(); });
}

void PutText(const std::optional<std::string>& text, std::vector<Datum>* values, std::vector<char>* nulls) {
  values->push_back(text ? TextDatum(*text) : Datum{0});
  nulls->push_back(!text);
}

}  // namespace

void IndexScan::Begin(const Key* keys, int count) {
  CallBackend([=, this] {
    if (scan_ == nullptr) {
      scan_ = index_beginscan(table_, index_, snapshot_, count, 0);
      slot_ = table_slot_create(table_, nullptr);
    }
    ScanKeyData data[4];
    for (int i = 0; i < count; ++i) {
      ScanKeyInit(&data[i], keys[i].column, keys[i].strategy, keys[i].function, keys[i].value);
      data[i].sk_collation = index_->rd_indcollation[keys[i].column - 1];
    }
    index_rescan(scan_, data, count, nullptr, 0);
  });
}

bool IndexScan::Next(ScanDirection direction) {
  return CallBackend([=, this] {
    CHECK_FOR_INTERRUPTS();
    return index_getnext_slot(scan_, direction, slot_);
  });
}

Datum IndexScan::Column(AttrNumber column, bool* is_null) const {
  return CallBackend([=, this] { return slot_getattr(slot_, column, is_null); });
}

int64_t IndexScan::Int8(AttrNumber column) const {
  bool is_null;
  return DatumGetInt64(Column(column, &is_null));
}

void IndexScan::End() {
  if (scan_ == nullptr) return;
  CallBackend([this] {
    index_endscan(scan_);
    ExecDropSingleTupleTableSlot(slot_);
  });
  scan_ = nullptr;
}

bool DayTables::Open() {
  const DayRelations* known = RelationsOf(day_);
  if (known == nullptr) return false;
  const DayRelations oids = *known;
  message_ = OpenOne(oids.message, RowShareLock);
  lease_ = OpenOne(oids.lease, RowExclusiveLock);
  outcome_ = OpenOne(oids.outcome, RowExclusiveLock);
  if (message_ != nullptr && lease_ != nullptr && outcome_ != nullptr) {
    RequireColumns(message_, message_column::kCount);
    RequireColumns(lease_, lease_column::kCount);
    RequireColumns(outcome_, outcome_column::kCount);
    message_pkey_ = OpenOne(oids.message_pkey, AccessShareLock);
    message_claim_ = OpenOne(oids.message_claim, AccessShareLock);
    lease_pkey_ = OpenOne(oids.lease_pkey, RowExclusiveLock);
    lease_token_ = OpenOne(oids.lease_token, RowExclusiveLock);
    lease_due_ = OpenOne(oids.lease_due, RowExclusiveLock);
    outcome_pkey_ = OpenOne(oids.outcome_pkey, RowExclusiveLock);
    if (message_pkey_ != nullptr && message_claim_ != nullptr && lease_pkey_ != nullptr && lease_token_ != nullptr && lease_due_ != nullptr &&
        outcome_pkey_ != nullptr) return true;
    ForgetMessageDays();  // an index was built anew under another number: the next call finds it
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "an index of the outbox is missing", "Of the tables of " + DayChild("message", day_) + "."};
  }
  Close();
  return false;
}

TupleTableSlot* DayTables::lock_slot() {
  if (lock_slot_ == nullptr) lock_slot_ = CallBackend([this] { return table_slot_create(message_, nullptr); });
  return lock_slot_;
}

void DayTables::Close() {
  if (lock_slot_ != nullptr) CallBackend([this] { ExecDropSingleTupleTableSlot(lock_slot_); });
  lock_slot_ = nullptr;
  for (Relation* relation : {&outcome_pkey_, &lease_due_, &lease_token_, &lease_pkey_, &message_claim_, &message_pkey_, &outcome_, &lease_, &message_}) {
    CloseOne(*relation);
    *relation = nullptr;
  }
}

DayTables* OpenDays::Get(int32_t day) {
  auto found = days_.find(day);
  if (found == days_.end()) {
    auto tables = std::make_unique<DayTables>(day);
    if (!tables->Open()) tables.reset();
    found = days_.emplace(day, std::move(tables)).first;
  }
  return found->second.get();
}

void OpenDays::Close() {
  for (const auto& [day, tables] : days_) if (tables != nullptr) tables->Close();
  days_.clear();
}

LockResult LockMessage(DayTables* tables, const ItemPointerData& place, Snapshot snapshot, bool wait) {
  const Relation relation = tables->message();
  TupleTableSlot* const slot = tables->lock_slot();
  ItemPointerData tid = place;
  const TM_Result result = CallBackend([=, &tid] {
    TM_FailureData failure;
    const TM_Result got = table_tuple_lock(relation, &tid, snapshot, slot, GetCurrentCommandId(true), LockTupleNoKeyExclusive,
                                           wait ? LockWaitBlock : LockWaitSkip, 0, &failure);
    ExecClearTuple(slot);
    return got;
  });
  if (result == TM_Ok) return LockResult::kLocked;
  return result == TM_WouldBlock ? LockResult::kBusy : LockResult::kGone;
}

void WriteLeases(OpenDays* days, const std::string& channel, const std::vector<LeaseRow>& rows) {
  if (rows.empty()) return;
  const Datum channel_datum = TextDatum(channel);
  WriteByDay(days, rows, /*leases=*/true, [&](const LeaseRow& row, std::vector<Datum>* values, std::vector<char>* nulls) {
    const Datum fixed[] = {Int64GetDatum(row.message), TimestampTzGetDatum(row.visible_at), TimestampTzGetDatum(row.at), Int32GetDatum(row.seq),
                           Int16GetDatum(static_cast<int16>(row.attempt)), Int16GetDatum(static_cast<int16>(row.rank))};
    for (const Datum value : fixed) {
      values->push_back(value);
      nulls->push_back(false);
    }
    values->push_back(TokenDatum(row.token));
    nulls->push_back(!row.token);
    values->push_back(channel_datum);
    nulls->push_back(false);
    PutText(row.reason, values, nulls);
  });
}

void WriteOutcomes(OpenDays* days, const std::vector<OutcomeRow>& rows) {
  if (rows.empty()) return;
  WriteByDay(days, rows, /*leases=*/false, [&](const OutcomeRow& row, std::vector<Datum>* values, std::vector<char>* nulls) {
    for (const Datum value : {Int64GetDatum(row.message), TimestampTzGetDatum(row.at), Int32GetDatum(row.seq), TextDatum(row.state)}) {
      values->push_back(value);
      nulls->push_back(false);
    }
    values->push_back(TokenDatum(row.token));
    nulls->push_back(!row.token);
    PutText(row.reason.empty() ? std::nullopt : std::optional(row.reason), values, nulls);
  });
}

}  // namespace workflow::pg
