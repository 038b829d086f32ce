// What definitions may name, given what is attached.
#pragma once

#include <vector>

#include "core/binding/binding.h"
#include "core/definition/catalog.h"

namespace workflow {

// One entity for each name. Of an entity with several tables a definition may name the fields that all of them have with the same type,
// and the events that any of them has.
std::vector<CatalogEntity> EntitiesOf(const std::vector<const Binding*>& bindings);

}  // namespace workflow
