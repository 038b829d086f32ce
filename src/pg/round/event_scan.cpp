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

constexpr int32_t kRings = 3;
constexpr BlockNumber kFewBlocks = 16;

void KeepLowest(std::vector<EventPlace>* places, size_t most) {
  const auto by_id = [](const EventPlace& a, const EventPlace& b) { return a.id < b.id; };
  if (places->size() > most) {
    std::nth_element(places->begin(), places->begin() + static_cast<ptrdiff_t>(most), places->end(), by_id);
    places->resize(most);
  }
}

}  // namespace

EventScan::EventScan() {
  for (int32_t number = 0; number < kRings; ++number) {
    const std::string name = "event_" + std::to_string(number);
    const Oid oid = TableNamed(name);
    if (!OidIsValid(oid)) continue;
    const Relation table = CallBackend([=] { return table_open(oid, AccessShareLock); });
    // With the table's lock nobody takes the index away.
    const Oid index = TableNamed(name + "_xid");
    rings_.push_back({table, OidIsValid(index) ? CallBackend([=] { return index_open(index, AccessShareLock); }) : nullptr, number, 0});
  }
  snapshot_ = CallBackend([] { return RegisterSnapshot(GetTransactionSnapshot()); });
  // What the snapshot sees lies in the blocks that are there by now.
  for (Ring& ring : rings_) {
    const Relation table = ring.table;
    ring.blocks = CallBackend([=] { return RelationGetNumberOfBlocks(table); });
  }
}

std::vector<BlockStretch> EventScan::Candidates(const Ring& ring, uint64_t first) const {
  if (ring.blocks == 0) return {};
  const Relation index = ring.by_transaction;
  // A table of few blocks is read sooner than asked about.
  if (index == nullptr || ring.blocks <= kFewBlocks || !TellsBlocks(ring.table, index, event::kXid)) return {{0, ring.blocks}};
  std::vector<BlockStretch> stretches = BlocksFrom(index, snapshot_, first);
  SumUp(ring, stretches);
  return stretches;
}

// A full range that is not summed up is read in every round. Each is tried once by a backend, when it has just found out that it has to read it.
void EventScan::SumUp(const Ring& ring, const std::vector<BlockStretch>& stretches) {
  struct Summed { Oid file; BlockNumber end; };
  static constinit Summed known[kRings] = {};
  const BlockNumber pages = BrinGetPagesPerRange(ring.by_transaction), full = ring.blocks / pages * pages;
  Summed& summed = known[ring.number];
  const Oid file = ring.by_transaction->rd_rel->relfilenode;
  if (summed.file != file || summed.end > full) summed = {file, 0};
  if (summed.end < full && SumUpRanges(ring.table, ring.by_transaction, stretches, summed.end, full)) summed.end = full;
}

std::vector<EventPlace> EventScan::Find(uint64_t first, const Wanted& wanted, size_t most) {
  std::vector<EventPlace> places;
  const auto transaction_of = [](TupleTableSlot* row) {
    bool is_null;
    return U64FromFullTransactionId(DatumGetFullTransactionId(slot_getattr(row, event::kXid, &is_null)));
  };
  for (const Ring& ring : rings_) {
    BlockScan scan(ring.table, snapshot_);
    for (const BlockStretch& stretch : Candidates(ring, first)) {
      scan.Begin(stretch);
      while (TupleTableSlot* const row = scan.Next([&](TupleTableSlot* slot) { return transaction_of(slot) >= first; })) {
        const int64_t id = DatumGetInt64(row->tts_values[event::kId - 1]);  // before the one that was asked for
        const uint64_t transaction = U64FromFullTransactionId(DatumGetFullTransactionId(row->tts_values[event::kXid - 1]));
        if (!wanted(transaction, id)) continue;
        places.push_back({id, ring.number, ItemPointerGetBlockNumber(&row->tts_tid), ItemPointerGetOffsetNumber(&row->tts_tid)});
        if (places.size() >= 2 * most) KeepLowest(&places, most);
      }
    }
    scan.End();
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
    CallBackend([&] {
      if (ring.by_transaction != nullptr) index_close(ring.by_transaction, AccessShareLock);
      table_close(ring.table, AccessShareLock);
    });
  }
  CallBackend([this] { UnregisterSnapshot(snapshot_); });
}

}  // namespace workflow::pg
