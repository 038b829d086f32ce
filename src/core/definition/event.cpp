// The names of events, in triggers and wherever else an event is waited for.
#include <algorithm>
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

// What steps make that are no change of a row.
constexpr std::array kMadeEvents = {"contact.subscribed", "contact.unsubscribed", "campaign.subscribed", "campaign.exited", kScoreReached};
constexpr std::array kOwnEvents = {"message.delivered",  "message.opened",     "message.clicked",       "message.bounced",
                                   "message.replied",    "message.complained", "message.unsubscribed",  "workflow.completed",
                                   "workflow.exited",    "campaign.subscribed", "campaign.completed",   "campaign.exited"};

std::vector<std::string> EventsOf(const CatalogEntity& entity) {
  std::vector<std::string> names;
  for (const CatalogEvent& event : entity.events) names.push_back(event.name);
  return names;
}

std::vector<std::string> AllEvents(const CompileContext& context) {
  std::vector<std::string> names(kOwnEvents.begin(), kOwnEvents.end());
  for (const char* name : {"manual", "date", "schedule", kScoreReached}) names.emplace_back(name);
  for (const CatalogEntity& entity : context.catalog.entities) {
    for (const CatalogEvent& event : entity.events) names.push_back(event.name);
  }
  return names;
}

void CheckEntityEvent(const CatalogEntity& entity, const std::string& on, const std::string& path, const CompileContext& context) {
  std::vector<std::string> own = EventsOf(entity);
  if (std::find(own.begin(), own.end(), on) != own.end()) return;
  std::string hint = NearestHint(on, own);
  if (hint.empty()) hint = NearestHint(on, AllEvents(context));
  if (hint.empty()) hint = own.empty() ? Quote(entity.name) + " has no events." : "Its events are " + QuoteList(own) + '.';
  context.problems->Error(path, Quote(entity.name) + " has no event " + Quote(on), hint);
}

void CheckOwnEvent(const std::string& on, const std::string& root, const std::string& path, const CompileContext& context) {
  if (Among(on, kOwnEvents)) return;
  std::vector<std::string> own;
  for (const char* name : kOwnEvents) {
    if (std::string_view(name).substr(0, root.size() + 1) == root + '.') own.emplace_back(name);
  }
  std::string hint = NearestHint(on, own);
  context.problems->Error(path, Quote(on) + " is no event of a " + root,
                          hint.empty() ? "They are " + QuoteList(own) + '.' : hint);
}

// {"on": ..., "filter": ...}, or the event's name alone.
class ListenerReader {
 public:
  explicit ListenerReader(CompileContext* context) : context_(context), problems_(context->problems) {}

  std::optional<Listener> Read(const Json& json, const std::string& path, const std::string& what) {
    if (json.is_string() && !json.string().empty()) return Named(json.string(), path);
    ObjectReader reader(json, path, what, problems_);
    std::optional<Listener> listener = ReadMembers(&reader);
    reader.Finish();
    return listener;
  }

  std::optional<Listener> ReadMembers(ObjectReader* reader) {
    bool stated = reader->Take("on") != nullptr;
    std::optional<std::string> on = reader->Text("on");
    if (reader->is_object() && !stated) reader->Missing("on", "Name an event, like \"order.paid\".");
    const Json* filter = reader->Take("filter");
    if (!on) return {};
    std::optional<Threshold> threshold = *on == kScoreReached ? ReadThreshold(reader, context_) : std::nullopt;
    std::optional<Listener> listener = Named(*on, reader->At("on"));
    if (listener && threshold) {
      listener->entity = threshold->entity;
      listener->filter = std::move(threshold->crossed);
    }
    if (!listener || filter == nullptr) return listener;
    Names names = Names::OfTrigger(context_, listener->entity);
    listener->filter = Both(std::move(listener->filter), CompileCondition(*filter, reader->At("filter"), names, problems_));
    return listener;
  }

 private:
  std::optional<Listener> Named(const std::string& on, const std::string& path) {
    if (on == "manual") {
      problems_->Error(path, "\"manual\" is no event that happens to somebody who is in", "Name an event, like \"order.paid\".");
      return {};
    }
    std::optional<std::string> entity = EntityOfEvent(on, path, context_);
    if (!entity) return {};
    return Listener{.kind = Listener::Kind::kWait, .index = 0, .on = on, .entity = *entity, .filter = {}};
  }

  CompileContext* context_;
  Problems* problems_;
};

}  // namespace

std::optional<std::string> EntityOfEvent(const std::string& on, const std::string& path, CompileContext* context) {
  Problems* problems = context->problems;
  if (!IsEventName(on)) {
    std::string hint = NearestHint(on, AllEvents(*context));
    problems->Error(path, Quote(on) + " is no event name", hint.empty() ? "An event is named like \"contact.created\"." : hint);
    return {};
  }
  if (Among(on, kMadeEvents)) return std::string();
  std::string root = on.substr(0, on.find('.'));
  const CatalogEntity* entity = FindEntity(context->catalog, root);
  if (entity != nullptr) {
    CheckEntityEvent(*entity, on, path, *context);
    return root;
  }
  if (root == "score") {
    problems->Error(path, Quote(on) + " is no event of a score", "It is \"score.reached\", with a \"field\" and a \"value\".");
  } else if (root == "message" || root == "workflow" || root == "campaign") {
    CheckOwnEvent(on, root, path, *context);
  } else if (root == kContact) {
    problems->Error(path, "no table is attached as \"contact\"", "Attach the table of contacts with workflow.attach first.");
  } else {
    // A custom event, unless a known one was meant.
    std::string near = NearestHint(on, AllEvents(*context));
    if (!near.empty()) problems->Warning(path, Quote(on) + " is no event of an attached table: only emit() can make it", near);
  }
  return std::string();
}

std::optional<Listener> ReadListener(const Json& json, const std::string& path, const std::string& what, CompileContext* context) {
  return ListenerReader(context).Read(json, path, what);
}

std::optional<Listener> ReadListenerOf(ObjectReader* reader, CompileContext* context) {
  return ListenerReader(context).ReadMembers(reader);
}

}  // namespace workflow::definition
