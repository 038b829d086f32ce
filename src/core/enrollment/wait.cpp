#include "core/enrollment/wait.h"

#include <algorithm>

#include "core/calendar/recurrence.h"

namespace workflow::enrollment {
namespace {

constexpr int64_t kYearOne = -62'135'596'800 * kSecond;    // 0001-01-01 00:00
constexpr int64_t kYear10000 = 253'402'300'800 * kSecond;  // 10000-01-01 00:00

Date PlusDays(Date date, int64_t days) { return Date{static_cast<int32_t>(date.days + days)}; }

// A civil time moves on the civil calendar and becomes an instant at the place it moved to: a midnight that its own day does not
// have is not carried over to another day.
Instant ShiftLocal(LocalTime local, const Duration& offset, const Zone& zone) {
  const Date date = DateOf(local);
  const int64_t time_of_day = local.us - date.days * kDay;
  const Date moved = PlusDays(AddMonths(date, offset.months), offset.days);
  return Instant{ToInstant(LocalTime{moved.days * kDay + time_of_day}, zone).us + offset.us};
}

std::optional<Instant> DateEnd(const Value& value, const WaitStep& wait, const Duration& offset, const Zone& zone) {
  std::optional<Instant> end;
  if (const auto* instant = value.As<Instant>(); instant != nullptr && IsInReach(instant->us)) {
    end = Add(*instant, offset, zone);
  } else if (const auto* local = value.As<LocalTime>(); local != nullptr && IsInReach(local->us)) {
    end = ShiftLocal(*local, offset, zone);
  } else if (const auto* date = value.As<Date>(); date != nullptr && IsInReach(At(*date, {}).us)) {
    end = ShiftLocal(At(*date, wait.at.value_or(ClockTime{})), offset, zone);
  }
  if (end && wait.at) end = AtClock(*end, *wait.at, zone);
  return end;
}

// A number of days that somebody might mean; what goes further than a century is none.
std::optional<int64_t> DaysOf(const Value* value) {
  constexpr int64_t kMost = 36'525;
  if (value == nullptr) return std::nullopt;
  std::optional<Decimal> number;
  if (const auto* integer = value->As<int64_t>()) number = Decimal(*integer);
  else if (const auto* decimal = value->As<Decimal>()) number = *decimal;
  else if (const auto* text = value->As<std::string>()) number = Decimal::Parse(*text);
  if (number) number = Decimal::Parse(number->ToFixed(0));
  const std::optional<int64_t> days = number ? number->ToInteger() : std::nullopt;
  return days && *days >= -kMost && *days <= kMost ? days : std::nullopt;
}

std::optional<Instant> FieldEnd(const WaitStep& wait, const Surroundings& around) {
  const auto fact = [&](uint32_t field) { return field < around.facts.size() ? around.facts[field] : nullptr; };
  const Value* value = fact(wait.field);
  if (value == nullptr) return std::nullopt;
  Duration offset = wait.offset;
  if (wait.days) {
    const std::optional<int64_t> days = DaysOf(fact(*wait.days));
    if (!days) return std::nullopt;
    offset.days += *days;
  }
  // Fields inside json have no type of their own.
  const auto* text = value->As<std::string>();
  return DateEnd(text != nullptr ? MomentFromText(*text) : *value, wait, offset, *around.zone);
}

// The first `time` at or after `from`. A time that autumn repeats counts at its first occurrence only.
Instant NextClock(ClockTime time, Instant from, const Zone& zone) {
  const Instant today = AtClock(from, time, zone);
  return today >= from ? today : NextDayAt(time, from, zone);
}

}  // namespace

bool IsInReach(int64_t us) { return us >= kYearOne && us < kYear10000; }

std::optional<Instant> WaitEnd(const WaitStep& wait, Instant clock, const Surroundings& around) {
  switch (wait.kind) {
    case WaitStep::Kind::kFor: {
      const Instant reached = Add(clock, wait.offset, *around.zone);
      return wait.at ? AtClock(reached, *wait.at, *around.zone) : reached;
    }
    case WaitStep::Kind::kUntilTime:
      return NextClock(wait.at.value_or(ClockTime{}), clock, *around.zone);
    case WaitStep::Kind::kUntilDate:
      return FieldEnd(wait, around);
    case WaitStep::Kind::kUntilEvent:
    case WaitStep::Kind::kUntilCondition:
    case WaitStep::Kind::kUntilGoal:
      break;  // an open wait has no end of its own
  }
  return std::nullopt;
}

IfPast PastPolicy(const WaitStep& wait, Instant target, const Surroundings& around) {
  const PastRule& rule = wait.if_past;
  if (rule.policy == IfPast::kNextDay && !wait.at) return IfPast::kContinue;
  if (rule.policy) return *rule.policy;
  const bool forgiven = !around.backfill && around.now <= Add(target, rule.grace, *around.zone);
  return forgiven ? IfPast::kContinue : IfPast::kSkip;
}

Instant NextDayAt(ClockTime time, Instant now, const Zone& zone) {
  return ToInstant(At(PlusDays(DateOf(ToLocal(now, zone)), 1), time), zone);
}

Instant NextLook(const WaitStep& wait, Instant now, const Zone& zone) {
  if (!wait.at) return Instant{now.us + kDay};
  const Instant today = AtClock(now, *wait.at, zone);
  return today > now ? today : NextDayAt(*wait.at, now, zone);
}

Instant Postponed(const WaitStep& wait, Instant due, int64_t paused_us, const Zone& zone) {
  const int64_t room = std::max<int64_t>(kYear10000 - due.us, 0);
  const Instant moved{due.us + std::clamp<int64_t>(paused_us, 0, room)};
  return wait.at ? AtClock(moved, *wait.at, zone) : moved;
}

}  // namespace workflow::enrollment
