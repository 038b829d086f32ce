// An automated action read: what is wrong with it is told by its own keys, and the rest is the compiler's, whose problems are told there too.
#include <algorithm>
#include <array>
#include <set>

#include "core/definition/automated.h"
#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kPer = {Choice{"line", 0}, Choice{"order", 1}};
constexpr std::array kActionPast = {Choice{"continue", static_cast<int>(IfPast::kContinue)}, Choice{"next_day", static_cast<int>(IfPast::kNextDay)},
                                    Choice{"skip", static_cast<int>(IfPast::kSkip)}, Choice{"exit", static_cast<int>(IfPast::kExit)}};
constexpr int64_t kActiveAfterMax = 3650;
// Long enough for every date there is.
constexpr Duration kForEver = {.months = 12 * 1000};

class ActionReader {
 public:
  ActionReader(const Json& definition, CompileContext* context)
      : definition_(definition), context_(context), problems_(context->problems),
        reader_(*AutomatedActionOf(definition), "/automated_action", "an automated action", context->problems) {}

  void Read() {
    if (!reader_.is_object()) return;
    ReadNames();
    ReadTimes();
    ReadReminder();
    reader_.Finish();
    if (on_) Compile();
  }

 private:
  void ReadNames() {
    Require("name", "It names the workflow, like \"Usage\".");
    reader_.Text("task_name");
    on_ = Require("on", "It is an event, like \"order.paid\".");
    if (on_ == "manual") {
      problems_->Error(reader_.At("on"), "\"manual\" is no event", "Name an event, like \"order.paid\".");
      on_.reset();
    }
    tag_ = reader_.Text("tag");
    reader_.Text("channel");
    Require("template", "It is the name of a stored template.");
    reader_.Text("timezone");
    reader_.Take("category");
    if (LacksEstimate()) {
      Refuse("on", "\"order\" has no field \"estimated_delivery_at\"", "Name the column in \"fields\" of the binding, or here as \"base_field\".");
    }
    if (tag_ && !HasTags()) Refuse("tag", "the contacts have no tags", "Say in their binding which column or table holds them.");
  }

  void ReadTimes() {
    const bool received = on_ == kReceived, follow_up = on_ == kFollowUp;
    const bool has_days = reader_.Has("active_after_days");
    reader_.Integer("active_after_days", 0, kActiveAfterMax);
    if (has_days && received) Refuse("active_after_days", "\"active_after_days\" does not apply to \"order.received\"", "It goes by the product's days of use.");
    if (has_days && follow_up) {
      Refuse("active_after_days", "\"active_after_days\" does not apply to \"order.followup_delivery\"", "It goes by the estimated delivery date.");
    }
    if (!reader_.Has("active_time")) reader_.Missing("active_time", "It is the clock time of the message, like \"09:00\".");
    active_ = reader_.Clock("active_time");
    reader_.Text("base_field");
    const bool has_per = reader_.Has("per");
    const auto per = reader_.Choose("per", kPer);
    if (has_per && on_ && !received) Refuse("per", "\"per\" belongs to \"order.received\"", "Only there are the lines of an order told apart.");
    if (received) CheckLines(per == 1);
    if (auto past = reader_.Choose("if_past", kActionPast)) past_ = static_cast<IfPast>(*past);
  }

  void CheckLines(bool per_order) {
    const CatalogEntity* order = FindEntity(context_->catalog, "order");
    if (order == nullptr || order->has_lines) return;
    Refuse("on", std::string("the binding of \"order\" has no lines with days of use"),
           std::string("Attach it with \"lines\"; ") + (per_order ? "the longest of them counts." : "each product's own count."));
    on_.reset();
  }

  void ReadReminder() {
    const bool stated = reader_.Has("reminder_time");
    const std::optional<ClockTime> reminder = reader_.Clock("reminder_time");
    if (reminder && active_ && !(*reminder < *active_)) {
      Refuse("reminder_time", "\"reminder_time\" must be earlier than \"active_time\"", "Both are of the same day.");
    }
    for (const char* key : {"reminder_to", "reminder_template", "reminder_channel"}) {
      const bool there = reader_.Text(key).has_value();
      if (there && !stated) Refuse(key, '"' + std::string(key) + "\" belongs to a reminder, and there is no \"reminder_time\"", "Add \"reminder_time\", or remove it.");
    }
  }

