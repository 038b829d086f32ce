// Steps in words. A type that is not here is told by its name and its members.
#include <algorithm>
#include <array>

#include "core/base/duration.h"
#include "core/telling/parts.h"
#include "core/telling/words.h"

namespace workflow::telling {
namespace {

std::string PlainOf(const Json& json) { return json.is_string() ? json.string() : ValueWords(json); }

std::string ChannelWords(const std::string& channel) {
  if (channel == "email") return "e-mail";
  if (channel == "sms") return "SMS";
  if (channel == "whatsapp") return "WhatsApp message";
  if (channel == "push") return "push message";
  if (channel == "in_app") return "message in the app";
  return channel.empty() ? "message" : "message by " + Quoted(channel);
}

// "the owner", "user "ann"", an address.
std::string WhomWords(const Json& to) {
  if (!to.is_string()) return ValueWords(to);
  const std::string& text = to.string();
  if (text == "owner" || text == "contact") return "the " + text;
  for (const char* kind : {"user", "team", "role"}) {
    const std::string head = std::string(kind) + ':';
    if (text.starts_with(head)) return std::string(kind) + ' ' + Quoted(text.substr(head.size()));
  }
  return Quoted(text);
}

// What a message says: a stored template, or a text of its own.
std::string MessageWords(Members* members) {
  std::string words = ChannelWords(members->TakeText("channel"));
  const std::string stored = members->TakeText("template");
  const size_t at = stored.rfind('@');
  if (!stored.empty()) words += ' ' + Quoted(stored.substr(0, at));
  if (at != stored.npos) words += " in its version " + stored.substr(at + 1);
  if (const Json* subject = members->Take("subject")) words += " with the subject " + ValueWords(*subject);
  if (const Json* body = members->Take("body")) words += (words.find(" with ") == words.npos ? " with the text " : " and the text ") + ValueWords(*body);
  return words;
}

std::string Send(Members* members) {
  std::string words = "send " + MessageWords(members);
  if (const Json* to = members->Take("to")) words += " to " + WhomWords(*to);
  const std::string kind = members->TakeText("kind");
  if (!kind.empty() && kind != "message") words += ", as a " + kind;
  return words;
}

std::string Notify(Members* members) {
  const Json* to = members->Take("to");
  std::string words = "notify " + (to == nullptr ? "the owner" : WhomWords(*to));
  const std::string message = MessageWords(members);
  return words + " by " + message;
}

std::string Webhook(Members* members) {
  const std::string method = members->TakeText("method"), url = members->TakeText("url");
  return "call the web address " + Quoted(url) + (method.empty() ? "" : " by " + method);
}

std::string UntilDateWords(const Json& date) {
  if (date.is_string()) return FieldWords(date.string());
  if (!date.is_object()) return ValueWords(date);
  Members members(date);
  const std::string field = members.TakeText("field"), offset = members.TakeText("offset");
  const std::string days = members.TakeText("days");
  const std::string away = offset.empty() ? "" : OffsetWords(offset);
  const std::string words = (away.empty() ? "" : away + ' ') + FieldWords(field);
  return words + (days.empty() ? "" : ", and as many days after it as " + FieldWords(days) + " says") + members.Rest();
}

// What ends a wait, but for its timeout.
std::string WaitEndWords(Members* members) {
  std::string words = "wait";
  const std::string at = members->TakeText("at");
  if (const Json* length = members->Take("for")) {
    const bool same_day = length->is_string() && ParseDuration(length->string()) == Duration{};
    words += same_day && !at.empty() ? "" : ' ' + PlainOf(*length);
    return at.empty() ? words : words + (same_day ? " until " + at + " of the same day" : ", then until " + at);
  }
  if (const Json* time = members->Take("until_time")) words += " until " + PlainOf(*time);
  if (const Json* date = members->Take("until_date")) words += " until " + UntilDateWords(*date);
  if (const Json* event = members->Take("until_event")) words += " until " + EventWords(*event);
  if (const Json* condition = members->Take("until")) words += " until " + ConditionWords(*condition);
  return at.empty() ? words : words + ", at " + at;
}

std::string Wait(Members* members) {
  std::string words = WaitEndWords(members);
  if (const Json* timeout = members->Take("timeout")) words += ", for at most " + PlainOf(*timeout);
  if (const Json* forever = members->Take("forever")) words += forever->is_boolean() && forever->boolean() ? ", however long it takes" : "";
  const std::string on_null = members->TakeText("on_null");
  if (on_null == "continue") words += "; without a date it goes on";
  else if (on_null == "exit") words += "; without a date the enrollment ends";
  else if (!on_null.empty()) words += "; without a date: " + on_null;
  if (const Json* past = members->Take("if_past")) words += "; " + SettingWords("if_past", *past, Json());
  if (const Json* grace = members->Take("grace")) words += "; " + SettingWords("grace", *grace, Json());
  const std::string lookback = members->TakeText("lookback");
  if (lookback == "since_entry") words += "; what came since entry counts";
  else if (lookback == "since_step") words += "; what came since the step before counts";
  else if (lookback == "none") words += "; what came before does not count";
  else if (!lookback.empty()) words += "; what came before: " + lookback;
  return words;
}

std::string Branch(Members*) { return "the first branch whose condition holds"; }
std::string Split(Members*) { return "split by chance, the same contact always the same way"; }

std::string Goal(Members* members) {
  std::string words = "goal";
  if (const Json* goal = members->Take("goal")) words += ' ' + ValueWords(*goal);
  words += ": wait for it, or come here when it is reached";
  if (const Json* timeout = members->Take("timeout")) words += ", for at most " + PlainOf(*timeout);
  return words;
}

// One column and what it becomes.
std::string AssignmentWords(const std::string& field, const Json& value) {
  if (value.is_object() && value.object().size() == 1) {
    if (const Json* add = value.Find("add")) {
      const bool less = add->is_number() && add->number().starts_with('-');
      return (less ? "take " + add->number().substr(1) + " from " : "add " + ValueWords(*add) + " to ") + FieldWords(field);
    }
    const std::string sql = TextAt(value, "sql");
    if (!sql.empty()) return "set " + FieldWords(field) + " to the SQL expression (" + sql + ')';
  }
  if (value.is_null()) return "empty " + FieldWords(field);
  return "set " + FieldWords(field) + " to " + (value.is_string() ? Quoted(value.string()) : ValueWords(value));
}

std::string ColumnsWords(const Json& values, const std::string& entity) {
  std::vector<std::string> parts;
  if (!values.is_object()) return "set " + ValueWords(values);
  for (const auto& [name, value] : values.object()) parts.push_back(AssignmentWords(entity.empty() ? name : entity + '.' + name, value));
  return parts.empty() ? "set nothing" : Joined(parts, "and");
}

std::string Create(Members* members) {
  std::string entity = members->TakeText("entity");
  std::string words = "create a row" + (entity.empty() ? "" : " of " + Quoted(entity));
  const Json* values = members->Take("values");
  if (values != nullptr && values->is_object()) {
    for (const auto& [name, value] : values->object()) words += (name == values->object().front().first ? " with " : ", ") + name + " " + ValueWords(value);
  } else if (values != nullptr) {
    words += " with " + ValueWords(*values);
  }
  return words;
}

std::string Tag(Members* members) {
  const Json* add = members->Take("add");
  const Json* remove = members->Take("remove");
  const auto tags = [](const Json& list) {
    const bool one = list.is_array() && list.array().size() == 1;
    return (one ? "the tag " : "the tags ") + ValueWords(list);
  };
  std::string words = add == nullptr ? "" : "add " + tags(*add);
  if (remove != nullptr) words += (words.empty() ? "remove " : ", remove ") + tags(*remove);
  if (words.empty()) words = "change no tag";
  const std::string entity = members->TakeText("entity");
  return words + (entity.empty() || entity == "contact" ? "" : " of the " + entity);
}

std::string Listing(Members* members, const std::string& verb) {
  for (const char* key : {"campaign", "list"}) {
    if (const Json* which = members->Take(key)) return verb + std::string(key) + ' ' + ValueWords(*which);
  }
  return verb + "all mail";
}

std::string Subscribe(Members* members) { return Listing(members, "subscribe the contact to "); }
std::string Unsubscribe(Members* members) { return Listing(members, "unsubscribe the contact from "); }

std::string Task(Members* members) {
  std::string words = "task " + Quoted(members->TakeText("title"));
  if (const Json* assignee = members->Take("assignee")) words += " for " + WhomWords(*assignee);
  if (const Json* role = members->Take("role")) words += " in the role " + ValueWords(*role);
  if (const Json* due = members->Take("due")) words += ", due " + ValueWords(*due);
  return words;
}

std::string Approve(Members* members) {
  std::string words = "wait for approval";
  if (const Json* assignee = members->Take("assignee")) words += " by " + WhomWords(*assignee);
  if (const Json* timeout = members->Take("timeout")) words += ", for at most " + PlainOf(*timeout);
  return words;
}

std::string Assign(Members* members) {
  std::string words = "assign an owner";
  if (const Json* to = members->Take("to")) words += ": " + ValueWords(*to);
  return words;
}

std::string Call(Members* members) { return "call the function " + Quoted(members->TakeText("function")); }
std::string Enroll(Members* members) { return "enroll the contact in workflow " + Quoted(members->TakeText("workflow")); }
std::string Unenroll(Members* members) { return "end the contact's enrollment in workflow " + Quoted(members->TakeText("workflow")); }
std::string Emit(Members* members) { return "emit the event " + Quoted(members->TakeText("event")); }

std::string Goto(Members* members) {
  std::string words = "go on at step ";
  for (const char* key : {"step", "to", "goto"}) {
    if (const std::string to = members->TakeText(key); !to.empty()) return words + Quoted(to);
  }
  return words;
}

std::string Stop(Members* members) {
  const std::string reason = members->TakeText("reason");
  return reason.empty() ? "stop" : "stop: " + Quoted(reason);
}

using StepTeller = std::string (*)(Members*);
constexpr std::array<std::pair<std::string_view, StepTeller>, 21> kTellers = {{
    {"send", Send}, {"notify", Notify}, {"webhook", Webhook}, {"wait", Wait}, {"branch", Branch}, {"split", Split}, {"goal", Goal}, {"create", Create},
    {"tag", Tag}, {"subscribe", Subscribe}, {"unsubscribe", Unsubscribe}, {"task", Task}, {"approve", Approve}, {"assign", Assign}, {"call", Call},
    {"enroll", Enroll}, {"unenroll", Unenroll}, {"emit", Emit}, {"goto", Goto}, {"stop", Stop}, {"if", nullptr}}};

// `set` has its columns under "values", or under the name of their entity.
std::string Set(const Json& step, Members* members) {
  std::vector<std::string> parts;
  if (const Json* values = members->Take("values")) parts.push_back(ColumnsWords(*values, ""));
  for (const auto& [key, value] : step.object()) {
    if (key == "values" || key == "type" || key == "id" || key == "if" || !value.is_object()) continue;
    members->Pass(key);
    parts.push_back(ColumnsWords(value, key));
  }
  return parts.empty() ? "set nothing" : Joined(parts, "and");
}

}  // namespace

std::string StepWords(const Json& step) {
  if (!step.is_object()) return ValueWords(step);
  Members members(step);
  members.Pass("id");
  const std::string type = members.TakeText("type");
  for (const auto& [key, value] : step.object()) {
    if (IsInner(step, key)) members.Pass(key);  // its steps are told below
  }
  const Json* condition = members.Take("if");
  std::string words = condition == nullptr ? "" : "if " + ConditionWords(*condition);
  if (type == "if") return (words.empty() ? "if" : words) + members.Rest();
  if (!words.empty()) words = "only " + words + ": ";
  const auto* known = std::find_if(kTellers.begin(), kTellers.end(), [&](const auto& teller) { return teller.first == type; });
  if (type == "set") words += Set(step, &members);
  else if (known != kTellers.end()) words += known->second(&members);
  else words += type.empty() ? "a step without a type" : "step of type " + Quoted(type);
  return words + members.Rest();
}

std::string InnerWords(const Inner& inner) {
  if (inner.holder == nullptr) {
    if (inner.key == "else") return "otherwise";
    if (inner.key == "on_timeout" || inner.key == "timed_out") return "if the time runs out";
    if (inner.key == "approved" || inner.key == "rejected") return "if " + inner.key;
    return inner.key;
  }
  Members members(*inner.holder);
  members.Pass("steps");
  const std::string name = members.TakeText("name");
  std::string words = (inner.key == "branches" ? "branch " : inner.key == "paths" ? "path " : inner.key + ' ') +
                      (name.empty() ? std::to_string(inner.number + 1) : Quoted(name));
  if (const Json* weight = members.Take("weight")) words += ", weight " + ValueWords(*weight);
  const Json* holdout = inner.holder->Find("holdout");
  if (holdout != nullptr && holdout->is_boolean()) {
    members.Pass("holdout");
    if (holdout->boolean()) words += ", a control group";
  }
  if (const Json* condition = members.Take("if")) words += ", if " + ConditionWords(*condition);
  return words + members.Rest();
}

}  // namespace workflow::telling
