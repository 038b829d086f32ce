// A column's value as the binding means it.
#pragma once

#include "core/binding/binding.h"
#include "core/calendar/zone.h"

namespace workflow {

// A date or a timestamp that is declared to mean an instant is that instant in `zone`, the field's own; null where that is not known.
// Every other value is as it is.
Value BoundValue(const BoundField& field, Value column, const Zone* zone);

}  // namespace workflow
