#include <algorithm>

#include "core/definition/steps.h"

namespace workflow::definition {
namespace {

std::vector<std::string> ReadTags(ObjectReader* reader, const char* key, Problems* problems) {
  bool stated = reader->Has(key);
  std::vector<std::string> tags = reader->Texts(key);
  for (const std::string& tag : tags) {
    if (HoldsLiquid(tag)) ReportUnsupported(reader->At(key), "a template as a tag", problems);
  }
  if (const Json* list = reader->Take(key); stated && list->is_array() && list->array().empty()) {
    problems->Error(reader->At(key), "the list of tags is empty", "Leave it out.");
  }
  return tags;
}

}  // namespace

TagStep ReadTag(ObjectReader* reader, Names* names, CompileContext* context) {
  Problems* problems = context->problems;
  TagStep step = {.entity = kContact, .add = ReadTags(reader, "add", problems), .remove = ReadTags(reader, "remove", problems)};
  if (reader->is_object() && !reader->Has("add") && !reader->Has("remove")) {
    problems->Error(reader->path(), "a tag step changes no tag", "It needs \"add\" or \"remove\", each a list of tags.");
  }
  for (const std::string& tag : step.remove) {
    bool both = std::find(step.add.begin(), step.add.end(), tag) != step.add.end();
    if (both) problems->Error(reader->At("remove"), "tag " + Quote(tag) + " is both added and removed");
  }
  bool stated = reader->Has("entity");
  if (std::optional<std::string> entity = reader->Text("entity")) step.entity = *entity;
  std::string path = stated ? reader->At("entity") : reader->path();
  const CatalogEntity* entity = names->Entity(step.entity, path, problems);
  if (entity != nullptr && !entity->has_tags) {
    problems->Error(path, Quote(step.entity) + " has no tags", "Say in its binding which column holds them.");
  } else if (entity != nullptr && !entity->tags_unwritable.empty()) {
    problems->Error(path, "the tags of " + Quote(step.entity) + " cannot be changed: " + entity->tags_unwritable);
  }
  return step;
}

StopStep ReadStop(ObjectReader* reader, CompileContext* context) {
  StopStep step;
  if (std::optional<std::string> reason = reader->Text("reason")) step.reason = *reason;
  if (HoldsLiquid(step.reason)) ReportUnsupported(reader->At("reason"), "a template as a reason", context->problems);
  return step;
}

}  // namespace workflow::definition
