#include "core/calendar/window.h"

#include <algorithm>

#include "core/base/iso.h"

namespace workflow {
namespace {

constexpr int kDaysAhead = 400;

// The instants at which `window` opens and closes where it begins on `date`. Both follow the rule for skipped and repeated local
// times, so a window that a spring change swallows whole is empty, and one that autumn repeats is not opened twice.
struct Span {
  Instant open;
  Instant close;
};

Span SpanOn(const Window& window, Date date, const Zone& zone) {
  Date last = window.to <= window.from ? Date{date.days + 1} : date;
  return {ToInstant(At(date, window.from), zone), ToInstant(At(last, window.to), zone)};
}

}  // namespace

std::optional<Instant> NextOpen(const SendWindow& window, Instant at, const Zone& zone) {
  if (window.windows.empty() || iso::IsInfinite(at)) return at;
  int64_t today = DateOf(ToLocal(at, zone)).days;
  // From two days back: a window runs up to a day into the next, and a zone may skip a whole day.
  for (int64_t day = today - 2; day <= today + kDaysAhead; ++day) {
    Date date{static_cast<int32_t>(day)};
    if (std::find(window.except.begin(), window.except.end(), date) != window.except.end()) continue;
    std::optional<Instant> first;
    for (const Window& each : window.windows) {
      if ((each.days >> Weekday(date) & 1) == 0) continue;
      Span span = SpanOn(each, date, zone);
      if (at >= span.close || span.open >= span.close) continue;
      Instant open = std::max(at, span.open);
      if (!first || open < *first) first = open;
    }
    // What begins on a later day opens no earlier.
    if (first) return first;
  }
  return {};
}

}  // namespace workflow
