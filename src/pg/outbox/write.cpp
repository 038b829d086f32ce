#include "pg/outbox/write.h"

#include <algorithm>

#include "pg/capture/append.h"
#include "pg/convert.h"
#include "pg/store/children.h"

namespace workflow::pg {
namespace {

constexpr size_t kRowsMost = 1000;       // of one multi-insert
constexpr size_t kFollowersMost = 100;   // of one leader: a row stays far smaller than a page

// An index that is known to hold these columns; of leaders only, or of all rows.
struct KnownIndex {
  Relation index;
  int count;
  AttrNumber columns[3];
  bool leaders;
};

bool IsAsKnown(const KnownIndex& known) {
  const Form_pg_index form = known.index->rd_index;
  if (known.index->rd_amhandler != F_BTHANDLER || form->indnatts != known.count) return false;
  for (int i = 0; i < known.count; ++i) if (form->indkey.values[i] != known.columns[i]) return false;
  return heap_attisnull(known.index->rd_indextuple, Anum_pg_index_indpred, nullptr) != known.leaders;
}

// Whether the table has these indexes, and no other that somebody has added or is building.
bool HasOnly(Relation table, const KnownIndex* known, int count) {
  return CallBackend([=] {
    ::List* const all = RelationGetIndexList(table);
    bool only = list_length(all) == count;
    for (int i = 0; only && i < count; ++i) only = list_member_oid(all, RelationGetRelid(known[i].index)) && IsAsKnown(known[i]);
    list_free(all);
    return only;
  });
}

// Rows of one day's table: written without the executor where its indexes are the known ones, which spares what it sets up for each call.
class DayAppender {
 public:
  DayAppender(Relation table, const KnownIndex* known, int count, size_t most) : table_(table), known_(known), count_(count) {
    if (!HasOnly(table, known, count)) {
      executor_ = std::make_unique<Inserter>(table, static_cast<int>(most));
      return;
    }
    slots_.resize(most);
    TupleTableSlot** const slots = slots_.data();
    CallBackend([=] {
      const TupleDesc description = CreateTupleDescCopy(RelationGetDescr(table));  // nobody counts who refers to it
      for (size_t i = 0; i < most; ++i) slots[i] = MakeSingleTupleTableSlot(description, &TTSOpsHeapTuple);
    });
  }
  // `led`: of each row, whether it has a leader; empty: none has.
  void Append(const std::vector<Datum>& values, const std::vector<char>& nulls, const std::vector<char>& led) {
    if (executor_ != nullptr) return executor_->Insert(values, nulls);
    const int columns = RelationGetDescr(table_)->natts;
    const int rows = static_cast<int>(values.size()) / columns;
    const Datum* value = values.data();
    const bool* is_null = reinterpret_cast<const bool*>(nulls.data());
    const char* is_led = led.empty() ? nullptr : led.data();
    TupleTableSlot** const slots = slots_.data();
    CallBackend([=, this] {
      for (int i = 0; i < rows; ++i) {
        memcpy(slots[i]->tts_values, value + i * columns, sizeof(Datum) * columns);
        memcpy(slots[i]->tts_isnull, is_null + i * columns, sizeof(bool) * columns);
        ExecStoreVirtualTuple(slots[i]);
      }
      table_multi_insert(table_, slots, rows, GetCurrentCommandId(true), 0, nullptr);
      for (int k = 0; k < count_; ++k) {
        for (int i = 0; i < rows; ++i) {
          if (!known_[k].leaders || is_led == nullptr || !is_led[i]) InsertEntry(known_[k], value + i * columns, is_null + i * columns, &slots[i]->tts_tid);
        }
      }
      for (int i = 0; i < rows; ++i) ExecClearTuple(slots[i]);
    });
  }
  void Finish() { if (executor_ != nullptr) executor_->Finish(); }

 private:
  void InsertEntry(const KnownIndex& known, const Datum* row, const bool* is_null, ItemPointer place) const {
    Datum values[std::size(known.columns)];
    bool nulls[std::size(known.columns)];
    for (int i = 0; i < known.count; ++i) {
      values[i] = row[known.columns[i] - 1];
      nulls[i] = is_null[known.columns[i] - 1];
    }
    // A btree asks nothing of what the executor knows of the index.
    index_insert(known.index, values, nulls, place, table_, known.index->rd_index->indisunique ? UNIQUE_CHECK_YES : UNIQUE_CHECK_NO, false, nullptr);
  }

  const Relation table_;
  const KnownIndex* const known_;
  const int count_;
  std::vector<TupleTableSlot*> slots_;
  std::unique_ptr<Inserter> executor_;
};

// The values of rows, column by column.
struct Values {
  std::vector<Datum> datums = {};
  std::vector<char> nulls = {};
  std::optional<Token> token = {};
  Datum token_datum = 0;

