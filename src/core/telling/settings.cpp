// Settings, triggers and goals in words.
#include <array>

#include "core/base/duration.h"
#include "core/telling/parts.h"
#include "core/telling/words.h"

namespace workflow::telling {
namespace {

constexpr std::array kDayNames = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array kDayKeys = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

bool IsText(const Json& json, std::string_view text) { return json.is_string() && json.string() == text; }
bool IsBoolean(const Json& json, bool value) { return json.is_boolean() && json.boolean() == value; }

std::string Plain(const Json& json) { return json.is_string() ? json.string() : ValueWords(json); }

// "Monday to Friday", "Monday and Sunday".
std::string DaysWords(const Json& days) {
  if (!days.is_array()) return ValueWords(days);
  std::array<bool, 7> open = {};
  std::vector<std::string> parts;
  for (const Json& day : days.array()) {
    size_t i = 0;
    while (i < 7 && !IsText(day, kDayKeys[i])) ++i;
    if (i < 7) open[i] = true;
    else parts.push_back(ValueWords(day));
  }
  std::vector<std::string> runs;
  for (size_t i = 0; i < 7; ++i) {
    if (!open[i]) continue;
    size_t last = i;
    while (last + 1 < 7 && open[last + 1]) ++last;
    if (last > i + 1) {
      runs.push_back(std::string(kDayNames[i]) + " to " + kDayNames[last]);
      i = last;
    } else {
      runs.emplace_back(kDayNames[i]);
    }
  }
  runs.insert(runs.end(), parts.begin(), parts.end());
  return Joined(runs, "and");
}

std::string WindowWords(const Json& window) {
  Members members(window);
  const Json* days = members.Take("days");
  const std::string from = members.TakeText("from"), to = members.TakeText("to");
  const Json* except = members.Take("except");
  std::string words = days != nullptr ? DaysWords(*days) : except == nullptr || !from.empty() || !to.empty() ? "every day" : "";
  if (!from.empty()) words += " from " + from;
  if (!to.empty()) words += (from.empty() ? " until " : " to ") + to;
  if (except != nullptr) words += (words.empty() ? "not on " : ", not on ") + Joined(Each(*except), "and");
  return words + members.Rest();
}

std::string SendWindowWords(const Json& value) {
  if (!value.is_array()) return "messages go out only: " + ValueWords(value);
  std::vector<std::string> windows;
  for (const Json& window : value.array()) windows.push_back(WindowWords(window));
  return "messages go out only: " + Joined(windows, "and");
}

std::string EntryKeyWords(const Json& value) {
  if (value.is_string()) return "one enrollment at a time for each " + value.string();
  std::vector<std::string> fields;
  if (value.is_array()) for (const Json& field : value.array()) fields.push_back(field.is_string() ? FieldWords(field.string()) : ValueWords(field));
  return "one enrollment at a time for each value of " + (fields.empty() ? ValueWords(value) : Joined(fields, "with"));
}

std::string ReentryWords(const Json& value) {
  if (IsText(value, "never")) return "who has been inside does not enter again";
  if (IsText(value, "after_exit")) return "who has left may enter again";
  if (IsText(value, "every_event")) return "each event lets in again, once the enrollment before it has ended";
  return "entering again: " + ValueWords(value);
}

std::string ResponseWords(const Json& value) {
  const std::string scope = value.is_object() ? TextAt(value, "scope") : Plain(value);
  Members members(value);
  if (value.is_object()) members.Pass("scope");
  const std::string rest = value.is_object() ? members.Rest() : "";
  if (scope == "off") return rest.empty() ? rest : "an answer ends nothing" + rest;
  if (scope == "enrollment") return "an answer ends the enrollment whose message was answered" + rest;
  if (scope == "workflow") return "an answer ends all of the contact's enrollments in this workflow" + rest;
  if (scope == "any_inbound") return "any message from the contact ends the contact's enrollments" + rest;
  return "an answer ends: " + Quoted(scope) + rest;
}

std::string ExitWords(const Json& value) {
  if (!value.is_array()) return "leaves when " + ValueWords(value);
  std::vector<std::string> ways;
  for (const Json& way : value.array()) ways.push_back(ValueWords(way));
  return "leaves when " + Joined(ways, "or");
}

std::string PastWords(const Json& value) {
  if (IsText(value, "continue")) return "a wait whose end is past goes on at once";
  if (IsText(value, "next_day")) return "a wait whose clock time is past goes on at that time of the next day";
  if (IsText(value, "skip")) return "where the end of a wait is past, all is passed over up to the next wait";
  if (IsText(value, "exit")) return "where the end of a wait is past, the enrollment ends";
  return "where the end of a wait is past: " + ValueWords(value);
}

std::string ResumeWords(const Json& value) {
  if (IsText(value, "catch_up")) return "after a pause, what fell due in it happens at once";
  if (IsText(value, "restart_delay")) return "after a pause, waits begin anew";
  if (IsText(value, "drop_overdue")) return "after a pause, what fell due in it is passed over";
  return "after a pause: " + ValueWords(value);
}

std::string CapWords(const Json& value) {
  std::vector<std::string> caps;
  const Json::Array one = {value};
  for (const Json& cap : value.is_array() ? value.array() : one) {
    Members members(cap);
    const std::string channel = members.TakeText("channel");
    const Json* max = members.Take("max");
    const Json* per = members.Take("per");
    std::string words = "at most " + (max == nullptr ? "?" : ValueWords(*max)) + (channel.empty() ? " messages" : " messages by " + Quoted(channel));
    if (per != nullptr) words += " in " + Plain(*per);
    const std::string on_cap = members.TakeText("on_cap");
    if (on_cap == "defer") words += ", later ones wait";
    else if (on_cap == "skip") words += ", later ones are left out";
    else if (on_cap == "exit") words += ", a later one ends the enrollment";
    else if (!on_cap.empty()) words += ", else " + Quoted(on_cap);
    caps.push_back(words + members.Rest());
  }
  return Joined(caps, "and");
}

std::string SenderWords(const Json& value) {
  Members members(value);
  const std::string name = members.TakeText("name"), email = members.TakeText("email"), reply = members.TakeText("reply_to");
  std::string words = "messages come from";
  if (!name.empty()) words += ' ' + name;
  if (!email.empty()) words += " <" + email + '>';
  if (name.empty() && email.empty()) words = "of messages";
  if (!reply.empty()) words += ", answers go to " + reply;
  return words + members.Rest();
}

std::vector<std::string> PlainEach(const Json& list) {
  std::vector<std::string> words;
  for (const Json& item : list.array()) words.push_back(Plain(item));
  return words;
}

std::string OnErrorWords(const Json& value) {
  Members members(value);
  const Json* retry = members.Take("retry");
  const bool usual_retry = retry == nullptr || (retry->is_number() && retry->number() == "5");
  const std::string then = members.TakeText("then");
  const Json* backoff = members.Take("backoff");
  std::string words;
  if (!usual_retry) words = "a step that fails is tried again " + ValueWords(*retry) + " times";
  if (backoff != nullptr) {
    words += words.empty() ? "a step that fails is tried again " : ", ";
    words += backoff->is_array() ? "after " + Joined(PlainEach(*backoff), "and") : "first after " + Plain(*backoff);
  }
  if (then == "skip") words += words.empty() ? "a step that goes on failing is passed over" : ", then it is passed over";
  else if (then == "suspend") words += words.empty() ? "a step that goes on failing suspends the workflow" : ", then it suspends the workflow";
  else if (!then.empty() && then != "exit") words += (words.empty() ? "a step that goes on failing: " : ", then: ") + then;
  const std::string rest = members.Rest();
  if (words.empty() && !rest.empty()) words = "where a step fails";
  return words + rest;
}

using Teller = std::string (*)(const Json& value);
struct Setting {
  std::string_view key;
  Teller tell;
};

constexpr std::array kSettings = {
    Setting{"timezone", [](const Json& v) -> std::string {
      if (IsText(v, "account")) return {};
      return IsText(v, "contact") ? "times are those of the contact's time zone" : "times are those of " + Plain(v);
    }},
    Setting{"send_window", [](const Json& v) { return IsText(v, "any") ? std::string() : SendWindowWords(v); }},
    Setting{"sender", SenderWords},
    Setting{"entry_key", EntryKeyWords},
    Setting{"reentry", ReentryWords},
    Setting{"cooldown", [](const Json& v) { return "enters again " + Plain(v) + " after the last end at the earliest"; }},
    Setting{"while_live", [](const Json& v) -> std::string {
      if (IsText(v, "ignore")) return {};
      return IsText(v, "restart") ? "an event while somebody is inside starts from the beginning" : "an event while somebody is inside: " + Plain(v);
    }},
    Setting{"reentry_after_response", [](const Json& v) -> std::string {
      return IsBoolean(v, false) ? "" : IsBoolean(v, true) ? "who left by an answer may enter again" : "entering again after an answer: " + Plain(v);
    }},
    Setting{"exclusive_group", [](const Json& v) { return "entering ends the contact's enrollments in other workflows of group " + ValueWords(v); }},
    Setting{"stop_on_response", ResponseWords},
    Setting{"exit", ExitWords},
    Setting{"mark_as_read", [](const Json& v) -> std::string {
      return IsBoolean(v, false) ? "" : IsBoolean(v, true) ? "messages are marked as read" : "marking messages as read: " + Plain(v);
    }},
    Setting{"category", [](const Json& v) { return IsText(v, "marketing") ? std::string() : "messages are " + Plain(v); }},
    Setting{"if_past", PastWords},
    Setting{"grace", [](const Json& v) { return "a wait that is late by at most " + Plain(v) + " goes on all the same"; }},
    Setting{"on_resume", [](const Json& v) { return IsText(v, "freeze") ? std::string() : ResumeWords(v); }},
    Setting{"frequency_cap", [](const Json& v) { return v.is_array() && v.array().empty() ? std::string() : CapWords(v); }},
    Setting{"expires_after", [](const Json& v) { return "a message nobody has taken " + Plain(v) + " after it was due is dropped"; }},
    Setting{"on_error", OnErrorWords},
};

std::string UnsubscribeWords(const Json& value, const Json& settings) {
  const std::string category = TextAt(settings, "category");
  if (IsBoolean(value, category.empty() || category == "marketing")) return {};
  if (IsBoolean(value, true)) return "who unsubscribes leaves";
  return IsBoolean(value, false) ? "who unsubscribes stays inside" : "who unsubscribes: " + Plain(value);
}

// Of a date of the record that comes round.
std::string DateWords(Members* members) {
  const std::string field = members->TakeText("field"), every = members->TakeText("every"), offset = members->TakeText("offset");
  const std::string at = members->TakeText("at");
  std::string words = every.empty() || every == "none" ? "" : "every " + every + ' ';
  const std::string away = offset.empty() ? "" : OffsetWords(offset);
  words += (away.empty() ? "on" : away) + ' ' + FieldWords(field);
  return words + (at.empty() ? "" : " at " + at);
}

}  // namespace

std::string SettingWords(std::string_view key, const Json& value, const Json& settings) {
  if (key == "exit_on_unsubscribe") return UnsubscribeWords(value, settings);
  for (const Setting& setting : kSettings) {
    if (setting.key == key) return setting.tell(value);
  }
  return std::string(key) + ": " + ValueWords(value);
}

std::string TriggerWords(const Json& trigger) {
  if (!trigger.is_object()) return ValueWords(trigger);
  Members members(trigger);
  const std::string on = members.TakeText("on");
  std::string words;
  if (on == "manual") {
    words = "by hand (enroll)";
  } else if (on == "date") {
    words = DateWords(&members);
  } else if (on == "schedule") {
    words = "on the schedule " + Quoted(members.TakeText("cron"));
    if (const std::string entity = members.TakeText("entity"); !entity.empty() && entity != "contact") words += ", each " + entity;
    else words += ", all contacts";
  } else if (!on.empty()) {
    const std::string threshold = on == "score.reached" ? ThresholdWords(&members) : "";
    words = "when " + (threshold.empty() ? EventWords(Json::String(on)) : threshold);
  }
  const Json* filter = members.Take("filter");
  if (filter != nullptr) words += (on == "schedule" ? " for whom " : ", if ") + ConditionWords(*filter);
  if (const std::string settle = members.TakeText("settle"); !settle.empty()) words += ", looked at after " + settle + " without a change";
  return words + members.Rest();
}

std::string GoalWords(const Json& goal) {
  if (!goal.is_object()) return ValueWords(goal);
  Members members(goal);
  const std::string id = members.TakeText("id"), on = members.TakeText("on"), then = members.TakeText("then");
  std::string words = Quoted(id) + " is reached when ";
  const std::string threshold = on == "score.reached" ? ThresholdWords(&members) : "";
  if (!on.empty()) words += threshold.empty() ? EventWords(Json::String(on)) : threshold;
  if (const Json* filter = members.Take("filter")) words += " and " + ConditionWords(*filter);
  if (const Json* condition = members.Take("if")) words += (on.empty() ? "" : " and ") + ConditionWords(*condition);
  if (then == "exit") words += "; then the enrollment ends";
  else if (then == "jump") words += "; then it goes on at the goal's step";
  else if (then == "count") words += "; it is counted only";
  else if (!then.empty()) words += "; then " + Quoted(then);
  if (const std::string within = members.TakeText("count_within"); !within.empty()) words += "; counted within " + within + " of entry";
  if (const std::string after = members.TakeText("count_after_exit"); !after.empty()) words += "; counted up to " + after + " after the end";
  return words + members.Rest();
}

}  // namespace workflow::telling
