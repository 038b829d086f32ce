// The marks in workflow.mark: a row a channel, appended once a minute, the newest counts. What it says was so when it was written, and stays so, but
// for what is reopened: whoever does that deletes the channel's rows first, under a lock that keeps others from appending what they knew before.
#include "core/delivery/message_id.h"
#include "pg/convert.h"
#include "pg/outbox/hints.h"
#include "pg/server/table_writer.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

// Of each rank the number of spans, then from and to of each. Why they sleep is not kept: they are looked at again.
std::vector<int64_t> NumbersOfMarks(const Marks (&marks)[kRanks]) {
  std::vector<int64_t> numbers;
  for (const Marks& of_rank : marks) {
    numbers.push_back(of_rank.count);
    for (int i = 0; i < of_rank.count; ++i) {
      numbers.push_back(of_rank.spans[i].from);
      numbers.push_back(of_rank.spans[i].to);
    }
  }
  return numbers;
}

bool MarksOfNumbers(const std::vector<int64_t>& numbers, Marks (&marks)[kRanks]) {
  size_t at = 0;
  for (Marks& of_rank : marks) {
    of_rank = {};
    if (at >= numbers.size() || numbers[at] < 1 || numbers[at] > Marks::kMost) return false;
    of_rank.count = static_cast<int32_t>(numbers[at++]);
    if (numbers.size() < at + 2 * static_cast<size_t>(of_rank.count)) return false;
    for (int i = 0; i < of_rank.count; ++i, at += 2) of_rank.spans[i] = {numbers[at], numbers[at + 1], 0};
    if (of_rank.spans[of_rank.count - 1].to != Marks::kLast) return false;
  }
  return at == numbers.size();
}

std::vector<int64_t> NumbersOfArray(const Rows& rows, int column) {
  bool is_null;
  const Datum array = rows.Raw(0, column, &is_null);
  std::vector<int64_t> numbers;
  Datum* items = nullptr;
  int count = 0;
  CallBackend([&] {
    deconstruct_array(reinterpret_cast<ArrayType*>(pg_detoast_datum(reinterpret_cast<struct varlena*>(array))), INT8OID, 8, FLOAT8PASSBYVAL,
                      TYPALIGN_DOUBLE, &items, nullptr, &count);
  });
  for (int i = 0; i < count; ++i) numbers.push_back(DatumGetInt64(items[i]));
  return numbers;
}

}  // namespace

bool ReadLedger(const std::string& channel, ChannelMarks* marks) {
  Rows rows = Execute("SELECT m.first_day, m.fresh, m.due FROM workflow.mark m WHERE m.channel = $1 ORDER BY m.id DESC LIMIT 1", Params().Text(channel));
  if (rows.empty()) return false;
  marks->first_day = rows.Int4(0, 1);
  bool usable = MarksOfNumbers(NumbersOfArray(rows, 2), marks->fresh) && MarksOfNumbers(NumbersOfArray(rows, 3), marks->due);
  rows.Free();
  // By a clock that was set back since. Leases that are written now would lie before what was passed by that clock, so the row must not count again
  // once this clock has caught up: it goes with the first of them. What somebody else is removing is removed.
  bool set_back = false;
  if (usable) for (const Marks& due : marks->due) set_back = set_back || due.spans[due.count - 1].from > ClockNow();
  if (set_back) {
    Execute("DELETE FROM workflow.mark m WHERE m.id IN (SELECT n.id FROM workflow.mark n WHERE n.channel = $1 FOR UPDATE SKIP LOCKED)", Params().Text(channel)).Free();
  }
  return usable && !set_back;
}

void ForgetLedger(const std::string& channel) {
  Execute("LOCK TABLE workflow.mark IN SHARE ROW EXCLUSIVE MODE").Free();
  Execute("DELETE FROM workflow.mark WHERE channel = $1", Params().Text(channel)).Free();
}

}  // namespace workflow::pg

// How many channels were written. Waits for nobody.
WF_FUNCTION(workflow_keep_marks) {
  using namespace workflow::pg;
  Spi spi;
  const Oid table = TableNamed("mark");
  int64_t count = 0;
  if (CallBackend([=] { return ConditionalLockRelationOid(table, ShareRowExclusiveLock); })) {
    for (const KnownMarks& known : PublishedMarks()) {
      Execute("INSERT INTO workflow.mark (channel, first_day, fresh, due) VALUES ($1, $2, $3, $4)",
              Params().Text(known.channel).Int4(known.marks.first_day).Int8s(NumbersOfMarks(known.marks.fresh)).Int8s(NumbersOfMarks(known.marks.due))).Free();
      Execute("DELETE FROM workflow.mark WHERE channel = $1 AND id < (SELECT max(n.id) FROM workflow.mark n WHERE n.channel = $1)",
              Params().Text(known.channel)).Free();
      ++count;
    }
  }
  spi.Finish();
  PG_RETURN_INT64(count);
}
