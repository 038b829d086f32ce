// Small words of sentences.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace workflow::telling {

// In double quotes, on one line, cut short.
std::string Quoted(std::string_view text, size_t most = 200);
// A value as it is: texts in quotes, durations without, lists as a, b and c; conditions and events in words.
std::string ValueWords(const Json& value);
std::string Joined(const std::vector<std::string>& parts, std::string_view last);  // a, b and c
std::vector<std::string> Each(const Json& value);  // the words of each member; of a text: of its parts between commas
// "the contact's first name" of contact.first_name.
std::string FieldWords(std::string_view name);
std::string ConditionWords(const Json& condition);
// "an order is paid (order.paid)"; of an object with "on" and "filter" both.
std::string EventWords(const Json& event);
// "the contact's score reaches 50", of an event score.reached; "" where it names neither field nor value.
class Members;
std::string ThresholdWords(Members* members);
// "3 days before", "2 hours after"; "" of no time at all.
std::string OffsetWords(std::string_view duration);

// A step's sentence without its id; and what a list of steps in it is under: "then", `branch "vip", if …`.
std::string StepWords(const Json& step);
struct Inner;
std::string InnerWords(const Inner& inner);
std::string SettingWords(std::string_view key, const Json& value, const Json& settings);  // "" where it is the default
std::string TriggerWords(const Json& trigger);
std::string GoalWords(const Json& goal);

}  // namespace workflow::telling
