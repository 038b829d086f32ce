#include "core/enrollment/flip.h"

#include <algorithm>

#include "core/calendar/civil.h"
#include "core/enrollment/wait.h"

namespace workflow::enrollment {
namespace {

class FlipFinder {
 public:
  explicit FlipFinder(const Surroundings& around) : around_(around) {}

  std::optional<Instant> Of(const ConditionNode& node) {
    for (const ConditionNode& child : node.children) Of(child);
    if (node.duration && node.field < around_.facts.size() && around_.facts[node.field] != nullptr) {
      Age(*around_.facts[node.field], *node.duration);
    }
    return found_;
  }

 private:
  // It becomes "within" when now reaches it, and "older" right after its duration.
  void Age(const Value& value, const Duration& duration) {
    if (const auto* at = value.As<Instant>(); at != nullptr && IsInReach(at->us)) {
      FromInstant(*at, duration);
    } else if (const auto* local = value.As<LocalTime>(); local != nullptr && IsInReach(local->us)) {
      FromInstant(ToInstant(*local, *around_.zone), duration);
    } else if (const auto* date = value.As<Date>(); date != nullptr && IsInReach(At(*date, {}).us)) {
      Consider(ToInstant(At(*date, {}), *around_.zone));
      const Date last{static_cast<int32_t>(AddMonths(*date, duration.months).days + duration.days)};
      for (int32_t day = 0; day <= 4; ++day) Consider(ToInstant(At(Date{last.days + day}, {}), *around_.zone));
    } else if (const auto* text = value.As<std::string>()) {
      if (const auto instant = ParseInstant(*text)) FromInstant(*instant, duration);
    }
  }

  // A month forwards is not always the way of a month backwards, and a day is not always as long: so it is looked at around the end, too.
  void FromInstant(Instant at, const Duration& duration) {
    Consider(at);
    const Instant end = Add(at, duration, *around_.zone);
    Consider(Instant{end.us + 1});
    if (duration.months == 0 && duration.days == 0) return;
    // A month's end that is shorter is caught up with at a midnight.
    const LocalTime local = ToLocal(end, *around_.zone);
    for (int32_t day = 1; day <= 4; ++day) Consider(ToInstant(At(Date{DateOf(local).days + day}, {}), *around_.zone));
    for (const int64_t slack : {-kHour, kHour, kDay, 2 * kDay, 3 * kDay, 4 * kDay}) Consider(Instant{end.us + slack + 1});
  }

  void Consider(Instant at) {
    if (at > around_.now && (!found_ || at < *found_)) found_ = at;
  }

  const Surroundings& around_;
  std::optional<Instant> found_;
};

}  // namespace

std::optional<Instant> NextFlip(const Condition& condition, const Surroundings& around) { return FlipFinder(around).Of(condition.root); }

}  // namespace workflow::enrollment
