// The names that filters and templates may use: every column under its own name, then the names given in "fields".
#include <algorithm>

#include "core/binding/build.h"

namespace workflow::attaching {

BoundField FieldOfColumn(const std::string& name, const ColumnDescription& column) {
  return {.name = name,
          .column = column.name,
          .sql = {},
          .type = column.type,
          .nullable = !column.not_null,
          .generated = column.generated,
          .zone = {},
          .at = {}};
}

namespace {

// A date or a timestamp without zone says nothing of an instant until it is declared where, and at what hour, it is meant.
bool ReadMoment(const Json& spec, const std::string& path, const ColumnDescription& column, BoundField* field,
                Problems* problems) {
  size_t before = problems->list().size();
  bool is_date = column.type.kind == TypeKind::kDate;
  if (const Json* at = Member(spec, "at")) {
    if (!is_date) {
      problems->Error(Pointer(path, "at"),
                      "a clock time is for a date, and column \"" + column.name + "\" is " + TypeName(column.type));
    } else if (at->is_string() && ParseClockTime(at->string())) {
      field->at = ParseClockTime(at->string());
    } else {
      MustBe(*at, Pointer(path, "at"), "a clock time", problems, "Clock times are written \"09:00\", from 00:00 to 23:59.");
    }
  }
  if (const Json* zone = Member(spec, "zone")) {
    const std::string* name = RequireText(*zone, Pointer(path, "zone"), "the name of a time zone", problems);
    if (!is_date && column.type.kind != TypeKind::kTimestamp) {
      problems->Error(Pointer(path, "zone"), "a zone is for a date or a timestamp without time zone, and column \"" +
                                                 column.name + "\" is " + TypeName(column.type));
    } else if (name != nullptr) {
      field->zone = *name;
      field->type = Type{.kind = TypeKind::kTimestamptz, .sql_name = "timestamp with time zone"};
      if (is_date && !field->at) field->at = ClockTime{};
    }
  }
  return problems->list().size() == before;
}

std::optional<BoundField> ReadColumnField(Build* build, const std::string& name, const Json& spec, const std::string& path) {
  RefuseUnknownKeys(spec, path, {"column", "type", "at", "zone"}, build->problems);
  const ColumnDescription* column = RequireColumn(build, *Member(spec, "column"), Pointer(path, "column"));
  if (column == nullptr) return std::nullopt;
  BoundField field = FieldOfColumn(name, *column);
  if (const Json* type = Member(spec, "type")) {
    const std::string* word = RequireText(*type, Pointer(path, "type"), "the name of a type", build->problems);
    if (word == nullptr) return std::nullopt;
    if (!IsWordFor(column->type, *word)) {
      std::string own = TypeWord(column->type);
      build->problems->Error(Pointer(path, "type"),
                             "column \"" + column->name + "\" is " + TypeName(column->type) + ", not " + *word,
                             own.empty() ? "Leave \"type\" out." : "Leave \"type\" out, or write \"" + own + "\".");
      return std::nullopt;
    }
  }
  if (!ReadMoment(spec, path, *column, &field, build->problems)) return std::nullopt;
  return field;
}

std::optional<BoundField> ReadSqlField(Build* build, const std::string& name, const Json& spec, const std::string& path) {
  RefuseUnknownKeys(spec, path, {"sql", "type"}, build->problems);
  const std::string* sql = RequireText(*Member(spec, "sql"), Pointer(path, "sql"), "one SELECT", build->problems);
  const Json* given = Member(spec, "type");
  std::optional<Type> type = given != nullptr && given->is_string() ? TypeOfWord(given->string()) : std::nullopt;
  if (!type) {
    std::string known;
    for (const std::string& word : TypeWords()) known += (known.empty() ? "" : ", ") + word;
    std::string hint = given != nullptr && given->is_string() ? NearestHint(given->string(), TypeWords()) : std::string();
    MustBe(given == nullptr ? Json() : *given, Pointer(path, "type"), "the type of the query's result", build->problems,
           hint.empty() ? "Known are " + known + "." : hint);
  }
  if (sql == nullptr || !type) return std::nullopt;
  return BoundField{
      .name = name, .column = {}, .sql = *sql, .type = *type, .nullable = true, .generated = false, .zone = {}, .at = {}};
}

std::optional<BoundField> ReadField(Build* build, const std::string& name, const Json& spec, const std::string& path) {
  // A column's own name is as it is; a name that somebody chooses must be one that a path can be told from.
  bool is_column = FindColumn(build->relation, name) != nullptr;
  if (!is_column && (name.empty() || name.find('.') != std::string::npos)) {
    build->problems->Error(path, "a field's name must not be empty or contain a dot");
    return std::nullopt;
  }
  if (spec.is_string()) {
    const ColumnDescription* column = RequireColumn(build, spec, path);
    return column == nullptr ? std::nullopt : std::optional(FieldOfColumn(name, *column));
  }
  bool has_column = spec.is_object() && Member(spec, "column") != nullptr;
  bool has_sql = spec.is_object() && Member(spec, "sql") != nullptr;
  if (has_column && !has_sql) return ReadColumnField(build, name, spec, path);
  if (has_sql && !has_column) return ReadSqlField(build, name, spec, path);
  MustBe(spec, path, "a column's name, or an object with either \"column\" or \"sql\"", build->problems);
  return std::nullopt;
}

void Place(Build* build, BoundField field, const std::string& path) {
  std::vector<BoundField>& fields = build->binding.fields;
  auto own = std::find_if(fields.begin(), fields.end(), [&](const BoundField& f) { return f.name == field.name; });
  if (own == fields.end()) {
    fields.push_back(std::move(field));
    return;
  }
  if (own->column != field.column) {
    build->problems->Warning(path, "the name hides the column \"" + field.name + "\"", "Choose another name to keep both.");
  }
  *own = std::move(field);
}

void ReadNames(Build* build, const Json& given) {
  if (!given.is_object()) {
    MustBe(given, "/fields", "an object of names and what they mean", build->problems);
    return;
  }
  for (const auto& [name, spec] : given.object()) {
    std::string path = Pointer("/fields", name);
    std::optional<BoundField> field = ReadField(build, name, spec, path);
    if (field)
      Place(build, std::move(*field), path);
    else
      build->broken.push_back(name);
  }
}

Json Describe(const BoundField& field, const RelationDescription& relation) {
  Json spec = Json::MakeObject();
  if (field.column.empty()) {
    spec.Set("sql", Json::String(field.sql));
    spec.Set("type", Json::String(TypeWord(field.type)));
    return spec;
  }
  spec.Set("column", Json::String(field.column));
  std::string word = TypeWord(FindColumn(relation, field.column)->type);
  if (!word.empty()) spec.Set("type", Json::String(word));
  if (field.at) spec.Set("at", Json::String(FormatClockTime(*field.at)));
  if (!field.zone.empty()) spec.Set("zone", Json::String(field.zone));
  return spec;
}

}  // namespace

void ReadFields(Build* build) {
  Binding& binding = build->binding;
  for (const ColumnDescription& column : build->relation.columns) binding.fields.push_back(FieldOfColumn(column.name, column));
  if (const Json* given = build->Given("fields")) ReadNames(build, *given);
  Json completed = Json::MakeObject();
  for (const BoundField& field : binding.fields) {
    binding.table.fields.push_back({.scope = Scope::kRow,
                                    .entity = binding.entity,
                                    .name = field.name,
                                    .path = {},
                                    .type = field.type,
                                    .nullable = field.nullable});
    completed.Set(field.name, Describe(field, build->relation));
  }
  build->completed.Set("fields", std::move(completed));
}

std::vector<std::string> FieldNames(const Binding& binding) {
  std::vector<std::string> names;
  for (const BoundField& field : binding.fields) names.push_back(field.name);
  return names;
}

const BoundField* FindRowField(const Binding& binding, std::string_view name) {
  const BoundField* field = FindBoundField(binding, name);
  if (field != nullptr || binding.entity.empty()) return field;
  if (!name.starts_with(binding.entity) || name.substr(binding.entity.size(), 1) != ".") return nullptr;
  return FindBoundField(binding, name.substr(binding.entity.size() + 1));
}

}  // namespace workflow::attaching
