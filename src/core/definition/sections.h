// The parts of a definition, each read by a file of its own: from JSON into the program of the context.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
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

// The members of a trigger {"on": "date"} or {"on": "schedule"} go into `trigger`.
void ReadDateTrigger(ObjectReader* reader, Trigger* trigger, CompileContext* context);
void ReadScheduleTrigger(ObjectReader* reader, Trigger* trigger, CompileContext* context);

// {"on": "score.reached", "field": ..., "value": ...}: the event that a number of the record has grown to a value. Nothing where the object names
// neither: then it is an event that emit() makes. `entity` is whose field it is; the condition says that the row's change is such an event.
inline constexpr const char* kScoreReached = "score.reached";
struct Threshold {
  std::string entity;
  std::optional<Condition> crossed;
};
std::optional<Threshold> ReadThreshold(ObjectReader* reader, CompileContext* context);
// Both must hold.
std::optional<Condition> Both(std::optional<Condition> first, std::optional<Condition> second);

// Fills program.settings; `json` may be absent: then everything has its default. Goes after the triggers.
void ReadSettings(const Json* json, const std::string& path, CompileContext* context);

// Fills program.steps. Goes after the settings, for steps inherit from them. `json` is the array.
void ReadSteps(const Json& json, const std::string& path, CompileContext* context);

// Fills program.goals. Goes before the steps, which may wait for goals. `json` is the array.
void ReadGoals(const Json& json, const std::string& path, CompileContext* context);

// The short form, in place of triggers, settings and steps.
void ReadAutomatedAction(const Json& definition, CompileContext* context);

// What the parts say together: goals that are jumped to have their step.
void CheckGoals(CompileContext* context);

// Fills program.watched.
void CollectWatched(Program* program);

// Of an event's name: the entity whose row makes it, empty where none does or where another problem was reported; nothing where it
// is no name of an event at all.
std::optional<std::string> EntityOfEvent(const std::string& on, const std::string& path, CompileContext* context);

// {"on": ..., "filter": ...} or a name; and the same two members of an object that has others too. Nothing where the event is not
// understood; its problem is reported.
std::optional<Listener> ReadListener(const Json& json, const std::string& path, const std::string& what, CompileContext* context);
std::optional<Listener> ReadListenerOf(ObjectReader* reader, CompileContext* context);

// The settings `exit`, `stop_on_response`.
void ReadExits(const Json& json, const std::string& path, CompileContext* context);
ResponseRule ReadResponse(const Json& json, const std::string& path, CompileContext* context);

// {"name", "email", "phone", "address", "reply_to"}, or such an object by channel. Its texts may hold Liquid.
std::optional<Document> ReadSender(const Json& json, const std::string& path, Names* names, CompileContext* context);

void ReadCaps(const Json& json, const std::string& path, CompileContext* context);
void ReadOnError(const Json& json, const std::string& path, CompileContext* context);

SendWindow ReadSendWindow(const Json& json, const std::string& path, Problems* problems);

// `if_past` and `grace` of a step or of the settings; what neither says is as in `inherited`.
PastRule ReadPastRule(ObjectReader* reader, const PastRule& inherited, Problems* problems);

}  // namespace workflow::definition
