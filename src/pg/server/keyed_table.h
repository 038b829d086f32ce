// Rows of a table of ours by a bigint key, straight through its index: no plan, no parameters. What is found is seen by a snapshot taken when
// the table was opened.
#pragma once

#include <string_view>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

class KeyedTable {
 public:
  // `index`: one whose first column is the key.
  KeyedTable(const char* table, const char* index);
  KeyedTable(const KeyedTable&) = delete;
  KeyedTable& operator=(const KeyedTable&) = delete;
  // The row stays readable until the next Find.
  bool Find(int64_t key);
  void Finish();  // by hand: a destructor may not call the server

  // Columns count from 1, in the table's order.
  bool IsNull(int column) const { return slot_->tts_isnull[column - 1]; }
  int64_t Int8(int column) const { return DatumGetInt64(slot_->tts_values[column - 1]); }
  int32_t Int4(int column) const { return DatumGetInt32(slot_->tts_values[column - 1]); }
  int16_t Int2(int column) const { return DatumGetInt16(slot_->tts_values[column - 1]); }
  bool Bool(int column) const { return DatumGetBool(slot_->tts_values[column - 1]); }
  char Char(int column) const { return DatumGetChar(slot_->tts_values[column - 1]); }
  Instant Time(int column) const;
  std::optional<Instant> MaybeTime(int column) const;
  std::string Text(int column) const;  // of a text or json column; "" where null
  const ItemPointerData& place() const { return slot_->tts_tid; }

 private:
  Relation table_, index_;
  IndexScanDesc scan_;
  TupleTableSlot* slot_;
  Snapshot snapshot_;
};

}  // namespace workflow::pg
