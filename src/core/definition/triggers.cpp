#include <algorithm>
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr size_t kEventNameBytesMax = 127;
constexpr int64_t kSettleMost = 30 * kDay;

class TriggerReader {
 public:
  TriggerReader(const Json& json, const std::string& path, CompileContext* context)
      : context_(context), problems_(context->problems), reader_(json, path, "a trigger", context->problems) {}

  Trigger Read() {
    std::optional<std::string> on = reader_.Text("on");
    Trigger trigger;
    if (on && *on == "date") {
      ReadDateTrigger(&reader_, &trigger, context_);
    } else if (on && *on == "schedule") {
      ReadScheduleTrigger(&reader_, &trigger, context_);
    } else {
      if (on) ReadEvent(*on, &trigger);
      if (!on && reader_.Take("on") == nullptr) reader_.Missing("on", "Write an event's name, like {\"on\": \"contact.created\"}.");
      if (!on) context_->open = true;
      ReadFilter(&trigger, on.has_value());
      ReadSettle(&trigger, on.has_value());
    }
    reader_.Finish();
    return trigger;
  }

 private:
  // The entity whose row makes the event; empty for events that no row makes and for those that are wrong.
  std::string EntityOf(const std::string& on) {
    if (on == "manual") return {};
    std::optional<std::string> entity = EntityOfEvent(on, reader_.At("on"), context_);
    if (!entity) context_->open = true;
    return entity.value_or(std::string());
  }

  void ReadEvent(const std::string& on, Trigger* trigger) {
    trigger->on = on;
    std::optional<Threshold> threshold = on == kScoreReached ? ReadThreshold(&reader_, context_) : std::nullopt;
    if (!threshold) {
      trigger->entity = EntityOf(on);
      return;
    }
    trigger->entity = threshold->entity;
    trigger->filter = std::move(threshold->crossed);
    if (!trigger->filter) context_->open = true;
  }

  void ReadSettle(Trigger* trigger, bool event_known) {
    const std::optional<Duration> settle = reader_.Length("settle");
    if (!settle || !event_known) return;
    const std::string path = reader_.At("settle");
    const int64_t length = settle->days * kDay + settle->us;
    if (trigger->on == "manual") {
      problems_->Error(path, "a manual trigger has nothing to settle", "enroll() names the contact, who enters at once.");
    } else if (trigger->on.ends_with(".deleted") && !trigger->entity.empty()) {
      problems_->Error(path, "a deleted row cannot be looked at once more", "Remove \"settle\".");
    } else if (settle->is_negative() || settle->months != 0 || length <= 0 || length > kSettleMost) {
      problems_->Error(path, "\"settle\" must be longer than nothing and at most 30 days");
    } else {
      trigger->settle_us = length;
    }
  }

  void ReadFilter(Trigger* trigger, bool event_known) {
    const Json* filter = reader_.Take("filter");
    if (filter == nullptr || !event_known) return;
    if (trigger->on == "manual") {
      problems_->Error(reader_.At("filter"), "a manual trigger has no filter",
                       "enroll() names the contact; use a step's \"if\" instead.");
      return;
    }
    Names names = Names::OfTrigger(context_, trigger->entity);
    trigger->filter = Both(std::move(trigger->filter), CompileCondition(*filter, reader_.At("filter"), names, problems_));
  }

  CompileContext* context_;
  Problems* problems_;
  ObjectReader reader_;
};

// An entity is there in steps where any trigger brings it, and certain where all do.
void CollectEntities(CompileContext* context) {
  const std::vector<Trigger>& triggers = context->program.triggers;
  for (const Trigger& trigger : triggers) {
    const std::string& entity = trigger.entity;
    std::vector<std::string>& entities = context->entities;
    if (entity.empty() || std::find(entities.begin(), entities.end(), entity) != entities.end()) continue;
    entities.push_back(entity);
    bool always = std::all_of(triggers.begin(), triggers.end(), [&](const Trigger& other) { return other.entity == entity; });
    if (!always && !context->open) context->partial.insert(entity);
  }
}

}  // namespace

bool IsEventName(std::string_view name) {
  if (name.size() > kEventNameBytesMax || name.find('.') == name.npos) return false;
  if (name.front() == '.' || name.back() == '.' || name.find("..") != name.npos) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '"'; });
}

void ReadTriggers(const Json& json, const std::string& path, CompileContext* context) {
  const Json::Array& items = json.array();
  if (items.empty()) {
    context->open = true;
    context->problems->Error(path, "the list of triggers is empty",
                             "A workflow that is entered only by enroll() has {\"on\": \"manual\"}.");
    return;
  }
  auto most = static_cast<size_t>(context->limits.triggers_max);
  if (items.size() > most) {
    context->problems->Error(path,
                             "a workflow has at most " + std::to_string(most) + " triggers, not " + std::to_string(items.size()), HintOfLimit("max_triggers"));
    context->open = true;
  }
  for (size_t i = 0; i < std::min(items.size(), most); ++i) {
    context->program.triggers.push_back(TriggerReader(items[i], Pointer(path, i), context).Read());
  }
  CollectEntities(context);
}

}  // namespace workflow::definition
