#include "core/binding/bound_value.h"

namespace workflow {

Value BoundValue(const BoundField& field, Value column, const Zone* zone) {
  if (field.zone.empty() || column.is_null()) return column;
  if (zone == nullptr) return {};
  if (const auto* local = column.As<LocalTime>()) return Value(ToInstant(*local, *zone));
  if (const auto* date = column.As<Date>()) return Value(ToInstant(At(*date, field.at.value_or(ClockTime{})), *zone));
  return column;
}

}  // namespace workflow
