// Random programs of limited shape against random inputs. Whatever comes: no crash, what has ended stays as it is, `due` is set
// exactly where the phase has a timer, timers only count up, messages carry times that make sense, and `again` comes to an end. Now and then it goes
// to another random version: it moves whole, or stays just as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <tuple>

#include "core/enrollment/migrate.h"

namespace workflow {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), left_(size) {}
  bool empty() const { return left_ == 0; }
  template <typename T>
  T Take() {
    T value{};
    const size_t size = std::min(sizeof(T), left_);
    std::memcpy(&value, data_, size);
    data_ += size;
    left_ -= size;
    return value;
  }
  int64_t Below(uint32_t limit) { return Take<uint32_t>() % limit; }
  bool Flip() { return (Take<uint8_t>() & 1) != 0; }

 private:
  const uint8_t* data_;
  size_t left_;
};

// Half a year each, with a change of any size up to a day between them.
class HalvesZone final : public Zone {
 public:
  explicit HalvesZone(Bytes& bytes) {
    for (int32_t& offset : offsets_) offset = static_cast<int32_t>(bytes.Below(24 * 60) - 12 * 60) * 60;
  }
  int32_t OffsetAt(Instant at) const override { return offsets_[(at.us / (182 * kDay)) & 1]; }
  std::string name() const override { return "halves"; }

 private:
  int32_t offsets_[2] = {};
};

constexpr uint32_t kFields = 3;

Instant SaneInstant(Bytes& bytes) {
  return Instant{bytes.Below(100 * 366) * kDay + bytes.Below(1440) * kMinute + bytes.Below(3)};
}

