#include "pg/round/log.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/round/backlog.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// The current snapshot as text, with this transaction's own id among those in progress: what it writes is not yet committed, and the next
// window must find it (a snapshot's own text leaves it out).
std::string SnapshotText(const std::optional<std::string>& own_xid) {
  Rows rows = Execute(
      "SELECT pg_snapshot_xmin(s)::text, pg_snapshot_xmax(s)::text, array_to_string(ARRAY(SELECT pg_snapshot_xip(s)), ',') "
      "FROM pg_current_snapshot() s");
  const uint64_t xmin = std::stoull(rows.Text(0, 1)), xmax = std::stoull(rows.Text(0, 2));
  const std::string running = rows.Text(0, 3);
  if (!own_xid || std::stoull(*own_xid) >= xmax) return rows.Text(0, 1) + ":" + rows.Text(0, 2) + ":" + running;
  std::vector<uint64_t> ids = {std::stoull(*own_xid)};
  for (size_t at = 0; at < running.size();) {
    size_t end = running.find(',', at);
    if (end == std::string::npos) end = running.size();
    ids.push_back(std::stoull(running.substr(at, end - at)));
    at = end + 1;
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  std::string text = std::to_string(std::min(xmin, ids.front())) + ":" + std::to_string(xmax) + ":";
  for (size_t i = 0; i < ids.size(); ++i) text += (i > 0 ? "," : "") + std::to_string(ids[i]);
  return text;
}

constexpr const char* kColumns =
    "e.id, e.xid::text, e.kind::text, e.op::text, e.depth::int, e.timed, e.backfill, e.source, e.at, e.event::text, e.row_key, e.account, "
    "e.name, e.body::text";

LogEvent FromRow(const Rows& rows, size_t i) {
  LogEvent event;
  event.id = rows.Int8(i, 1);
  event.xid = rows.Text(i, 2);
  const std::string kind = rows.Text(i, 3), op = rows.Text(i, 4);
  event.kind = kind.empty() ? ' ' : kind[0];
  event.op = op.empty() ? ' ' : op[0];
  event.depth = rows.Int4(i, 5);
  event.timed = rows.Bool(i, 6);
  event.backfill = rows.Bool(i, 7);
  event.source = rows.MaybeInt4(i, 8);
  event.at = rows.Time(i, 9);
  event.event = rows.Text(i, 10);
  event.row_key = rows.Text(i, 11);
  event.account = rows.Text(i, 12);
  event.name = rows.Text(i, 13);
  std::string error;
  if (auto body = Json::Parse(rows.Text(i, 14), &error, 256)) event.body = std::move(*body);
  return event;
}

}  // namespace

bool LogReader::Open() {
  Rows ring = Execute("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'workflow'::regnamespace "
                      "AND c.relname IN ('event_0', 'event_1', 'event_2') AND c.relkind = 'r' ORDER BY 1");
  if (ring.empty()) return false;
  for (size_t i = 0; i < ring.size(); ++i) {
    rings_.push_back(ring.Text(i, 1));
    tables_ += (i > 0 ? " UNION ALL SELECT *, " : "(SELECT *, ") + std::to_string(i) + " AS ring, ctid::text AS place FROM workflow." + rings_.back();
  }
  tables_ += ") e";
  const FullTransactionId own = GetTopFullTransactionIdIfAny();
  if (FullTransactionIdIsValid(own)) own_xid_ = std::to_string(U64FromFullTransactionId(own));
  const std::string now = SnapshotText(own_xid_);
  Rows last = Execute("SELECT r.from_snapshot::text, r.snapshot::text, r.last_event, r.complete, r.as_of, r.read_due, r.read_enrollment, r.read_number FROM workflow.round r "
                      "ORDER BY r.id DESC LIMIT 1");
  if (last.empty()) {  // the first round reads all there is
    from_ = "3:3:";
    to_ = now;
  } else {
    last_as_of_ = last.MaybeTime(0, 5);
    if (!last.IsNull(0, 6)) timer_cursor_ = TimerItem{last.Time(0, 6), last.Int8(0, 7), last.Int4(0, 8)};
    complete_ = last.Bool(0, 4);
    from_ = last.Text(0, complete_ ? 2 : 1);
    to_ = complete_ ? now : last.Text(0, 2);
    last_event_ = complete_ ? 0 : last.Int8(0, 3);
  }
  start_event_ = last_event_;
  if (own_xid_) {
    Rows read = Execute("SELECT max(r.own_event) FROM workflow.round r WHERE r.xid = $1::xid8 AND r.own_event IS NOT NULL",
                        Params().Text(*own_xid_));
    own_read_ = read.Int8(0, 1);
  }
  return true;
}

