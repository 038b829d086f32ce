#include "pg/round/event_scan.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {
namespace {

// The columns of the ring's tables.
namespace event {
enum : int { kId = 1, kXid, kKind, kOp, kDepth, kTimed, kBackfill, kSource, kAt, kEvent, kRowKey, kAccount, kName, kBody };
}  // namespace event

LogEvent FromSlot(const TupleTableSlot& slot) {
  using namespace event;  // NOLINT
  const auto value = [&](int column) { return slot.tts_values[column - 1]; };
  const auto is_null = [&](int column) { return slot.tts_isnull[column - 1]; };
  const auto text = [&](int column) { return is_null(column) ? std::string() : TextOf(value(column)); };
  LogEvent event;
  event.id = DatumGetInt64(value(kId));
  event.xid = std::to_string(U64FromFullTransactionId(DatumGetFullTransactionId(value(kXid))));
  event.kind = DatumGetChar(value(kKind));
  event.op = DatumGetChar(value(kOp));
  event.depth = DatumGetInt16(value(kDepth));
  event.timed = DatumGetBool(value(kTimed));
  event.backfill = DatumGetBool(value(kBackfill));
  if (!is_null(kSource)) event.source = DatumGetInt32(value(kSource));
  event.at = ToInstant(DatumGetTimestampTz(value(kAt)));
  if (!is_null(kEvent)) event.event = UuidText(*reinterpret_cast<const pg_uuid_t*>(static_cast<uintptr_t>(value(kEvent))));
  event.row_key = text(kRowKey);
  event.account = text(kAccount);
  event.name = text(kName);
  std::string error;
  if (auto body = Json::Parse(text(kBody), &error, 256)) event.body = std::move(*body);
  return event;
}

void KeepLowest(std::vector<EventPlace>* places, size_t most) {
  const auto by_id = [](const EventPlace& a, const EventPlace& b) { return a.id < b.id; };
  if (places->size() > most) {
    std::nth_element(places->begin(), places->begin() + static_cast<ptrdiff_t>(most), places->end(), by_id);
    places->resize(most);
  }
}

}  // namespace

EventScan::EventScan() {
  for (int32_t number = 0; number < 3; ++number) {
    const std::string name = "event_" + std::to_string(number);
    const Oid table = TableNamed(name), index = TableNamed(name + "_xid");
    if (!OidIsValid(table)) continue;
    const Relation open = CallBackend([=] { return table_open(table, AccessShareLock); });
    rings_.push_back({open, index, number, CallBackend([=] { return RelationGetNumberOfBlocks(open); })});
  }
  snapshot_ = CallBackend([] { return RegisterSnapshot(GetTransactionSnapshot()); });
}

std::vector<EventPlace> EventScan::Find(uint64_t first, const Wanted& wanted, size_t most) {
  std::vector<EventPlace> places;
  for (const Ring& ring : rings_) {
    const Snapshot snapshot = snapshot_;
    const SysScanDesc scan = CallBackend([&] {
      ScanKeyData from;
      ScanKeyInit(&from, event::kXid, BTGreaterEqualStrategyNumber, F_XID8GE, FullTransactionIdGetDatum(FullTransactionIdFromU64(first)));
      return systable_beginscan(ring.table, ring.by_transaction, OidIsValid(ring.by_transaction), snapshot, 1, &from);
    });
    const TupleDesc description = RelationGetDescr(ring.table);
    for (;;) {
      const HeapTuple row = CallBackend([=] { return systable_getnext(scan); });
      if (row == nullptr) break;
      bool is_null = false;
      const int64_t id = DatumGetInt64(fastgetattr(row, event::kId, description, &is_null));
      const uint64_t transaction = U64FromFullTransactionId(DatumGetFullTransactionId(fastgetattr(row, event::kXid, description, &is_null)));
      if (!wanted(transaction, id)) continue;
      places.push_back({id, ring.number, ItemPointerGetBlockNumber(&row->t_self), ItemPointerGetOffsetNumber(&row->t_self)});
      if (places.size() >= 2 * most) KeepLowest(&places, most);
    }
    CallBackend([=] { systable_endscan(scan); });
  }
  KeepLowest(&places, most);
  std::sort(places.begin(), places.end(), [](const EventPlace& a, const EventPlace& b) { return a.id < b.id; });
  return places;
}

std::vector<LogEvent> EventScan::Fetch(const std::vector<EventPlace>& places) {
  std::vector<LogEvent> events;
  events.reserve(places.size());
  std::map<int32_t, TupleTableSlot*> slots;
  for (const EventPlace& place : places) {
    const auto ring = std::find_if(rings_.begin(), rings_.end(), [&](const Ring& one) { return one.number == place.ring; });
    if (ring == rings_.end() || place.block >= ring->blocks) continue;
    const Relation table = ring->table;
    TupleTableSlot*& slot = slots[place.ring];
    if (slot == nullptr) slot = CallBackend([=] { return table_slot_create(table, nullptr); });
    const bool found = CallBackend([&] {
      ItemPointerData at;
      ItemPointerSet(&at, place.block, place.offset);
      if (!table_tuple_fetch_row_version(table, &at, snapshot_, slot)) return false;
      slot_getallattrs(slot);
      return true;
    });
    if (!found) continue;
    events.push_back(FromSlot(*slot));
    if (events.back().id != place.id) events.pop_back();
  }
  for (const auto& [ring, slot] : slots) {
    TupleTableSlot* const done = slot;
    CallBackend([=] { ExecDropSingleTupleTableSlot(done); });
  }
  return events;
}

void EventScan::Finish() {
  for (const Ring& ring : rings_) {
    const Relation table = ring.table;
    CallBackend([=] { table_close(table, AccessShareLock); });
  }
  CallBackend([this] { UnregisterSnapshot(snapshot_); });
}

}  // namespace workflow::pg
