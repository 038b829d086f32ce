// Tables that tie rows of a source to words: what an event's word is, and changing them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/round/changes.h"
#include "pg/round/log.h"

namespace workflow::pg {

// Of events in hand: the words that came or went, which capture knows by a key at most.
class EventWords {
 public:
  // Asks each source about all its events by two statements.
  EventWords(const Registry& registry, const std::vector<const LogEvent*>& events);
  // Null where nobody knows it any more.
  Json Of(const LogEvent& event, const Json& wanted) const;
  // A word is said to have gone that is still there, by another row.
  bool IsStill(const LogEvent& event, const Json& wanted) const;

 private:
  using Key = std::tuple<int32_t, std::string, std::string>;  // source, what it is tied to, key of the word
  void Ask(const Source& source, const Membership& membership, const std::vector<std::pair<const LogEvent*, const Json*>>& asked,
           const Tenant& tenant);
  std::map<Key, std::string> words_;
  std::set<std::pair<const LogEvent*, const Json*>> still_;
};

const Membership* MembershipOf(const Source& source, const std::string& word);

// Adds and removes words of rows of `source`: one statement each, as who runs it.
void ChangeMembers(const Source& source, const Membership& membership, const std::vector<std::string>& add, const std::vector<std::string>& remove,
                   const std::vector<HostChange*>& changes);

}  // namespace workflow::pg
