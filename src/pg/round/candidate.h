// One way an event may enroll a contact: the event, by what name, into which version, as whom. Private to batch's files.
#pragma once

#include "pg/round/batch.h"

namespace workflow::pg {

struct Batch::Candidate {
  const LogEvent* event = nullptr;
  const Json* wanted = nullptr;        // of a row event: its entry of body.wanted
  const LoadedVersion* version = nullptr;
  const Trigger* trigger = nullptr;    // nullptr: by enroll()
  std::string on;                      // name of the event
  std::string event_uuid;
  std::string twin_uuid;               // its id if the row had led to another number of contacts: it may have entered by that one
  Instant event_at;
  const Source* contact_source = nullptr;
  std::string contact_key;
  const Source* entry_source = nullptr;
  std::string entry_row;
  std::string line;                    // the product of one of its lines, where each of them enters by itself
  std::string account;
  std::vector<int32_t> triggers;       // of a row that is offered: those that may let it in, by index; none: every one that the event's name fits
  bool waits = false;                  // other triggers look at the row when it has settled
  Json data;
  std::vector<Outcome> answers;        // of the server, to rules of its program
};

// Of a score that a row tells and one that a caller tells the name is the same.
inline bool Fits(const Trigger& trigger, const std::string& on, bool by_row) {
  return trigger.on == on && (on != kScoreEvent || trigger.entity.empty() != by_row);
}

}  // namespace workflow::pg
