// The table workflow.capture_need. Private to this room.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/snapshot.h"
#include "pg/server/guard.h"

namespace workflow::pg {

inline constexpr const char* kNeedsTable = "capture_need";

// Its rows: what the needs were made from (one), the needs of a source or a part of one, and every change of a definition since.
struct KeptNeeds {
  struct Row {
    char kind;                      // 'h', 'n', 'c'
    ItemPointerData place;
    uint64_t transaction = 0;       // of c
    std::string source, part, body; // of n; of h the body says on which server, and which transactions were seen
  };
  std::optional<SeenTransactions> seen;  // of h, where there is one of this server whose form the library knows
  std::vector<Row> rows;
  bool IsOfNow() const;             // nothing has changed since
};

std::string HeadOf(const SeenTransactions& seen);  // the body of h
// The table, opened under `lock`, which nobody is waited for; nullptr where there is none or it is not as this library expects.
Relation OpenKeptNeeds(Oid table, LOCKMODE lock);
// As the latest snapshot sees it. Bodies only of that source and part, or all where `source` is nullptr.
KeptNeeds ReadKeptNeeds(Relation table, const std::string* source, const std::string* part);
void InsertKeptNeeds(Relation table, const KeptNeeds::Row& row);
void DeleteKeptNeeds(Relation table, const KeptNeeds::Row& row);

}  // namespace workflow::pg
