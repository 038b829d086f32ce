// What writing tables of ours by hand needs. No SPI, no snapshot, no privilege: it works before commit and for any role of a host.
#pragma once

#include <vector>

#include "pg/server/guard.h"

namespace workflow::pg {

struct ExpectedColumn {
  const char* name;
  Oid type;
};

// Opens the table `name` of the schema workflow for inserting, without waiting: nullptr where it is missing, locked by somebody who is about to
// truncate or drop it, or is not made of `columns`. The lock stays until the transaction ends; close with NoLock.
Relation OpenForInsert(const char* name, const ExpectedColumn* columns, int count);

// Inserts rows of one table by multi-inserts, with their index entries.
class Inserter {
 public:
  // `most`: rows of one multi-insert. What it takes from the current memory context is freed with that.
  Inserter(Relation relation, int most);
  Inserter(const Inserter&) = delete;
  Inserter& operator=(const Inserter&) = delete;
  // Columns of one row after the other. What is left in the current memory context may be freed afterwards.
  void Insert(const Datum* values, const char* nulls, int rows);
  void Insert(const std::vector<Datum>& values, const std::vector<char>& nulls) {
    Insert(values.data(), nulls.data(), static_cast<int>(values.size()) / columns_);
  }
  void Finish();  // by hand, because a destructor may not call the server; an abort frees all the same

 private:
  Relation relation_;
  int columns_;
  int slot_count_ = 0;
  TupleTableSlot** slots_;
  EState* state_;
  ResultRelInfo* result_;
};

// Restores the memory context however its scope is left.
class InContext {
 public:
  explicit InContext(MemoryContext context) noexcept : before_(MemoryContextSwitchTo(context)) {}
  InContext(const InContext&) = delete;
  InContext& operator=(const InContext&) = delete;
  ~InContext() { MemoryContextSwitchTo(before_); }

 private:
  const MemoryContext before_;
};

}  // namespace workflow::pg
