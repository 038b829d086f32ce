#include "core/definition/compile.h"

#include <algorithm>

#include "core/definition/sections.h"

namespace workflow {
namespace definition {
namespace {

class DefinitionReader {
 public:
  DefinitionReader(const Json& json, CompileContext* context)
      : context_(context), json_(json), reader_(json, "", "a definition", context->problems) {}

  void Read() {
    if (!reader_.is_object()) return;
    if (reader_.Has("automated_action")) {
      ReadShortForm();
      return;
    }
    if (const Json* text = reader_.Take("description")) ReadDescription(*text);
    const Json* triggers = reader_.Take("triggers");
    const Json* settings = reader_.Take("settings");
    const Json* steps = reader_.Take("steps");
    const Json* goals = reader_.Take("goals");
    if (triggers == nullptr) {
      reader_.Missing("triggers", "A workflow that is entered only by enroll() has [{\"on\": \"manual\"}].");
    } else if (!triggers->is_array()) {
      context_->problems->Error("/triggers", "\"triggers\" must be an array", "Write [{\"on\": \"contact.created\"}].");
    }
    bool known = triggers != nullptr && triggers->is_array();
    if (known) ReadTriggers(*triggers, "/triggers", context_);
    if (context_->existing != nullptr) ReadExisting();
    if (!known) context_->open = true;
    ReadSettings(settings, "/settings", context_);
    if (goals != nullptr) ReadGoals(*goals, "/goals", context_);
    if (steps == nullptr) reader_.Missing("steps", "A workflow has at least one step.");
    if (steps != nullptr) ReadSteps(*steps, "/steps", context_);
    CheckMessageSteps();
    CheckGoals(context_);
    CollectWatched(&context_->program);
    reader_.Finish();
  }

 private:
  void ReadShortForm() {
    if (const Json* text = reader_.Take("description")) ReadDescription(*text);
    for (const char* key : {"automated_action", "settings", "goals"}) reader_.Allow(key);
    for (const char* key : {"triggers", "steps"}) {
      reader_.Allow(key);
      if (!reader_.Has(key)) continue;
      context_->problems->Error(reader_.At(key), '"' + std::string(key) + "\" has no place beside an automated action, which stands for them",
                                "Remove it, or write the workflow without \"automated_action\".");
    }
    reader_.Finish();
    ReadAutomatedAction(json_, context_);
    if (context_->existing != nullptr) ReadExisting();
    CheckMessageSteps();
    CheckGoals(context_);
    CollectWatched(&context_->program);
  }

  void ReadExisting() {
    const ExistingRows& existing = *context_->existing;
    Trigger trigger{.on = "enroll_existing", .entity = existing.entity};
    Names names = Names::OfLook(context_, existing.entity);
    trigger.filter = CompileCondition(existing.filter, "", names, context_->problems);
    context_->program.triggers.push_back(std::move(trigger));
  }

  // message.<id> names a step that writes messages.
  void CheckMessageSteps() {
    std::vector<std::string> known;
    for (const Step& step : context_->program.steps) if (std::holds_alternative<SendStep>(step.body)) known.push_back(step.id);
    for (const auto& [path, id] : context_->message_steps) {
      if (std::find(known.begin(), known.end(), id) != known.end()) continue;
      const std::string near = NearestName(id, known);
      context_->problems->Error(path, "no step " + Quote(id) + " sends a message",
                                near.empty() ? "After \"message.\" comes the id of a send step." : "Did you mean \"message." + near + "\"?");
    }
  }

  void ReadDescription(const Json& text) {
    if (text.is_string()) {
      context_->program.description = text.string();
    } else {
      context_->problems->Error("/description", std::string("\"description\" must be a text, not ") + text.KindName());
    }
  }

  CompileContext* context_;
  const Json& json_;
  ObjectReader reader_;
};

}  // namespace
}  // namespace definition

std::optional<Program> CompileDefinition(const Json& json, const Catalog& catalog, bool require_templates, Problems* problems,
                                         const CompileLimits& limits) {
  FieldTable ignored;
  return CompileDefinition(json, catalog, require_templates, problems, limits, &ignored);
}

std::optional<Program> CompileDefinition(const Json& json, const Catalog& catalog, bool require_templates, Problems* problems,
                                         const CompileLimits& limits, FieldTable* for_server) {
  // Problems of earlier documents in the same list do not count against this one.
  Problems found;
  definition::CompileContext context = {
      .catalog = catalog, .limits = limits, .require_templates = require_templates, .problems = &found};
  constexpr int kNone = std::numeric_limits<int>::max();
  const size_t bytes = limits.bytes_max == kNone ? 0 : json.Dump().size();
  if (bytes > static_cast<size_t>(limits.bytes_max)) {
    found.Error("", "the definition has " + std::to_string(bytes) + " bytes, more than " + std::to_string(limits.bytes_max),
                definition::HintOfLimit("max_definition_bytes"));
  } else {
    definition::DefinitionReader(json, &context).Read();
  }
  for (const Problem& problem : found.list()) {
    auto report = problem.severity == Severity::kError ? &Problems::Error : &Problems::Warning;
    (problems->*report)(problem.path, problem.message, problem.hint);
  }
  *for_server = context.program.table;
  if (found.HasErrors()) return {};
  context.program.references.assign(context.references.begin(), context.references.end());
  return std::move(context.program);
}

std::optional<Program> CompileWithFilter(const Json& definition, const Catalog& catalog, const Json& filter, const std::string& entity, Problems* problems) {
  const CompileLimits limits = CompileLimits::None();
  const definition::ExistingRows existing = {filter, entity};
  Problems found;
  definition::CompileContext context = {.catalog = catalog, .limits = limits, .require_templates = false, .problems = &found};
  context.existing = &existing;
  definition::DefinitionReader(definition, &context).Read();
  for (const Problem& problem : found.list()) {
    if (problem.severity == Severity::kError) problems->Error(problem.path, problem.message, problem.hint);
  }
  if (found.HasErrors()) return {};
  context.program.references.assign(context.references.begin(), context.references.end());
  return std::move(context.program);
}

// A key of fields is of the rows that the triggers bring.
std::string EntityOfEntry(const Program& program) {
  if (program.settings.entry_key.empty()) return program.settings.entry_entity;
  for (const Trigger& trigger : program.triggers) {
    if (!trigger.entity.empty()) return trigger.entity;
  }
  return "contact";
}

std::optional<Filter> CompileFilter(const Json& json, const Catalog& catalog, const std::string& entity, Problems* problems) {
  const CompileLimits limits;
  definition::CompileContext context = {.catalog = catalog, .limits = limits, .require_templates = false, .problems = problems};
  definition::Names names = definition::Names::OfTrigger(&context, entity);
  std::optional<Condition> condition = CompileCondition(json, "", names, problems);
  if (!condition) return {};
  return Filter{*std::move(condition), std::move(context.program.table)};
}

}  // namespace workflow
