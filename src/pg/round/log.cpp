#include "pg/round/log.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/round/event_scan.h"
#include "pg/server/keyed_table.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {
namespace {

// So many batches of a window that is larger than one are looked up at once.
constexpr size_t kBatchesAhead = 100;

// The columns of workflow.round.
namespace ledger {
enum : int { kId = 1, kAt, kFrom, kSnapshot, kLastEvent, kComplete, kXid, kOwnEvent, kAsOf, kReadDue, kReadEnrollment, kReadNumber };
}  // namespace ledger

SeenTransactions SeenBy(Datum snapshot) {
  const auto* text = reinterpret_cast<const char*>(static_cast<uintptr_t>(CallBackend([=] { return DirectFunctionCall1(pg_snapshot_out, snapshot); })));
  const auto seen = SeenTransactions::Parse(text);
  if (!seen) throw SqlError{ERRCODE_DATA_CORRUPTED, std::string("invalid snapshot \"") + text + "\""};
  return *seen;
}

// The current snapshot, with this transaction's own id among those in progress: what it writes is not yet committed, and the next window must find
// it (a snapshot's own text leaves it out).
SeenTransactions CurrentSnapshot(const std::optional<uint64_t>& own_xid) {
  const Datum snapshot = CallBackend([] {
    PushActiveSnapshot(GetTransactionSnapshot());
    const Datum current = OidFunctionCall0(F_PG_CURRENT_SNAPSHOT);
    PopActiveSnapshot();
    return current;
  });
  SeenTransactions seen = SeenBy(snapshot);
  if (own_xid) seen.Hide(*own_xid);
  return seen;
}

// The newest row of the ledger, copied; nullptr where there is none.
HeapTuple LastRound(Relation rounds, Oid by_id) {
  return CallBackend([=]() -> HeapTuple {
    const Relation index = index_open(by_id, AccessShareLock);
    const Snapshot snapshot = RegisterSnapshot(GetTransactionSnapshot());
    const SysScanDesc scan = systable_beginscan_ordered(rounds, index, snapshot, 0, nullptr);
    const HeapTuple found = systable_getnext_ordered(scan, BackwardScanDirection);
    const HeapTuple last = HeapTupleIsValid(found) ? heap_copytuple(found) : nullptr;
    systable_endscan_ordered(scan);
    UnregisterSnapshot(snapshot);
    index_close(index, AccessShareLock);
    return last;
  });
}

// The last event of a transaction that rounds in that very transaction have read; 0: none.
int64_t OwnRead(uint64_t transaction, KeyedTable* own_rounds) {
  int64_t read = 0;
  own_rounds->Seek({KeyedTable::Key::Xid8(transaction)});
  while (own_rounds->Next()) read = std::max(read, own_rounds->Int8(ledger::kOwnEvent));
  return read;
}

}  // namespace

bool LogReader::Open() {
  if (!OidIsValid(TableNamed("event_0")) && !OidIsValid(TableNamed("event_1")) && !OidIsValid(TableNamed("event_2"))) return false;
  const FullTransactionId own = GetTopFullTransactionIdIfAny();
  if (FullTransactionIdIsValid(own)) own_xid_ = U64FromFullTransactionId(own);
  ReadLedger(CurrentSnapshot(own_xid_));
  start_event_ = last_event_;
  if (own_xid_) {
    KeyedTable own_rounds("round", "round_own");
    own_read_ = OwnRead(*own_xid_, &own_rounds);
    own_rounds.Finish();
  }
  return true;
}

void LogReader::ReadLedger(const SeenTransactions& now) {
  const Oid rounds_oid = RelationNamed("round"), by_id = RelationNamed("round_pkey");
  const Relation rounds = CallBackend([=] { return table_open(rounds_oid, AccessShareLock); });
  const HeapTuple last = LastRound(rounds, by_id);
  if (last == nullptr) {  // the first round reads all there is
    from_ = SeenTransactions::Parse("3:3:").value();
    to_ = now;
  } else {
    const TupleDesc description = RelationGetDescr(rounds);
    bool is_null = false;
    const auto value = [&](int column) { return CallBackend([&] { return heap_getattr(last, column, description, &is_null); }); };
    const auto time = [&](int column) {
      const Datum at = value(column);
      return is_null ? std::nullopt : std::optional(ToInstant(DatumGetTimestampTz(at)));
    };
    last_as_of_ = time(ledger::kAsOf);
    if (const auto due = time(ledger::kReadDue)) {
      timer_cursor_ = TimerItem{*due, DatumGetInt64(value(ledger::kReadEnrollment)), DatumGetInt32(value(ledger::kReadNumber))};
    }
    complete_ = DatumGetBool(value(ledger::kComplete));
    from_ = SeenBy(value(complete_ ? ledger::kSnapshot : ledger::kFrom));
    to_ = complete_ ? now : SeenBy(value(ledger::kSnapshot));
    last_event_ = complete_ ? 0 : DatumGetInt64(value(ledger::kLastEvent));
  }
  CallBackend([=] { table_close(rounds, NoLock); });
}