  void Put(Datum value, bool is_null = false) {
    datums.push_back(value);
    nulls.push_back(is_null);
  }
  void PutToken(const std::optional<Token>& value) {
    if (value && (token_datum == 0 || token != value)) {
      auto* copy = static_cast<pg_uuid_t*>(CallBackend([] { return palloc(sizeof(pg_uuid_t)); }));
      memcpy(copy->data, value->data(), value->size());
      token = value;
      token_datum = UUIDPGetDatum(copy);
    }
    Put(value ? token_datum : Datum{0}, !value);
  }
  void PutText(const std::string* text) { Put(text != nullptr ? TextDatum(*text) : Datum{0}, text == nullptr); }
};

// Calls `write(tables, rows, count, most)` for each stretch of rows of one day, ascending by number, so that they lie together.
template <typename Row, typename Write>
void ByDay(OpenDays* days, std::vector<Row>* rows, Write&& write) {
  if (!std::is_sorted(rows->begin(), rows->end(), [](const Row& a, const Row& b) { return a.message < b.message; })) {
    std::sort(rows->begin(), rows->end(), [](const Row& a, const Row& b) { return a.message < b.message; });
  }
  for (size_t at = 0; at < rows->size();) {
    const int32_t day = DayOfMessage((*rows)[at].message);
    size_t end = at;
    while (end < rows->size() && DayOfMessage((*rows)[end].message) == day) ++end;
    DayTables* const tables = days->Get(day);
    if (tables == nullptr) throw SqlError{ERRCODE_UNDEFINED_TABLE, "the tables of the outbox of day " + DayChild("message", day) + " are missing"};
    write(tables, rows->data() + at, end - at);
    at = end;
  }
  CallBackend([] { CommandCounterIncrement(); });
}

bool AreAlike(const LeaseRow& a, const LeaseRow& b) {
  return a.rank == b.rank && a.visible_at == b.visible_at && a.at == b.at && a.token == b.token;
}

// Of each row the place of its leader among them; its own: it leads.
std::vector<size_t> LeadersOf(const LeaseRow* rows, size_t count) {
  std::vector<size_t> leaders(count);
  std::map<int32_t, std::pair<size_t, size_t>> newest;  // of each rank the leader, and how many follow
  for (size_t i = 0; i < count; ++i) {
    const auto found = newest.find(rows[i].rank);
    if (found == newest.end() || found->second.second == kFollowersMost || !AreAlike(rows[found->second.first], rows[i])) {
      newest[rows[i].rank] = {i, 0};
      leaders[i] = i;
    } else {
      leaders[i] = found->second.first;
      ++found->second.second;
    }
  }
  return leaders;
}

Datum NumbersDatum(const std::vector<int64_t>& numbers) {
  const int count = static_cast<int>(numbers.size());
  const int64_t* const data = numbers.data();
  return CallBackend([=] {
    auto* const items = static_cast<Datum*>(palloc(sizeof(Datum) * count));
    for (int i = 0; i < count; ++i) items[i] = Int64GetDatum(data[i]);
    return PointerGetDatum(construct_array(items, count, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
  });
}

void AppendLeases(DayAppender* appender, Datum channel, const LeaseRow* rows, size_t count) {
  const std::vector<size_t> leaders = LeadersOf(rows, count);
  std::map<size_t, std::vector<int64_t>> followers;
  std::vector<char> led(count);
  for (size_t i = 0; i < count; ++i) {
    led[i] = leaders[i] != i;
    if (led[i]) followers[leaders[i]].push_back(rows[i].message);
  }
  Values values;
  for (size_t i = 0; i < count; ++i) {
    const LeaseRow& row = rows[i];
    values.Put(Int64GetDatum(row.message));
    values.Put(TimestampTzGetDatum(row.visible_at));
    values.Put(TimestampTzGetDatum(row.at));
    values.Put(Int32GetDatum(row.seq));
    values.Put(Int16GetDatum(static_cast<int16>(row.attempt)));
    values.Put(Int16GetDatum(static_cast<int16>(row.rank)));
    values.PutToken(row.token);
    values.Put(channel);
    values.PutText(row.reason ? &*row.reason : nullptr);
    values.Put(BoolGetDatum(led[i] != 0));
    const auto found = followers.find(i);
    values.Put(found == followers.end() ? Datum{0} : NumbersDatum(found->second), found == followers.end());
  }
  appender->Append(values.datums, values.nulls, led);
}

void AppendOutcomes(DayAppender* appender, const OutcomeRow* rows, size_t count) {
  Values values;
  for (size_t i = 0; i < count; ++i) {
    const OutcomeRow& row = rows[i];
    values.Put(Int64GetDatum(row.message));
    values.Put(TimestampTzGetDatum(row.at));
    values.Put(Int32GetDatum(row.seq));
    values.Put(TextDatum(row.state));
    values.PutToken(row.token);
    values.PutText(row.reason.empty() ? nullptr : &row.reason);
  }
  appender->Append(values.datums, values.nulls, {});
}

}  // namespace

void WriteLeases(OpenDays* days, const std::string& channel, std::vector<LeaseRow> rows) {
  if (rows.empty()) return;
  const Datum channel_datum = TextDatum(channel);
  ByDay(days, &rows, [&](DayTables* tables, const LeaseRow* all, size_t count) {
    const KnownIndex known[] = {{tables->lease_pkey(), 2, {lease_column::kMessage, lease_column::kSeq}, false},
                                {tables->lease_token(), 1, {lease_column::kToken}, true},
                                {tables->lease_due(), 3, {lease_column::kChannel, lease_column::kRank, lease_column::kVisibleAt}, true}};
    DayAppender appender(tables->lease(), known, std::size(known), std::min(count, kRowsMost));
    for (size_t at = 0; at < count; at += kRowsMost) AppendLeases(&appender, channel_datum, all + at, std::min(count - at, kRowsMost));
    appender.Finish();
  });
}

void WriteOutcomes(OpenDays* days, std::vector<OutcomeRow> rows) {
  if (rows.empty()) return;
  ByDay(days, &rows, [&](DayTables* tables, const OutcomeRow* all, size_t count) {
    const KnownIndex known[] = {{tables->outcome_pkey(), 2, {outcome_column::kMessage, outcome_column::kSeq}, false}};
    DayAppender appender(tables->outcome(), known, std::size(known), std::min(count, kRowsMost));
    for (size_t at = 0; at < count; at += kRowsMost) AppendOutcomes(&appender, all + at, std::min(count - at, kRowsMost));
    appender.Finish();
  });
}

}  // namespace workflow::pg
