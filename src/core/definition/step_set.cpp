// `set` has two forms that mean the same: {"values": {"contact.stage": "warm"}} and {"contact": {"stage": "warm"}}. A step
// changes the columns of one row.
#include <algorithm>
#include <array>

#include "core/definition/steps.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

constexpr std::array kStepKeys = {"type", "id", "if", "values"};

bool IsNumber(const Type& type) { return type.kind == TypeKind::kInteger || type.kind == TypeKind::kNumeric; }

class SetReader {
 public:
  SetReader(ObjectReader* reader, Names* names, CompileContext* context)
      : reader_(*reader), names_(names), context_(context), problems_(context->problems) {}

  SetStep Read(const Json& step) {
    const Json* values = reader_.Take("values");
    bool any = values != nullptr;
    if (any) ReadValues(*values);
    if (step.is_object()) {
      for (const auto& [key, value] : step.object()) {
        if (!IsEntity(key)) continue;
        reader_.Allow(key);
        any = true;
        ReadShortForm(key, value);
      }
    }
    if (!any) reader_.Missing("values", "Write {\"values\": {\"contact.stage\": \"warm\"}}.");
    return std::move(step_);
  }

 private:
  bool IsEntity(const std::string& key) const {
    if (std::find(kStepKeys.begin(), kStepKeys.end(), key) != kStepKeys.end()) return false;
    return key == kContact || FindEntity(context_->catalog, key) != nullptr;
  }

  bool IsObjectWithMembers(const Json& json, const std::string& path) {
    if (json.is_object() && !json.object().empty()) return true;
    problems_->Error(path,
                     json.is_object() ? "nothing is set" : std::string("values are set by an object, not ") + json.KindName(),
                     "Write {\"contact.stage\": \"warm\"}.");
    return false;
  }

  void ReadValues(const Json& json) {
    if (!IsObjectWithMembers(json, reader_.At("values"))) return;
    for (const auto& [name, value] : json.object()) {
      std::string path = Pointer(reader_.At("values"), name);
      size_t dot = name.find('.');
      if (dot == name.npos) {
        problems_->Error(path, Quote(name) + " is no field", "Fields are written with their entity, like \"contact.stage\".");
        continue;
      }
      Assign(name.substr(0, dot), name.substr(dot + 1), value, path);
    }
  }

  void ReadShortForm(const std::string& entity, const Json& json) {
    std::string path = reader_.At(entity);
    if (!IsObjectWithMembers(json, path)) return;
    for (const auto& [name, value] : json.object()) Assign(entity, name, value, Pointer(path, name));
  }

  void Assign(const std::string& root, const std::string& name, const Json& value, const std::string& path) {
    const CatalogEntity* entity = names_->Entity(root, path, problems_);
    if (entity == nullptr) return;
    if (step_.entity.empty()) step_.entity = root;
    if (step_.entity != root) {
      problems_->Error(path, "a set step changes one row, not " + Quote(step_.entity) + " and " + Quote(root), "Use two steps.");
      return;
    }
    const CatalogField* field = names_->FieldOf(*entity, name, path, problems_);
    if (field == nullptr) return;
    std::string full = root + '.' + name;
    if (!field->writable) {
      problems_->Error(path, Quote(full) + " cannot be changed",
                       "Keys, generated columns and names by an expression are read only.");
      return;
    }
    auto same = [&](const Assignment& other) { return other.column == field->name; };
    if (std::any_of(step_.assignments.begin(), step_.assignments.end(), same)) {
      problems_->Error(path, Quote(full) + " is set twice");
      return;
    }
    step_.assignments.push_back(ReadValue(*field, full, value, path));
  }

  Assignment ReadValue(const CatalogField& field, const std::string& name, const Json& json, const std::string& path) {
    Assignment assignment = {.column = field.name, .type = field.type, .value = {}, .text = {}, .add = {}};
    bool operation = json.is_object() && json.object().size() == 1;
    if (operation && json.Find("sql") != nullptr) {
      ReportUnsupported(path, "{\"sql\": ...}", problems_);
    } else if (operation && json.Find("add") != nullptr) {
      assignment.add = ReadAdd(field, name, *json.Find("add"), path);
    } else if (json.is_null()) {
      assignment.value = Value();
      if (!field.nullable) problems_->Error(path, Quote(name) + " is not nullable, so it cannot be set to null");
    } else if (json.is_string() && HoldsLiquid(json.string())) {
      assignment.text = CompileText(json, path, names_, context_);
    } else if (field.type.kind == TypeKind::kOther) {
      ReadOpaque(json, name, path, &assignment);
    } else {
      assignment.value = FromJson(field.type, json);
      if (!assignment.value) ReportLiteral(field, name, json, path);
    }
    return assignment;
  }

  std::optional<Decimal> ReadAdd(const CatalogField& field, const std::string& name, const Json& amount,
                                 const std::string& path) {
    if (!IsNumber(field.type)) {
      problems_->Error(path, "\"add\" needs a number, and " + Quote(name) + " is of type " + TypeName(field.type));
      return {};
    }
    std::optional<Decimal> number = amount.is_number() ? Decimal::Parse(amount.number()) : std::nullopt;
    if (!number) {
      problems_->Error(Pointer(path, "add"), "\"add\" must be a number");
    } else if (field.type.kind == TypeKind::kInteger && !number->ToInteger()) {
      problems_->Error(Pointer(path, "add"), "\"add\" must be a whole number, for " + Quote(name) + " is an integer");
    }
    return number;
  }

  // Of a type that only the server knows: its text goes there as it is.
  void ReadOpaque(const Json& json, const std::string& name, const std::string& path, Assignment* assignment) {
    if (json.is_array() || json.is_object()) {
      problems_->Error(path, Quote(name) + " must be set to a text or a number");
      return;
    }
    assignment->text = CompileText(json.is_string() ? json : Json::String(json.Dump()), path, names_, context_);
  }

  void ReportLiteral(const CatalogField& field, const std::string& name, const Json& json, const std::string& path) {
    std::string shown = json.is_string()                      ? Quote(json.string())
                        : json.is_array() || json.is_object() ? json.KindName()
                                                              : json.Dump();
    std::string hint;
    if (field.type.labels != nullptr) {
      if (json.is_string()) hint = NearestHint(json.string(), *field.type.labels);
      if (hint.empty()) hint = "Its values are " + QuoteList(*field.type.labels) + '.';
    }
    problems_->Error(path, shown + " is no value for " + Quote(name) + " of type " + TypeName(field.type), hint);
  }

  ObjectReader& reader_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  SetStep step_;
};

}  // namespace

SetStep ReadSet(ObjectReader* reader, const Json& step, Names* names, CompileContext* context) {
  return SetReader(reader, names, context).Read(step);
}

}  // namespace workflow::definition
