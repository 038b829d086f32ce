// The event log's row, and the forms its body takes. Capture and the SQL functions append; only a round reads.
//
// body of a row event (kind 'r'):
//   {"new": {"<field>": "<text>"|null, …} | null, "old": {…} | null,       watched fields by their bound names, FormatValue texts
//    "wanted": [{"on": "order.paid", "at": "<text of the time field>"|absent, "versions": [<version id>, …],
//      "heard": [<version id>, …],                                               versions whose live enrollments listen for it
//      "word": "vip" | "word_key": "17"}, …],    the tag or campaign that came or went, or the key of the row that has it
//    "part": n,           the transaction called tick() before; each part of it is an occasion of its own for events that come again
//    "gone": true,        the row was deleted (its enrollments end)
//    (in the place of "heard" "late", where reconcile() found it: the round tells whom it may have missed)
//    "changed": true,     a field that a live enrollment may wait for has changed
//    "touched": true,     an update of a source some trigger of which waits for quiet
//    "was": "<key>",      the row had another key before: its enrollments and the ids of its events go with it
//    "match": ["email=a@b.test", …]}  a contact came or changed a field that routes match by: parked events may resolve now
//   of a row that ties another one to a word: the event is the owner's, "new" and "old" are not there, and
//    "tie": "tag"         says what it is tied to
// of any, where a round wrote it: "chains": [<enrollment>, …], the enrollments that may have led to it.
// of 'e': {"data": …}; of 'n': {"data": …}; of 'u': {"comment": …}; of 'o': {"enrollment": n} of retry, {"into": key} of merge, {"from", "to", "mapping",
// "after": who has been looked at} of migrate; of 't': {}.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

struct EventRow {
  char kind = 'r';
  char op = ' ';
  int16_t depth = 0;
  bool timed = false;
  bool backfill = false;
  std::optional<int32_t> source;
  Instant at;
  std::optional<std::string> event;  // uuid text
  std::optional<std::string> row_key;
  std::string account;
  std::string name;
  std::string body;  // JSON text
};

enum class AppendResult { kDone, kMissing };  // kMissing: no table of the event log is there

// Appends with the current top-level xid by one multi-insert, without SPI, snapshots or a wait for any lock of ours: a ring table that is
// being truncated is passed over for the next. What would strike the host's own insert (disk full, cancel) raises.
AppendResult AppendEvents(const std::vector<EventRow>& events);

// Evaluates and appends what this transaction has buffered so far; the buffer is empty afterwards. tick() and the pre-commit callback.
void FlushCapture();
// The same, for a round that treats this transaction as committed: a row it has inserted is from then on a row that was there.
void FlushForRound();

// While a round performs effects, what they capture belongs to a chain: its depth is set here (0: none), and the number of what Chains holds (-1: none).
extern int16_t capture_depth;
extern int32_t capture_chains;

// Which enrollments' doing it is, of statements that change rows for several at once. Of the rows changed themselves it is known whose they are; a
// trigger of the CRM may change others, which then belong to any of them.
struct Chains {
  std::map<std::pair<int32_t, std::string>, int64_t> rows;  // source and key -> the enrollment that changed it
  std::vector<int64_t> all;
};
// Kept until the transaction ends; the result is for capture_chains.
int32_t KeepChains(Chains chains);
// "\"chains\":[…]," of what these chains did to a row, or to no row of its own; empty for -1.
std::string ChainsText(int32_t chains, int32_t source, const std::string& key);
void ForgetChains() noexcept;

}  // namespace workflow::pg
