// What a moment has brought, as lines: the history that a round would write, each with what it would have done.
#include <algorithm>

#include "core/telling/reasons.h"
#include "pg/rehearsal/rehearsal.h"
#include "pg/round/turn.h"

namespace workflow::pg {
namespace {

Json TextOr(const std::optional<std::string>& text) { return text ? Json::String(*text) : Json(); }

Json Parsed(const std::string& text) {
  std::string error;
  return Json::Parse(text, &error).value_or(Json::String(text));
}

// As a sender would get it.
std::string MessageWords(const PendingMessage& message) {
  Json told = Json::MakeObject({{"channel", Json::String(message.channel)}, {"kind", Json::String(message.kind)}, {"to", Parsed(message.recipient)}});
  if (!message.template_name.empty()) told.Set("template", Json::String(message.template_name));
  if (!message.locale.empty()) told.Set("locale", Json::String(message.locale));
  if (message.subject) told.Set("subject", TextOr(message.subject));
  if (message.body) told.Set("body", TextOr(message.body));
  if (message.data) told.Set("data", Parsed(*message.data));
  if (message.headers) told.Set("headers", Parsed(*message.headers));
  if (message.sender) told.Set("sender", Parsed(*message.sender));
  return told.Dump();
}

bool IsChange(const std::string& what) {
  for (const char* word : {"changed", "tagged", "created", "copied", "task", "assigned", "called", "asked"}) if (what == word) return true;
  return false;
}

}  // namespace

// Messages and changes come in the order of their lines.
std::string Rehearsal::DetailOf(const Batch& batch, const PendingTrace& trace, size_t* messages, size_t* changes) {
  if (*messages < batch.messages_.size() && batch.messages_[*messages].step == trace.step && !IsChange(trace.what) && trace.what != "skipped") {
    const PendingMessage& message = batch.messages_[(*messages)++];
    if (message.counts) sent_.emplace_back(message.channel, round_.now);
    auto& facts = messages_[trace.step];
    facts.clear();
    facts["outcome"] = Value(std::string(!message.stopped.empty() ? "suppressed" : message.no_address ? "no_address" : "sent"));
    if (message.stopped.empty() && !message.no_address) facts["sent_at"] = Value(round_.now);
    return MessageWords(message);
  }
  if (IsChange(trace.what)) {
    for (; *changes < changes_.size(); ++*changes) {
      if (changes_[*changes].first == trace.step) return changes_[(*changes)++].second;
    }
  }
  return trace.detail;
}

void Rehearsal::Tell(const Batch& batch) {
  size_t messages = 0, changes = 0;
  for (const PendingTrace& trace : batch.traces_) {
    const size_t before = messages;
    const std::string detail = DetailOf(batch, trace, &messages, &changes);
    std::string why = HappeningSentence(trace.what, trace.detail);
    if (!trace.seen.empty()) why += ": " + trace.seen;
    if (messages > before && batch.messages_[before].no_address) why += "; nobody gets it: there is no address for the channel";
    Say(trace.step, trace.what.c_str(), detail, why);
    if (const std::string left_out = NotPlayedSentence(trace.what); !left_out.empty()) Say(trace.step, "not_played", trace.what, left_out);
  }
  // The workflow may wait for what it says itself.
  for (const EventRow& event : batch.events_) {
    const auto& listeners = version_.program.listeners;
    if (event.kind != 'e' || own_.size() > 16) continue;
    if (std::none_of(listeners.begin(), listeners.end(), [&](const Listener& listener) { return listener.on == event.name; })) continue;
    const Json body = Parsed(event.body);
    const Json* data = body.Find("data");
    own_.push_back({.at = round_.now, .on = event.name, .data = data == nullptr ? Json::MakeObject() : *data});
  }
}

}  // namespace workflow::pg
