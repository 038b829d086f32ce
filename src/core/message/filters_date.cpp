// date: "%d %B %Y", in the zone of the context or of the second argument.
#include "core/message/filters.h"
#include "core/message/moment.h"

namespace workflow::liquid {

namespace {

Result<Item> FormatDate(const Call& call) {
  if (call.input.is_nil() || call.Argument(0).is_nil()) return call.input;
  const Zone* zone = call.context.zone;
  if (call.Has(1) && !call.Argument(1).is_nil()) {
    const std::string name = call.Text(1);
    zone = call.context.zones ? call.context.zones->Find(name) : nullptr;
    if (!zone) return Failure{"unknown time zone \"" + name + "\"", "A time zone is named as in \"Asia/Jakarta\"."};
  }
  const auto moment = ReadMoment(call.input, call.context.now, *zone);
  const std::string format = call.Text(0);
  if (!moment || format.empty()) return call.input;  // what is no date is shown as it is
  return Item::String(FormatMoment(*moment, format, &call.budget));
}

constexpr FilterSpec kDateFilters[] = {{"date", FormatDate, 1, 2}};

}  // namespace

std::span<const FilterSpec> DateFilters() { return kDateFilters; }

}  // namespace workflow::liquid
