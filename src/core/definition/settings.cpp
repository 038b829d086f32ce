#include <algorithm>
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kReentries = {Choice{"never", static_cast<int>(Reentry::kNever)},
                                   Choice{"after_exit", static_cast<int>(Reentry::kAfterExit)},
                                   Choice{"every_event", static_cast<int>(Reentry::kEveryEvent)}};
constexpr std::array kCategories = {Choice{"marketing", static_cast<int>(Category::kMarketing)},
                                    Choice{"informational", static_cast<int>(Category::kInformational)},
                                    Choice{"transactional", static_cast<int>(Category::kTransactional)}};
constexpr std::array kPolicies = {
    Choice{"continue", static_cast<int>(IfPast::kContinue)}, Choice{"next_day", static_cast<int>(IfPast::kNextDay)},
    Choice{"skip", static_cast<int>(IfPast::kSkip)}, Choice{"exit", static_cast<int>(IfPast::kExit)}};
constexpr std::array kWhileLive = {Choice{"ignore", 0}, Choice{"restart", 1}};
constexpr std::array kOnResume = {Choice{"freeze", static_cast<int>(OnResume::kFreeze)},
                                  Choice{"catch_up", static_cast<int>(OnResume::kCatchUp)},
                                  Choice{"restart_delay", static_cast<int>(OnResume::kRestartDelay)},
                                  Choice{"drop_overdue", static_cast<int>(OnResume::kDropOverdue)}};

bool IsZoneName(std::string_view name) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/'; };
  return letter(name.front()) && std::all_of(name.begin(), name.end(), allowed);
}

class SettingsReader {
 public:
  SettingsReader(const Json& json, const std::string& path, CompileContext* context)
      : context_(context),
        problems_(context->problems),
        settings_(context->program.settings),
        reader_(json, path, "the settings", problems_) {}

  void Read() {
    ReadTimezone();
    if (const Json* window = reader_.Take("send_window"))
      settings_.send_window = ReadSendWindow(*window, reader_.At("send_window"), problems_);
    if (const Json* sender = reader_.Take("sender")) {
      Names names = Names::OfSteps(context_);
      settings_.sender = ReadSender(*sender, reader_.At("sender"), &names, context_);
    }
    ReadEntry();
    if (auto category = reader_.Choose("category", kCategories)) settings_.category = static_cast<Category>(*category);
    settings_.exit_on_unsubscribe = reader_.Boolean("exit_on_unsubscribe").value_or(settings_.category == Category::kMarketing);
    settings_.mark_as_read = reader_.Boolean("mark_as_read").value_or(false);
    settings_.if_past = ReadPastRule(&reader_, {}, problems_);
    settings_.expires_after = Positive("expires_after");
    if (const Json* on_error = reader_.Take("on_error")) ReadOnError(*on_error, reader_.At("on_error"), context_);
    ReadFlow();
    if (const Json* caps = reader_.Take("frequency_cap")) ReadCaps(*caps, reader_.At("frequency_cap"), context_);
    reader_.Finish();
  }

 private:
  void ReadFlow() {
    if (auto while_live = reader_.Choose("while_live", kWhileLive)) settings_.restart = *while_live != 0;
    settings_.reentry_after_response = reader_.Boolean("reentry_after_response").value_or(false);
    if (settings_.reentry_after_response && settings_.reentry == Reentry::kNever) {
      problems_->Warning(reader_.At("reentry_after_response"), "\"reentry_after_response\" has no effect where nobody enters again",
                         "Set \"reentry\" to \"after_exit\".");
    }
    if (auto group = reader_.Text("exclusive_group")) settings_.exclusive_group = *std::move(group);
    if (auto on_resume = reader_.Choose("on_resume", kOnResume)) settings_.on_resume = static_cast<OnResume>(*on_resume);
    if (const Json* exit = reader_.Take("exit")) ReadExits(*exit, reader_.At("exit"), context_);
    if (const Json* response = reader_.Take("stop_on_response"))
      settings_.response = ReadResponse(*response, reader_.At("stop_on_response"), context_);
  }