// The limit is a literal: a parameter would be planned as a tenth of the table.
std::string LogReader::WindowSql(const std::string& columns, int limit) const {
  return "SELECT " + columns + " FROM " + tables_ +
         " WHERE (e.xid >= pg_snapshot_xmax($1::pg_snapshot) OR e.xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::pg_snapshot))))"
         " AND pg_visible_in_snapshot(e.xid, $2::pg_snapshot) AND e.id > $3"
         " AND e.xid IS DISTINCT FROM $4::xid8"
         " AND NOT EXISTS (SELECT FROM workflow.round r WHERE r.xid = e.xid AND r.own_event >= e.id)"
         " ORDER BY e.id LIMIT " + std::to_string(limit);
}

std::vector<LogEvent> LogReader::ReadWindow(int limit) {
  std::vector<LogEvent> events = ReadBacklog(limit);
  if (events.empty()) {
    Rows rows = Execute(WindowSql(kColumns, limit), Params().Text(from_).Text(to_).Int8(last_event_).MaybeText(own_xid_));
    events.reserve(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) events.push_back(FromRow(rows, i));
    rows.Free();
    if (static_cast<int>(events.size()) == limit) KeepBacklog(events.back().id, limit);
  }
  if (!events.empty()) last_event_ = events.back().id;
  complete_ = static_cast<int>(events.size()) < limit;
  completed_window_ = complete_ && (start_event_ > 0 || !events.empty());
  return events;
}

void LogReader::KeepBacklog(int64_t after, int limit) {
  constexpr int kBatches = 100;
  if (own_xid_) return;  // what this transaction has read of itself is known to it alone
  Rows rows = Execute(WindowSql("e.id, e.ring, e.place", limit * kBatches), Params().Text(from_).Text(to_).Int8(after).MaybeText(own_xid_));
  std::vector<EventPlace> places;
  places.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EventPlace place = {.id = rows.Int8(i, 1), .ring = rows.Int4(i, 2), .block = 0, .offset = 0};
    sscanf(rows.Text(i, 3).c_str(), "(%u,%hu)", &place.block, &place.offset);
    places.push_back(place);
  }
  rows.Free();
  const bool whole = static_cast<int>(places.size()) < limit * kBatches;
  OwnBacklog().Keep(from_, to_, after, std::move(places), whole);
}

std::vector<LogEvent> LogReader::ReadBacklog(int limit) {
  if (own_xid_) return {};
  const std::vector<EventPlace> places = OwnBacklog().Next(from_, to_, last_event_, limit);
  if (places.empty()) return {};
  std::vector<LogEvent> events;
  events.reserve(places.size());
  for (size_t ring = 0; ring < rings_.size(); ++ring) {
    std::vector<std::string> here;
    for (const EventPlace& place : places) {
      if (place.ring == static_cast<int32_t>(ring)) here.push_back("(" + std::to_string(place.block) + "," + std::to_string(place.offset) + ")");
    }
    if (here.empty()) continue;
    Rows rows = Execute(std::string("SELECT ") + kColumns + " FROM workflow." + rings_[ring] + " e WHERE e.ctid = ANY ($1::text[]::tid[])", Params().Texts(here));
    for (size_t i = 0; i < rows.size(); ++i) events.push_back(FromRow(rows, i));
    rows.Free();
  }
  std::sort(events.begin(), events.end(), [](const LogEvent& a, const LogEvent& b) { return a.id < b.id; });
  const bool same = std::equal(events.begin(), events.end(), places.begin(), places.end(), [](const LogEvent& event, const EventPlace& place) { return event.id == place.id; });
  if (!same) {  // rows of the log were written anew
    OwnBacklog().Forget();
    return {};
  }
  return events;
}

std::vector<LogEvent> LogReader::ReadOwn(int limit) {
  const std::string sql = std::string("SELECT ") + kColumns + " FROM " + tables_ + " WHERE e.xid = $1::xid8 AND e.id > $2 ORDER BY e.id LIMIT " +
      std::to_string(limit);
  Rows rows = Execute(sql, Params().Text(*own_xid_).Int8(own_read_));
  std::vector<LogEvent> events;
  for (size_t i = 0; i < rows.size(); ++i) events.push_back(FromRow(rows, i));
  rows.Free();
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
  Params params;
  params.Text(from_).Text(to_).Int8(last_event_).Bool(complete_);
  params.MaybeInt8(own_event_);
  params.MaybeText(as_of ? std::optional(FormatIso(*as_of)) : std::nullopt);
  params.Int4(result.events).Int4(result.steps).Int4(result.messages).Int4(result.errors).Int8(result.took_us);
  if (timer) params.Time(timer->due).Int8(timer->enrollment).Int4(timer->number);
  Execute(std::string("INSERT INTO workflow.round (from_snapshot, snapshot, last_event, complete, xid, own_event, as_of, events, steps, messages, errors, took_us") +
              (timer ? ", read_due, read_enrollment, read_number" : "") +
              ") VALUES ($1::pg_snapshot, $2::pg_snapshot, $3, $4, pg_current_xact_id(), $5, $6::timestamptz, $7, $8, $9, $10, $11" + (timer ? ", $12, $13, $14)" : ")"),
          params);
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
