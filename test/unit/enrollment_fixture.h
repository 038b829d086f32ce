// Programs built by hand, and a journey: one enrollment that is led through its program the way a round does it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/enrollment/enrollment.h"

namespace workflow::journey {

inline Instant Utc(std::string_view text) {
  const auto at = ParseInstant(text);
  EXPECT_TRUE(at) << text;
  return at.value_or(Instant{});
}

inline Instant In(const Zone& zone, std::string_view text) {
  const auto local = ParseLocalTime(text);
  EXPECT_TRUE(local) << text;
  return ToInstant(local.value_or(LocalTime{}), zone);
}

inline std::string Shown(Instant at, const Zone& zone) { return FormatLocalTime(ToLocal(at, zone)); }
inline ClockTime Clock(std::string_view text) { return ParseClockTime(text).value(); }
inline Instant Plus(Instant at, int64_t us) { return Instant{at.us + us}; }

// The field is a boolean, and true.
inline Condition Holds(uint32_t field) {
  Condition condition;
  condition.root.field = field;
  condition.root.values = {Value(true)};
  return condition;
}

template <typename Body>
Step MakeStep(std::string id, Body body) {
  Step step;
  step.id = std::move(id);
  step.body = std::move(body);
  return step;
}

inline Step Send(std::string id) { return MakeStep(std::move(id), SendStep{}); }
inline Step Stop(std::string reason) { return MakeStep("stop", StopStep{std::move(reason)}); }
inline Step Tag(std::string id) { return MakeStep(std::move(id), TagStep{"contact", {"lead"}, {}}); }
inline Step SetColumn(std::string id) { return MakeStep(std::move(id), SetStep{}); }

inline Step Approve(std::string id, Duration timeout) {
  ApproveStep approve;
  approve.timeout = timeout;
  return MakeStep(std::move(id), std::move(approve));
}

inline Step WaitFor(std::string id, Duration duration, std::string_view at = {}, PastRule past = {}) {
  WaitStep wait;
  wait.offset = duration;
  if (!at.empty()) wait.at = Clock(at);
  wait.if_past = past;
  return MakeStep(std::move(id), std::move(wait));
}

inline Step UntilTime(std::string id, std::string_view at, PastRule past = {}) {
  Step step = WaitFor(std::move(id), {}, at, past);
  std::get<WaitStep>(step.body).kind = WaitStep::Kind::kUntilTime;
  return step;
}

// Waits for the listener of that index; how long is the caller's to add.
inline Step UntilEvent(std::string id, int32_t listener, std::optional<Duration> timeout, Lookback lookback = Lookback::kSinceEntry) {
  WaitStep wait;
  wait.kind = WaitStep::Kind::kUntilEvent;
  wait.listener = listener;
  wait.timeout = timeout;
  wait.lookback = lookback;
  return MakeStep(std::move(id), std::move(wait));
}

inline Step Until(std::string id, Condition condition, std::optional<Duration> timeout, bool hourly = false) {
  WaitStep wait;
  wait.kind = WaitStep::Kind::kUntilCondition;
  wait.condition = std::move(condition);
  wait.timeout = timeout;
  wait.hourly = hourly;
  return MakeStep(std::move(id), std::move(wait));
}

inline Step UntilGoal(std::string id, int32_t goal, std::optional<Duration> timeout) {
  WaitStep wait;
  wait.kind = WaitStep::Kind::kUntilGoal;
  wait.goal = goal;
  wait.timeout = timeout;
  return MakeStep(std::move(id), std::move(wait));
}

inline Step Goto(std::string id, int32_t target) { return MakeStep(std::move(id), GotoStep{target}); }

inline Listener Listens(Listener::Kind kind, int32_t index, std::string on) { return {kind, index, std::move(on), {}, {}}; }

inline Step UntilDate(std::string id, uint32_t field, Duration offset = {}, std::string_view at = {}, PastRule past = {}) {
  Step step = WaitFor(std::move(id), offset, at, past);
  auto& wait = std::get<WaitStep>(step.body);
  wait.kind = WaitStep::Kind::kUntilDate;
  wait.field = field;
  return step;
}

inline Step If(std::string id, uint32_t field, int32_t then, int32_t otherwise) {
  BranchStep branch;
  branch.branches.push_back({"then", Holds(field), then});
  branch.otherwise = otherwise;
  return MakeStep(std::move(id), std::move(branch));
}

inline Step Filtered(Step step, uint32_t field) {
  step.filter = Holds(field);
  return step;
}

// Each step leads to the one after it.
inline Program Chain(std::vector<Step> steps) {
  Program program;
  for (size_t i = 0; i + 1 < steps.size(); ++i) steps[i].next = static_cast<int32_t>(i) + 1;
  program.steps = std::move(steps);
  return program;
}

inline Window WeekdaysFrom(std::string_view from, std::string_view to) { return {0x1f, Clock(from), Clock(to)}; }

class Journey {
 public:
  Journey(Program the_program, const Zone& zone) : program(std::move(the_program)), zone_(zone) {}

