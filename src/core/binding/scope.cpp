#include "core/binding/scope.h"

#include <algorithm>
#include <utility>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

std::vector<std::string> SplitAtDots(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    parts.emplace_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  parts.emplace_back(text);
  return parts;
}

// What follows the word and its dot; empty where `name` does not begin with them.
std::string_view After(std::string_view word, std::string_view name) {
  if (word.empty() || !name.starts_with(word) || name.substr(word.size(), 1) != ".") return {};
  return name.substr(word.size() + 1);
}

}  // namespace

BindingScope::BindingScope(Binding* binding, Place place, const std::vector<std::string>& broken)
    : binding_(binding), place_(place), broken_(broken) {}

const Field& BindingScope::At(uint32_t field) const { return binding_->table.fields[field]; }

bool BindingScope::IsBroken(std::string_view name) const {
  std::string_view bare = After(binding_->entity, name).empty() ? name : After(binding_->entity, name);
  auto is_it = [&](const std::string& known) { return bare == known || !After(known, bare).empty(); };
  return std::any_of(broken_.begin(), broken_.end(), is_it);
}

// The longest field name that `name` begins with; what is left is a path into it. Columns may have dots in their names.
std::optional<Field> BindingScope::FindFrom(std::string_view name) {
  for (size_t end = name.size(); end != name.npos && end > 0; end = name.rfind('.', end - 1)) {
    const BoundField* bound = FindBoundField(*binding_, name.substr(0, end));
    if (bound == nullptr) continue;
    Field field = binding_->table.fields[static_cast<size_t>(bound - binding_->fields.data())];
    if (end < name.size()) field.path = SplitAtDots(name.substr(end + 1));
    return field;
  }
  return std::nullopt;
}

std::optional<Field> BindingScope::Find(std::string_view name, const std::string& path, Problems* problems) {
  std::optional<Field> field = FindFrom(name);
  if (std::string_view rest = After(binding_->entity, name); !field || !field->path.empty()) {
    // The entity in front wins over a json column that happens to be called like it.
    if (std::optional<Field> bare = rest.empty() ? std::nullopt : FindFrom(rest)) field = bare;
  }
  if (!field) return std::nullopt;
  if (place_ != Place::kConsent && place_ != Place::kReply && FindBoundField(*binding_, field->name)->column.empty()) {
    problems->Error(path, "\"" + field->name + "\" is a query: it is not known when the row is written",
                    "Conditions of a binding read the row's own columns.");
  } else if (!field->path.empty() && field->type.kind != TypeKind::kJson) {
    problems->Error(path, "\"" + field->name + "\" is " + TypeName(field->type) + ", there is nothing inside it to name");
  }
  return field;
}

// As in a definition, "old." in front means the row before the change; a json column of that name is reached by the entity in
// front.
std::optional<uint32_t> BindingScope::Resolve(std::string_view name, const std::string& path, Problems* problems) {
  std::string_view rest = FindBoundField(*binding_, name) == nullptr ? After("old", name) : std::string_view();
  if (IsBroken(rest.empty() ? name : rest)) return std::nullopt;
  size_t before = problems->list().size();
  std::optional<Field> field = Find(rest.empty() ? name : rest, path, problems);
  if (!field) ReportUnknown(name, path, problems);
  if (!field || problems->list().size() != before) return std::nullopt;
  uint32_t index = binding_->table.Intern(*std::move(field));
  return rest.empty() ? std::optional(index) : Old(index, path, problems);
}

std::optional<uint32_t> BindingScope::Old(uint32_t field, const std::string& path, Problems* problems) {
  Field old = At(field);
  if (place_ != Place::kEvent) {
    const std::string what = place_ == Place::kLive ? "\"live\"" : place_ == Place::kReply ? "\"auto_reply\"" : "\"allowed_when\"";
    problems->Error(path, what + " is a state of the row: there is no change to compare with", "Use the column as it is.");
    return std::nullopt;
  }
  if (old.scope == Scope::kOld) {
    problems->Error(path, "\"old." + old.name + "\" is already the row before the change");
    return std::nullopt;
  }
  old.scope = Scope::kOld;
  old.nullable = true;  // an inserted row has no before
  return binding_->table.Intern(std::move(old));
}

void BindingScope::ReportUnknown(std::string_view name, const std::string& path, Problems* problems) const {
  std::string_view bare = name;
  for (std::string_view word : {std::string_view("old"), std::string_view(binding_->entity)}) {
    if (std::string_view rest = After(word, bare); !rest.empty()) bare = rest;
  }
  std::string hint = NearestHint(bare, FieldNames(*binding_));
  if (hint.empty()) hint = "Conditions of a binding read the row's own columns.";
  problems->Error(path, "unknown field \"" + std::string(name) + "\"", hint);
}

}  // namespace workflow::attaching
