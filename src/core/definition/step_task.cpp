// `task` and `approve`: something for a person to do. A task goes to the attached entity "task", else to a table of ours; an
// approval always to ours, for its answer comes back by functions of ours.
#include "core/definition/steps.h"
#include "core/definition/texts.h"
#include "core/definition/values.h"

namespace workflow::definition {
namespace {

constexpr const char* kTask = "task";

class TaskReader {
 public:
  TaskReader(ObjectReader* reader, Names* names, CompileContext* context)
      : reader_(*reader), names_(names), context_(context), problems_(context->problems) {}

  TaskStep Read(const char* title_hint) {
    if (!reader_.Has("title")) reader_.Missing("title", title_hint);
    ReadText("title", &step_.title);
    ReadText("body", &step_.body);
    ReadText("role", &step_.role);
    ReadAssignee();
    return std::move(step_);
  }

  void ReadDue(TaskStep* step) {
    step->due = reader_.Length("due");
    step->at = reader_.Clock("at");
    if (step->at && !step->due && !reader_.Has("due")) step->due = Duration{};
    if (step->due && step->due->is_negative()) problems_->Error(reader_.At("due"), "\"due\" cannot be negative");
  }

  // The parts that are stated must have a place in the attached table.
  void Attach(const CatalogEntity& entity, TaskStep* step) {
    CreateStep row = {.entity = entity.name, .values = {}};
    const auto put = [&](const char* key, const char* field_name, TaskStep::Part part) {
      if (!reader_.Has(key)) return;
      const CatalogField* field = names_->FieldOf(entity, field_name, reader_.At(key), problems_);
      if (field == nullptr) return;
      row.values.push_back({.column = field->name, .type = field->type, .value = {}, .text = {}, .add = {}, .sql = {}, .entities = {}});
      step->parts.push_back(part);
    };
    put("title", "title", TaskStep::Part::kTitle);
    put("body", "body", TaskStep::Part::kBody);
    put("assignee", "assignee", TaskStep::Part::kAssignee);
    put("role", "role", TaskStep::Part::kRole);
    put(reader_.Has("due") ? "due" : "at", "due_at", TaskStep::Part::kDue);
    step->row = std::move(row);
  }

  void ReadValues(const Json& json, const CatalogEntity& entity, TaskStep* step) {
    const std::string path = reader_.At("values");
    if (!json.is_object()) {
      problems_->Error(path, std::string("values are set by an object, not ") + json.KindName());
      return;
    }
    for (const auto& [key, value] : json.object()) {
      const CatalogField* field = names_->FieldOf(entity, key, Pointer(path, key), problems_);
      if (field == nullptr) continue;
      step->row->values.push_back(
          ReadAssignment(*field, entity.name + '.' + key, value, Pointer(path, key), /*new_row=*/true, names_, context_));
    }
  }

 private:
  void ReadText(const char* key, std::optional<Template>* into) {
    const Json* text = reader_.Take(key);
    if (text != nullptr) *into = CompileText(*text, reader_.At(key), names_, context_);
  }

  void ReadAssignee() {
    const Json* assignee = reader_.Take("assignee");
    if (assignee == nullptr) return;
    if (*assignee == Json::String("owner")) {
      step_.owner_entity = FindOwner(reader_.At("assignee"), context_);
    } else {
      ReadText("assignee", &step_.assignee);
    }
  }

  ObjectReader& reader_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  TaskStep step_;
};

}  // namespace

TaskStep ReadTask(ObjectReader* reader, Names* names, CompileContext* context) {
  TaskReader tasks(reader, names, context);
  TaskStep step = tasks.Read("It says what is to be done.");
  tasks.ReadDue(&step);
  const Json* values = reader->Take("values");
  const CatalogEntity* entity = FindEntity(context->catalog, kTask);
  if (entity != nullptr) tasks.Attach(*entity, &step);
  if (values == nullptr) return step;
  if (entity != nullptr) {
    tasks.ReadValues(*values, *entity, &step);
  } else {
    context->problems->Error(reader->At("values"), "no table is attached as \"task\", so there are no columns to set",
                             "Attach the CRM's tasks as \"task\", or leave the values out.");
  }
  return step;
}

ApproveStep ReadApprove(ObjectReader* reader, Names* names, CompileContext* context) {
  ApproveStep step = {.task = TaskReader(reader, names, context).Read("It says what is to be approved."), .timeout = {}, .at = {}, .then = {}};
  step.timeout = reader->Length("timeout");
  step.at = reader->Clock("at");
  Problems* problems = context->problems;
  if (step.timeout && step.timeout->is_negative()) {
    problems->Error(reader->At("timeout"), "a timeout cannot be negative");
  }
  if (!reader->Has("timeout") && (reader->Has("at") || reader->Has("timed_out"))) {
    problems->Error(reader->At(reader->Has("at") ? "at" : "timed_out"), "without \"timeout\" an approval never times out",
                    "Say how long it waits: {\"timeout\": \"2 days\"}.");
  }
  return step;
}

}  // namespace workflow::definition
