// Leases and outcomes, appended to the tables of their days.
#pragma once

#include "pg/outbox/tables.h"

namespace workflow::pg {

struct LeaseRow {
  int64_t message;
  int64_t visible_at, at;
  int32_t seq, attempt, rank;
  std::optional<Token> token;
  std::optional<std::string> reason;
};
struct OutcomeRow {
  int64_t message;
  int64_t at;
  int32_t seq;
  const char* state;
  std::optional<Token> token;
  std::string reason;
};

// Each row to its day's table, by one multi-insert a day. What this writes is seen by snapshots taken afterwards. Of the leases of one call that are
// alike but for their message, the first of a day leads: it names the others, and it alone is in the indexes by token and by end, which so grow by
// the call and not by the message.
void WriteLeases(OpenDays* days, const std::string& channel, std::vector<LeaseRow> rows);
void WriteOutcomes(OpenDays* days, std::vector<OutcomeRow> rows);

}  // namespace workflow::pg
