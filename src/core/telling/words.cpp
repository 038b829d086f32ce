#include "core/telling/words.h"

#include <algorithm>
#include <array>

#include "core/base/duration.h"
#include "core/telling/parts.h"

namespace workflow::telling {
namespace {

struct Word {
  std::string_view name, words;
};

// What the last part of an event's name says of its row.
constexpr std::array kEventWords = {
    Word{"created", "is created"}, Word{"updated", "is changed"}, Word{"deleted", "is deleted"}, Word{"tag_added", "gets a tag"},
    Word{"tag_removed", "loses a tag"}, Word{"subscribed", "subscribes"}, Word{"unsubscribed", "unsubscribes"}, Word{"paid", "is paid"},
    Word{"received", "is received"}, Word{"cancelled", "is cancelled"}, Word{"delivery", "is to be delivered"}, Word{"delivered", "is delivered"},
    Word{"opened", "is opened"}, Word{"clicked", "is clicked"}, Word{"bounced", "bounces"}, Word{"replied", "is answered"},
    Word{"stage_changed", "changes its stage"}, Word{"submitted", "is submitted"}, Word{"solved", "is solved"}, Word{"ended", "ends"},
    Word{"completed", "is completed"}, Word{"exited", "is left"}, Word{"reached", "is reached"}};

std::string Spaced(std::string_view name) {
  std::string words(name);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string WithArticle(const std::string& noun) {
  return (std::string_view("aeiou").find(noun.front()) == std::string_view::npos ? "a " : "an ") + noun;
}

std::string NameWords(const std::string& event) {
  const size_t dot = event.rfind('.');
  if (dot == event.npos || dot == 0) return "event " + Quoted(event);
  const std::string_view what = std::string_view(event).substr(dot + 1);
  const auto* known = std::find_if(kEventWords.begin(), kEventWords.end(), [&](const Word& word) { return word.name == what; });
  if (known == kEventWords.end() || event.find('.') != dot) return "event " + Quoted(event) + " happens";
  return WithArticle(Spaced(event.substr(0, dot))) + ' ' + std::string(known->words) + " (" + event + ')';
}

bool LooksLikeCondition(const Json& json) {
  return json.is_object() && (json.Find("rules") != nullptr || (json.Find("field") != nullptr && json.Find("operator") != nullptr));
}

std::string ObjectWords(const Json& json) {
  if (LooksLikeCondition(json)) return ConditionWords(json);
  if (json.Find("on") != nullptr) return EventWords(json);
  return json.Dump();
}

}  // namespace

std::string Quoted(std::string_view text, size_t most) {
  size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // between characters
  std::string quoted = "\"";
  for (const char c : text.substr(0, end)) quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return quoted + (end < text.size() ? "…\"" : "\"");
}

std::string Joined(const std::vector<std::string>& parts, std::string_view last) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) text += i + 1 == parts.size() ? ' ' + std::string(last) + ' ' : ", ";
    text += parts[i];
  }
  return text;
}

std::vector<std::string> Each(const Json& value) {
  std::vector<std::string> parts;
  if (value.is_array()) {
    for (const Json& item : value.array()) parts.push_back(ValueWords(item));
    return parts;
  }
  if (!value.is_string()) return {ValueWords(value)};
  std::string_view rest = value.string();
  while (true) {
    const size_t comma = rest.find(',');
    std::string_view part = rest.substr(0, comma);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    parts.push_back(Quoted(part));
    if (comma == rest.npos) return parts;
    rest.remove_prefix(comma + 1);
  }
}

std::string ValueWords(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::kNull:
      return "nothing";
    case Json::Kind::kString:
      return ParseDuration(value.string()) ? value.string() : Quoted(value.string());
    case Json::Kind::kArray:
      return value.array().empty() ? "none" : Joined(Each(value), "and");
    case Json::Kind::kObject:
      return ObjectWords(value);
    default:
      return value.Dump();
  }
}

std::string FieldWords(std::string_view name) {
  const size_t dot = name.find('.');
  if (dot == name.npos || dot == 0) return Quoted(name);
  const std::string_view root = name.substr(0, dot);
  const std::string rest(name.substr(dot + 1));
  if (name == "enrollment.entered_at") return "the time of entry";
  if (root == "old") return "the " + Spaced(rest) + " before the change";
  const size_t last = rest.rfind('.');
  if (root == "message" && last != rest.npos) return "the " + Spaced(rest.substr(last + 1)) + " of message " + Quoted(rest.substr(0, last));
  if (root == "workflow" && last != rest.npos && rest.substr(last + 1) == "active") {
    return "being in workflow " + Quoted(rest.substr(0, last));
  }
  if (root == "step") {
    const size_t next = rest.find('.');
    return "the result of step " + Quoted(rest.substr(0, next)) + (next == rest.npos ? "" : ", " + rest.substr(next + 1));
  }
  return "the " + Spaced(root) + "'s " + Spaced(rest);
}

// "the contact's score reaches 50": nothing where the object names neither.
std::string ThresholdWords(Members* members) {
  const Json* value = members->Take("value");
  const std::string field = members->TakeText("field");
  if (value == nullptr && field.empty()) return {};
  return FieldWords(field.empty() ? "contact.score" : field) + " reaches " + (value == nullptr ? "nothing" : ValueWords(*value));
}

std::string EventWords(const Json& event) {
  if (event.is_string()) return NameWords(event.string());
  if (!event.is_object()) return ValueWords(event);
  Members members(event);
  const std::string on = members.TakeText("on");
  const std::string threshold = on == "score.reached" ? ThresholdWords(&members) : "";
  std::string words = on.empty() ? "" : threshold.empty() ? NameWords(on) : threshold;
  if (const Json* filter = members.Take("filter")) words += (words.empty() ? "" : " and ") + ConditionWords(*filter);
  const std::string rest = members.Rest();
  return words.empty() && !rest.empty() ? rest.substr(1) : words + rest;
}

std::string OffsetWords(std::string_view text) {
  const auto duration = ParseDuration(text);
  if (!duration) return std::string(text) + " from";
  if (duration->is_zero()) return {};
  const bool before = duration->months <= 0 && duration->days <= 0 && duration->us <= 0;
  if (!before) return FormatDuration(*duration) + " after";
  return FormatDuration({-duration->months, -duration->days, -duration->us}) + " before";
}

}  // namespace workflow::telling
