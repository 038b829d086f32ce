// What capture does with the rows of one table: which columns it keeps, and what the listened workflows want to know. Made from
// the needs once per backend and relation, and anew when a definition or the relation changes.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/binding/binding.h"
#include "core/calendar/zone.h"
#include "core/condition/index.h"
#include "pg/convert.h"
#include "pg/sources/needs.h"

namespace workflow::pg {

struct StoredColumn {
  std::string name;
  Oid type = InvalidOid;
  int16 length = 0;
  bool by_value = false;
  Converter converter;
};

// What is kept of a row, the same for every table of a source whatever its column numbers are, so that versions of one row fold even
// where it moved between partitions. Two layouts with the same columns are one.
struct Layout {
  uint64_t id = 0;
  std::vector<StoredColumn> columns;
  bool rest = false;  // a fingerprint of all other columns counts too: somebody listens for any update
};

// One version of a row in the order of a layout.
struct RowImage {
  const Datum* values = nullptr;
  const bool* nulls = nullptr;
  uint64_t rest = 0;
};

// A value that conditions or the event's body need: a column as the binding means it, or a place inside it.
struct Slot {
  uint32_t column = 0;
  const Zone* zone = nullptr;        // the column is a civil time of this zone and means an instant
  ClockTime at;                      // of a date
  std::vector<std::string> path;
};

struct WantedTrigger {
  int32_t version = 0;               // workflow.version.id
  const Condition* filter = nullptr; // over the event's facts; none: always
};

struct WantedTriggers {
  std::vector<WantedTrigger> list;

  // Calls `use` with each that a row may meet, by its facts, until it returns false; returns whether none did. A connection that writes a row or two
  // asks all of them; only then is an index made, by position in the list.
  template <typename Use>
  bool EachCandidate(const std::vector<const Value*>& facts, Use use) const {
    constexpr int kAskedWithout = 2;
    if (asked_ < kAskedWithout) {
      ++asked_;
      return std::all_of(list.begin(), list.end(), use);
    }
    if (index_ == nullptr) {
      index_ = std::make_unique<ConditionIndex>();
      for (const WantedTrigger& trigger : list) index_->Add(trigger.filter, facts);
    }
    return index_->EachCandidate([&](uint32_t number) { return use(list[number]); });
  }

 private:
  mutable int asked_ = 0;
  mutable std::unique_ptr<ConditionIndex> index_;
};

// Those who want an event, by whose workflow it is.
struct Wanting {
  WantedTriggers everywhere;         // of versions that serve every account
  std::map<std::string, WantedTriggers, std::less<>> by_account;
  bool empty() const { return everywhere.list.empty() && by_account.empty(); }
};

struct EventPlan {
  std::string name;
  bool once = false;
  BoundEvent::Change change = BoundEvent::Change::kCondition;
  const Condition* when = nullptr;
  std::optional<uint32_t> at;        // slot of the event's time
  std::vector<const Value*> facts;   // of the filters, by index into the fields that the source's conditions read; nullptr: not known here
  Wanting enter;                     // whom it may let in
  Wanting hear;                      // whose live enrollments listen for it
  Value name_fact;
  mutable Value at_fact;             // of the row under evaluation
  mutable Value word_fact;           // the tag or campaign of the event under evaluation; null where it is found after commit
};

// Of a table that ties rows of the source to words: each tie that comes or goes is an event of its owner.
struct TiePlan {
  std::vector<uint32_t> owner;       // stored columns
  std::vector<Type> owner_types;     // of the owner's key: its canonical form is that of the owner's row
  uint32_t member = 0;               // stored column
  bool by_key = false;               // it leads to the word, which is read after commit
  std::string word;                  // "tag", "campaign"
  bool awaited = false;              // somebody waits until the words of a row are others
};

struct BodyField {
  std::string label;                 // "name": as JSON, with the colon
  uint32_t slot = 0;
  bool old = false;                  // somebody reads it as it was before
};

struct MatchField {
  std::string prefix;                // "email="
  uint32_t slot = 0;
};

struct SourcePlan {
  std::shared_ptr<const SourceNeeds> needs;  // whose conditions are pointed at
  int32_t source = 0;
  std::string name;
  uint64_t generation = 0;
  std::shared_ptr<const Layout> layout;
  std::vector<uint32_t> key;         // stored columns
  std::optional<uint32_t> account;   // stored column
  std::string account_value;         // where there is no column
  std::vector<Slot> slots;
  std::vector<uint32_t> decide_new, decide_old;  // slots that conditions read
  const Condition* live = nullptr;
  std::vector<const Value*> facts;      // of `when` and `live`, by the same index
  std::vector<const Value*> facts_old;  // of `live` on the version before
  std::optional<uint32_t> tags;         // slot
  std::optional<TiePlan> ties;          // its rows are no rows of the source
  std::vector<EventPlan> events;        // those that somebody wants
  std::vector<BodyField> body;
  std::vector<uint32_t> waits;          // stored columns that a live enrollment may wait for
  std::vector<uint32_t> before;         // stored columns that anybody reads as they were before a change
  bool hears_deletion = false;
  std::vector<MatchField> match;
  bool gone = false;                    // a deleted row ends enrollments
  bool settles = false;                 // a trigger waits for quiet: every update counts
  // Where the values of the row under evaluation lie, by slot; facts point here, so their places never move.
  mutable std::deque<Value> fresh, old;
};

// A table of a source: where its columns are.
struct RelationPlan {
  std::string source_name;
  std::string part;                     // of the source; empty: its own rows
  std::shared_ptr<SourcePlan> source;   // none: nothing is wanted, or it is faulty
  std::vector<AttrNumber> numbers;      // by stored column
  std::vector<AttrNumber> others;       // for the fingerprint, where the table is no heap
  AttrNumber last = 0;                  // none beyond is kept
  uint64_t generation = 0;
  bool is_heap = true;
  bool dirty = false;
  std::string fault;                    // why its changes are not captured; empty: they are
};

// The plan of `relation`, whose capture trigger names `source_name`, and `part` where its rows are only part of the source's. nullptr: nothing is wanted of it. A fault is reported and is nullptr too.
const RelationPlan* PlanFor(Relation relation, const char* source_name, const char* part);

// Numbers of the columns of `layout` in `descriptor`, by name. SqlError where one is missing or of another type.
std::vector<AttrNumber> ColumnNumbers(const Layout& layout, TupleDesc descriptor);

// For rows that look like `descriptor`; nullptr where nothing is wanted of them. SqlError where the binding does not fit them any more.
std::shared_ptr<SourcePlan> BuildPlan(std::shared_ptr<const SourceNeeds> needs, TupleDesc descriptor);

void RegisterPlanInvalidation();      // once per backend
void ForgetOldPlans() noexcept;       // at the end of a transaction: no buffered row needs them any more

}  // namespace workflow::pg
