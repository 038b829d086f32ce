#include "pg/server/keyed_table.h"

#include "pg/convert.h"

namespace workflow::pg {
namespace {

// A row that nobody asked for costs a third of a search.
constexpr int64_t kReadForOne = 3;

}  // namespace

KeyedTable::KeyedTable(const char* table, const char* index) : open_(table, index), scan_(open_.table(), open_.index(), snapshot_.get()) {
  texts_ = CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow keys", ALLOCSET_SMALL_SIZES); });
}

void KeyedTable::Seek(std::initializer_list<Key> keys) {
  IndexScan::Key equal[IndexScan::kMostKeys] = {};
  CallBackend([this] { MemoryContextReset(texts_); });
  int count = 0;
  for (const Key& key : keys) {
    IndexScan::Key& one = equal[count++];
    one = {static_cast<AttrNumber>(count), BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(key.number)};
    if (key.kind == Key::kInt4) {
      one.function = F_INT4EQ;
      one.value = Int32GetDatum(static_cast<int32_t>(key.number));
    } else if (key.kind == Key::kXid8) {
      one.function = F_XID8EQ;
      one.value = FullTransactionIdGetDatum(FullTransactionIdFromU64(static_cast<uint64_t>(key.number)));
    } else if (key.kind == Key::kUuid) {
      one.function = F_UUID_EQ;
      one.value = PointerGetDatum(key.uuid);
    } else if (key.kind == Key::kText) {
      one.function = F_TEXTEQ;
      const std::string_view text = key.text;
      one.value = CallBackend([&] {
        auto* copy = static_cast<struct varlena*>(MemoryContextAlloc(texts_, VARHDRSZ + text.size()));
        SET_VARSIZE(copy, VARHDRSZ + text.size());
        memcpy(VARDATA(copy), text.data(), text.size());
        return PointerGetDatum(copy);
      });
    }
  }
  scan_.Begin(equal, count);
}

bool KeyedTable::Next() {
  const bool found = scan_.Next();
  if (found) CallBackend([this] { slot_getallattrs(row()); });
  return found;
}

void KeyedTable::Expect(const std::vector<int64_t>& keys) {
  if (keys.size() < 2 || keys.back() - keys.front() >= kReadForOne * static_cast<int64_t>(keys.size())) return;
  for (size_t i = 1; i < keys.size(); ++i) if (keys[i] < keys[i - 1]) return;
  const IndexScan::Key stretch[] = {{1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(keys.front())},
                                    {1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(keys.back())}};
  scan_.Begin(stretch, 2, true);
  for (IndexScan::Place place = scan_.NextPlace(); place.there; place = scan_.NextPlace()) stretch_.push_back(place);
  in_stretch_ = true;
}

// A row that was moved while a snapshot is held has an entry for each place it has been at. New places are behind old ones as long as the table grows, so
// it is found at the last of them, and the others are not looked at.
bool KeyedTable::Find(int64_t key) {
  bool found = false;
  if (in_stretch_) {
    while (next_ < stretch_.size() && stretch_[next_].key < key) ++next_;
    size_t behind = next_;
    while (behind < stretch_.size() && stretch_[behind].key == key) ++behind;
    while (!found && behind > next_) found = scan_.Fetch(stretch_[--behind].at);
  } else {
    Seek({Key(key)});
    found = scan_.Next(BackwardScanDirection);
  }
  if (found) CallBackend([this] { slot_getallattrs(row()); });
  return found;
}

void KeyedTable::Finish() {
  scan_.End();
  snapshot_.End();
  open_.Close();
  CallBackend([this] { MemoryContextDelete(texts_); });
}

Instant KeyedTable::Time(int column) const { return ToInstant(DatumGetTimestampTz(At(column))); }

std::optional<Instant> KeyedTable::MaybeTime(int column) const {
  return IsNull(column) ? std::nullopt : std::optional(Time(column));
}

std::string KeyedTable::Text(int column) const {
  return IsNull(column) ? std::string() : TextOf(At(column));
}

}  // namespace workflow::pg
