// One call of the core for one enrollment, with what its effects want done. Nothing of it counts until it is settled: rows of the CRM that are
// locked by somebody put the whole turn off. Private to batch's files.
#pragma once

#include "pg/round/batch.h"

namespace workflow::pg {

// A change of one row of the CRM: by `set` (one text per assignment; add is a number) or by `tag`.
struct HostChange {
  const Source* source = nullptr;
  std::string key;
  const SetStep* set = nullptr;
  const TagStep* tag = nullptr;
  std::vector<std::optional<std::string>> values;
  std::string step = {};
};

struct Batch::Turn {
  Enrolled* enrolled = nullptr;
  Input input;
  Decision decision;
  std::vector<PendingMessage> messages;
  std::vector<PendingTrace> traces;
  std::vector<HostChange> changes;
  bool put_off = false;
  bool again = false;
  std::vector<Outcome> answers = {};  // of the server, to rules of its program
  bool not_yet = false;  // to be decided anew, by facts that are read again, before it counts
};

enum class Performed {
  kDone,
  kPutOff,  // the row is locked by somebody, or this round may lock no more
  kNotYet,  // another change of the same row came first
};

// Performs changes of one kind (same step, same source) as the workflow's owner. Rows are locked in key order, each once, and what somebody else
// holds is passed over (semantics 31).
std::vector<Performed> PerformChanges(const std::vector<const HostChange*>& changes, const std::string& owner, int32_t depth, int32_t* locks_left);

}  // namespace workflow::pg