  std::optional<Duration> Positive(const char* key) {
    std::optional<Duration> length = reader_.Length(key);
    if (!length || (!length->is_negative() && !length->is_zero())) return length;
    problems_->Error(reader_.At(key), '"' + std::string(key) + "\" must be longer than nothing");
    return {};
  }

  // Whether a zone of that name exists is the server's to say.
  void ReadTimezone() {
    std::optional<std::string> zone = reader_.Text("timezone");
    if (!zone || *zone == "account") return;
    if (*zone == kContact) {
      settings_.timezone = ZoneSource::kContact;
      return;
    }
    std::string near = zone->find('/') == zone->npos ? NearestHint(*zone, {"account", kContact}) : std::string();
    if (!IsZoneName(*zone) || !near.empty()) {
      problems_->Error(reader_.At("timezone"), Quote(*zone) + " is no time zone",
                       near.empty() ? "Write \"account\", \"contact\" or a name like \"Asia/Jakarta\"." : near);
      return;
    }
    settings_.timezone = ZoneSource::kNamed;
    settings_.zone_name = *zone;
  }

  void ReadEntry() {
    const Json* key = reader_.Take("entry_key");
    if (key == nullptr) {
      DefaultEntryKey();
    } else if (key->is_array()) {
      ReadEntryFields(*key, reader_.At("entry_key"));
    } else if (auto entity = EntryEntity(*key)) {
      settings_.entry_entity = *entity;
    }
    bool by_contact = settings_.entry_key.empty() && settings_.entry_entity == kContact;
    const std::vector<Trigger>& triggers = context_->program.triggers;
    const bool recurs = std::any_of(triggers.begin(), triggers.end(), [](const Trigger& trigger) { return trigger.IsRecurring(); });
    settings_.reentry = by_contact && !recurs ? Reentry::kNever : Reentry::kAfterExit;
    if (auto reentry = reader_.Choose("reentry", kReentries)) settings_.reentry = static_cast<Reentry>(*reentry);
    settings_.cooldown = Positive("cooldown");
    if (settings_.cooldown && settings_.reentry == Reentry::kNever) {
      problems_->Warning(reader_.At("cooldown"), "a cooldown has no effect where nobody enters again",
                         "Set \"reentry\" to \"after_exit\".");
    }
  }

  void DefaultEntryKey() {
    const std::vector<Trigger>& triggers = context_->program.triggers;
    if (triggers.empty()) return;
    auto entity_of = [](const Trigger& trigger) { return trigger.entity.empty() ? std::string(kContact) : trigger.entity; };
    std::string entity = entity_of(triggers.front());
    bool same =
        std::all_of(triggers.begin(), triggers.end(), [&](const Trigger& trigger) { return entity_of(trigger) == entity; });
    if (same) {
      settings_.entry_entity = entity;
    } else if (!context_->open) {
      problems_->Error(reader_.path(), "the triggers are about different entities, so \"entry_key\" must say what enters",
                       "With \"entry_key\": \"contact\" each contact has one live enrollment.");
    }
  }

  std::optional<std::string> EntryEntity(const Json& json) {
    std::string path = reader_.At("entry_key");
    if (!json.is_string() || json.string().empty()) {
      problems_->Error(path, "\"entry_key\" must be \"contact\", an entity or a list of fields");
      return {};
    }
    if (json.string().find('.') != std::string::npos) {
      problems_->Error(path, "\"entry_key\" by a field must be a list", "Write [" + Quote(json.string()) + "].");
      return {};
    }
    if (json.string() == kContact) return json.string();
    if (json.string() == kLine && FindEntity(context_->catalog, kLine) == nullptr) return EntityWithLines(path);
    if (!EachTriggerBrings(json.string(), path)) return {};
    Names names = Names::OfEntry(context_);
    const CatalogEntity* entity = names.Entity(json.string(), path, problems_);
    return entity == nullptr ? std::nullopt : std::optional(entity->name);
  }

