// Whose fault it is that a batch of a round failed, by the SQLSTATE of its error (semantics 28).
#pragma once

#include <cstdint>
#include <string_view>

namespace workflow {

enum class FaultKind : uint8_t {
  kOwn,        // of the one that failed: its workflow's rules hold
  kTransient,  // nobody's: serialization, locks, want of resources; no attempt is counted
  kBroken,     // of a source or version that an operator has to mend; no attempt is counted
  kInterrupt,  // somebody wants this process to stop, or waits for what only the end of its transaction gives up: the round ends
};

// `raised_by_us`: by this extension itself, not by the server or by code of the CRM that it ran.
FaultKind ClassifyFault(std::string_view sqlstate, bool raised_by_us);

// How much later what failed is tried again without counting an attempt; 0 where the attempt counts.
int64_t FaultPauseUs(FaultKind kind);

// A lock did not come in time. Waiting once a round is enough: what is tried next must not wait again.
bool IsLockTimeout(std::string_view sqlstate);

}  // namespace workflow
