// `create` and `copy`: a new row in an attached table. Keys and columns that are not named are left to the table's defaults.
#include <algorithm>

#include "core/definition/steps.h"
#include "core/definition/texts.h"
#include "core/definition/values.h"

namespace workflow::definition {
namespace {

// The new row may be of any attached table that is not for look-up.
const CatalogEntity* TargetEntity(const std::string& name, const std::string& path, CompileContext* context) {
  const CatalogEntity* entity = FindEntity(context->catalog, name);
  std::vector<std::string> known;
  for (const CatalogEntity& one : context->catalog.entities) known.push_back(one.name);
  if (entity == nullptr) {
    const std::string hint = NearestHint(name, known);
    context->problems->Error(path, Quote(name) + " is no attached entity",
                             !hint.empty() ? hint : known.empty() ? "No table is attached." : "Attached are " + QuoteList(known) + '.');
    return nullptr;
  }
  const auto can = [](const CatalogField& field) { return field.insertable || field.writable; };
  if (std::any_of(entity->fields.begin(), entity->fields.end(), can)) return entity;
  context->problems->Error(path, Quote(name) + " takes no new rows", "It is attached for look-up only.");
  return nullptr;
}

void ReadValues(const Json& json, const std::string& path, const CatalogEntity& entity, Names* names, CompileContext* context,
                CreateStep* step) {
  Problems* problems = context->problems;
  if (!json.is_object()) {
    problems->Error(path, std::string("values are set by an object, not ") + json.KindName(), "Write {\"title\": \"Call back\"}.");
    return;
  }
  const std::string prefix = entity.name + '.';
  for (const auto& [key, value] : json.object()) {
    const std::string at = Pointer(path, key);
    const bool full = FindField(entity, key) == nullptr && key.starts_with(prefix);
    const CatalogField* field = names->FieldOf(entity, full ? key.substr(prefix.size()) : key, at, problems);
    if (field == nullptr) continue;
    const std::string name = prefix + field->name;
    const auto same = [&](const Assignment& other) { return other.column == field->name; };
    if (!field->insertable && !field->writable) {
      problems->Error(at, Quote(name) + " cannot be changed", "Generated columns and names by an expression are read only.");
    } else if (std::any_of(step->values.begin(), step->values.end(), same)) {
      problems->Error(at, Quote(name) + " is set twice");
    } else {
      step->values.push_back(ReadAssignment(*field, name, value, at, /*new_row=*/true, names, context));
    }
  }
}

}  // namespace

CreateStep ReadCreate(ObjectReader* reader, Names* names, CompileContext* context) {
  CreateStep step;
  const bool stated = reader->Has("entity");
  const std::optional<std::string> entity = reader->Text("entity");
  if (!stated) reader->Missing("entity", "It is the attached entity of the new row.");
  const Json* values = reader->Take("values");
  if (values == nullptr) reader->Missing("values", "Write {} where the table's defaults are all.");
  const CatalogEntity* target = entity ? TargetEntity(*entity, reader->At("entity"), context) : nullptr;
  if (target == nullptr) return step;
  step.entity = target->name;
  if (values != nullptr) ReadValues(*values, reader->At("values"), *target, names, context, &step);
  return step;
}

CopyStep ReadCopy(ObjectReader* reader, Names* names, CompileContext* context) {
  CopyStep step;
  const bool stated = reader->Has("entity");
  const std::optional<std::string> from = reader->Text("entity");
  if (!stated) reader->Missing("entity", "It is the entity whose row is copied.");
  const std::optional<std::string> into = reader->Text("into");
  const Json* values = reader->Take("values");
  step.except = reader->Texts("except");
  if (!from) return step;
  const CatalogEntity* source = names->Entity(*from, reader->At("entity"), context->problems);
  const CatalogEntity* target =
      source == nullptr ? nullptr : TargetEntity(into.value_or(*from), reader->At(into ? "into" : "entity"), context);
  if (source == nullptr || target == nullptr) return step;
  step.from = source->name;
  step.row.entity = target->name;
  for (const std::string& column : step.except) names->FieldOf(*target, column, reader->At("except"), context->problems);
  if (values != nullptr) ReadValues(*values, reader->At("values"), *target, names, context, &step.row);
  return step;
}

}  // namespace workflow::definition
