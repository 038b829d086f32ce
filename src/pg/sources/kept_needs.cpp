#include "pg/sources/kept_needs.h"

#include <algorithm>
#include <iterator>

#include "core/needs/needs.h"
#include "pg/convert.h"

namespace workflow::pg {
namespace {

enum NeedColumn { kNeedKind, kNeedForm, kNeedTransaction, kNeedSource, kNeedPart, kNeedBody, kNeedColumns };
constexpr Oid kNeedTypes[kNeedColumns] = {CHAROID, INT4OID, XID8OID, TEXTOID, TEXTOID, BYTEAOID};

bool HasNeedColumns(TupleDesc descriptor) {
  if (descriptor->natts != kNeedColumns) return false;
  for (int i = 0; i < kNeedColumns; ++i) {
    const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor, i);
    if (attribute.attisdropped || attribute.atttypid != kNeedTypes[i]) return false;
  }
  return true;
}

std::string BytesAt(TupleTableSlot* slot, int column) { return slot->tts_isnull[column] ? std::string() : TextOf(slot->tts_values[column]); }

// Numbers of transactions mean nothing on another server, where replication may have brought the row.
std::string ThisServer() { return std::to_string(GetSystemIdentifier()) + ' '; }

std::optional<SeenTransactions> SnapshotIn(const std::string& head) {
  const std::string server = ThisServer();
  return head.starts_with(server) ? SeenTransactions::Parse(std::string_view(head).substr(server.size())) : std::nullopt;
}

}  // namespace

std::string HeadOf(const SeenTransactions& seen) { return ThisServer() + seen.Text(); }

bool KeptNeeds::IsOfNow() const {
  return seen && std::all_of(rows.begin(), rows.end(), [&](const Row& row) { return row.kind != 'c' || seen->Sees(row.transaction); });
}

Relation OpenKeptNeeds(Oid table, LOCKMODE lock) {
  Relation relation = CallBackend([=]() -> Relation {
    if (!OidIsValid(table) || !ConditionalLockRelationOid(table, lock)) return nullptr;
    return try_relation_open(table, NoLock);  // between the look-up and the lock it may have been dropped
  });
  if (relation == nullptr) return nullptr;
  if (relation->rd_rel->relkind == RELKIND_RELATION && HasNeedColumns(RelationGetDescr(relation))) return relation;
  CallBackend([=] { table_close(relation, lock); });
  return nullptr;
}

KeptNeeds ReadKeptNeeds(Relation table, const std::string* source, const std::string* part) {
  KeptNeeds kept;
  bool has_head = false;
  Snapshot snapshot = CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); });
  TableScanDesc scan = CallBackend([=] { return table_beginscan(table, snapshot, 0, nullptr); });
  TupleTableSlot* slot = CallBackend([=] { return table_slot_create(table, nullptr); });
  while (CallBackend([=] {
    if (!table_scan_getnextslot(scan, ForwardScanDirection, slot)) return false;
    slot_getallattrs(slot);
    return true;
  })) {
    KeptNeeds::Row row = {.kind = DatumGetChar(slot->tts_values[kNeedKind]), .place = slot->tts_tid, .transaction = 0, .source = {}, .part = {}, .body = {}};
    if (row.kind == 'c') row.transaction = U64FromFullTransactionId(DatumGetFullTransactionId(slot->tts_values[kNeedTransaction]));
    if (row.kind == 'n') {
      row.source = BytesAt(slot, kNeedSource);
      row.part = BytesAt(slot, kNeedPart);
    }
    const bool asked = row.kind == 'h' || (row.kind == 'n' && (source == nullptr || (row.source == *source && row.part == *part)));
    if (asked && DatumGetInt32(slot->tts_values[kNeedForm]) == kNeedsFormat) row.body = BytesAt(slot, kNeedBody);
    if (row.kind == 'h') {
      kept.seen = has_head ? std::nullopt : SnapshotIn(row.body);
      has_head = true;
    }
    kept.rows.push_back(std::move(row));
  }
  CallBackend([=] {
    ExecDropSingleTupleTableSlot(slot);
    table_endscan(scan);
    UnregisterSnapshot(snapshot);
  });
  return kept;
}

void InsertKeptNeeds(Relation table, const KeptNeeds::Row& row) {
  Datum values[kNeedColumns] = {CharGetDatum(row.kind),  Int32GetDatum(kNeedsFormat), FullTransactionIdGetDatum(FullTransactionIdFromU64(row.transaction)),
                                TextDatum(row.source), TextDatum(row.part),           TextDatum(row.body)};
  bool nulls[kNeedColumns] = {false, false, row.kind != 'c', row.kind != 'n', row.kind != 'n', row.kind == 'c'};
  Datum* const value = values;
  bool* const is_null = nulls;
  CallBackend([=] { simple_heap_insert(table, heap_form_tuple(RelationGetDescr(table), value, is_null)); });
}

void DeleteKeptNeeds(Relation table, const KeptNeeds::Row& row) {
  ItemPointerData place = row.place;
  CallBackend([&] { simple_heap_delete(table, &place); });
}

}  // namespace workflow::pg
