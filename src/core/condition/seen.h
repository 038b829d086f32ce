// A condition told as it was decided: each rule, the value it saw, what came of it. For history and for people who ask why.
#pragma once

#include <string>
#include <vector>

#include "core/condition/condition.h"

namespace workflow {

struct RuleSeen {
  std::string path;     // JSON Pointer within the condition
  std::string rule;     // contact.score >= 50
  std::string value;    // 72; "warm"; empty (of null)
  Outcome outcome = Outcome::kNull;
};

// `contact.score`, `old.stage`, `message.hello.opened_at`: the name that a definition would use.
std::string FieldPath(const Field& field);
const char* OutcomeName(Outcome outcome);  // "true", "false", "null", "unknown"
std::string ValueSeen(const Value& value);

// Every rule, in the order of the document. `table` is that of the facts.
std::vector<RuleSeen> RulesSeen(const Condition& condition, const FieldTable& table, const Facts& facts, Instant now, const Zone* zone);

// The rules that made it what it is, in one line of bounded length: `contact.score >= 50 (it is 72)`.
std::string SeenText(const Condition& condition, const FieldTable& table, const Facts& facts, Instant now, const Zone* zone);

}  // namespace workflow
