// The parts of a definition, each read by a file of its own: from JSON into the program of the context.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/json.h"
#include "core/definition/reader.h"
#include "core/definition/scope.h"

namespace workflow::definition {

template <size_t N>
bool Among(std::string_view name, const std::array<const char*, N>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "cart.abandoned": parts of visible characters, at least two.
bool IsEventName(std::string_view name);

// Fills program.triggers and what they bring (entities, partial, open). `json` is the array.
void ReadTriggers(const Json& json, const std::string& path, CompileContext* context);

// Fills program.settings; `json` may be absent: then everything has its default. Goes after the triggers.
void ReadSettings(const Json* json, const std::string& path, CompileContext* context);

// Fills program.steps. Goes after the settings, for steps inherit from them. `json` is the array.
void ReadSteps(const Json& json, const std::string& path, CompileContext* context);

SendWindow ReadSendWindow(const Json& json, const std::string& path, Problems* problems);

// `if_past` and `grace` of a step or of the settings; what neither says is as in `inherited`.
PastRule ReadPastRule(ObjectReader* reader, const PastRule& inherited, Problems* problems);

}  // namespace workflow::definition
