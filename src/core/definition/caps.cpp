// The setting frequency_cap.
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kOnCap = {Choice{"defer", static_cast<int>(OnCap::kDefer)}, Choice{"skip", static_cast<int>(OnCap::kSkip)},
                               Choice{"exit", static_cast<int>(OnCap::kExit)}};
constexpr int64_t kCapMost = 10'000;

// What was written longer ago is not kept.
bool IsTooLong(const Duration& per) { return per.months * 31 + per.days + per.us / kDay > 366; }

FrequencyCap ReadCap(const Json& json, const std::string& path, CompileContext* context) {
  Problems* problems = context->problems;
  ObjectReader reader(json, path, "a cap", problems);
  FrequencyCap cap;
  if (auto channel = reader.Text("channel")) cap.channel = *std::move(channel);
  if (!reader.Has("max")) reader.Missing("max", "It is the number of messages that a contact gets at most.");
  if (auto max = reader.Integer("max", 1, kCapMost)) cap.max = static_cast<int32_t>(*max);
  if (!reader.Has("per")) reader.Missing("per", "It is the time in which they count, like \"1 day\".");
  if (auto per = reader.Length("per")) {
    if (per->is_negative() || per->is_zero()) problems->Error(reader.At("per"), "\"per\" must be longer than nothing");
    else if (IsTooLong(*per)) problems->Error(reader.At("per"), "\"per\" is longer than a year", "What was written longer ago is not counted.");
    else cap.per = *per;
  }
  if (auto on_cap = reader.Choose("on_cap", kOnCap)) cap.on_cap = static_cast<OnCap>(*on_cap);
  reader.Finish();
  return cap;
}

}  // namespace

void ReadCaps(const Json& json, const std::string& path, CompileContext* context) {
  if (!json.is_array()) {
    context->problems->Error(path, std::string("\"frequency_cap\" must be an array, not ") + json.KindName(), "Write [{\"channel\": \"email\", \"max\": 2, \"per\": \"1 day\"}].");
    return;
  }
  Settings& settings = context->program.settings;
  for (size_t i = 0; i < json.array().size(); ++i) settings.caps.push_back(ReadCap(json.array()[i], Pointer(path, i), context));
  if (!settings.caps.empty() && settings.category == Category::kTransactional) {
    context->problems->Warning(path, "a cap has no effect on transactional messages", "Remove it, or set another \"category\".");
  }
}

}  // namespace workflow::definition
