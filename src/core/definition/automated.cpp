// An automated action as the definition that it stands for (requirements E01 to E18, G1 to G5): a trigger, a wait and a message; before them, where it
// has one, the wait for the reminder and the reminder.
#include "core/definition/automated.h"

#include "core/base/problem.h"

namespace workflow {
namespace {

constexpr const char* kAction = "automated_action";

class Writer {
 public:
  Writer(const Json& definition, const ActionSurroundings& around) : definition_(definition), action_(*definition.Find(kAction)), around_(around) {
    on_ = Text("on");
    entity_ = on_.substr(0, on_.find('.'));
  }

  LongForm Write() {
    if (const Json* description = definition_.Find("description")) form_.definition.Set("description", *description);
    From("", "/automated_action");
    From("/description", "/description");
    form_.definition.Set("triggers", Triggers());
    form_.definition.Set("settings", Settings());
    Json steps = Json::MakeArray();
    if (!Text("reminder_time").empty()) AddReminder(&steps);
    Json wait = Wait("active_time");
    wait.Set("id", Json::String(kActionWait));
    steps.array().push_back(std::move(wait));
    Json message = Message(Text("channel", kDefaultActionChannel));
    message.Set("id", Json::String(kActionMessage));
    Copy("template", "template", steps.array().size(), &message);
    From(StepPath(steps.array().size()) + "/channel", At("channel"));
    steps.array().push_back(std::move(message));
    form_.definition.Set("steps", std::move(steps));
    return std::move(form_);
  }

 private:
  static std::string At(const char* key) { return Pointer("/automated_action", key); }
  static std::string StepPath(size_t index) { return Pointer("/steps", index); }
  void From(std::string place, std::string in_short_form) { form_.places.emplace_back(std::move(place), std::move(in_short_form)); }

  std::string Text(const char* key, std::string_view otherwise = {}) const {
    const Json* member = action_.Find(key);
    return member != nullptr && member->is_string() ? member->string() : std::string(otherwise);
  }

  void Copy(const char* key, const char* to, size_t step, Json* json) {
    const Json* member = action_.Find(key);
    if (member == nullptr) return;
    json->Set(to, *member);
    From(StepPath(step) + '/' + to, At(key));
  }

  Json HasTag() const {
    return Json::MakeObject({{"field", Json::String("contact." + around_.tags)}, {"operator", Json::String("contains")}, {"value", Json::String(Text("tag"))}});
  }

  Json Triggers() {
    Json triggers = Json::MakeArray();
    if (on_ == kFollowUp && !around_.declares_follow_up) {
      // An order that has a date when it comes, or gets one.
      triggers.array().push_back(Trigger(0, "order.created", "notNull"));
      triggers.array().push_back(Trigger(1, "order.updated", "becameNotNull"));
    } else {
      triggers.array().push_back(Trigger(0, on_, ""));
    }
    return triggers;
  }

  Json Trigger(size_t index, const std::string& on, const char* date_rule) {
    const std::string place = Pointer("/triggers", index);
    Json trigger = Json::MakeObject({{"on", Json::String(on)}});
    Json rules = Json::MakeArray();
    if (*date_rule != '\0') rules.array().push_back(Json::MakeObject({{"field", Json::String(Base())}, {"operator", Json::String(date_rule)}}));
    if (!Text("tag").empty()) rules.array().push_back(HasTag());
    From(place, At("on"));
    From(place + "/filter", *date_rule == '\0' ? At("tag") : At("on"));
    if (!Text("tag").empty() && *date_rule != '\0') From(place + "/filter/1", At("tag"));
    if (!rules.array().empty()) trigger.Set("filter", rules.array().size() == 1 ? rules.array().front() : rules);
    return trigger;
  }

  Json Settings() {
    const Json* given = definition_.Find("settings");
    Json settings = given != nullptr && given->is_object() ? *given : Json::MakeObject();
    From("/settings", "/settings");
    for (const char* key : {"timezone", "category"}) {
      const Json* member = action_.Find(key);
      if (member == nullptr) continue;
      settings.Set(key, *member);
      From(Pointer("/settings", key), At(key));
    }
    if (on_ == kReceived && settings.Find("entry_key") == nullptr) {
      settings.Set("entry_key", Json::String(Text("per") == "order" ? "order" : "line"));
      From("/settings/entry_key", At("on"));
      if (settings.Find("reentry") == nullptr) settings.Set("reentry", Json::String("never"));
    }
    if (around_.is_cancelled) AddExit(&settings);
    return settings;
  }

