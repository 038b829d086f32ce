// The changes of the transaction under way, as they arrive, in memory that ends with it. What a subtransaction adds goes when it is
// rolled back. Records that were evaluated early inside a subtransaction stay until it is settled, because a roll-back takes
// back what was written of them as well.
#pragma once

#include <vector>

#include "pg/capture/plan.h"

namespace workflow::pg {

struct Record {
  const SourcePlan* plan;
  CommandId command;
  char op;                 // I, U, D; T: the table was truncated
  bool has_old, has_new;
  bool moved;              // a deleted version goes on as the new version of the next record, under another key or in another partition
  bool own_old;            // this transaction inserted the old version: seen from outside there was none
  int16_t depth;           // of the chain of workflows
  int32_t chains;          // and which these are
  uint32_t size;
  RowImage old, fresh;
};

struct RowChange {
  const SourcePlan* plan;
  CommandId command;
  char op;
  const RowImage* old = nullptr;
  const RowImage* fresh = nullptr;
  bool own_old = false;
  bool moved = false;
};

class Journal {
 public:
  void Append(const RowChange& change);
  size_t pending_bytes() const { return bytes_; }
  bool HasPending() const { return flushed_ < records_.size(); }
  bool empty() const { return records_.empty(); }
  // Rows of this source were deleted: what is inserted may be one of them, so it counts even if nobody wants it.
  bool deleted(int32_t source) const;

  const std::vector<Record*>& records() const { return records_; }
  size_t flushed() const { return flushed_; }
  // The last record is the half of a move that comes first.
  bool EndsWithHalf() const { return !records_.empty() && records_.back()->moved; }
  bool HasMoved(int32_t source) const { return EndsWithHalf() && records_.back()->plan->source == source; }
  // The deleted half of a row that `command` moved, where it is the last record: what is inserted next is its other half.
  const Record* MovedBefore(int32_t source, CommandId command) const;
  void MarkFlushed();      // all that is there has been written
  // A round of this very transaction reads it as if it had committed: what was inserted till now is there, for what comes after.
  void Settle(CommandId command);
  bool IsSettled(CommandId command) const { return command < settled_; }
  CommandId settled() const { return settled_; }

  void SubtransactionCommitted(SubTransactionId subtransaction, SubTransactionId parent) noexcept;
  void SubtransactionAborted(SubTransactionId subtransaction) noexcept;
  void TransactionEnded() noexcept;

 private:
  struct Mark {            // as it was before the first record, or flush, of a subtransaction
    SubTransactionId subtransaction;
    size_t size, flushed, bytes;
    CommandId settled;
  };
  void MarkHere();
  void Cut(size_t size) noexcept;

  std::vector<Record*> records_;
  std::vector<Mark> marks_;
  std::vector<int32_t> deleted_;
  std::vector<Datum> old_, fresh_;  // of the record being made
  size_t flushed_ = 0;
  size_t bytes_ = 0;       // of the records that are not flushed
  CommandId settled_ = FirstCommandId;  // rows inserted before this command were read by a round of this transaction
  MemoryContext memory_ = nullptr;
};

// Of this backend. Made by RegisterCapture().
extern Journal* journal;

}  // namespace workflow::pg
