// Steps that say something to other workflows: emit, enroll, unenroll, subscribe, unsubscribe.
#include <algorithm>

#include "core/definition/steps.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

std::string ReadWorkflow(ObjectReader* reader) {
  const bool stated = reader->Has("workflow");
  std::optional<std::string> name = reader->Text("workflow");
  if (!stated) reader->Missing("workflow", "It is the name of the other workflow.");
  return name.value_or(std::string());
}

std::optional<Document> ReadEventData(ObjectReader* reader, Names* names, CompileContext* context) {
  const Json* data = reader->Take("data");
  if (data == nullptr) return {};
  return CompileData(*data, reader->At("data"), names, context);
}

}  // namespace

EmitStep ReadEmit(ObjectReader* reader, Names* names, CompileContext* context) {
  EmitStep step;
  const bool stated = reader->Has("event");
  const std::optional<std::string> event = reader->Text("event");
  if (!stated) reader->Missing("event", "An event is named like \"lead.qualified\".");
  if (event) {
    const std::string path = reader->At("event");
    if (!IsEventName(*event)) context->problems->Error(path, Quote(*event) + " is no event name", "An event is named like \"lead.qualified\".");
    for (const CatalogEntity& entity : context->catalog.entities) {
      const bool same = std::any_of(entity.events.begin(), entity.events.end(), [&](const CatalogEvent& own) { return own.name == *event; });
      if (same) {
        context->problems->Warning(path, "rows of an attached table make " + Quote(*event) + " as well",
                                   "Whoever listens cannot tell the two apart.");
      }
    }
    step.event = *event;
  }
  step.data = ReadEventData(reader, names, context);
  return step;
}

EnrollStep ReadEnroll(ObjectReader* reader, Names* names, CompileContext* context) {
  return {.workflow = ReadWorkflow(reader), .data = ReadEventData(reader, names, context)};
}

UnenrollStep ReadUnenroll(ObjectReader* reader, Names* names, CompileContext* context) {
  UnenrollStep step = {.workflow = ReadWorkflow(reader), .comment = {}};
  if (const Json* comment = reader->Take("comment")) step.comment = CompileText(*comment, reader->At("comment"), names, context);
  return step;
}

SubscribeStep ReadSubscribe(ObjectReader* reader, bool subscribed, CompileContext* context) {
  SubscribeStep step = {.subscribed = subscribed, .campaign = {}, .channel = {}};
  for (auto [key, into] : {std::pair("campaign", &step.campaign), std::pair("channel", &step.channel)}) {
    const std::optional<std::string> text = reader->Text(key);
    if (text && HoldsLiquid(*text)) ReportUnsupported(reader->At(key), std::string("a template as a ") + key, context->problems);
    if (text) *into = *text;
  }
  const CatalogEntity* contact = step.campaign.empty() ? nullptr : FindEntity(context->catalog, kContact);
  if (contact != nullptr && !contact->campaigns_unwritable.empty()) {
    context->problems->Error(reader->At("campaign"), "the campaigns of contacts cannot be changed: " + contact->campaigns_unwritable);
  }
  return step;
}

}  // namespace workflow::definition
