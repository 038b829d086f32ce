// What the buffered versions of each row come to, seen from outside the transaction (semantics 2).
#pragma once

#include <functional>
#include <vector>

#include "pg/capture/buffer.h"
#include "pg/capture/evaluate.h"

namespace workflow::pg {

struct Folded {
  Transition transition;
  bool truncated = false;   // no row: all rows of the source went
  size_t position = 0;      // of its first record
};

// Calls `use` for each, in the order in which rows were first touched. Rows that end as they began are left out.
void Fold(const std::vector<Record*>& records, size_t from, const std::function<void(const Folded&)>& use);

}  // namespace workflow::pg
