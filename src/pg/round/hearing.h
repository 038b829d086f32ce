// An event that live enrollments listen for, and how it concerns one of them. Private to batch's files.
#pragma once

#include <set>

#include "pg/round/candidate.h"

namespace workflow::pg {

struct Batch::Hearing {
  Candidate base;             // without a version
  std::set<int32_t> versions; // that listen
  Instant at;
  bool late = false;          // found by reconcile()
  std::optional<int64_t> enrollment;  // whose message it is about
  bool automatic = false;
  std::string channel = {};
};

// One hearing for one version: its listeners are asked.
struct Batch::Ear {
  Candidate about;
  Happening happening;
  const Zone* zone = nullptr;
  std::vector<const Value*> values = {};
  std::vector<int32_t> heard = {};  // out
};

}  // namespace workflow::pg
