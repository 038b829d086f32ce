// Rows of a table of ours by the leading columns of an index, straight through it: no plan, no parameters. What is found is seen by a snapshot taken
// when the table was opened.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

class KeyedTable {
 public:
  static constexpr int kMostKeys = 4;
  // What a column of the index is to be equal to; its text is to stay where it is until the search.
  struct Key {
    Key(int64_t value) : kind(kInt8), number(value) {}           // NOLINT: keys are written as plain values
    Key(int32_t value) : kind(kInt4), number(value) {}           // NOLINT
    Key(std::string_view value) : kind(kText), text(value) {}    // NOLINT
    static Key Uuid(const pg_uuid_t& value) { return Key(kUuid, &value); }
    static Key Xid8(uint64_t value) {
      Key key(static_cast<int64_t>(value));
      key.kind = kXid8;
      return key;
    }
    enum { kInt8, kInt4, kText, kUuid, kXid8 } kind;
    int64_t number = 0;
    std::string_view text = {};
    const pg_uuid_t* uuid = nullptr;

   private:
    Key(decltype(kind) is, const pg_uuid_t* value) : kind(is), uuid(value) {}
  };
  // `index`: one whose first `keys` columns are searched by; with none the rows are all there are in the index.
  KeyedTable(std::string_view table, std::string_view index, int keys = 1);
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;
  // The rows of these keys, in the order of the index; each stays readable until the next step.
  void Seek(std::initializer_list<Key> keys);
  bool Next();
  bool Find(std::initializer_list<Key> keys) {
    Seek(keys);
    return Next();
  }
  bool Find(int64_t key) { return Find({Key(key)}); }
  void Finish();  // by hand: a destructor may not call the server

  // Columns count from 1, in the table's order.
  bool IsNull(int column) const { return slot_->tts_isnull[column - 1]; }
  int64_t Int8(int column) const { return DatumGetInt64(slot_->tts_values[column - 1]); }
  int32_t Int4(int column) const { return DatumGetInt32(slot_->tts_values[column - 1]); }
  int16_t Int2(int column) const { return DatumGetInt16(slot_->tts_values[column - 1]); }
  bool Bool(int column) const { return DatumGetBool(slot_->tts_values[column - 1]); }
  char Char(int column) const { return DatumGetChar(slot_->tts_values[column - 1]); }
  uint32_t ObjectId(int column) const { return DatumGetObjectId(slot_->tts_values[column - 1]); }
  Instant Time(int column) const;
  std::optional<Instant> MaybeTime(int column) const;
  std::string Text(int column) const;  // of a text or json column; "" where null
  const ItemPointerData& place() const { return slot_->tts_tid; }

 private:
  Relation table_, index_;
  IndexScanDesc scan_;
  TupleTableSlot* slot_;
  Snapshot snapshot_;
  int keys_;
  MemoryContext texts_;  // of the keys in hand
};

}  // namespace workflow::pg
