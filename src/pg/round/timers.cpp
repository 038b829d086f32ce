#include "pg/round/timers.h"

#include <algorithm>
#include <iterator>

#include "pg/server/spi.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {
namespace {

std::string Quoted(const Bucket& bucket) { return "ONLY workflow." + bucket.name; }

constexpr const char* kBeyond = " t WHERE (t.due, t.enrollment, t.number) > ($1, $2, $3)";

Params Cursor(const std::optional<TimerItem>& cursor) {
  Params params;
  params.Time(cursor ? cursor->due : Instant{INT64_MIN}).Int8(cursor ? cursor->enrollment : 0).Int4(cursor ? cursor->number : 0);
  return params;
}

}  // namespace

TimerStore::TimerStore(Instant now, const std::optional<TimerItem>& cursor) : now_(now), start_(cursor), cursor_(cursor) { Reload(); }

void TimerStore::Reload() {
  tables_.clear();
  Rows rows = Execute("SELECT c.relname::text, c.oid::int8 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                      " WHERE i.inhparent = 'workflow.timer'::regclass");
  for (size_t i = 0; i < rows.size(); ++i) {
    if (auto bucket = BucketNamed(rows.Text(i, 1))) tables_.push_back({std::move(*bucket), static_cast<Oid>(rows.Int8(i, 2))});
  }
  rows.Free();
  std::sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) { return a.bucket.from < b.bucket.from; });
  // What adopt() has put back lies in the parent.
  tables_.insert(tables_.begin(), {Bucket{"timer", Instant{INT64_MIN}, Instant{INT64_MAX}}, InvalidOid});
}

std::vector<TimerItem> TimerStore::Read(int limit) {
  std::vector<TimerItem> due;
  for (const Table& table : tables_) {
    if (table.bucket.from > now_) break;
    if (cursor_ && table.bucket.to <= cursor_->due) continue;
    if (static_cast<int>(due.size()) >= limit && table.bucket.from > due.back().due) break;
    // The limit is a literal: a parameter would be planned as a tenth of the table.
    Rows rows = Execute("SELECT t.due, t.enrollment, t.number FROM " + Quoted(table.bucket) + kBeyond +
                            " AND t.due <= $4 ORDER BY t.due, t.enrollment, t.number LIMIT " + std::to_string(limit),
                        Cursor(cursor_).Time(now_));
    std::vector<TimerItem> found;
    for (size_t i = 0; i < rows.size(); ++i) found.push_back({rows.Time(i, 1), rows.Int8(i, 2), rows.Int4(i, 3)});
    rows.Free();
    std::vector<TimerItem> both;
    std::merge(due.begin(), due.end(), found.begin(), found.end(), std::back_inserter(both));
    if (static_cast<int>(both.size()) > limit) both.resize(static_cast<size_t>(limit));
    due = std::move(both);
  }
  if (!due.empty()) cursor_ = due.back();
  return due;
}

std::optional<Instant> TimerStore::NextDue() {
  std::optional<Instant> next;
  for (const Table& table : tables_) {
    if (next && table.bucket.from >= *next) break;
    if (cursor_ && table.bucket.to <= cursor_->due) continue;
    Rows rows = Execute("SELECT t.due FROM " + Quoted(table.bucket) + kBeyond + " ORDER BY t.due, t.enrollment, t.number LIMIT 1", Cursor(cursor_));
    if (!rows.empty() && (!next || rows.Time(0, 1) < *next)) next = rows.Time(0, 1);
    rows.Free();
  }
  return next;
}

Oid TimerStore::TableOf(Instant due) {
  const Bucket bucket = BucketFor(due, now_);
  for (const Table& table : tables_) {
    if (table.bucket.name == bucket.name) return table.oid;
  }
  Execute("SELECT workflow.make_timer_bucket($1)", Params().Text(bucket.name));
  Reload();
  return TableNamed(bucket.name);
}

void TimerStore::Add(const std::vector<TimerItem>& timers) {
  std::map<Oid, std::vector<const TimerItem*>> by_table;
  for (const TimerItem& timer : timers) {
    by_table[TableOf(timer.due)].push_back(&timer);
    // Behind what has been read already: a clock that was put back.
    if (cursor_ && timer <= *cursor_) cursor_ = TimerItem{Instant{timer.due.us - 1}, INT64_MAX, INT32_MAX};
  }
  for (auto& [oid, items] : by_table) {
    TableWriter writer(oid);
    for (const TimerItem* timer : items) {
      writer.Time(timer->due).Int8(timer->enrollment).Int4(timer->number);
      writer.EndRow();
    }
    writer.Finish();
  }
}

}  // namespace workflow::pg
