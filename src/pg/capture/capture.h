// Capture's own state in a backend: callbacks, buffer, faults. The event log that it writes is in event_log.h.
#pragma once

#include <string>

#include "pg/server/guard.h"

namespace workflow::pg {

// Registers the transaction's callbacks and the invalidation of plans, the first time it is called in a backend.
void RegisterCapture();

// Something of ours is wrong, so changes of `source` are not captured: one warning per backend and cause, one row in workflow.fault per
// transaction and source, written before commit. Must run where a warning may be raised.
void ReportFault(const std::string& source, const std::string& reason);
// Writes the rows of the faults of this transaction, where there is a table to take them.
void AppendFaults();
void ForgetFaults() noexcept;

// No table of the event log took what was captured: nothing more is captured in this transaction.
extern bool event_log_missing;
inline constexpr const char* kNoEventLog = "the tables of the event log are missing or locked";

}  // namespace workflow::pg
