#include <algorithm>
#include <array>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

struct Word {
  const char* word;
  TypeKind kind;
};

// What a person may write for a scalar. The last two are words for columns only: a query's result cannot be declared as them.
constexpr std::array<Word, 11> kWords = {{{"boolean", TypeKind::kBoolean},
                                          {"integer", TypeKind::kInteger},
                                          {"numeric", TypeKind::kNumeric},
                                          {"text", TypeKind::kText},
                                          {"uuid", TypeKind::kUuid},
                                          {"date", TypeKind::kDate},
                                          {"timestamp", TypeKind::kTimestamp},
                                          {"timestamptz", TypeKind::kTimestamptz},
                                          {"json", TypeKind::kJson},
                                          {"citext", TypeKind::kCitext},
                                          {"enum", TypeKind::kEnum}}};
constexpr size_t kColumnOnly = 2;

constexpr size_t kQuotedBytesMax = 80;  // of a document's own text in a message

std::string ScalarWord(TypeKind kind) {
  for (const Word& word : kWords) {
    if (word.kind == kind) return word.word;
  }
  return {};
}

bool IsBlankPadded(const Type& type) {
  return type.kind == TypeKind::kOther &&
         (type.sql_name.starts_with("character(") || type.sql_name == "character" || type.sql_name.starts_with("bpchar"));
}

}  // namespace

const Json* Build::Given(std::string_view key) const { return Member(document, key); }

const Json* Member(const Json& object, std::string_view key) {
  const Json* value = object.Find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

const ColumnDescription* FindColumn(const RelationDescription& relation, std::string_view name) {
  auto found = std::find_if(relation.columns.begin(), relation.columns.end(), [&](const auto& c) { return c.name == name; });
  return found == relation.columns.end() ? nullptr : &*found;
}

std::vector<std::string> ColumnNames(const RelationDescription& relation) {
  std::vector<std::string> names;
  for (const ColumnDescription& column : relation.columns) names.push_back(column.name);
  return names;
}

const ColumnDescription* RequireColumn(Build* build, const Json& name, const std::string& path) {
  const std::string* text = RequireText(name, path, "a column's name", build->problems);
  if (text == nullptr) return nullptr;
  const ColumnDescription* column = FindColumn(build->relation, *text);
  if (column == nullptr) {
    build->problems->Error(path, "column \"" + *text + "\" does not exist", NearestHint(*text, ColumnNames(build->relation)));
  }
  return column;
}

bool IsKeyType(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInteger:
    case TypeKind::kNumeric:
    case TypeKind::kText:
    case TypeKind::kCitext:
    case TypeKind::kUuid:
    case TypeKind::kDate:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestamptz:
    case TypeKind::kEnum:
      return true;
    case TypeKind::kBoolean:
    case TypeKind::kJson:
    case TypeKind::kList:
    case TypeKind::kOther:
      break;
  }
  return IsBlankPadded(type);  // the shell hands these over without their trailing blanks
}

const ColumnDescription* RequireKeyColumn(Build* build, const Json& name, const std::string& path, const char* role) {
  const ColumnDescription* column = RequireColumn(build, name, path);
  if (column == nullptr || IsKeyType(column->type)) return column;
  build->problems->Error(path, "column \"" + column->name + "\" cannot be " + role + ": equal values of type " +
                                   TypeName(column->type) + " need not have the same text");
  return nullptr;
}

std::vector<std::string> ReadKeyColumns(Build* build, const Json& names, const std::string& path, const char* role) {
  std::vector<std::string> columns;
  auto add = [&](const Json& name, const std::string& place) {
    const ColumnDescription* column = RequireKeyColumn(build, name, place, role);
    if (column == nullptr) return;
    if (std::find(columns.begin(), columns.end(), column->name) != columns.end()) {
      build->problems->Error(place, "column \"" + column->name + "\" is named twice");
      return;
    }
    columns.push_back(column->name);
  };
  if (!names.is_array()) {
    add(names, path);
  } else if (names.array().empty()) {
    build->problems->Error(path, "the list of columns is empty");
  } else {
    for (size_t i = 0; i < names.array().size(); ++i) add(names.array()[i], Pointer(path, i));
  }
  return columns;
}

std::string TypeWord(const Type& type) {
  if (type.kind != TypeKind::kList) return ScalarWord(type.kind);
  std::string element = ScalarWord(type.element);
  return element.empty() ? element : element + "[]";
}

bool IsWordFor(const Type& type, std::string_view word) {
  if (word == TypeWord(type) || word == type.sql_name) return !word.empty();
  if (word == "text") return type.kind == TypeKind::kCitext || type.kind == TypeKind::kEnum || IsBlankPadded(type);
  if (word == "numeric") return type.kind == TypeKind::kInteger;
  if (word == "text[]") return type.kind == TypeKind::kList && IsWordFor(Type{.kind = type.element}, "text");
  return false;
}

std::optional<Type> TypeOfWord(std::string_view word) {
  if (word == "text[]") return Type{.kind = TypeKind::kList, .element = TypeKind::kText, .sql_name = "text[]"};
  for (size_t i = 0; i + kColumnOnly < kWords.size(); ++i) {
    if (word == kWords[i].word) return Type{.kind = kWords[i].kind, .sql_name = std::string(word)};
  }
  return std::nullopt;
}

std::vector<std::string> TypeWords() {
  std::vector<std::string> words = {"text[]"};
  for (size_t i = 0; i + kColumnOnly < kWords.size(); ++i) words.emplace_back(kWords[i].word);
  return words;
}

void RefuseUnknownKeys(const Json& object, const std::string& path, const std::vector<std::string>& known, Problems* problems) {
  for (const auto& [key, value] : object.object()) {
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    problems->Error(Pointer(path, key), "unknown key \"" + key + "\"", NearestHint(key, known));
  }
}

const std::string* RequireText(const Json& json, const std::string& path, const char* what, Problems* problems) {
  if (json.is_string() && json.string().find_first_not_of(" \t\r\n") != std::string::npos) return &json.string();
  MustBe(json, path, what, problems);
  return nullptr;
}

void MustBe(const Json& json, const std::string& path, const std::string& what, Problems* problems, const std::string& hint) {
  std::string name = path.substr(path.rfind('/') + 1);  // one segment; without any slash npos + 1 is the start
  bool item = name.find_first_not_of("0123456789") == std::string::npos;
  std::string found = json.is_array() || json.is_object() ? std::string("an ") + json.KindName() : json.Dump();
  if (found.size() > kQuotedBytesMax) found = std::string("a ") + json.KindName();
  problems->Error(path, (item ? "this item" : "\"" + name + "\"") + " must be " + what + ", not " + found, hint);
}

bool ReadFlag(Build* build, std::string_view key) {
  const Json* given = build->Given(key);
  if (given == nullptr) return false;
  if (given->is_boolean()) return given->boolean();
  MustBe(*given, Pointer("", key), "true or false", build->problems);
  return false;
}

Json Strings(const std::vector<std::string>& list) {
  Json::Array items;
  for (const std::string& text : list) items.push_back(Json::String(text));
  return Json::MakeArray(std::move(items));
}

}  // namespace workflow::attaching
