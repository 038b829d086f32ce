// From what happened to a row in one transaction to what the event log says about it.
#pragma once

#include <string>

#include "pg/capture/event_log.h"
#include "pg/capture/plan.h"

namespace workflow::pg {

// One row's way through a transaction: from the first version that others had seen to the last that they will see.
struct Transition {
  const SourcePlan* plan = nullptr;
  std::string key;
  std::string was;                   // the key that the row had before, where it is another
  const RowImage* old = nullptr;     // none: inserted
  const RowImage* fresh = nullptr;   // none: deleted
  int16_t depth = 0;
  int32_t chains = -1;
};

// Whether anybody wants the insertion of this row, as far as it can be known here. Cheap: for each row of a bulk load.
bool WantsInsert(const SourcePlan& plan, const RowImage& fresh);

// Whether this transaction's first update of a row need not be kept: nothing that anybody reads as it was before has changed, and nobody wants the row
// as it was or as it is, so that whatever is done to it later comes out the same from either version. Cheap as well.
bool MayPassOver(const SourcePlan& plan, const RowImage& old, const RowImage& fresh);

// A row that was there before: only events that come once count, and of those that tell their time only what happened since.
struct Replay {
  std::optional<Instant> since;
  bool backfill = false;
};

// Fills `row`; false where nobody wants to know. `replay`: nullptr for what happens now.
bool EvaluateTransition(const Transition& transition, const Replay* replay, EventRow* row);

// What a row that ties another one to a word says: the owner's key, the word or the key that leads to it.
struct Tie {
  std::string owner, member, account;
  friend auto operator<=>(const Tie&, const Tie&) = default;
};
// False where the row does not count, or ties nothing.
bool TieOf(const SourcePlan& plan, const RowImage& image, Tie* tie);

// A tie that is there after the transaction and was not before, or the other way round.
struct TieChange {
  const SourcePlan* plan = nullptr;
  Tie tie;
  bool added = false;
  int16_t depth = 0;
  int32_t chains = -1;
};
// Fills `row` with the event of the owner; false where nobody wants to know.
bool EvaluateTie(const TieChange& change, EventRow* row);

// The row's key in its canonical form; false where a part is null: such rows are passed over.
bool KeyOf(const SourcePlan& plan, const RowImage& image, std::string* key);

// The same version, in all that is kept of it.
bool SameRow(const Layout& layout, const RowImage& a, const RowImage& b);
bool SameColumn(const StoredColumn& column, const RowImage& a, const RowImage& b, uint32_t index);

}  // namespace workflow::pg
