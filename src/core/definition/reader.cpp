#include "core/definition/reader.h"

#include <algorithm>

namespace workflow::definition {
namespace {

constexpr size_t kQuotedBytesMax = 80;

// A string that says something. Its absence and its wrong kind are told apart, because the cure differs.
bool IsText(const Json& json) { return json.is_string() && !json.string().empty(); }

std::string Found(const Json& json) {
  if (json.is_string()) return json.string().empty() ? "an empty text" : Quote(json.string());
  if (json.is_number()) return Quote(json.number());
  if (json.is_boolean()) return json.boolean() ? "true" : "false";
  if (json.is_null()) return "null";
  return json.is_array() ? "an array" : "an object";
}

std::string MustBe(std::string_view name, std::string_view what, const Json& found) {
  return '"' + std::string(name) + "\" must be " + std::string(what) + ", not " + Found(found);
}

}  // namespace

std::string Quote(std::string_view text) {
  std::string quoted = "\"";
  size_t end = std::min(text.size(), kQuotedBytesMax);
  // A cut falls between characters: bytes 10xxxxxx continue one.
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  for (char c : text.substr(0, end)) quoted += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (end < text.size()) quoted += "...";
  return quoted + '"';
}

std::string QuoteList(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + Quote(name);
  return list;
}

void ReportUnsupported(const std::string& path, const std::string& what, Problems* problems) {
  problems->Error(path, what + " is not supported by this version of pg_workflow", "Remove it, or use a version that builds it.");
}

std::string HintOfLimit(std::string_view setting) { return "The limit is the setting pg_workflow." + std::string(setting) + '.'; }

bool HoldsLiquid(std::string_view text) { return text.find("{{") != text.npos || text.find("{%") != text.npos; }

std::optional<Duration> ReadLength(const Json& json, const std::string& path, std::string_view name, Problems* problems) {
  std::optional<Duration> length = json.is_string() ? ParseDuration(json.string()) : std::nullopt;
  if (!length)
    problems->Error(path, MustBe(name, "a duration", json), "Durations are written like \"3 days\" or \"1 hour 30 minutes\".");
  return length;
}

std::optional<ClockTime> ReadClock(const Json& json, const std::string& path, std::string_view name, Problems* problems) {
  std::optional<ClockTime> time = json.is_string() ? ParseClockTime(json.string()) : std::nullopt;
  if (!time) problems->Error(path, MustBe(name, "a clock time", json), "Clock times are written \"09:00\", from 00:00 to 23:59.");
  return time;
}

std::optional<int> ReadChoice(const Json& json, const std::string& path, std::string_view name, std::span<const Choice> choices,
                              Problems* problems) {
  std::vector<std::string> names;
  for (const Choice& choice : choices) {
    if (json.is_string() && json.string() == choice.name) return choice.value;
    names.emplace_back(choice.name);
  }
  std::string hint = json.is_string() ? NearestHint(json.string(), names) : std::string();
  if (hint.empty()) hint = "Known are " + QuoteList(names) + ".";
  problems->Error(path, MustBe(name, "one of the known words", json), hint);
  return {};
}

ObjectReader::ObjectReader(const Json& json, std::string path, std::string what, Problems* problems)
    : json_(json), object_(json.is_object()), path_(std::move(path)), what_(std::move(what)), problems_(problems) {
  if (!object_) problems_->Error(path_, what_ + " must be an object, not " + Found(json));
}

const Json* ObjectReader::Take(const char* key) {
  known_.emplace_back(key);
  return json_.Find(key);
}

void ObjectReader::Expected(const char* key, const std::string& what, std::string hint) {
  problems_->Error(At(key), MustBe(key, what, *json_.Find(key)), std::move(hint));
}

std::optional<std::string> ObjectReader::Text(const char* key) {
  const Json* member = Take(key);
  if (member == nullptr) return {};
  if (IsText(*member)) return member->string();
  Expected(key, "a text that is not empty");
  return {};
}

std::optional<bool> ObjectReader::Boolean(const char* key) {
  const Json* member = Take(key);
  if (member == nullptr) return {};
  if (member->is_boolean()) return member->boolean();
  Expected(key, "true or false");
  return {};
}

std::optional<int64_t> ObjectReader::Integer(const char* key, int64_t min, int64_t max) {
  const Json* member = Take(key);
  if (member == nullptr) return {};
  std::optional<int64_t> number = member->AsInteger();
  if (number && *number >= min && *number <= max) return number;
  Expected(key, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return {};
}

std::optional<Duration> ObjectReader::Length(const char* key) {
  const Json* member = Take(key);
  return member == nullptr ? std::nullopt : ReadLength(*member, At(key), key, problems_);
}

std::optional<ClockTime> ObjectReader::Clock(const char* key) {
  const Json* member = Take(key);
  return member == nullptr ? std::nullopt : ReadClock(*member, At(key), key, problems_);
}

std::optional<int> ObjectReader::Choose(const char* key, std::span<const Choice> choices) {
  const Json* member = Take(key);
  return member == nullptr ? std::nullopt : ReadChoice(*member, At(key), key, choices, problems_);
}

const Json::Array* ObjectReader::List(const char* key) {
  const Json* member = Take(key);
  if (member == nullptr) return nullptr;
  if (member->is_array()) return &member->array();
  Expected(key, "an array");
  return nullptr;
}

std::vector<std::string> ObjectReader::Texts(const char* key) {
  std::vector<std::string> texts;
  const Json::Array* items = List(key);
  if (items == nullptr) return texts;
  for (size_t i = 0; i < items->size(); ++i) {
    const Json& item = (*items)[i];
    if (IsText(item)) {
      texts.push_back(item.string());
    } else {
      problems_->Error(Pointer(At(key), i), "an item of " + MustBe(key, "a text that is not empty", item));
    }
  }
  return texts;
}

void ObjectReader::Refuse(const char* key, const char* neutral) {
  (neutral == nullptr ? refused_ : known_).emplace_back(key);
  const Json* member = json_.Find(key);
  std::string_view allowed = neutral == nullptr ? "" : neutral;
  if (member == nullptr || (neutral != nullptr && member->Dump() == allowed)) return;
  bool worded = !allowed.empty() && allowed != "[]";
  ReportUnsupported(At(key), '"' + std::string(key) + '"' + (worded ? " other than " + std::string(allowed) : ""), problems_);
}

void ObjectReader::Missing(const char* key, std::string hint) {
  // Without an object everything is missing, and one problem says so already.
  if (object_) problems_->Error(path_, what_ + " needs \"" + key + '"', std::move(hint));
}

void ObjectReader::Finish() {
  if (!object_) return;
  auto among = [](const std::vector<std::string>& keys, const std::string& key) {
    return std::find(keys.begin(), keys.end(), key) != keys.end();
  };
  for (const auto& [key, value] : json_.object()) {
    if (among(known_, key) || among(refused_, key)) continue;
    std::string hint = NearestHint(key, known_);
    if (hint.empty()) hint = "Known keys are " + QuoteList(known_) + ".";
    problems_->Error(At(key), Quote(key) + " is no key of " + what_, hint);
  }
}

}  // namespace workflow::definition