  void Start(Instant event, Instant now) {
    state.clock = event;
    entered_at = now;
    Give({.kind = InputKind::kStart}, now);
  }
  void Start(Instant event) { Start(event, event); }
  void Fire(Instant now) { Give({.kind = InputKind::kTimer, .timer = state.timer}, now); }
  void Change(Instant now) { Give({.kind = InputKind::kRecordChanged}, now); }
  void Tell(std::vector<int32_t> listeners, Instant at, Instant now, bool paused = false) {
    Give({.kind = InputKind::kHeard, .heard = std::move(listeners), .heard_at = at, .event = "e", .paused = paused}, now);
  }
  void Tell(std::vector<int32_t> listeners, Instant now) { Tell(std::move(listeners), now, now); }
  void Fail(Instant now, double jitter = 0.5) { Give({.kind = InputKind::kFailed, .jitter = jitter, .detail = "boom"}, now); }

  // The input, and as many kAgain as the decisions ask for.
  void Give(const Input& input, Instant now) {
    Input next = input;
    for (int turn = 0;; ++turn) {
      ASSERT_LE(turn, 1000) << "it asks for another turn for ever";
      const Decision decision = Decide(next, now);
      state = decision.state;
      for (const Effect& effect : decision.effects) Note(effect);
      if (!decision.again) return;
      next = {.kind = InputKind::kAgain};
    }
  }

  Decision Decide(const Input& input, Instant now) const {
    std::vector<const Value*> facts;
    for (const Value& value : values) facts.push_back(&value);
    Surroundings around{now, &zone_, facts, backfill, entered_at, identity};
    around.consent = consent ? &*consent : nullptr;
    around.consent_unknown = consent_unknown;
    return Advance(program, state, input, around);
  }

  // A worker that is always on time.
  void RunTo(Instant end) {
    for (int turn = 0; state.due && *state.due <= end; ++turn) {
      ASSERT_LT(turn, 1000);
      Fire(*state.due);
    }
  }

  std::string due() const { return state.due ? Shown(*state.due, zone_) : "none"; }
  std::string reason() const { return EndReasonName(state.reason); }
  const std::string& StepId() const { return program.steps.at(static_cast<size_t>(state.step)).id; }
  const std::string& SentId(size_t i) const { return program.steps.at(static_cast<size_t>(sent.at(i).step)).id; }

  Program program;
  State state;
  std::vector<Value> values;  // by field
  bool backfill = false;
  std::optional<ConsentFacts> consent;
  bool consent_unknown = false;
  Instant entered_at = {};
  std::string identity = {};
  std::vector<GoalEffect> goals;
  std::vector<SendEffect> sent;
  std::vector<std::string> words;           // of the history
  std::vector<std::string> details;         // beside them
  std::function<void()> on_change = [] {};  // what a set or tag does to the values

 private:
  void Note(const Effect& effect) {
    if (const auto* message = std::get_if<SendEffect>(&effect)) sent.push_back(*message);
    if (std::holds_alternative<SetEffect>(effect) || std::holds_alternative<TagEffect>(effect)) on_change();
    if (const auto* goal = std::get_if<GoalEffect>(&effect)) goals.push_back(*goal);
    if (const auto* trace = std::get_if<TraceEffect>(&effect)) {
      words.push_back(trace->what);
      details.push_back(trace->detail);
    }
  }

  const Zone& zone_;
};

using Words = std::vector<std::string>;

}  // namespace workflow::journey
