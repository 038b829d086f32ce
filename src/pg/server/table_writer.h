// Rows for one table of ours, written by multi-inserts with their index entries: no plan, no parameters, no statement per row. Constraints
// other than unique indexes are not looked at: whoever writes chooses the table by them.
#pragma once

#include <string_view>
#include <vector>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

// The columns of a row in the table's order, then EndRow. Finish by hand: a destructor may not call the server.
class TableWriter {
 public:
  // Where new rows go. What is only ever added to, and goes as a whole, has them at its end and so in the order of time: the room that vacuum finds
  // on pages here and there would spread the rows of a round over as many pages.
  enum class Room { kAnywhere, kAtEnd };
  explicit TableWriter(Oid relation, Room room = Room::kAnywhere);
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  TableWriter& Int8(int64_t value) { return Put(Int64GetDatum(value)); }
  TableWriter& Int4(int32_t value) { return Put(Int32GetDatum(value)); }
  TableWriter& Int2(int16_t value) { return Put(Int16GetDatum(value)); }
  TableWriter& Bool(bool value) { return Put(BoolGetDatum(value)); }
  TableWriter& Char(char value) { return Put(CharGetDatum(value)); }
  TableWriter& Time(Instant value);
  TableWriter& MaybeTime(const std::optional<Instant>& value);
  TableWriter& Text(std::string_view value);
  TableWriter& TextOrNull(std::string_view value) { return value.empty() ? Null() : Text(value); }  // empty is null
  TableWriter& MaybeText(const std::optional<std::string>& value) { return value ? Text(*value) : Null(); }
  // An array; an empty one is null.
  TableWriter& Texts(const std::vector<std::optional<std::string_view>>& values);
  TableWriter& Jsonb(std::string_view text);   // parsed
  TableWriter& MaybeJsonb(const std::optional<std::string>& text) { return text ? Jsonb(*text) : Null(); }
  TableWriter& Uuid(std::string_view text);
  TableWriter& Xid8(uint64_t value) { return Put(FullTransactionIdGetDatum(FullTransactionIdFromU64(value))); }
  TableWriter& SnapshotText(std::string_view text);
  TableWriter& Null();
  void EndRow();
  // Instead of EndRow: the row takes the place of the one at `place`, which must be its newest version and nobody else's to change; columns of
  // unique indexes stay as they are.
  void EndUpdate(const ItemPointerData& place);
  void Finish();
  size_t written() const { return written_; }

 private:
  TableWriter& Put(Datum value);
  void Flush();
  void RequireWhole() const;

  const int options_;  // of the multi-insert
  Relation relation_;
  MemoryContext memory_;      // of the executor's state
  MemoryContext values_in_;   // of the values of rows not yet written
  TupleTableSlot** slots_;
  EState* state_;
  ResultRelInfo* result_;
  int columns_;
  int column_ = 0, row_ = 0;
  size_t written_ = 0, updates_ = 0;
};

// A table of the schema workflow by its name; InvalidOid where there is none.
Oid TableNamed(std::string_view name);
// The same for a table or index that has to be there; raises 42P01 where it is not.
Oid RelationNamed(std::string_view name);

}  // namespace workflow::pg
