// What a definition may name: the attached entities with their fields and events, and the templates. Plain data, filled by the shell.
#pragma once

#include <string>
#include <vector>

#include "core/base/value.h"

namespace workflow {

struct CatalogField {
  std::string name;       // a column's or a mapped name
  Type type;
  bool nullable = true;
  bool writable = false;  // a plain column that `set` may change
};

struct CatalogEvent {
  std::string name;       // "order.paid"
};

struct CatalogEntity {
  std::string name;       // "contact", "order"
  std::vector<CatalogField> fields;
  std::vector<CatalogEvent> events;
  bool has_tags = false;  // a list (array or jsonb) of tags that `tag` may change
};

struct CatalogTemplate {
  std::string name;
  std::string channel;
  std::vector<std::string> references;  // what it reads: "contact.first_name"
};

struct Catalog {
  std::vector<CatalogEntity> entities;
  std::vector<CatalogTemplate> templates;
  std::vector<std::string> workflows = {};  // their names; empty where they are not told
};

const CatalogEntity* FindEntity(const Catalog& catalog, std::string_view name);
const CatalogField* FindField(const CatalogEntity& entity, std::string_view name);

}  // namespace workflow
