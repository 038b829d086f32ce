// What a program listens for besides its triggers, and how its enrollments may leave: goals, exits, responses. Part of program.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/duration.h"
#include "core/condition/condition.h"

namespace workflow {

// An event that a live enrollment is told of. Its filter sees the event's own row, the contact and the event, like a trigger's.
struct Listener {
  // kLook: what a condition of a wait, a goal or an exit reads of messages may have changed: they are looked at.
  enum class Kind : uint8_t { kWait, kGoal, kExit, kResponse, kLook };
  Kind kind = Kind::kWait;
  int32_t index = 0;    // of the step, the goal, the exit
  std::string on;
  std::string entity;   // of the row that makes the event; empty where none does
  std::optional<Condition> filter;
};

enum class GoalThen : uint8_t { kExit, kJump, kCount };

// By an event (`on`, a listener of the program) or by a condition (`if`).
struct Goal {
  std::string id = {};
  std::optional<Condition> condition = {};
  GoalThen then = GoalThen::kExit;
  std::optional<Duration> count_within = {};      // from entry; later it is reached without being counted
  std::optional<Duration> count_after_exit = {};  // after the end
  bool enter_when_met = false;               // met_at_entry
};

enum class ResponseScope : uint8_t { kOff, kEnrollment, kWorkflow, kAnyInbound };

struct ResponseRule {
  ResponseScope scope = ResponseScope::kOff;
  bool auto_replies = false;          // an automatic answer counts as well
  std::vector<std::string> channels;  // empty: all
};

enum class OnResume : uint8_t { kFreeze, kCatchUp, kRestartDelay, kDropOverdue };
std::optional<OnResume> ParseOnResume(const std::string& name);

struct SplitWay {
  std::string name;
  int32_t weight = 1;
  bool holdout = false;  // the control group: who takes it gets no messages from here on
  int32_t target = -1;
};
struct SplitStep { std::vector<SplitWay> paths; };

struct GotoStep { int32_t target = -1; };

}  // namespace workflow
