#include "core/binding/catalog_of.h"

#include <algorithm>

namespace workflow {
namespace {

// A step may change a column that is stored as it is read; the key, and what another column or query gives, it may not.
bool IsWritable(const Binding& binding, const BoundField& field) {
  const bool is_key = std::find(binding.key.begin(), binding.key.end(), field.column) != binding.key.end();
  return !binding.lookup && !field.column.empty() && !field.generated && field.zone.empty() && !is_key;
}

// A new row may be given its key as well.
bool IsInsertable(const Binding& binding, const BoundField& field) {
  return !binding.lookup && !field.column.empty() && !field.generated && field.zone.empty();
}

CatalogEntity OfBinding(const Binding& binding) {
  CatalogEntity entity = {.name = binding.entity, .fields = {}, .events = {}, .has_tags = !binding.tags.empty()};
  if (binding.tag_rows != nullptr) entity.tags_unwritable = binding.tag_rows->unwritable;
  if (binding.campaign_rows != nullptr) entity.campaigns_unwritable = binding.campaign_rows->unwritable;
  for (const BoundField& field : binding.fields) {
    entity.fields.push_back({.name = field.name, .type = field.type, .nullable = field.nullable, .writable = IsWritable(binding, field),
                             .insertable = IsInsertable(binding, field),
                             // Tags that are rows have events of their own.
                             .derived = field.column.empty() && MembershipOfField(binding, field.name) == nullptr});
  }
  for (const BoundEvent& event : binding.events) {
    if (event.name.starts_with(binding.entity + ".")) entity.events.push_back({event.name});
  }
  entity.tags = binding.tags;
  entity.has_lines = binding.has_use_days;
  return entity;
}

void Merge(const CatalogEntity& other, CatalogEntity* entity) {
  std::erase_if(entity->fields, [&](CatalogField& field) {
    const CatalogField* same = FindField(other, field.name);
    if (same == nullptr || same->type.kind != field.type.kind || same->type.element != field.type.element) return true;
    field.nullable = field.nullable || same->nullable;
    field.writable = field.writable && same->writable;
    field.derived = field.derived || same->derived;
    field.insertable = field.insertable && same->insertable;
    return false;
  });
  for (const CatalogEvent& event : other.events) {
    const auto is_same = [&](const CatalogEvent& own) { return own.name == event.name; };
    if (std::none_of(entity->events.begin(), entity->events.end(), is_same)) entity->events.push_back(event);
  }
  entity->has_tags = entity->has_tags && other.has_tags;
  if (entity->tags_unwritable.empty()) entity->tags_unwritable = other.tags_unwritable;
  if (entity->campaigns_unwritable.empty()) entity->campaigns_unwritable = other.campaigns_unwritable;
  if (entity->tags != other.tags) entity->tags.clear();
  entity->has_lines = entity->has_lines && other.has_lines;
}

}  // namespace

std::vector<CatalogEntity> EntitiesOf(const std::vector<const Binding*>& bindings) {
  std::vector<CatalogEntity> entities;
  for (const Binding* binding : bindings) {
    const auto own = std::find_if(entities.begin(), entities.end(), [&](const CatalogEntity& e) { return e.name == binding->entity; });
    if (own == entities.end()) {
      entities.push_back(OfBinding(*binding));
    } else {
      Merge(OfBinding(*binding), &*own);
    }
  }
  return entities;
}

}  // namespace workflow
