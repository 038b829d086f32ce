// What the steps that act want done, from the core's effect to changes and events of a turn: texts are rendered, sources found.
#include "core/condition/sql.h"
#include "core/enrollment/assign.h"
#include "pg/round/candidate.h"
#include "pg/round/changes.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

// An argument as the server reads it; a list or an object as JSON.
std::optional<std::string> ArgumentText(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.is_string() ? json.string() : json.Dump();
}

}  // namespace

std::vector<std::optional<std::string>> Batch::ValuesOf(const Enrolled& enrolled, const std::vector<Assignment>& assignments) {
  std::vector<std::optional<std::string>> values;
  for (const Assignment& assignment : assignments) {
    if (assignment.add) {
      values.push_back(assignment.add->ToString());
    } else if (assignment.text) {
      values.push_back(Render(enrolled, *assignment.text));
    } else if (!assignment.value || assignment.value->is_null()) {
      values.push_back(std::nullopt);
    } else {
      const List* list = assignment.value->AsList();
      values.push_back(list == nullptr ? FormatValue(*assignment.value) : ArrayLiteral(*list));
    }
  }
  return values;
}

Json Batch::RenderDocument(const Enrolled& enrolled, const Document& document) {
  std::vector<std::string> rendered;
  for (const Template& text : document.texts) rendered.push_back(Render(enrolled, text));
  return WithStrings(document.json, rendered);
}

const Source& Batch::SourceFor(const Enrolled& enrolled, const std::string& entity) const {
  const Source* source = SourceOfEntity(round_.registry, entity, enrolled.contact_source);
  if (source == nullptr) {
    throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '6'), "no table is attached as \"" + entity + "\"", {}, "Attach it with workflow.attach()."};
  }
  return *source;
}

std::string Batch::OwnerOf(const Enrolled& enrolled, const std::string& entity) {
  const bool contact = entity == "contact";
  const Source* source = contact ? enrolled.contact_source : enrolled.entry_source;
  if (source == nullptr || source->binding.entity != entity) return {};
  return FieldText(source, rows_.Get({source->id, contact ? enrolled.contact_key : enrolled.entry_row}), "owner");
}

HostChange Batch::NewRow(const Enrolled& enrolled, const CreateStep& create) {
  HostChange change;
  change.source = &SourceFor(enrolled, create.entity);
  change.create = &create;
  change.values = ValuesOf(enrolled, create.values);
  return change;
}

HostChange Batch::CopyOf(const Enrolled& enrolled, const CopyStep& copy) {
  HostChange change = NewRow(enrolled, copy.row);
  change.copy = &copy;
  const bool contact = copy.from == "contact";
  change.from = contact ? enrolled.contact_source : enrolled.entry_source;
  change.key = contact ? enrolled.contact_key : enrolled.entry_row;
  if (change.from == nullptr || change.from->binding.entity != copy.from) {
    throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '8'), "there is no row of \"" + copy.from + "\" to copy"};
  }
  return change;
}

HostChange Batch::TaskOf(const Enrolled& enrolled, const TaskStep& step, const char* kind, std::optional<Instant> due, int32_t visit) {
  OwnTask task{kind, {}, {}, {}, {}, due, visit};
  if (step.title) task.title = Render(enrolled, *step.title);
  if (step.body) task.body = Render(enrolled, *step.body);
  if (step.assignee) task.assignee = Render(enrolled, *step.assignee);
  if (!step.owner_entity.empty()) task.assignee = OwnerOf(enrolled, step.owner_entity);
  if (task.assignee && task.assignee->empty()) task.assignee.reset();
  if (step.role) task.role = Render(enrolled, *step.role);
  if (step.due) {
    task.due = Add(round_.now, *step.due, ZoneOf(enrolled));
    if (step.at) task.due = AtClock(*task.due, *step.at, ZoneOf(enrolled));
  }
  if (!step.row) {
    HostChange change;
    change.task = std::move(task);
    return change;
  }
  HostChange change = NewRow(enrolled, *step.row);
  for (size_t i = 0; i < step.parts.size(); ++i) {
    switch (step.parts[i]) {
      case TaskStep::Part::kTitle: change.values[i] = task.title; break;
      case TaskStep::Part::kBody: change.values[i] = task.body; break;
      case TaskStep::Part::kAssignee: change.values[i] = task.assignee; break;
      case TaskStep::Part::kRole: change.values[i] = task.role; break;
      case TaskStep::Part::kDue: change.values[i] = task.due ? std::optional(FormatIso(*task.due)) : std::nullopt; break;
    }
  }
  return change;
}

HostChange Batch::CallOf(const Enrolled& enrolled, const CallStep& call) {
  HostChange change;
  change.source = enrolled.contact_source != nullptr ? enrolled.contact_source : enrolled.entry_source;
  change.call = &call;
  for (const CallArgument& argument : call.arguments) change.values.push_back(ArgumentText(RenderDocument(enrolled, argument.value)));
  return change;
}

void Batch::Act(Turn* turn, const ActEffect& act, const std::function<const Value*(uint32_t)>& fact) {
  Enrolled& enrolled = *turn->enrolled;
  const ::workflow::Step& step = enrolled.version->program.steps[static_cast<size_t>(act.step)];
  round_.at_step = step.id;
  std::optional<HostChange> change;
  if (const auto* create = std::get_if<CreateStep>(&step.body)) change = NewRow(enrolled, *create);
  if (const auto* copy = std::get_if<CopyStep>(&step.body)) change = CopyOf(enrolled, *copy);
  if (const auto* task = std::get_if<TaskStep>(&step.body)) change = TaskOf(enrolled, *task, "task", std::nullopt, act.visit);
  if (const auto* call = std::get_if<CallStep>(&step.body)) change = CallOf(enrolled, *call);
  if (const auto* approve = std::get_if<ApproveStep>(&step.body)) {
    change = TaskOf(enrolled, approve->task, "approval", turn->decision.state.due, act.visit);
  }
  if (const auto* assign = std::get_if<AssignStep>(&step.body)) change = AssignmentOf(turn, *assign, step.id, fact);
  if (!change) return Say(turn, step, act.visit);
  change->enrolled = &enrolled;
  change->step = step.id;
  turn->changes.push_back(*std::move(change));
}

}  // namespace workflow::pg
