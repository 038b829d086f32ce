// Why enrollments are over, as a claim asks it of many at once.
#pragma once

#include <vector>

#include "core/enrollment/enrollment.h"
#include "pg/server/index_scan.h"

namespace workflow::pg {

// Of each: kNone where it is not over, or where nobody knows of it. Those whose numbers lie close together are read as one stretch.
std::vector<EndReason> EndingsOf(const std::vector<int64_t>& enrollments, Snapshot snapshot);

}  // namespace workflow::pg