  std::optional<std::string> Require(const char* key, std::string hint) {
    if (!reader_.Has(key)) reader_.Missing(key, std::move(hint));
    return reader_.Text(key);
  }

  void Refuse(const char* key, std::string message, std::string hint) { problems_->Error(reader_.At(key), std::move(message), std::move(hint)); }

  bool LacksEstimate() const {
    const CatalogEntity* order = FindEntity(context_->catalog, "order");
    return on_ == kFollowUp && order != nullptr && !reader_.Has("base_field") && FindField(*order, "estimated_delivery_at") == nullptr;
  }

  bool HasTags() const {
    const CatalogEntity* contact = FindEntity(context_->catalog, kContact);
    return contact == nullptr || contact->has_tags;  // that there are no contacts is told elsewhere
  }

  bool HasEvent(const std::string& name) const {
    const CatalogEntity* entity = FindEntity(context_->catalog, name.substr(0, name.find('.')));
    return entity != nullptr && std::any_of(entity->events.begin(), entity->events.end(), [&](const CatalogEvent& event) { return event.name == name; });
  }

  void Compile() {
    ActionSurroundings around;
    const CatalogEntity* contact = FindEntity(context_->catalog, kContact);
    if (contact != nullptr && !contact->tags.empty()) around.tags = contact->tags;
    around.declares_follow_up = HasEvent(std::string(kFollowUp));
    around.is_cancelled = HasEvent(on_->substr(0, on_->find('.')) + ".cancelled");
    const LongForm form = LongFormOf(definition_, around);
    Problems found;
    context_->problems = &found;
    ReadTriggers(*form.definition.Find("triggers"), "/triggers", context_);
    ReadSettings(form.definition.Find("settings"), "/settings", context_);
    if (const Json* goals = definition_.Find("goals")) ReadGoals(*goals, "/goals", context_);
    ReadSteps(*form.definition.Find("steps"), "/steps", context_);
    context_->problems = problems_;
    Report(found, form);
    Finish();
  }

  // By the places of the short form. What it has told already, and what both of its triggers say, is told once.
  void Report(const Problems& found, const LongForm& form) {
    std::set<std::string> errors_at;
    std::set<std::pair<std::string, std::string>> told;
    for (const Problem& problem : problems_->list()) if (problem.severity == Severity::kError) errors_at.insert(problem.path);
    for (const Problem& problem : found.list()) {
      const std::string path = PlaceOf(problem.path, form);
      if (errors_at.contains(path) || !told.emplace(path, problem.message).second) continue;
      auto report = problem.severity == Severity::kError ? &Problems::Error : &Problems::Warning;
      (problems_->*report)(path, problem.message, problem.hint);
    }
  }

  static std::string PlaceOf(const std::string& path, const LongForm& form) {
    std::string_view longest;
    std::string place = "/automated_action";
    for (const auto& [long_place, short_place] : form.places) {
      const bool inside = path == long_place || path.starts_with(long_place + '/') || long_place.empty();
      if (!inside || long_place.size() < longest.size()) continue;
      longest = long_place;
      // What the definition says itself keeps its place; of the action one member is place enough.
      place = short_place == long_place ? path : short_place;
    }
    return place;
  }

  // G2: without a policy the message goes out at once, however late, but not in a backfill. A date that moves takes its reminder along.
  void Finish() {
    Program& program = context_->program;
    const int32_t wait = program.StepIndex(kActionWait), reminder = program.StepIndex(kActionReminderWait);
    if (wait == kEndOfSteps) return;
    auto* step = std::get_if<WaitStep>(&program.steps[static_cast<size_t>(wait)].body);
    if (step == nullptr) return;
    step->if_past.policy = past_;
    step->if_past.grace = kForEver;
    step->rewind = reminder;
  }

  const Json& definition_;
  CompileContext* context_;
  Problems* problems_;
  ObjectReader reader_;
  std::optional<std::string> on_, tag_;
  std::optional<ClockTime> active_;
  std::optional<IfPast> past_;
};

}  // namespace

void ReadAutomatedAction(const Json& definition, CompileContext* context) { ActionReader(definition, context).Read(); }

}  // namespace workflow::definition