Duration AnyDuration(Bytes& bytes) {
  return {bytes.Below(24'000) - 12'000, bytes.Below(730'000) - 365'000, (bytes.Below(20'000) - 10'000) * kMinute};
}

Duration ShortDuration(Bytes& bytes) { return {bytes.Below(3), bytes.Below(10), bytes.Below(100) * kMinute}; }

Condition AnyCondition(Bytes& bytes) {
  Condition condition;
  condition.root.field = static_cast<uint32_t>(bytes.Below(kFields));
  condition.root.op = bytes.Flip() ? Operator::kNull : Operator::kEqual;
  if (condition.root.op == Operator::kEqual) condition.root.values = {Value(bytes.Flip())};
  return condition;
}

Value AnyValue(Bytes& bytes) {
  switch (bytes.Below(8)) {
    case 0:
      return Value(Instant{bytes.Take<int64_t>()});
    case 1:
      return Value(LocalTime{bytes.Take<int64_t>()});
    case 2:
      return Value(Date{bytes.Take<int32_t>()});
    case 3:
      return Value(SaneInstant(bytes));
    case 4:
      return Value(FormatDate(Date{bytes.Take<int32_t>()}));
    case 5:
      return Value(bytes.Flip());
    case 6:
      return Value(std::numeric_limits<int64_t>::max());
    default:
      return {};
  }
}

PastRule AnyPastRule(Bytes& bytes) {
  PastRule rule{.policy = {}, .grace = ShortDuration(bytes)};
  if (bytes.Flip()) rule.policy = static_cast<IfPast>(bytes.Below(4));
  return rule;
}

WaitStep AnyWait(Bytes& bytes) {
  WaitStep wait;
  wait.kind = static_cast<WaitStep::Kind>(bytes.Below(5));
  wait.offset = bytes.Flip() ? ShortDuration(bytes) : AnyDuration(bytes);
  wait.field = static_cast<uint32_t>(bytes.Below(kFields + 1));  // one of them nobody gives
  if (bytes.Flip()) wait.at = ClockTime{static_cast<int32_t>(bytes.Below(1440))};
  wait.if_past = AnyPastRule(bytes);
  wait.on_null = bytes.Flip() ? OnNull::kExit : OnNull::kContinue;
  if (wait.kind == WaitStep::Kind::kUntilDate && bytes.Below(4) == 0) wait.days = static_cast<uint32_t>(bytes.Below(kFields));
  if (!wait.IsOpen()) return wait;
  wait.lookback = static_cast<Lookback>(bytes.Below(3));
  if (bytes.Flip()) wait.timeout = ShortDuration(bytes);
  if (wait.kind == WaitStep::Kind::kUntilCondition) {
    wait.condition = AnyCondition(bytes);
    wait.hourly = bytes.Flip();
  }
  return wait;
}

// Forward, as every compiled program is; or anywhere, which must be caught as an error.
struct Links {
  bool forward;
  int32_t size;
  int32_t From(int32_t index, Bytes& bytes) const {
    if (!forward) return static_cast<int32_t>(bytes.Below(static_cast<uint32_t>(size) + 3)) - 2;
    const int32_t next = index + 1 + static_cast<int32_t>(bytes.Below(3));
    return next < size ? next : kEndOfSteps;
  }
};

Step AnyStep(int32_t index, const Links& links, Bytes& bytes) {
  Step step;
  step.id = "s" + std::to_string(index);
  if (bytes.Below(4) == 0) step.filter = AnyCondition(bytes);
  step.next = links.From(index, bytes);
  switch (bytes.Below(10)) {
    case 7:
      step.body = SplitStep{{{"a", 1, false, links.From(index, bytes)}, {"b", 2, bytes.Flip(), links.From(index, bytes)}}};
      break;
    case 8:
      step.body = ApproveStep{};
      break;
    case 9:  // as a loop it is bounded by the core
      step.body = GotoStep{links.From(index, bytes)};
      break;
    case 0:
      step.body = BranchStep{{{"then", AnyCondition(bytes), links.From(index, bytes)}}, links.From(index, bytes)};
      break;
    case 1:
      step.body = SetStep{};
      break;
    case 2:
      step.body = TagStep{};
      break;
    case 3:
      step.body = StopStep{"why"};
      break;
    case 4:
      step.body = SendStep{};
      break;
    default:
      step.body = AnyWait(bytes);
      break;
  }
  return step;
}

Program AnyProgram(Bytes& bytes, const Links& links) {
  Program program;
  program.settings.retry_max = static_cast<int32_t>(bytes.Below(4));
  if (bytes.Flip()) program.settings.expires_after = ShortDuration(bytes);
  for (int64_t windows = bytes.Below(3); windows > 0; --windows) {
    const auto time = [&] { return ClockTime{static_cast<int32_t>(bytes.Below(1440))}; };
    program.settings.send_window.windows.push_back({static_cast<uint8_t>(bytes.Below(128)), time(), time()});
  }
  for (int32_t i = 0; i < links.size; ++i) program.steps.push_back(AnyStep(i, links, bytes));
  const auto listen = [&](Listener::Kind kind, int32_t index) {
    program.listeners.push_back({.kind = kind, .index = index, .on = "contact.updated", .entity = "contact", .filter = {}});
    return static_cast<int32_t>(program.listeners.size() - 1);
  };
  for (int32_t i = 0; i < links.size; ++i) {
    auto* wait = std::get_if<WaitStep>(&program.steps[static_cast<size_t>(i)].body);
    if (wait == nullptr || !wait->IsOpen()) continue;
    wait->on_timeout = links.From(i, bytes);
    if (wait->kind == WaitStep::Kind::kUntilEvent) wait->listener = listen(Listener::Kind::kWait, i);
  }
  for (int32_t i = 0; i < static_cast<int32_t>(bytes.Below(3)); ++i) {
    Goal goal{.id = "g" + std::to_string(i), .then = static_cast<GoalThen>(bytes.Below(3)), .enter_when_met = bytes.Flip()};
    if (bytes.Flip()) goal.condition = AnyCondition(bytes);
    else listen(Listener::Kind::kGoal, i);
    if (bytes.Flip()) goal.count_within = ShortDuration(bytes);
    program.goals.push_back(goal);
  }
  if (bytes.Below(4) == 0) program.settings.exits.push_back(AnyCondition(bytes));
  if (bytes.Below(4) == 0) listen(Listener::Kind::kResponse, 0);
  if (bytes.Below(4) == 0) listen(Listener::Kind::kLook, 0);
  return program;
}

bool Same(const State& a, const State& b) {
  return std::tie(a.phase, a.step, a.visit, a.attempts, a.timer, a.clock, a.due, a.reason) ==
         std::tie(b.phase, b.step, b.visit, b.attempts, b.timer, b.clock, b.due, b.reason);
}

void CheckEffects(const Decision& decision, const State& before, Instant now) {
  int32_t visit = before.visit;
  for (const Effect& effect : decision.effects) {
    const auto* send = std::get_if<SendEffect>(&effect);
    if (send == nullptr) continue;
    Require(send->visit > visit);  // no two messages share a key
    visit = send->visit;
    Require(send->due_at <= now);
    Require(!send->expires_at || *send->expires_at >= send->due_at);
  }
}

void Check(const Program& program, const State& before, const Input& input, const Decision& decision, Instant now) {
  const State& after = decision.state;
  const auto* wait = after.phase == Phase::kWaiting ? std::get_if<WaitStep>(&program.steps[static_cast<size_t>(after.step)].body) : nullptr;
  const bool may_last = after.phase == Phase::kApproval || (wait != nullptr && wait->IsOpen());  // for ever
  const bool has_timer = after.phase == Phase::kWaiting || after.phase == Phase::kWindow || after.phase == Phase::kRetry;
  Require(may_last || after.due.has_value() == has_timer);
  Require((after.phase == Phase::kEnded) == (after.reason != EndReason::kNone));
  Require(after.timer >= before.timer && after.visit >= before.visit);
  Require(!decision.again || after.phase == Phase::kReady);
  Require(after.phase != Phase::kWindow || *after.due > now || Same(before, after));
  // A version that allows fewer tries may have been taken on with more of them made.
  Require(after.attempts <= std::max(program.settings.retry_max, before.attempts) + 1);
  Require(decision.effects.size() <= (3 * program.steps.size() + 6) * (kGotosWithoutRestMax + 1) + 4 * program.goals.size());
  // Only an operator's retry wakes who has ended, and only who has ended by an error.
  const bool retried = input.kind == InputKind::kRetried && before.reason == EndReason::kError;
  if (before.phase == Phase::kEnded && !retried) Require(Same(before, after) && decision.effects.empty());
  CheckEffects(decision, before, now);
}

Input AnyInput(Bytes& bytes, const Program& program, const State& state) {
  Input input;
  input.kind = static_cast<InputKind>(bytes.Below(static_cast<uint32_t>(InputKind::kSuperseded) + 1));
  input.timer = bytes.Below(8) == 0 ? bytes.Take<int32_t>() : state.timer;
  input.paused_us = bytes.Take<int64_t>();
  input.jitter = bytes.Take<double>();
  input.delay_us = bytes.Below(1'000'000);
  input.approved = bytes.Flip();
  input.paused = bytes.Below(4) == 0;
  for (int64_t heard = program.listeners.empty() ? 0 : bytes.Below(3); heard > 0; --heard) {
    input.heard.push_back(static_cast<int32_t>(bytes.Below(static_cast<uint32_t>(program.listeners.size()))));
  }
  return input;
}

StepMapping AnyMapping(Bytes& bytes) {
  StepMapping mapping;
  for (int64_t left = bytes.Below(4); left > 0; --left) mapping["s" + std::to_string(bytes.Below(9))] = "s" + std::to_string(bytes.Below(9));
  return mapping;
}

void CheckMove(const Program& from, const Program& to, const State& before, const Migration& moved, Instant now) {
  const State& after = moved.state;
  if (!moved.problem.empty()) return Require(Same(before, after) && moved.to_step.empty());
  Require(before.phase != Phase::kEnded && after.phase == before.phase && after.clock == before.clock && after.visit == before.visit);
  Require(after.timer == before.timer ? after.due == before.due : !after.due || *after.due >= now);
  Require(from.steps[static_cast<size_t>(before.step)].id == moved.from_step && to.steps[static_cast<size_t>(after.step)].id == moved.to_step);
}

}  // namespace
}  // namespace workflow

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace workflow;
  Bytes bytes(data, size);
  const HalvesZone zone(bytes);
  const bool forward = bytes.Below(4) != 0;
  const Links links{forward, static_cast<int32_t>(bytes.Below(9))};
  Program program = AnyProgram(bytes, links);
  State state;
  state.clock = SaneInstant(bytes);
  Instant now = state.clock;
  Value values[kFields];
  const Value* facts[kFields] = {&values[0], &values[1], &values[2]};
  const bool backfill = bytes.Flip();
  Input input{.kind = InputKind::kStart};
  size_t turns = 0;
  for (int i = 0; i < 64 && (i == 0 || !bytes.empty()); ++i) {
    for (Value& value : values) {
      if (bytes.Flip()) value = AnyValue(bytes);
    }
    const Decision decision = Advance(program, state, input, {now, &zone, facts, backfill});
    Check(program, state, input, decision, now);
    turns = decision.again ? turns + 1 : 0;
    if (forward) Require(turns <= program.steps.size() + program.goals.size());
    state = decision.state;
    if (!decision.again && bytes.Below(8) == 0) {
      Program next = AnyProgram(bytes, links);
      const Migration moved = Migrate(program, next, state, AnyMapping(bytes), bytes.Flip() ? bytes.Take<int64_t>() : 0, {now, &zone, facts, backfill});
      CheckMove(program, next, state, moved, now);
      if (moved.problem.empty()) {
        state = moved.state;
        program = std::move(next);
      }
    }
    input = decision.again ? Input{.kind = InputKind::kAgain} : AnyInput(bytes, program, state);
    // Mostly a worker that comes when the timer is due; else any step forward.
    if (!decision.again) now.us += bytes.Below(10 * 1440) * kMinute;
    if (state.due && bytes.Flip() && *state.due > now && state.due->us < 200 * 366 * kDay) now = *state.due;
  }
  return 0;
}
