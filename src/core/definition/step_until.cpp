// Waits for something to happen, with an end or for ever: until_event, until, and the goal step.
#include <algorithm>
#include <array>

#include "core/definition/steps.h"

namespace workflow::definition {
namespace {

constexpr std::array kLookbacks = {Choice{"since_entry", static_cast<int>(Lookback::kSinceEntry)},
                                   Choice{"since_step", static_cast<int>(Lookback::kSinceStep)},
                                   Choice{"none", static_cast<int>(Lookback::kNone)}};

// No event tells that what a query gives has changed, or what lies outside of the rows.
bool IsUnwatched(const Field& field, const Catalog& catalog) {
  if (field.scope == Scope::kWorkflow || field.scope == Scope::kAccount) return true;
  if (field.scope == Scope::kMessage) return field.name == "sent_at" || field.name == "outcome";
  if (field.scope != Scope::kRow) return false;
  const CatalogEntity* entity = FindEntity(catalog, field.entity);
  const CatalogField* found = entity == nullptr ? nullptr : FindField(*entity, field.name);
  return found != nullptr && found->derived;
}

void ReadUntilEvent(const Json& json, const std::string& path, WaitStep* wait, CompileContext* context) {
  std::optional<Listener> listener = ReadListener(json, path, "until_event", context);
  if (!listener) return;
  wait->listener = static_cast<int32_t>(context->program.listeners.size());
  context->program.listeners.push_back(*std::move(listener));
}

void ReadUntil(const Json& json, const std::string& path, WaitStep* wait, Names* names, CompileContext* context) {
  wait->condition = CompileCondition(json, path, *names, context->problems);
  if (!wait->condition) return;
  const std::vector<uint32_t> fields = FieldsOf(*wait->condition);
  wait->hourly = ReadsSql(*wait->condition) || std::any_of(fields.begin(), fields.end(), [&](uint32_t field) { return IsUnwatched(names->At(field), context->catalog); });
}

}  // namespace

void ReadEnd(ObjectReader* reader, WaitStep* wait, CompileContext* context) {
  Problems* problems = context->problems;
  const bool stated = reader->Has("timeout"), after = reader->Has("on_timeout"), forever_stated = reader->Has("forever");
  wait->timeout = reader->Length("timeout");
  const bool forever = reader->Boolean("forever").value_or(false);
  reader->Allow("on_timeout");
  if (!wait->IsOpen()) {
    for (const char* key : {"timeout", "on_timeout", "forever"}) {
      if (reader->Has(key)) {
        problems->Error(reader->At(key), '"' + std::string(key) + "\" belongs to \"until_event\" and \"until\"",
                        "Other waits end by themselves.");
      }
    }
    return;
  }
  if (wait->timeout && (wait->timeout->is_negative() || wait->timeout->is_zero())) {
    problems->Error(reader->At("timeout"), "\"timeout\" must be longer than nothing");
  }
  if (!stated && !forever) {
    problems->Error(reader->path(), "this wait may never end", "Add \"timeout\": \"30 days\", or \"forever\": true if that is meant.");
  }
  if (stated && forever) problems->Error(reader->At("forever"), "a wait with a timeout does not last for ever", "Leave one of them out.");
  if (after && !stated && !(forever_stated && forever)) {
    problems->Error(reader->At("on_timeout"), "\"on_timeout\" needs a \"timeout\"");
  } else if (after && !stated) {
    problems->Error(reader->At("on_timeout"), "\"on_timeout\" is never reached: the wait lasts for ever");
  }
}

void ReadOpenWait(ObjectReader* reader, const Json* event, const Json* condition, WaitStep* wait, Names* names, CompileContext* context) {
  if (event != nullptr) {
    wait->kind = WaitStep::Kind::kUntilEvent;
    ReadUntilEvent(*event, reader->At("until_event"), wait, context);
  } else if (condition != nullptr) {
    wait->kind = WaitStep::Kind::kUntilCondition;
    ReadUntil(*condition, reader->At("until"), wait, names, context);
  }
  const bool stated = reader->Has("lookback");
  if (auto lookback = reader->Choose("lookback", kLookbacks)) wait->lookback = static_cast<Lookback>(*lookback);
  if (stated && event == nullptr) context->problems->Error(reader->At("lookback"), "\"lookback\" belongs to \"until_event\"");
  if (wait->IsOpen() && reader->Has("at")) {
    context->problems->Error(reader->At("at"), "\"at\" has no place in a wait for something to happen", "Put a wait with \"until_time\" after it.");
  }
}

WaitStep ReadGoalStep(ObjectReader* reader, CompileContext* context) {
  WaitStep wait;
  wait.kind = WaitStep::Kind::kUntilGoal;
  const bool stated = reader->Take("goal") != nullptr;
  std::optional<std::string> goal = reader->Text("goal");
  if (!stated) reader->Missing("goal", "It names one of the workflow's \"goals\".");
  if (goal) {
    wait.goal = context->program.GoalIndex(*goal);
    if (wait.goal < 0) {
      std::vector<std::string> known;
      for (const Goal& one : context->program.goals) known.push_back(one.id);
      std::string hint = NearestHint(*goal, known);
      if (hint.empty()) hint = known.empty() ? "Add {\"id\": " + Quote(*goal) + ", \"on\": ...} to \"goals\"." : "The goals are " + QuoteList(known) + '.';
      context->problems->Error(reader->At("goal"), "there is no goal " + Quote(*goal), hint);
    }
  }
  ReadEnd(reader, &wait, context);
  wait.if_past = ReadPastRule(reader, context->program.settings.if_past, context->problems);
  return wait;
}

}  // namespace workflow::definition