std::vector<LogEvent> LogReader::ReadWindow(int limit) {
  const auto most = static_cast<size_t>(limit);
  EventScan scan;
  std::vector<LogEvent> events;
  const std::string from = from_.Text(), to = to_.Text();
  // What this transaction has read of itself is known to it alone: then nothing is kept.
  if (!own_xid_) {
    const std::vector<EventPlace> places = OwnBacklog().Next(from, to, last_event_, limit);
    events = scan.Fetch(places);
    if (events.size() < places.size()) {  // rows of the log were written anew
      OwnBacklog().Forget();
      events.clear();
    }
  }
  if (events.empty()) {
    KeyedTable own_rounds("round", "round_own");
    uint64_t last = 0;
    int64_t last_read = 0;  // of that transaction
    const auto wanted = [&](uint64_t transaction, int64_t event) {
      if (event <= last_event_ || transaction == own_xid_ || !IsBetween(from_, to_, transaction)) return false;
      if (transaction != last) {
        last = transaction;
        last_read = OwnRead(transaction, &own_rounds);
      }
      return event > last_read;
    };
    const size_t ahead = own_xid_ ? most : most * (kBatchesAhead + 1);
    std::vector<EventPlace> places = scan.Find(from_.first_unseen(), wanted, ahead);
    own_rounds.Finish();
    const bool whole = places.size() < ahead;
    const auto behind = places.begin() + static_cast<ptrdiff_t>(std::min(most, places.size()));
    events = scan.Fetch({places.begin(), behind});
    if (!own_xid_ && behind != places.end()) OwnBacklog().Keep(from, to, (behind - 1)->id, {behind, places.end()}, whole);
  }
  scan.Finish();
  if (!events.empty()) last_event_ = events.back().id;
  complete_ = static_cast<int>(events.size()) < limit;
  completed_window_ = complete_ && (start_event_ > 0 || !events.empty());
  return events;
}

std::vector<LogEvent> LogReader::ReadOwn(int limit) {
  EventScan scan;
  const auto wanted = [this](uint64_t transaction, int64_t event) { return transaction == own_xid_ && event > own_read_; };
  std::vector<LogEvent> events = scan.Fetch(scan.Find(*own_xid_, wanted, static_cast<size_t>(limit)));
  scan.Finish();
  if (!events.empty()) own_event_ = events.back().id;
  return events;
}

std::vector<LogEvent> LogReader::Read(int limit) {
  std::vector<LogEvent> events = ReadWindow(limit);
  more_ = !complete_;
  if (own_xid_ && complete_) {
    std::vector<LogEvent> own = ReadOwn(limit);
    more_ = more_ || static_cast<int>(own.size()) == limit;
    std::move(own.begin(), own.end(), std::back_inserter(events));
  }
  return events;
}

void LogReader::Append(const RoundResult& result, std::optional<Instant> as_of, const std::optional<TimerItem>& timer) {
  const Oid sequence = RelationNamed("round_id_seq");
  const int64_t id = CallBackend([=] { return nextval_internal(sequence, false); });
  const Instant at = ToInstant(CallBackend([] { return GetCurrentTimestamp(); }));
  const uint64_t own = U64FromFullTransactionId(CallBackend([] { return GetTopFullTransactionId(); }));
  TableWriter rows(RelationNamed("round"));
  rows.Int8(id).Time(at).SnapshotText(from_.Text()).SnapshotText(to_.Text()).Int8(last_event_).Bool(complete_).Xid8(own);
  own_event_ ? rows.Int8(*own_event_) : rows.Null();
  rows.MaybeTime(as_of);
  timer ? rows.Time(timer->due).Int8(timer->enrollment).Int4(timer->number) : rows.Null().Null().Null();
  rows.Int4(result.events).Int4(result.steps).Int4(result.messages).Int4(result.errors).Int8(result.took_us);
  rows.EndRow();
  rows.Finish();
}

std::string ToParkedText(const LogEvent& event, std::optional<Instant> at) {
  if (event.timed) at.reset();
  Json json = Json::MakeObject();
  json.Set("id", Json::Integer(event.id));
  json.Set("xid", Json::String(event.xid));
  json.Set("kind", Json::String(std::string(1, event.kind)));
  json.Set("op", Json::String(std::string(1, event.op)));
  json.Set("depth", Json::Integer(event.depth));
  json.Set("timed", Json::Boolean(event.timed || at));
  json.Set("backfill", Json::Boolean(event.backfill));
  if (event.source) json.Set("source", Json::Integer(*event.source));
  json.Set("at_us", Json::Integer(at ? at->us : event.at.us));
  json.Set("event", Json::String(event.event));
  json.Set("row_key", Json::String(event.row_key));
  json.Set("account", Json::String(event.account));
  json.Set("name", Json::String(event.name));
  json.Set("body", event.body);
  return json.Dump();
}

std::optional<LogEvent> FromParkedText(const std::string& text) {
  std::string error;
  const auto json = Json::Parse(text, &error, 260);
  if (!json || !json->is_object()) return std::nullopt;
  const auto word = [&](const char* key) {
    const Json* value = json->Find(key);
    return value != nullptr && value->is_string() ? value->string() : std::string();
  };
  const auto number = [&](const char* key) {
    const Json* value = json->Find(key);
    return value == nullptr ? std::nullopt : value->AsInteger();
  };
  const auto flag = [&](const char* key) {
    const Json* value = json->Find(key);
    return value != nullptr && value->is_boolean() && value->boolean();
  };
  LogEvent event;
  event.parked = true;
  event.id = number("id").value_or(0);
  event.xid = word("xid");
  event.kind = word("kind").empty() ? ' ' : word("kind")[0];
  event.op = word("op").empty() ? ' ' : word("op")[0];
  event.depth = static_cast<int32_t>(number("depth").value_or(0));
  event.timed = flag("timed");
  event.backfill = flag("backfill");
  if (const auto source = number("source")) event.source = static_cast<int32_t>(*source);
  event.at.us = number("at_us").value_or(0);
  event.event = word("event");
  event.row_key = word("row_key");
  event.account = word("account");
  event.name = word("name");
  if (const Json* body = json->Find("body")) event.body = *body;
  return event;
}

}  // namespace workflow::pg
