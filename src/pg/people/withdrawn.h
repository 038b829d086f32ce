// Consent when messages are claimed: whether the contact has withdrawn since they were written (semantics 21, 22).
#pragma once

#include <string>
#include <vector>

#include "core/definition/program.h"
#include "pg/server/index_scan.h"

namespace workflow::pg {

struct ToHandOut {
  int64_t enrollment = 0;
  std::string account, contact_key, channel;
  std::string recipient;  // as it is stored: {"contact": …, "address": …, "staff": …}
  Category category = Category::kMarketing;
};

// Whether anybody may have withdrawn anything: else nothing need be asked.
bool MayBeWithdrawn(Snapshot snapshot);

// Why each of them must not go out; empty: it may. Set-wise: one look at the suppressions and, where a binding declares consent, one at each table
// that does, as the role that attached it. SPI must be connected. Raises what reading those tables raises: what cannot be asked is not sent.
std::vector<std::string> Withdrawn(const std::vector<ToHandOut>& messages);

}  // namespace workflow::pg
