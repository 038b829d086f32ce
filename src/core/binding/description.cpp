#include "core/binding/description.h"

#include <array>

namespace workflow {
namespace {

// In the order of the enumerations.
constexpr std::array<const char*, 13> kTypeKinds = {"boolean", "integer",   "numeric",     "text", "citext", "uuid", "date",
                                                    "timestamp", "timestamptz", "enum", "json", "list",   "other"};
constexpr std::array<const char*, 6> kRelationKinds = {"table", "partitioned", "view", "materialized view", "foreign", "other"};

template <typename E, size_t n>
std::optional<E> ParseWord(const std::array<const char*, n>& words, const Json* json) {
  if (json == nullptr || !json->is_string()) return std::nullopt;
  for (size_t i = 0; i < n; ++i) {
    if (json->string() == words[i]) return static_cast<E>(i);
  }
  return std::nullopt;
}

bool Flag(const Json& json, std::string_view key) {
  const Json* flag = json.Find(key);
  return flag != nullptr && flag->is_boolean() && flag->boolean();
}

std::optional<std::vector<std::string>> ParseTexts(const Json* json) {
  if (json == nullptr || !json->is_array()) return std::nullopt;
  std::vector<std::string> texts;
  for (const Json& item : json->array()) {
    if (!item.is_string()) return std::nullopt;
    texts.push_back(item.string());
  }
  return texts;
}

Json Texts(const std::vector<std::string>& texts) {
  Json::Array items;
  for (const std::string& text : texts) items.push_back(Json::String(text));
  return Json::MakeArray(std::move(items));
}

Json ToJson(const ColumnDescription& column) {
  Json json = Json::MakeObject();
  json.Set("name", Json::String(column.name));
  json.Set("kind", Json::String(kTypeKinds[static_cast<size_t>(column.type.kind)]));
  if (column.type.kind == TypeKind::kList) json.Set("element", Json::String(kTypeKinds[static_cast<size_t>(column.type.element)]));
  if (column.type.labels != nullptr) json.Set("labels", Texts(*column.type.labels));
  json.Set("type", Json::String(column.type.sql_name));
  if (column.not_null) json.Set("not_null", Json::Boolean(true));
  if (column.generated) json.Set("generated", Json::Boolean(true));
  if (column.has_default) json.Set("has_default", Json::Boolean(true));
  return json;
}

std::optional<ColumnDescription> ParseColumn(const Json& json) {
  const Json* name = json.Find("name");
  const Json* type = json.Find("type");
  const auto kind = ParseWord<TypeKind>(kTypeKinds, json.Find("kind"));
  if (name == nullptr || !name->is_string() || type == nullptr || !type->is_string() || !kind) return std::nullopt;
  ColumnDescription column = {.name = name->string(),
                              .type = {.kind = *kind, .sql_name = type->string()},
                              .not_null = Flag(json, "not_null"),
                              .generated = Flag(json, "generated"),
                              .has_default = Flag(json, "has_default")};
  if (*kind == TypeKind::kList) {
    const auto element = ParseWord<TypeKind>(kTypeKinds, json.Find("element"));
    if (!element) return std::nullopt;
    column.type.element = *element;
  }
  if (json.Find("labels") != nullptr) {
    auto labels = ParseTexts(json.Find("labels"));
    if (!labels) return std::nullopt;
    column.type.labels = std::make_shared<const std::vector<std::string>>(std::move(*labels));
  }
  return column;
}

}  // namespace

Json ToJson(const RelationDescription& relation) {
  Json json = Json::MakeObject();
  json.Set("schema", Json::String(relation.schema));
  json.Set("name", Json::String(relation.name));
  json.Set("kind", Json::String(kRelationKinds[static_cast<size_t>(relation.kind)]));
  if (relation.is_partition) json.Set("is_partition", Json::Boolean(true));
  if (relation.has_inheritance_children) json.Set("has_inheritance_children", Json::Boolean(true));
  if (relation.row_security_forced) json.Set("row_security_forced", Json::Boolean(true));
  Json::Array columns;
  for (const ColumnDescription& column : relation.columns) columns.push_back(ToJson(column));
  json.Set("columns", Json::MakeArray(std::move(columns)));
  json.Set("primary_key", Texts(relation.primary_key));
  if (relation.related.empty()) return json;
  Json related = Json::MakeObject();
  for (const auto& [name, other] : relation.related) related.Set(name, ToJson(*other));
  json.Set("related", std::move(related));
  return json;
}

std::optional<RelationDescription> ParseRelation(const Json& json) {
  const Json* schema = json.Find("schema");
  const Json* name = json.Find("name");
  const Json* columns = json.Find("columns");
  const auto kind = ParseWord<RelationKind>(kRelationKinds, json.Find("kind"));
  auto primary_key = ParseTexts(json.Find("primary_key"));
  if (schema == nullptr || !schema->is_string() || name == nullptr || !name->is_string() || columns == nullptr || !columns->is_array() ||
      !kind || !primary_key) {
    return std::nullopt;
  }
  RelationDescription relation = {.schema = schema->string(),
                                  .name = name->string(),
                                  .kind = *kind,
                                  .is_partition = Flag(json, "is_partition"),
                                  .has_inheritance_children = Flag(json, "has_inheritance_children"),
                                  .row_security_forced = Flag(json, "row_security_forced"),
                                  .columns = {},
                                  .primary_key = std::move(*primary_key)};
  for (const Json& item : columns->array()) {
    auto column = ParseColumn(item);
    if (!column) return std::nullopt;
    relation.columns.push_back(std::move(*column));
  }
  const Json* related = json.Find("related");
  if (related == nullptr || !related->is_object()) return relation;
  for (const auto& [written, described] : related->object()) {
    auto other = ParseRelation(described);
    if (!other) return std::nullopt;
    relation.related.emplace(written, std::make_shared<const RelationDescription>(*std::move(other)));
  }
  return relation;
}

}  // namespace workflow
