// What happens to a row: the events every attached table has, the declared ones, and which rows count as there at all.
#include <algorithm>
#include <array>

#include "core/binding/build.h"
#include "core/binding/scope.h"

namespace workflow::attaching {
namespace {

using Change = BoundEvent::Change;

struct Derived {
  const char* name;
  Change change;
  bool once;
};
constexpr std::array<Derived, 3> kRowEvents = {
    {{"created", Change::kInsert, true}, {"updated", Change::kUpdate, false}, {"deleted", Change::kDelete, false}}};
constexpr std::array<Derived, 2> kCampaignEvents = {
    {{"subscribed", Change::kSubscribed, false}, {"unsubscribed", Change::kUnsubscribed, false}}};
constexpr std::array<Derived, 2> kTagEvents = {
    {{"tag_added", Change::kTagAdded, false}, {"tag_removed", Change::kTagRemoved, false}}};

// Events under way: the list of the binding and, in the same order, how each is written in the completed document.
struct Events {
  std::vector<BoundEvent> list;
  std::vector<Json> written;
};

template <size_t n>
const Derived* FindDerived(const std::array<Derived, n>& derived, std::string_view name) {
  auto found = std::find_if(derived.begin(), derived.end(), [&](const Derived& d) { return name == d.name; });
  return found == derived.end() ? nullptr : &*found;
}

// "paid" and "order.paid" are the same event; nothing where the name is none of this entity's.
std::string BareName(Build* build, const std::string& name, const std::string& path) {
  const std::string& entity = build->binding.entity;
  std::string bare = name;
  size_t dot = name.find('.');
  if (dot != name.npos) {
    bare = name.substr(dot + 1);
    if (!entity.empty() && name.substr(0, dot) != entity) {
      build->problems->Error(path, "event \"" + name + "\" is not of the entity \"" + entity + "\"",
                             "Write \"" + entity + "." + bare + "\".");
      return {};
    }
  }
  bool is_word = !bare.empty() && bare[0] >= 'a' && bare[0] <= 'z' &&
                 bare.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == bare.npos;
  if (is_word) return bare;
  build->problems->Error(path, "\"" + name + "\" is no event name",
                         "After the entity and a dot comes a word of lower case letters, digits and underscores.");
  return {};
}

bool ReadOnce(const Json& spec, const std::string& path, bool otherwise, Problems* problems) {
  const Json* once = Member(spec, "once");
  if (once == nullptr) return otherwise;
  if (once->is_boolean()) return once->boolean();
  MustBe(*once, Pointer(path, "once"), "true or false", problems);
  return otherwise;
}

Json Write(const BoundEvent& event, const Json* when) {
  Json spec = Json::MakeObject();
  spec.Set("once", Json::Boolean(event.once));
  if (when != nullptr) spec.Set("when", *when);
  spec.Set("at", event.at.empty() ? Json() : Json::String(event.at));
  return spec;
}

// A derived event is as it is; only where its time comes from may be said.
void ReadDerived(Build* build, const Derived& derived, const Json* spec, const std::string& path, Events* events) {
  BoundEvent event = {.name = build->binding.entity + "." + derived.name,
                      .once = derived.once,
                      .change = derived.change,
                      .when = {},
                      .at = derived.change == Change::kInsert ? build->binding.at : std::string()};
  if (spec != nullptr && !spec->is_null()) {
    if (!spec->is_object()) {
      MustBe(*spec, path, "an object", build->problems);
      return;
    }
    RefuseUnknownKeys(*spec, path, {"once", "when", "at"}, build->problems);
    if (ReadOnce(*spec, path, derived.once, build->problems) != derived.once) {
      build->problems->Error(Pointer(path, "once"),
                             "\"" + event.name + "\" comes " + (derived.once ? "once for a row" : "with each transaction"),
                             "Leave \"once\" out, or declare an event with a name of its own.");
    }
    if (Member(*spec, "when") != nullptr) {
      build->problems->Error(Pointer(path, "when"), "\"" + event.name + "\" comes with every such change and takes no condition",
                             "Declare an event with a name of its own.");
    }
    if (const Json* at = Member(*spec, "at")) event.at = ReadTimeField(build, *at, Pointer(path, "at"));
  }
  events->written.push_back(Write(event, nullptr));
  events->list.push_back(std::move(event));
}

bool ReadsChange(const Binding& binding, const Condition& condition) {
  std::vector<uint32_t> fields = FieldsOf(condition);
  return std::any_of(fields.begin(), fields.end(), [&](uint32_t i) { return binding.table.fields[i].scope == Scope::kOld; });
}

void ReadDeclared(Build* build, const std::string& name, const Json& spec, const std::string& path, Events* events) {
  if (!spec.is_object()) {
    MustBe(spec, path, "an object with \"when\"", build->problems);
    return;
  }
  RefuseUnknownKeys(spec, path, {"once", "when", "at"}, build->problems);
  BoundEvent event = {.name = build->binding.entity + "." + name,
                      .once = ReadOnce(spec, path, false, build->problems),
                      .change = Change::kCondition,
                      .when = {},
                      .at = {}};
  if (const Json* at = Member(spec, "at")) event.at = ReadTimeField(build, *at, Pointer(path, "at"));
  const Json* when = Member(spec, "when");
  if (when == nullptr) {
    build->problems->Error(Pointer(path, "when"), "event \"" + event.name + "\" has no \"when\"",
                           "Say which change makes it, such as {\"field\": \"paid_at\", \"operator\": \"becameNotNull\"}.");
    return;
  }
  BindingScope scope(&build->binding, BindingScope::Place::kEvent, build->broken);
  event.when = CompileCondition(*when, Pointer(path, "when"), scope, build->problems);
  if (!event.when) return;
  if (!event.once && !ReadsChange(build->binding, *event.when)) {
    build->problems->Warning(Pointer(path, "when"), "\"" + event.name + "\" comes with every change of the row while this holds",
                             "Use an operator such as changedTo, or \"once\": true.");
  }
  events->written.push_back(Write(event, when));
  events->list.push_back(std::move(event));
}

// The given events by their bare names, each once; those whose name is wrong are reported and left out.
struct Given {
  std::string name;
  const Json* spec;
  std::string path;
};
std::vector<Given> GivenEvents(Build* build, const Json& json) {
  std::vector<Given> given;
  for (const auto& [name, spec] : json.object()) {
    std::string path = Pointer("/events", name);
    std::string bare = BareName(build, name, path);
    if (bare.empty()) continue;
    if (std::any_of(given.begin(), given.end(), [&](const Given& g) { return g.name == bare; })) {
      build->problems->Error(path, "event \"" + build->binding.entity + "." + bare + "\" is declared twice");
      continue;
    }
    given.push_back({std::move(bare), &spec, std::move(path)});
  }
  return given;
}

void ReadAll(Build* build, const std::vector<Given>& given, Events* events) {
  auto derive = [&](const Derived& derived) {
    auto own = std::find_if(given.begin(), given.end(), [&](const Given& g) { return g.name == derived.name; });
    bool is_given = own != given.end();
    ReadDerived(build, derived, is_given ? own->spec : nullptr, is_given ? own->path : std::string(), events);
  };
  for (const Derived& derived : kRowEvents) derive(derived);
  for (const Given& event : given) {
    if (FindDerived(kRowEvents, event.name) != nullptr) continue;
    if (FindDerived(kCampaignEvents, event.name) != nullptr && build->binding.campaign_rows != nullptr) continue;
    if (FindDerived(kTagEvents, event.name) == nullptr) {
      ReadDeclared(build, event.name, *event.spec, event.path, events);
    } else if (build->binding.tags.empty()) {
      build->problems->Error(event.path, "\"" + build->binding.entity + "." + event.name + "\" needs tags",
                             "Add \"tags\" with the column that holds them.");
    }
  }
  if (!build->binding.tags.empty()) {
    for (const Derived& derived : kTagEvents) derive(derived);
  }
  if (build->binding.campaign_rows == nullptr) return;
  for (const Derived& derived : kCampaignEvents) derive(derived);
}

}  // namespace

void ReadEvents(Build* build) {
  const Json* json = build->Given("events");
  if (json != nullptr && !json->is_object()) {
    MustBe(*json, "/events", "an object of event names and what makes them", build->problems);
    return;
  }
  Events events;
  if (!build->binding.lookup) {
    ReadAll(build, json == nullptr ? std::vector<Given>() : GivenEvents(build, *json), &events);
  } else if (json != nullptr && !json->object().empty()) {
    build->problems->Error("/events", "a look-up has no events", "Leave \"events\" out, or attach the table without \"lookup\".");
  }
  Json completed = Json::MakeObject();
  for (size_t i = 0; i < events.list.size(); ++i) completed.Set(events.list[i].name, std::move(events.written[i]));
  build->completed.Set("events", std::move(completed));
  build->binding.events = std::move(events.list);
  if (build->binding.lookup || build->binding.campaign_rows == nullptr) return;
  build->binding.events.push_back({.name = kCampaignEvent, .once = false, .change = Change::kSubscribed, .when = {}, .at = {}});
}

void ReadLive(Build* build) {
  const Json* given = build->Given("live");
  if (given == nullptr) return;
  BindingScope scope(&build->binding, BindingScope::Place::kLive, build->broken);
  build->binding.live = CompileCondition(*given, "/live", scope, build->problems);
  build->completed.Set("live", *given);
}

}  // namespace workflow::attaching

namespace workflow {

const BoundEvent& ScoreEvent() {
  static const auto* const event = new BoundEvent{.name = kScoreEvent, .once = false, .change = BoundEvent::Change::kScore, .when = {}, .at = {}};
  return *event;
}

}  // namespace workflow
