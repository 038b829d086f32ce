// Rows that are messages to us: which of them are a contact's reply, on which channel, and which were written by a machine.
#include <algorithm>
#include <array>

#include "core/binding/build.h"
#include "core/binding/scope.h"

namespace workflow::attaching {
namespace {

constexpr std::array kKnownChannels = {"email", "sms", "whatsapp", "push", "in_app", "audience"};

// The name of a field, or of a channel; or a field whose values stand for channels.
bool ReadChannel(Build* build, const Json& given, ReplyRule* rule) {
  const std::string path = "/replies/channel";
  const Json* field = &given;
  std::string place = path;
  if (given.is_object()) {
    RefuseUnknownKeys(given, path, {"column", "map", "value"}, build->problems);
    const Json* value = Member(given, "value");
    field = Member(given, "column");
    if ((value == nullptr) == (field == nullptr)) {
      MustBe(given, path, "a column's name, a channel, or an object with either \"column\" or \"value\"", build->problems);
      return false;
    }
    const Json* map = Member(given, "map");
    if (map != nullptr && (value != nullptr || !map->is_object() || map->object().empty())) {
      MustBe(*map, Pointer(path, "map"), "an object of the column's values and channels", build->problems);
    }
    if (value != nullptr) {
      const std::string* text = RequireText(*value, Pointer(path, "value"), "a channel", build->problems);
      if (text != nullptr) rule->channel = *text;
      return text != nullptr;
    }
    place = Pointer(path, "column");
    for (const auto& [from, to] : map == nullptr || !map->is_object() ? Json::Object() : map->object()) {
      const std::string* text = RequireText(to, Pointer(Pointer(path, "map"), from), "a channel", build->problems);
      if (text != nullptr) rule->channels.emplace_back(from, *text);
    }
  }
  const std::string* name = RequireText(*field, place, "a column's name, or a channel", build->problems);
  if (name == nullptr || std::find(build->broken.begin(), build->broken.end(), *name) != build->broken.end()) return false;
  if (const BoundField* bound = FindRowField(build->binding, *name)) {
    rule->channel_field = bound->name;
    return true;
  }
  if (!given.is_object() && std::find(kKnownChannels.begin(), kKnownChannels.end(), *name) != kKnownChannels.end()) {
    rule->channel = *name;
    return true;
  }
  build->problems->Error(place, "column \"" + *name + "\" does not exist", NearestHint(*name, FieldNames(build->binding)));
  return false;
}

}  // namespace

void ReadReplies(Build* build) {
  Binding& binding = build->binding;
  const Json* given = build->Given("replies");
  if (given == nullptr || (given->is_array() && given->array().empty()) || (given->is_object() && given->object().empty())) return;
  if (!given->is_object()) {
    MustBe(*given, "/replies", "an object with \"channel\" and \"when\"", build->problems);
    return;
  }
  if (binding.lookup) {
    build->problems->Error("/replies", "a look-up has no events", "Attach the table without \"lookup\".");
    return;
  }
  RefuseUnknownKeys(*given, "/replies", {"contact", "channel", "when", "auto_reply", "at"}, build->problems);
  const size_t before = build->problems->list().size();
  ReplyRule rule;
  const Json nothing;
  const Json* channel = Member(*given, "channel");
  ReadChannel(build, channel == nullptr ? nothing : *channel, &rule);
  if (const Json* contact = Member(*given, "contact")) rule.contact = ReadRoutes(build, *contact, "/replies/contact", nullptr);
  BoundEvent event = {.name = kReplyEvent, .once = true, .change = BoundEvent::Change::kReply, .when = {}, .at = {}};
  if (const Json* at = Member(*given, "at")) event.at = ReadTimeField(build, *at, "/replies/at");
  if (const Json* when = Member(*given, "when")) {
    BindingScope scope(&binding, BindingScope::Place::kEvent, build->broken);
    event.when = CompileCondition(*when, "/replies/when", scope, build->problems);
  }
  if (const Json* automatic = Member(*given, "auto_reply")) {
    BindingScope scope(&binding, BindingScope::Place::kReply, build->broken);
    rule.auto_reply = CompileCondition(*automatic, "/replies/auto_reply", scope, build->problems);
  }
  const auto& list = build->problems->list();
  const bool wrong = std::any_of(list.begin() + static_cast<std::ptrdiff_t>(before), list.end(),
                                 [](const Problem& problem) { return problem.severity == Severity::kError; });
  if (wrong) return;
  if (!event.when) build->problems->Warning("/replies", "every row is taken for a reply", "Say in \"when\" which rows are messages to us.");
  binding.replies = std::move(rule);
  binding.events.push_back(std::move(event));
  build->completed.Set("replies", *given);
}

}  // namespace workflow::attaching
