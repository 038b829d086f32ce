// Typed access to the members of one JSON object of a definition. What has the wrong shape is reported with its place and read as
// absent; what nobody asked for is reported by Finish(), with the nearest known key.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/calendar/civil.h"

namespace workflow::definition {

// `text` as a message shows it: in double quotes, cut short, without control characters.
std::string Quote(std::string_view text);
// "a", "b", "c"
std::string QuoteList(const std::vector<std::string>& names);

// What the specification has and this version does not build: an error, so that it is never ignored.
void ReportUnsupported(const std::string& path, const std::string& what, Problems* problems);

// `The limit is the setting pg_workflow.max_steps.`
std::string HintOfLimit(std::string_view setting);

bool HoldsLiquid(std::string_view text);

struct Choice {
  const char* name;
  int value;
};

class ObjectReader {
 public:
  // `what` names the object in messages: "a send step". A `json` that is no object is reported, and every member is absent.
  ObjectReader(const Json& json, std::string path, std::string what, Problems* problems);

  bool is_object() const { return object_; }
  const std::string& path() const { return path_; }
  std::string At(std::string_view key) const { return Pointer(path_, key); }

  bool Has(std::string_view key) const { return json_.Find(key) != nullptr; }
  // The member as it is. Every member asked for is known to Finish().
  const Json* Take(const char* key);
  // A text that is not empty.
  std::optional<std::string> Text(const char* key);
  std::optional<bool> Boolean(const char* key);
  std::optional<int64_t> Integer(const char* key, int64_t min, int64_t max);
  std::optional<Duration> Length(const char* key);
  std::optional<ClockTime> Clock(const char* key);
  std::optional<int> Choose(const char* key, std::span<const Choice> choices);
  // An array; its items are the caller's to read.
  const Json::Array* List(const char* key);
  // The texts of an array; each must be a text that is not empty.
  std::vector<std::string> Texts(const char* key);

  // A key that the language has and this version does not build. A member that equals `neutral` (JSON) asks for nothing and
  // passes.
  void Refuse(const char* key, const char* neutral = nullptr);
  // A key that another reader of the same object answers for.
  void Allow(std::string key) { known_.push_back(std::move(key)); }
  void Missing(const char* key, std::string hint = {});
  // Reports the members that nobody asked for.
  void Finish();

 private:
  void Expected(const char* key, const std::string& what, std::string hint = {});

  const Json& json_;
  bool object_;
  std::string path_;
  std::string what_;
  std::vector<std::string> known_;    // keys, suggested where one is misspelt
  std::vector<std::string> refused_;  // keys that are reported elsewhere and never suggested
  Problems* problems_;
};

// The same for one value that stands alone, under the name a message gives it.
std::optional<Duration> ReadLength(const Json& json, const std::string& path, std::string_view name, Problems* problems);
std::optional<ClockTime> ReadClock(const Json& json, const std::string& path, std::string_view name, Problems* problems);
std::optional<int> ReadChoice(const Json& json, const std::string& path, std::string_view name, std::span<const Choice> choices,
                              Problems* problems);

}  // namespace workflow::definition
