// `set` has two forms that mean the same: {"values": {"contact.stage": "warm"}} and {"contact": {"stage": "warm"}}. A step
// changes the columns of one row.
#include <algorithm>
#include <array>

#include "core/definition/steps.h"
#include "core/definition/values.h"

namespace workflow::definition {
namespace {

constexpr std::array kStepKeys = {"type", "id", "if", "values"};

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
    step_.assignments.push_back(ReadAssignment(*field, full, value, path, /*new_row=*/false, names_, context_));
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