  // One enrollment for each product on the lines of the row that every trigger brings.
  std::optional<std::string> EntityWithLines(const std::string& path) {
    const std::vector<Trigger>& triggers = context_->program.triggers;
    const std::string entity = triggers.empty() ? std::string() : triggers.front().entity;
    const bool same = std::all_of(triggers.begin(), triggers.end(), [&](const Trigger& trigger) { return trigger.entity == entity; });
    if (context_->open) return {};
    const CatalogEntity* found = same ? FindEntity(context_->catalog, entity) : nullptr;
    if (found == nullptr || !found->has_lines) {
      problems_->Error(path, "no lines are known by which an enrollment could be entered", "It needs triggers of one table that is attached with \"lines\" and their \"use_days\".");
      return {};
    }
    settings_.by_line = true;
    Names::OfEntry(context_).Resolve(entity + ".lines", path, problems_);  // rounds read them
    return entity;
  }

  // A key must be known for every entry: without its row an event could never enroll.
  bool EachTriggerBrings(const std::string& entity, const std::string& path) {
    if (!context_->partial.contains(entity)) return true;
    problems_->Error(path, "the entry key is of " + Quote(entity) + ", which not every trigger brings",
                     "Use \"contact\", or make a workflow of its own for the other triggers.");
    return false;
  }

  void ReadEntryFields(const Json& json, const std::string& path) {
    if (json.array().empty()) problems_->Error(path, "the list of fields is empty", "Leave \"entry_key\" out, or name a field.");
    Names names = Names::OfEntry(context_);
    for (size_t i = 0; i < json.array().size(); ++i) {
      const Json& item = json.array()[i];
      std::string place = Pointer(path, i);
      if (!item.is_string()) {
        problems_->Error(place, "an item of \"entry_key\" must be the name of a field");
        continue;
      }
      std::string root = item.string().substr(0, item.string().find('.'));
      if (!EachTriggerBrings(root, place)) continue;
      std::optional<uint32_t> index = names.Resolve(item.string(), place, problems_);
      if (!index) continue;
      const Field& field = names.At(*index);
      bool plain = field.type.kind != TypeKind::kList && field.type.kind != TypeKind::kOther &&
                   (field.type.kind != TypeKind::kJson || !field.path.empty());
      if (!plain) problems_->Error(place, "a field of type " + TypeName(field.type) + " cannot be part of the entry key");
      settings_.entry_key.push_back(*index);
    }
  }

  CompileContext* context_;
  Problems* problems_;
  Settings& settings_;
  ObjectReader reader_;
};

}  // namespace

PastRule ReadPastRule(ObjectReader* reader, const PastRule& inherited, Problems* problems) {
  const Json* policy = reader->Take("if_past");
  std::optional<Duration> grace = reader->Length("grace");
  std::string grace_path = reader->At("grace");
  std::optional<int> chosen;
  if (policy != nullptr && policy->is_object()) {
    ObjectReader inner(*policy, reader->At("if_past"), "if_past", problems);
    chosen = inner.Choose("policy", kPolicies);
    if (std::optional<Duration> own = inner.Length("grace")) {
      if (grace) problems->Error(inner.At("grace"), "\"grace\" is stated twice");
      grace = own;
      grace_path = inner.At("grace");
    }
    inner.Finish();
    if (policy->object().empty()) problems->Error(inner.path(), "if_past says nothing", "It has \"policy\" or \"grace\".");
  } else if (policy != nullptr) {
    chosen = ReadChoice(*policy, reader->At("if_past"), "if_past", kPolicies, problems);
  }
  if (grace && grace->is_negative()) problems->Error(grace_path, "\"grace\" must not be negative");
  PastRule rule = {.policy = inherited.policy, .grace = grace.value_or(inherited.grace)};
  if (chosen) rule.policy = static_cast<IfPast>(*chosen);
  if (grace && rule.policy) {
    problems->Warning(grace_path, "\"grace\" has no effect where a policy is stated, here or in the settings",
                      "Without a policy, what is late by at most the grace continues and the rest is skipped.");
  }
  return rule;
}

void ReadSettings(const Json* json, const std::string& path, CompileContext* context) {
  const Json none = Json::MakeObject();
  SettingsReader(json == nullptr ? none : *json, json == nullptr ? "" : path, context).Read();
}

}  // namespace workflow::definition
