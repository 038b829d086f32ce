#include "core/definition/scope.h"

#include <algorithm>
#include <array>

#include "core/definition/reader.h"

namespace workflow::definition {
namespace {

constexpr std::array kLaterRoots = {"campaign", "score", "goal"};
constexpr size_t kNamesShownMax = 20;

// An attached table may have such a name; then it is meant.
bool IsLater(std::string_view root, const Catalog& catalog) {
  return std::find(kLaterRoots.begin(), kLaterRoots.end(), root) != kLaterRoots.end() && FindEntity(catalog, root) == nullptr;
}

// Names that are the same for every CRM. `data` is schemaless and goes on with a path.
struct BuiltIn {
  Scope scope;
  const char* root;
  const char* name;
  TypeKind type;
  bool nullable;
};
constexpr std::array kBuiltIns = {
    BuiltIn{Scope::kEvent, "event", "name", TypeKind::kText, false},
    BuiltIn{Scope::kEvent, "event", "at", TypeKind::kTimestamptz, false},
    BuiltIn{Scope::kEvent, "event", "data", TypeKind::kJson, true},
    BuiltIn{Scope::kEvent, "event", "tag", TypeKind::kText, true},
    BuiltIn{Scope::kEvent, "event", "campaign", TypeKind::kText, true},
    BuiltIn{Scope::kEnrollment, "enrollment", "entered_at", TypeKind::kTimestamptz, false},
    BuiltIn{Scope::kEnrollment, "enrollment", "version", TypeKind::kInteger, false},
    BuiltIn{Scope::kEnrollment, "enrollment", "data", TypeKind::kJson, true},
    BuiltIn{Scope::kAccount, "account", "timezone", TypeKind::kText, true},
    BuiltIn{Scope::kAccount, "account", "sender", TypeKind::kJson, true},
    BuiltIn{Scope::kAccount, "account", "data", TypeKind::kJson, true},
};

struct Parts {
  std::string_view first;
  std::string_view rest;  // empty where there is no dot
};

Parts SplitName(std::string_view name) {
  size_t dot = name.find('.');
  if (dot == name.npos) return {name, {}};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// "a.b" as {"a", "b"}; nothing where a part is empty.
std::optional<std::vector<std::string>> SplitPath(std::string_view text) {
  std::vector<std::string> path;
  while (true) {
    size_t dot = text.find('.');
    std::string_view part = text.substr(0, dot);
    if (part.empty()) return {};
    path.emplace_back(part);
    if (dot == text.npos) return path;
    text.remove_prefix(dot + 1);
  }
}

// The place inside a json value that `rest` names goes into `field`; false and a problem where there is no such place.
bool DescendInto(Field* field, std::string_view name, std::string_view rest, bool has_rest, const std::string& path,
                 Problems* problems) {
  if (!has_rest) return true;
  if (field->type.kind != TypeKind::kJson) {
    problems->Error(path,
                    "field " + Quote(name) + " goes into a value of type " + TypeName(field->type) + ", which has no parts");
    return false;
  }
  std::optional<std::vector<std::string>> parts = SplitPath(rest);
  if (!parts) {
    problems->Error(path, "field " + Quote(name) + " has an empty part", "The parts of a name are separated by single dots.");
    return false;
  }
  field->path = *std::move(parts);
  return true;
}

std::optional<Field> FindBuiltIn(std::string_view name, const std::string& path, Problems* problems) {
  auto [root, rest] = SplitName(name);
  auto [key, inner] = SplitName(rest);
  std::vector<std::string> known;
  for (const BuiltIn& builtin : kBuiltIns) {
    if (root != builtin.root) continue;
    known.push_back(std::string(builtin.root) + '.' + builtin.name);
    if (key != builtin.name) continue;
    Field field = {.scope = builtin.scope, .entity = {}, .name = builtin.name, .path = {}, .type = {.kind = builtin.type}};
    field.nullable = builtin.nullable;
    if (!DescendInto(&field, name, inner, rest.size() > key.size(), path, problems)) return {};
    return field;
  }
  std::string hint = NearestHint(name, known);
  problems->Error(path, Quote(name) + " is not known", hint.empty() ? "Known are " + QuoteList(known) + "." : hint);
  return {};
}

}  // namespace

Names Names::OfTrigger(CompileContext* context, const std::string& entity) {
  std::vector<std::string> entities = {kContact};
  if (!entity.empty() && entity != kContact) entities.push_back(entity);
  Names names(context, Place::kTrigger, std::move(entities));
  names.trigger_entity_ = entity;
  return names;
}

Names Names::OfLook(CompileContext* context, const std::string& entity) {
  Names names = OfTrigger(context, entity);
  names.trigger_entity_.clear();
  return names;
}

Names Names::OfEntry(CompileContext* context) { return Names(context, Place::kEntry, context->entities); }

Names Names::OfSteps(CompileContext* context) { return Names(context, Place::kStep, context->entities); }

// Roots that are the same for every CRM. An attached table that is called "account" or "workflow" is meant by its name.
bool Names::KnowsRoot(std::string_view root) const {
  if (root == "message") return place_ == Place::kStep && FindEntity(context_->catalog, root) == nullptr;
  if (root == kLine) return place_ == Place::kStep && context_->program.settings.by_line && FindEntity(context_->catalog, root) == nullptr;
  if (root == "account" || root == "workflow") return FindEntity(context_->catalog, root) == nullptr;
  return root == "event" || (root == "enrollment" && place_ == Place::kStep) || (root == "old" && place_ == Place::kTrigger);
}

std::string Names::Available() const {
  std::vector<std::string> roots = entities_;
  for (const char* root : {kLine, "event", "enrollment", "message", "old", "account", "workflow"}) {
    if (KnowsRoot(root)) roots.emplace_back(root);
  }
  return "Available are " + QuoteList(roots) + ".";
}

std::string Names::HintOfBareName(std::string_view name) const {
  const CatalogEntity* contact = FindEntity(context_->catalog, kContact);
  if (contact != nullptr && FindField(*contact, name) != nullptr) return "Did you mean \"contact." + std::string(name) + "\"?";
  std::vector<std::string> known = entities_;
  known.insert(known.end(), {"event", "enrollment", "message", "account", "workflow"});
  std::string hint = NearestName(name, known) == name ? std::string() : NearestHint(name, known);
  return hint.empty() ? "Fields are written with their entity, like \"contact.email\". " + Available() : hint;
}

void Names::ReportRoot(std::string_view root, const std::string& path, Problems* problems) const {
  if (root == "old") {
    problems->Error(path, "\"old\" is known only in the filter of a trigger", "A step sees rows as they are when it is taken.");
  } else if (root == "enrollment") {
    problems->Error(path, "\"enrollment\" is known only in steps", "Before the contact has entered there is no enrollment.");
  } else if (root == "message" && FindEntity(context_->catalog, root) == nullptr) {
    problems->Error(path, "\"message\" is known only in steps", "Before the contact has entered nothing was sent.");
  } else if (root == kContact) {
    problems->Error(path, "no table is attached as \"contact\"", "Attach the table of contacts with workflow.attach first.");
  } else if (FindEntity(context_->catalog, root) != nullptr) {
    std::string where =
        place_ == Place::kTrigger ? "in the filter of this trigger" : "in this workflow: no trigger brings its row";
    problems->Error(path, Quote(root) + " is not available " + where, Available());
  } else {
    problems->Error(path, Quote(root) + " is no attached entity", HintOfBareName(root));
  }
}

const CatalogEntity* Names::Entity(std::string_view name, const std::string& path, Problems* problems) {
  const CatalogEntity* entity = FindEntity(context_->catalog, name);
  bool here = std::find(entities_.begin(), entities_.end(), name) != entities_.end();
  if (entity != nullptr && !here && context_->open && place_ != Place::kTrigger) return entity;
  if (entity == nullptr || !here) {
    ReportRoot(name, path, problems);
    return nullptr;
  }
  if (place_ != Place::kTrigger && context_->partial.contains(entity->name)) {
    problems->Warning(path, Quote(name) + " does not come with every trigger of this workflow",
                      "For entries without it, its fields are null and empty.");
  }
  return entity;
}

bool Names::IsSilent(const Field& field) const {
  if (field.scope == Scope::kLine) return true;
  if (field.scope != Scope::kRow) return false;
  const CatalogEntity* entity = FindEntity(context_->catalog, field.entity);
  const CatalogField* found = entity == nullptr ? nullptr : FindField(*entity, field.name);
  return found != nullptr && found->derived;
}

const CatalogField* Names::FieldOf(const CatalogEntity& entity, std::string_view name, const std::string& path,
                                   Problems* problems) {
  const CatalogField* field = FindField(entity, name);
  if (field != nullptr) return field;
  std::vector<std::string> known;
  for (const CatalogField& candidate : entity.fields) known.push_back(candidate.name);
  std::string near = NearestName(name, known);
  if (known.size() > kNamesShownMax) known.resize(kNamesShownMax);
  std::string hint =
      near.empty() ? "Its fields are " + QuoteList(known) + "." : "Did you mean \"" + entity.name + '.' + near + "\"?";
  problems->Error(path, '"' + entity.name + "\" has no field " + Quote(name), hint);
  return nullptr;
}

std::optional<Field> Names::FindOfRow(std::string_view root, std::string_view rest, const std::string& path, Problems* problems) {
  const CatalogEntity* entity = Entity(root, path, problems);
  if (entity == nullptr) return {};
  // A column's own name may hold a dot.
  const CatalogField* found = FindField(*entity, rest);
  Parts parts = found != nullptr ? Parts{rest, {}} : SplitName(rest);
  if (found == nullptr) found = FieldOf(*entity, parts.first, path, problems);
  if (found == nullptr) return {};
  Field field = {.scope = Scope::kRow, .entity = entity->name, .name = found->name, .path = {}, .type = found->type};
  field.nullable = found->nullable;
  std::string name = std::string(root) + '.' + std::string(rest);
  if (!DescendInto(&field, name, parts.rest, rest.size() > parts.first.size(), path, problems)) return {};
  return field;
}

// step.<id>.<path>: what a step has given, as json.
std::optional<Field> Names::FindResult(std::string_view name, const std::string& path, Problems* problems) {
  if (place_ != Place::kStep) {
    problems->Error(path, "\"step\" is known only in steps", "Before the contact has entered no step was taken.");
    return {};
  }
  auto [id, inner] = SplitName(SplitName(name).rest);
  Field field = {.scope = Scope::kStep, .entity = {}, .name = std::string(id), .path = {}, .type = {.kind = TypeKind::kJson}};
  const bool has_inner = SplitName(name).rest.size() > id.size();
  if (!DescendInto(&field, name, inner, has_inner, path, problems)) return {};
  context_->step_references.emplace_back(path, field.name);
  return field;
}

// line.<path>: what the line says, as json.
std::optional<Field> Names::FindLine(std::string_view name, const std::string& path, Problems* problems) const {
  Field field = {.scope = Scope::kLine, .entity = context_->program.settings.entry_entity, .name = kLine, .path = {}, .type = {.kind = TypeKind::kJson}};
  if (!DescendInto(&field, name, SplitName(name).rest, true, path, problems)) return {};
  return field;
}

std::optional<Field> Names::FindOld(std::string_view name, const std::string& path, Problems* problems) {
  if (place_ != Place::kTrigger) {
    ReportRoot("old", path, problems);
    return {};
  }
  if (trigger_entity_.empty()) {
    problems->Error(path, "\"old\" is not known here: no row makes this trigger's event");
    return {};
  }
  std::optional<Field> field = FindOfRow(trigger_entity_, SplitName(name).rest, path, problems);
  if (!field) return {};
  field->scope = Scope::kOld;
  field->nullable = true;  // an insert has no row before it
  return field;
}

// What comes back of messages. Receipts of machines satisfy only who asks for them (semantics 27).
constexpr std::array kMessageTimes = {"sent_at",    "delivered_at", "opened_at",    "clicked_at",        "replied_at",
                                      "bounced_at", "complained_at", "unsubscribed_at", "machine_opened_at", "machine_clicked_at"};

// message.<step>.<name>; whether the step is one that sends is known when all of them are read.
std::optional<Field> Names::FindMessage(std::string_view name, const std::string& path, Problems* problems) {
  if (place_ != Place::kStep) {
    problems->Error(path, "\"message\" is known only in steps", "Before the contact has entered nothing was sent.");
    return {};
  }
  auto [step, what] = SplitName(SplitName(name).rest);
  const bool is_time = std::find(kMessageTimes.begin(), kMessageTimes.end(), what) != kMessageTimes.end();
  if (!is_time && what != "outcome") {
    std::vector<std::string> known(kMessageTimes.begin(), kMessageTimes.end());
    known.emplace_back("outcome");
    const std::string near = NearestName(what, known);
    problems->Error(path, Quote(name) + " is not known",
                    near.empty() ? "Of a message there are " + QuoteList(known) + "."
                                 : "Did you mean \"message." + std::string(step) + '.' + near + "\"?");
    return {};
  }
  context_->message_steps.emplace_back(path, step);
  return Field{.scope = Scope::kMessage, .entity = std::string(step), .name = std::string(what), .path = {},
               .type = {.kind = is_time ? TypeKind::kTimestamptz : TypeKind::kText}};
}

// workflow.<name>.active; a workflow's name may have dots in it.
std::optional<Field> Names::FindWorkflow(std::string_view name, const std::string& path, Problems* problems) const {
  constexpr std::string_view kRoot = "workflow.", kActive = ".active";
  if (!name.ends_with(kActive) || name.size() <= kRoot.size() + kActive.size()) {
    problems->Error(path, Quote(name) + " is not known",
                    "Known is \"workflow.<name>.active\": whether the contact is in the workflow of that name.");
    return {};
  }
  const std::string which(name.substr(kRoot.size(), name.size() - kRoot.size() - kActive.size()));
  const std::vector<std::string>& known = context_->catalog.workflows;
  if (!known.empty() && std::find(known.begin(), known.end(), which) == known.end()) {
    problems->Warning(path, "there is no workflow " + Quote(which), NearestHint(which, known));
  }
  Field field = {.scope = Scope::kWorkflow, .entity = {}, .name = which, .path = {}, .type = {.kind = TypeKind::kBoolean}};
  field.nullable = false;
  return field;
}

std::optional<Field> Names::Find(std::string_view name, const std::string& path, Problems* problems) {
  auto [root, rest] = SplitName(name);
  if (rest.empty()) {
    problems->Error(path, Quote(name) + " is no field", HintOfBareName(name));
    return {};
  }
  if (IsLater(root, context_->catalog)) {
    ReportUnsupported(path, "the field " + Quote(name), problems);
    return {};
  }
  if (root == "step" && FindEntity(context_->catalog, root) == nullptr) return FindResult(name, path, problems);
  if (root == "old") return FindOld(name, path, problems);
  if (root == "message" && KnowsRoot(root)) return FindMessage(name, path, problems);
  if (root == kLine && KnowsRoot(root)) return FindLine(name, path, problems);
  if (root == "workflow" && KnowsRoot(root)) return FindWorkflow(name, path, problems);
  if (KnowsRoot(root)) return FindBuiltIn(name, path, problems);
  return FindOfRow(root, rest, path, problems);
}

std::optional<uint32_t> Names::Resolve(std::string_view name, const std::string& path, Problems* problems) {
  std::optional<Field> field = Find(name, path, problems);
  if (!field) return {};
  return context_->program.table.Intern(*std::move(field));
}

std::optional<uint32_t> Names::Old(uint32_t index, const std::string& path, Problems* problems) {
  Field field = At(index);
  if (place_ != Place::kTrigger) {
    problems->Error(path, "a change is known only in the filter of a trigger", "A step sees rows as they are when it is taken.");
    return {};
  }
  if (field.scope != Scope::kRow || field.entity != trigger_entity_) {
    std::string hint = trigger_entity_.empty() ? "No row makes this trigger's event."
                                               : "They are known for fields of " + Quote(trigger_entity_) + '.';
    problems->Error(path, "no change of this field is known here", hint);
    return {};
  }
  field.scope = Scope::kOld;
  field.nullable = true;
  return context_->program.table.Intern(std::move(field));
}

// An {"sql"} may name the rows that are there.
std::optional<uint32_t> Names::Defer(DeferredRule rule) {
  for (const std::string& entity : entities_) {
    if (FindEntity(context_->catalog, entity) != nullptr) rule.entities.push_back(entity);
  }
  std::vector<std::shared_ptr<const DeferredRule>>& deferred = context_->program.table.deferred;
  deferred.push_back(std::make_shared<const DeferredRule>(std::move(rule)));
  return static_cast<uint32_t>(deferred.size() - 1);
}

bool Names::CheckReference(std::string_view name, const std::string& path, Problems* problems) {
  auto [root, rest] = SplitName(name);
  if (name == "workflow.name") return true;
  if (root == "step" && place_ == Place::kStep && FindEntity(context_->catalog, root) == nullptr) {
    if (!rest.empty()) context_->step_references.emplace_back(path, std::string(SplitName(rest).first));
    return true;
  }
  if (IsLater(root, context_->catalog)) {
    ReportUnsupported(path, "the name " + Quote(name), problems);
    return false;
  }
  if (root == kLine && KnowsRoot(root)) return true;
  if (root == "message" && KnowsRoot(root)) return SplitName(rest).rest.empty() || FindMessage(name, path, problems).has_value();
  if (root == "workflow" && KnowsRoot(root)) {
    problems->Error(path, Quote(name) + " is not known", "Known is \"workflow.name\".");
    return false;
  }
  if (root != "old" && KnowsRoot(root)) {
    if (rest.empty()) return true;
    return FindBuiltIn(name.substr(0, name.find('.', root.size() + 1)), path, problems).has_value();
  }
  const CatalogEntity* entity = Entity(root, path, problems);
  if (entity == nullptr || rest.empty()) return entity != nullptr;
  // Liquid goes on inside lists, texts and json by rules of its own, and what is missing there is empty.
  return FindField(*entity, rest) != nullptr || FieldOf(*entity, SplitName(rest).first, path, problems) != nullptr;
}

}  // namespace workflow::definition
