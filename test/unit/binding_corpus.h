// Relations written as JSON, and the files of test/corpus/binding: {"relation": …, "binding": …, "problems": [path, …]}.
#pragma once

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/binding/binding.h"

namespace workflow::binding_test {

inline Type TypeOf(std::string name, const Json* labels) {
  Type type;
  type.sql_name = name;
  bool list = name.ends_with("[]");
  if (list) name.resize(name.size() - 2);
  static const std::array<std::pair<const char*, TypeKind>, 16> kKinds = {{{"boolean", TypeKind::kBoolean},
                                                                           {"smallint", TypeKind::kInteger},
                                                                           {"integer", TypeKind::kInteger},
                                                                           {"bigint", TypeKind::kInteger},
                                                                           {"numeric", TypeKind::kNumeric},
                                                                           {"real", TypeKind::kNumeric},
                                                                           {"text", TypeKind::kText},
                                                                           {"character varying", TypeKind::kText},
                                                                           {"citext", TypeKind::kCitext},
                                                                           {"uuid", TypeKind::kUuid},
                                                                           {"date", TypeKind::kDate},
                                                                           {"timestamp", TypeKind::kTimestamp},
                                                                           {"timestamptz", TypeKind::kTimestamptz},
                                                                           {"enum", TypeKind::kEnum},
                                                                           {"json", TypeKind::kJson},
                                                                           {"jsonb", TypeKind::kJson}}};
  TypeKind kind = TypeKind::kOther;
  for (const auto& [word, known] : kKinds) {
    if (name == word || (name.starts_with(word) && name[std::string(word).size()] == '(')) kind = known;
  }
  type.kind = list ? TypeKind::kList : kind;
  if (list) type.element = kind;
  if (kind == TypeKind::kEnum) type.sql_name = list ? "some_enum[]" : "some_enum";
  if (labels != nullptr && labels->is_array()) {
    std::vector<std::string> texts;
    for (const Json& label : labels->array()) texts.push_back(label.is_string() ? label.string() : label.Dump());
    type.labels = std::make_shared<const std::vector<std::string>>(std::move(texts));
  }
  return type;
}

inline bool Flag(const Json& json, const char* key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_boolean() && value->boolean();
}

inline std::string Text(const Json& json, const char* key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_string() ? value->string() : std::string();
}

inline RelationKind KindOf(const std::string& name) {
  if (name == "partitioned") return RelationKind::kPartitioned;
  if (name == "view") return RelationKind::kView;
  if (name == "materialized view") return RelationKind::kMaterializedView;
  if (name == "foreign table") return RelationKind::kForeign;
  return name == "sequence" ? RelationKind::kOther : RelationKind::kTable;
}

// Takes any JSON: what is no relation's part is left out, and of a column or key named twice the first counts, as in the server.
inline RelationDescription RelationOf(const Json& json) {
  RelationDescription relation;
  relation.schema = Text(json, "schema").empty() ? "public" : Text(json, "schema");
  relation.name = Text(json, "name").empty() ? "t" : Text(json, "name");
  relation.kind = KindOf(Text(json, "kind"));
  relation.is_partition = Flag(json, "is_partition");
  relation.has_inheritance_children = Flag(json, "has_inheritance_children");
  relation.row_security_forced = Flag(json, "row_security_forced");
  auto has = [&](const std::string& name) {
    return std::any_of(relation.columns.begin(), relation.columns.end(), [&](const auto& c) { return c.name == name; });
  };
  if (const Json* columns = json.Find("columns"); columns != nullptr && columns->is_array()) {
    for (const Json& column : columns->array()) {
      std::string name = Text(column, "name");
      if (name.empty() || has(name)) continue;
      relation.columns.push_back(
          {name, TypeOf(Text(column, "type"), column.Find("labels")), Flag(column, "not_null"), Flag(column, "generated"), Flag(column, "has_default")});
    }
  }
  if (const Json* key = json.Find("primary_key"); key != nullptr && key->is_array()) {
    for (const Json& name : key->array()) {
      if (!name.is_string() || !has(name.string())) continue;
      auto& primary = relation.primary_key;
      if (std::find(primary.begin(), primary.end(), name.string()) == primary.end()) primary.push_back(name.string());
    }
  }
  if (const Json* related = json.Find("related"); related != nullptr && related->is_object()) {
    for (const auto& [name, other] : related->object()) {
      relation.related.emplace(name, std::make_shared<const RelationDescription>(RelationOf(other)));
      relation.neighbours.push_back(name);
    }
  }
  return relation;
}

struct Case {
  std::string name;
  RelationDescription relation;
  Json binding;
  std::vector<std::string> problems;  // places of the errors

  friend void PrintTo(const Case& item, std::ostream* out) { *out << item.name; }
};

inline std::vector<Case> ReadCorpus(const std::string& folder) {
  std::vector<Case> cases;
  std::filesystem::path here = std::filesystem::path(__FILE__).parent_path().parent_path() / "corpus" / "binding" / folder;
  for (const auto& entry : std::filesystem::directory_iterator(here)) {
    std::ifstream file(entry.path());
    std::stringstream text;
    text << file.rdbuf();
    std::string error;
    std::optional<Json> json = Json::Parse(text.str(), &error);
    Case item = {
        .name = entry.path().stem().string() + (json ? "" : ": " + error), .relation = {}, .binding = {}, .problems = {}};
    if (json && json->Find("relation") != nullptr && json->Find("binding") != nullptr) {
      item.relation = RelationOf(*json->Find("relation"));
      item.binding = *json->Find("binding");
      if (const Json* problems = json->Find("problems")) {
        for (const Json& path : problems->array()) item.problems.push_back(path.string());
      }
    }
    cases.push_back(std::move(item));
  }
  std::sort(cases.begin(), cases.end(), [](const Case& a, const Case& b) { return a.name < b.name; });
  return cases;
}

// For messages of tests.
inline std::string Print(const Problems& problems) {
  std::string text;
  for (const Problem& p : problems.list()) {
    text += (p.severity == Severity::kError ? "error " : "warning ") + p.path + ": " + p.message + " [" + p.hint + "]\n";
  }
  return text;
}

}  // namespace workflow::binding_test
