// What becomes of an enrollment whose step fails.
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kAfterTries = {Choice{"exit", static_cast<int>(OnError::kExit)}, Choice{"skip", static_cast<int>(OnError::kSkip)},
                              Choice{"suspend", static_cast<int>(OnError::kSuspend)}};
constexpr int64_t kRetryMax = 100;

void ReadPause(const Json& json, const std::string& path, Backoff* backoff, Problems* problems) {
  const std::optional<Duration> pause = ReadLength(json, path, "backoff", problems);
  if (pause && (pause->is_negative() || pause->is_zero())) problems->Error(path, "\"backoff\" must be longer than nothing");
  else if (pause) backoff->pauses.push_back(*pause);
}

Backoff ReadBackoff(const Json& json, const std::string& path, Problems* problems) {
  Backoff backoff;
  backoff.is_list = json.is_array();
  if (!backoff.is_list) {
    ReadPause(json, path, &backoff, problems);
    return backoff;
  }
  const Json::Array& list = json.array();
  if (list.empty()) problems->Error(path, "the list of pauses is empty", "Leave \"backoff\" out, or write [\"1 minute\", \"1 hour\"].");
  for (size_t i = 0; i < list.size(); ++i) ReadPause(list[i], Pointer(path, i), &backoff, problems);
  return backoff;
}

}  // namespace

void ReadOnError(const Json& json, const std::string& path, CompileContext* context) {
  Settings& settings = context->program.settings;
  ObjectReader on_error(json, path, "on_error", context->problems);
  if (auto retry = on_error.Integer("retry", 0, kRetryMax)) settings.retry_max = static_cast<int32_t>(*retry);
  if (const Json* backoff = on_error.Take("backoff")) settings.backoff = ReadBackoff(*backoff, on_error.At("backoff"), context->problems);
  if (auto then = on_error.Choose("then", kAfterTries)) settings.on_error = static_cast<OnError>(*then);
  if (!settings.backoff.pauses.empty() && settings.retry_max == 0) {
    context->problems->Warning(on_error.At("backoff"), "\"backoff\" has no effect where nothing is tried again", "Set \"retry\" to 1 or more.");
  }
  on_error.Finish();
}

}  // namespace workflow::definition
