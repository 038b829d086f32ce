// The body of a row's event, as event_log.h describes it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "pg/capture/plan.h"

namespace workflow::pg {

struct WantedEvent {
  const EventPlan* event;
  std::vector<int32_t> versions;   // that it may enter
  std::vector<int32_t> listeners;  // whose enrollments listen for it
  std::string word;                // the tag or campaign that came or went
  std::string word_key;            // or what leads to it
  bool late = false;               // found afterwards: who listens may have been told
};

struct Findings {
  std::vector<WantedEvent> wanted;
  bool gone = false, changed = false, touched = false;
  std::string was;   // key before
  std::vector<std::string> match;
};

// Of an update `old` holds only the fields that somebody reads as they were before; of a deleted row all.
// `value` reads a slot of a version.
std::string BodyOf(const SourcePlan& plan, const Findings& findings, const RowImage* old, const RowImage* fresh,
                   const std::function<Value(const RowImage&, uint32_t)>& value);

// Of a tie that came or went: nothing of the owner's row, which is read after commit.
std::string TieBodyOf(const SourcePlan& plan, const Findings& findings);

}  // namespace workflow::pg
