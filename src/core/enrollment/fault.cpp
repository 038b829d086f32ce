#include "core/enrollment/fault.h"

#include <algorithm>
#include <array>

#include "core/base/instant.h"

namespace workflow {
namespace {

// deadlock_detected, query_canceled, admin_shutdown, crash_shutdown, out_of_memory
constexpr std::array<std::string_view, 5> kInterrupts = {"40P01", "57014", "57P01", "57P02", "53200"};

}  // namespace

FaultKind ClassifyFault(std::string_view sqlstate, bool raised_by_us) {
  if (std::find(kInterrupts.begin(), kInterrupts.end(), sqlstate) != kInterrupts.end()) return FaultKind::kInterrupt;
  const std::string_view category = sqlstate.substr(0, 2);
  if (category == "40" || category == "53" || IsLockTimeout(sqlstate)) return FaultKind::kTransient;
  // object_not_in_prerequisite_state: the CRM's own functions may say it as well, and then it is theirs.
  if (raised_by_us && sqlstate == "55000") return FaultKind::kBroken;
  return FaultKind::kOwn;
}

int64_t FaultPauseUs(FaultKind kind) {
  switch (kind) {
    case FaultKind::kTransient: return kSecond;
    case FaultKind::kBroken: return kMinute;
    default: return 0;
  }
}

bool IsLockTimeout(std::string_view sqlstate) { return sqlstate == "55P03"; }

}  // namespace workflow
