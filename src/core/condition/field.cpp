#include "core/condition/field.h"

#include "core/condition/condition.h"

namespace workflow {

uint32_t FieldTable::Intern(Field field) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const Field& known = fields[i];
    if (known.scope == field.scope && known.entity == field.entity && known.name == field.name && known.path == field.path) {
      return static_cast<uint32_t>(i);
    }
  }
  fields.push_back(std::move(field));
  return static_cast<uint32_t>(fields.size() - 1);
}

std::optional<uint32_t> FieldScope::Defer(DeferredRule) { return {}; }

}  // namespace workflow
