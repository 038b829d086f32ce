#include "pg/round/timers.h"

#include <algorithm>
#include <iterator>

#include "pg/server/spi.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {
namespace {

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
  const Instant after = cursor_ ? cursor_->due : Instant{INT64_MIN};
  Rows rows = Execute("SELECT c.relname::text, c.oid::int8 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                      " WHERE i.inhparent = 'workflow.timer'::regclass UNION ALL SELECT 'timer', 'workflow.timer'::regclass::oid::int8");
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string name = rows.Text(i, 1);
    if (const auto earliest = EarliestIn(name, after)) tables_.push_back({name, static_cast<Oid>(rows.Int8(i, 2)), *earliest});
  }
  rows.Free();
  std::sort(tables_.begin(), tables_.end(), [](const Table& a, const Table& b) { return a.earliest < b.earliest; });
}

std::vector<TimerItem> TimerStore::Read(int limit) {
  std::vector<TimerItem> due;
  for (const Table& table : tables_) {
    if (table.earliest > now_) break;
    if (static_cast<int>(due.size()) >= limit && table.earliest > due.back().due) break;
    // The limit is a literal: a parameter would be planned as a tenth of the table.
    Rows rows = Execute("SELECT t.due, t.enrollment, t.number FROM ONLY workflow." + table.name + kBeyond +
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
    if (next && table.earliest >= *next) break;
    Rows rows = Execute("SELECT t.due FROM ONLY workflow." + table.name + kBeyond + " ORDER BY t.due, t.enrollment, t.number LIMIT 1", Cursor(cursor_));
    if (!rows.empty() && (!next || rows.Time(0, 1) < *next)) next = rows.Time(0, 1);
    rows.Free();
  }
  return next;
}

Oid TimerStore::TableOf(Instant due) {
  const std::string name = BucketFor(due, now_);
  for (const Table& table : tables_) {
    if (table.name == name) return table.oid;
  }
  Execute("SELECT workflow.make_timer_table($1)", Params().Text(name));
  Reload();
  return TableNamed(name);
}

void TimerStore::Add(const std::vector<TimerItem>& timers) {
  std::map<Oid, std::vector<const TimerItem*>> by_table;
  for (const TimerItem& timer : timers) {
    by_table[TableOf(timer.due)].push_back(&timer);
    // Behind what has been read already: a clock that was put back.
    if (cursor_ && timer <= *cursor_) {
      cursor_ = TimerItem{Instant{timer.due.us - 1}, INT64_MAX, INT32_MAX};
      Reload();
    }
  }
  for (auto& [oid, items] : by_table) {
    TableWriter writer(oid, TableWriter::Room::kAtEnd);
    for (const TimerItem* timer : items) {
      writer.Time(timer->due).Int8(timer->enrollment).Int4(timer->number);
      writer.EndRow();
    }
    writer.Finish();
  }
}

}  // namespace workflow::pg
