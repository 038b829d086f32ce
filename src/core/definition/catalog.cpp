#include "core/definition/catalog.h"

#include <algorithm>

namespace workflow {

const CatalogEntity* FindEntity(const Catalog& catalog, std::string_view name) {
  auto found =
      std::find_if(catalog.entities.begin(), catalog.entities.end(), [&](const auto& entity) { return entity.name == name; });
  return found == catalog.entities.end() ? nullptr : &*found;
}

const CatalogField* FindField(const CatalogEntity& entity, std::string_view name) {
  auto found = std::find_if(entity.fields.begin(), entity.fields.end(), [&](const auto& field) { return field.name == name; });
  return found == entity.fields.end() ? nullptr : &*found;
}

}  // namespace workflow
