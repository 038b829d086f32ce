// What a definition may name: the attached entities with their fields and events, and the templates. Plain data, filled by the shell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/value.h"

namespace workflow {

struct CatalogField {
  std::string name;       // a column's or a mapped name
  Type type;
  bool nullable = true;
  bool writable = false;  // a plain column that `set` may change
  bool insertable = false;  // one that a new row may be given: also a key
  bool derived = false;   // what a query gives: no event tells that it has changed
};

struct CatalogEvent {
  std::string name;       // "order.paid"
};

struct CatalogEntity {
  std::string name;       // "contact", "order"
  std::vector<CatalogField> fields;
  std::vector<CatalogEvent> events;
  bool has_tags = false;  // a list of tags: a column, or rows of another table
  std::string campaigns_unwritable = {};  // of contacts in campaigns of the CRM: why `subscribe` cannot change that
  std::string tags_unwritable = {};  // why `tag` cannot change them; empty: it can
  std::string tags = {};  // the field that holds them; empty: not told
  bool has_lines = false; // lines with a product and its days of use: fields `lines` and `longest_use_days`
};

struct CatalogTemplate {
  std::string name;
  std::string channel;
  std::vector<std::string> references;  // what it reads, its partials included: "contact.first_name"
  std::vector<std::string> binds = {};  // names that it leaves behind where it is included
  std::map<int32_t, std::vector<std::string>> versions = {};  // what each reads; empty where they are not told
  std::vector<std::string> missing = {};  // partials that its newest texts name and that are not stored
  bool for_everybody = true;            // false: other accounts than the workflow's own have it, and it has not
  bool has_default = true;              // a text for contacts of any language
};

struct Catalog {
  std::vector<CatalogEntity> entities;
  std::vector<CatalogTemplate> templates;
  std::vector<std::string> workflows = {};  // their names; empty where they are not told
};

const CatalogEntity* FindEntity(const Catalog& catalog, std::string_view name);
const CatalogField* FindField(const CatalogEntity& entity, std::string_view name);

}  // namespace workflow
