// Rows of a table of ours by the leading columns of an index, straight through it: no plan, no parameters. What is found is seen by a snapshot taken
// when the table was opened.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "core/base/instant.h"
#include "pg/server/index_scan.h"

namespace workflow::pg {

class KeyedTable {
 public:
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
  KeyedTable(const char* table, const char* index);
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;
  // The rows of these keys, which are those of the index's first columns, in the order of the index; each stays readable until the next step. With no
  // key they are all there are in the index. Every search has as many keys as the first.
  void Seek(std::initializer_list<Key> keys);
  bool Next();
  bool Find(std::initializer_list<Key> keys) {
    Seek(keys);
    return Next();
  }
  // By a bigint that is the table's first column.
  bool Find(int64_t key);
  // Only these will be asked for, in this order: where they ascend and lie close together they are read in one stretch. Called before the first search.
  void Expect(const std::vector<int64_t>& keys);
  void Finish();  // by hand: a destructor may not call the server

  // Columns count from 1, in the table's order.
  bool IsNull(int column) const { return row()->tts_isnull[column - 1]; }
  int64_t Int8(int column) const { return DatumGetInt64(At(column)); }
  int32_t Int4(int column) const { return DatumGetInt32(At(column)); }
  int16_t Int2(int column) const { return DatumGetInt16(At(column)); }
  bool Bool(int column) const { return DatumGetBool(At(column)); }
  char Char(int column) const { return DatumGetChar(At(column)); }
  uint32_t ObjectId(int column) const { return DatumGetObjectId(At(column)); }
  Instant Time(int column) const;
  std::optional<Instant> MaybeTime(int column) const;
  std::string Text(int column) const;  // of a text or json column; "" where null
  const ItemPointerData& place() const { return row()->tts_tid; }

 private:
  TupleTableSlot* row() const { return scan_.row(); }
  Datum At(int column) const { return row()->tts_values[column - 1]; }
  OpenIndex open_;
  LatestSnapshot snapshot_;
  IndexScan scan_;
  MemoryContext texts_;  // of the keys in hand
  bool in_stretch_ = false;
  std::vector<IndexScan::Place> stretch_;  // in the order of the index
  size_t next_ = 0;
};

}  // namespace workflow::pg
