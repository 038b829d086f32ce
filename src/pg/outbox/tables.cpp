#include "pg/outbox/tables.h"

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

}  // namespace

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
    lease_pkey_ = OpenOne(oids.lease_pkey, RowExclusiveLock);
    lease_token_ = OpenOne(oids.lease_token, RowExclusiveLock);
    outcome_pkey_ = OpenOne(oids.outcome_pkey, RowExclusiveLock);
    message_claim_oid_ = oids.message_claim;
    lease_due_oid_ = oids.lease_due;
    if (message_pkey_ == nullptr || lease_pkey_ == nullptr || lease_token_ == nullptr || outcome_pkey_ == nullptr) RefuseIndex();
    return true;
  }
  Close();
  return false;
}

void DayTables::RefuseIndex() const {
  ForgetMessageDays();  // an index was built anew under another number: the next call finds it
  throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "an index of the outbox is missing", "Of the tables of " + DayChild("message", day_) + "."};
}

Relation DayTables::Later(Relation* index, Oid oid, LOCKMODE mode) {
  if (*index == nullptr) *index = OpenOne(oid, mode);
  if (*index == nullptr) RefuseIndex();
  return *index;
}

Relation DayTables::message_claim() { return Later(&message_claim_, message_claim_oid_, AccessShareLock); }
Relation DayTables::lease_due() { return Later(&lease_due_, lease_due_oid_, RowExclusiveLock); }

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

std::vector<int64_t> NumbersOf(Datum array) {
  ArrayType* const value = CallBackend([=] { return reinterpret_cast<ArrayType*>(pg_detoast_datum(PointedTo<struct varlena>(array))); });
  Datum* items = nullptr;
  bool* nulls = nullptr;
  int count = 0;
  CallBackend([&] { deconstruct_array(value, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &items, &nulls, &count); });
  std::vector<int64_t> numbers;
  for (int i = 0; i < count; ++i) if (!nulls[i]) numbers.push_back(DatumGetInt64(items[i]));
  return numbers;
}

std::vector<int64_t> MessagesOf(const IndexScan& lease) {
  std::vector<int64_t> messages = {lease.Int8(lease_column::kMessage)};
  bool is_null;
  const Datum followers = lease.Column(lease_column::kFollowers, &is_null);
  if (is_null) return messages;
  const std::vector<int64_t> more = NumbersOf(followers);
  messages.insert(messages.end(), more.begin(), more.end());
  return messages;
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

}  // namespace workflow::pg
