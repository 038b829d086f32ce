#include "core/definition/values.h"

#include "core/definition/reader.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

bool IsNumber(const Type& type) { return type.kind == TypeKind::kInteger || type.kind == TypeKind::kNumeric; }

void ReportLiteral(const CatalogField& field, const std::string& name, const Json& json, const std::string& path, Problems* problems) {
  std::string shown = json.is_string()                      ? Quote(json.string())
                      : json.is_array() || json.is_object() ? json.KindName()
                                                            : json.Dump();
  std::string hint;
  if (field.type.labels != nullptr) {
    if (json.is_string()) hint = NearestHint(json.string(), *field.type.labels);
    if (hint.empty()) hint = "Its values are " + QuoteList(*field.type.labels) + '.';
  }
  problems->Error(path, shown + " is no value for " + Quote(name) + " of type " + TypeName(field.type), hint);
}

class ValueReader {
 public:
  ValueReader(const CatalogField& field, const std::string& name, bool new_row, Names* names, CompileContext* context)
      : field_(field), name_(name), new_row_(new_row), names_(names), context_(context), problems_(context->problems) {}

  Assignment Read(const Json& json, const std::string& path) {
    Assignment assignment = {.column = field_.name, .type = field_.type, .value = {}, .text = {}, .add = {}, .sql = {}, .entities = {}};
    bool operation = json.is_object() && json.object().size() == 1;
    if (operation && json.Find("sql") != nullptr) {
      ReadSql(*json.Find("sql"), Pointer(path, "sql"), &assignment);
    } else if (operation && json.Find("add") != nullptr) {
      assignment.add = ReadAdd(*json.Find("add"), path);
    } else if (json.is_null()) {
      assignment.value = Value();
      if (!field_.nullable) problems_->Error(path, Quote(name_) + " is not nullable, so it cannot be set to null");
    } else if (json.is_string() && HoldsLiquid(json.string())) {
      assignment.text = CompileText(json, path, names_, context_);
    } else if (field_.type.kind == TypeKind::kOther) {
      ReadOpaque(json, path, &assignment);
    } else {
      assignment.value = FromJson(field_.type, json);
      if (!assignment.value) ReportLiteral(field_, name_, json, path, problems_);
    }
    return assignment;
  }

 private:
  // What the expression means is the server's to say, when the workflow is published.
  void ReadSql(const Json& sql, const std::string& path, Assignment* assignment) {
    if (!sql.is_string() || sql.string().find_first_not_of(" \t\r\n") == std::string::npos) {
      problems_->Error(path, "\"sql\" must be one expression, as a text", "Like {\"sql\": \"upper(contact.name)\"}.");
      return;
    }
    assignment->sql = sql.string();
    for (const std::string& entity : context_->entities) {
      if (FindEntity(context_->catalog, entity) != nullptr) assignment->entities.push_back(entity);
    }
    context_->program.table.checks.push_back(
        {.path = path, .sql = assignment->sql, .type = field_.type, .entities = assignment->entities, .function = {}, .arguments = {}});
  }

  std::optional<Decimal> ReadAdd(const Json& amount, const std::string& path) {
    if (new_row_) {
      problems_->Error(path, "\"add\" has no meaning in a new row", "Write the value itself.");
      return {};
    }
    if (!IsNumber(field_.type)) {
      problems_->Error(path, "\"add\" needs a number, and " + Quote(name_) + " is of type " + TypeName(field_.type));
      return {};
    }
    std::optional<Decimal> number = amount.is_number() ? Decimal::Parse(amount.number()) : std::nullopt;
    if (!number) {
      problems_->Error(Pointer(path, "add"), "\"add\" must be a number");
    } else if (field_.type.kind == TypeKind::kInteger && !number->ToInteger()) {
      problems_->Error(Pointer(path, "add"), "\"add\" must be a whole number, for " + Quote(name_) + " is an integer");
    }
    return number;
  }

  // Of a type that only the server knows: its text goes there as it is.
  void ReadOpaque(const Json& json, const std::string& path, Assignment* assignment) {
    if (json.is_array() || json.is_object()) {
      problems_->Error(path, Quote(name_) + " must be set to a text or a number");
      return;
    }
    assignment->text = CompileText(json.is_string() ? json : Json::String(json.Dump()), path, names_, context_);
  }

  const CatalogField& field_;
  const std::string& name_;
  const bool new_row_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
};

}  // namespace

Assignment ReadAssignment(const CatalogField& field, const std::string& name, const Json& json, const std::string& path, bool new_row,
                          Names* names, CompileContext* context) {
  return ValueReader(field, name, new_row, names, context).Read(json, path);
}

std::optional<std::string> ReadFieldText(const CatalogField& field, const std::string& name, const Json& json, const std::string& path,
                                         Problems* problems) {
  if (field.type.kind == TypeKind::kOther && json.is_string()) return json.string();
  const std::optional<Value> value = json.is_null() ? std::nullopt : FromJson(field.type, json);
  if (value) return FormatValue(*value);
  ReportLiteral(field, name, json, path, problems);
  return {};
}

}  // namespace workflow::definition