  void AddExit(Json* settings) const {
    const Json cancelled = Json::String(entity_ + ".cancelled");
    Json exits = Json::MakeArray();
    if (const Json* own = settings->Find("exit")) {
      if (own->is_array()) exits = *own;
      else exits.array().push_back(*own);
    }
    exits.array().push_back(cancelled);
    settings->Set("exit", exits.array().size() == 1 ? cancelled : exits);
  }

  std::string Base() const {
    const std::string base = Text("base_field");
    if (base.empty()) return on_ == kFollowUp ? std::string(kEstimate) : "event.at";
    return base.find('.') == base.npos ? entity_ + '.' + base : base;
  }

  // Until that time of the day to which the date and the days lead.
  Json Wait(const char* time) {
    const size_t index = steps_++;
    Json date = Json::MakeObject({{"field", Json::String(Base())}});
    const Json* days = action_.Find("active_after_days");
    if (days != nullptr && days->AsInteger()) date.Set("offset", Json::String(std::to_string(*days->AsInteger()) + " days"));
    if (on_ == kReceived) date.Set("days", Json::String(Text("per") == "order" ? "order.longest_use_days" : "line.use_days"));
    Json wait = Json::MakeObject({{"type", Json::String("wait")}, {"until_date", std::move(date)}});
    From(StepPath(index), At(time));
    From(StepPath(index) + "/until_date", At("on"));
    From(StepPath(index) + "/until_date/offset", At("active_after_days"));
    if (action_.Find("base_field") != nullptr || on_ != kFollowUp) From(StepPath(index) + "/until_date/field", At("base_field"));
    Copy(time, "at", index, &wait);
    return wait;
  }

  Json Message(const std::string& channel) {
    ++steps_;
    Json message = Json::MakeObject({{"type", Json::String("send")}, {"channel", Json::String(channel)}});
    // Also when it is written: who has lost the tag meanwhile gets nothing.
    if (!Text("tag").empty()) {
      message.Set("if", HasTag());
      From(StepPath(steps_ - 1) + "/if", At("tag"));
    }
    return message;
  }

  // A message of its own, before the other one on the same day. Where its time is past when the event comes, it is passed over.
  void AddReminder(Json* steps) {
    Json wait = Wait("reminder_time");
    wait.Set("id", Json::String(kActionReminderWait));
    wait.Set("if_past", Json::String("skip"));
    steps->array().push_back(std::move(wait));
    const size_t index = steps->array().size();
    Json reminder = Message(Text("reminder_channel", Text("channel", kDefaultActionChannel)));
    reminder.Set("id", Json::String(kActionReminder));
    reminder.Set("kind", Json::String("reminder"));
    From(StepPath(index) + "/channel", action_.Find("reminder_channel") == nullptr ? At("channel") : At("reminder_channel"));
    const std::string to = Text("reminder_to", "owner");
    reminder.Set("to", Json::String(to == "customer" ? "contact" : to));
    From(StepPath(index) + "/to", At("reminder_to"));
    if (action_.Find("reminder_template") != nullptr) {
      Copy("reminder_template", "template", index, &reminder);
    } else {
      const char* const key = action_.Find("task_name") == nullptr ? "name" : "task_name";
      reminder.Set("subject", Json::String(Text(key)));
      reminder.Set("body", Json::String(Text(key) + ", " + Text("active_time")));
      for (const char* part : {"/subject", "/body"}) From(StepPath(index) + part, At(key));
    }
    steps->array().push_back(std::move(reminder));
  }

  const Json& definition_;
  const Json& action_;
  const ActionSurroundings& around_;
  std::string on_, entity_;
  size_t steps_ = 0;
  LongForm form_ = {Json::MakeObject(), {}};
};

}  // namespace

const Json* AutomatedActionOf(const Json& definition) { return definition.Find(kAction); }

LongForm LongFormOf(const Json& definition, const ActionSurroundings& around) { return Writer(definition, around).Write(); }

}  // namespace workflow
