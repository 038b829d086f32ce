// A program: one workflow version compiled. Immutable, self-contained, shared by capture (triggers only) and the round. Steps are
// flat: nesting of the document has become indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/value.h"
#include "core/calendar/civil.h"
#include "core/calendar/recurrence.h"
#include "core/calendar/window.h"
#include "core/condition/condition.h"
#include "core/condition/field.h"
#include "core/definition/actions.h"
#include "core/definition/flow.h"
#include "core/delivery/cap.h"
#include "core/message/template.h"

namespace workflow {

inline constexpr int32_t kEndOfSteps = -1;

// A date of the record that comes, perhaps again and again.
struct DateTrigger {
  uint32_t field = 0;
  Recurrence rule = {};
};

struct Trigger {
  std::string on = {};      // event name; "manual" enrolls by enroll() only; "date" and "schedule" are made by no event
  std::string entity = {};  // of the row that makes it ("order" of "order.paid"), or that is looked at; empty for events that no row makes
  std::optional<Condition> filter = {};
  int64_t settle_us = 0;    // the filter is asked about the committed row after so much quiet; 0: at once
  std::optional<DateTrigger> date = {};
  std::optional<Cron> schedule = {};
  std::string name = {};    // of date and schedule: tells it from the workflow's others, in each version that has it

  bool IsLook() const { return date || schedule; }
  bool IsRecurring() const { return schedule || (date && date->rule.every != Every::kOnce); }
};

enum class ZoneSource : uint8_t { kAccount, kContact, kNamed };
enum class Reentry : uint8_t { kNever, kAfterExit, kEveryEvent };
enum class Category : uint8_t { kTransactional, kInformational, kMarketing };  // in the order claims prefer them
enum class IfPast : uint8_t { kContinue, kNextDay, kSkip, kExit };
enum class OnNull : uint8_t { kExit, kContinue };

struct PastRule {
  std::optional<IfPast> policy;  // none: continue where late by at most `grace`, else skip
  Duration grace = {.days = 1};
};

enum class OnError : uint8_t { kExit, kSkip, kSuspend };

// How long a step that failed waits for its next try. One pause doubles; those of a list are taken in turn, the last again and again.
struct Backoff {
  std::vector<Duration> pauses;         // empty: from a minute to an hour
  bool is_list = false;
};

struct Settings {
  ZoneSource timezone = ZoneSource::kAccount;
  std::string zone_name;                // of kNamed
  SendWindow send_window;
  std::optional<Document> sender;
  std::vector<uint32_t> entry_key;      // fields whose values make the key; empty: see entry_entity
  bool by_line = false;                 // one enrollment for each product of the row's lines; `entry_entity` is the row's
  std::string entry_entity = "contact"; // "contact" or the entity whose row key is the entry key
  Reentry reentry = Reentry::kNever;
  std::optional<Duration> cooldown;
  bool mark_as_read = false;
  Category category = Category::kMarketing;
  PastRule if_past;
  std::optional<Duration> expires_after;
  int32_t retry_max = 5;                // on_error.retry
  Backoff backoff;
  OnError on_error = OnError::kExit;    // on_error.then: after the last try
  bool exit_on_unsubscribe = true;
  std::vector<Condition> exits;         // those by an event are listeners
  std::string exclusive_group;
  bool restart = false;                 // while_live
  ResponseRule response;                // stop_on_response
  std::vector<FrequencyCap> caps;       // frequency_cap
  bool reentry_after_response = false;
  OnResume on_resume = OnResume::kFreeze;
};

enum class Lookback : uint8_t { kSinceEntry, kSinceStep, kNone };

// A goal step is a wait for a goal.
struct WaitStep {
  enum class Kind : uint8_t { kFor, kUntilDate, kUntilTime, kUntilEvent, kUntilCondition, kUntilGoal };
  Kind kind = Kind::kFor;
  Duration offset;                      // of kFor; of kUntilDate after the field's value (may be negative)
  uint32_t field = 0;                   // of kUntilDate
  std::optional<uint32_t> days;         // of kUntilDate: a field whose number of days is added as well
  bool daily = false;                   // no event tells of all that its end goes by: it is looked at again each day
  int32_t rewind = kEndOfSteps;         // of kUntilDate: where it goes back to when its end moves
  std::optional<ClockTime> at;          // required for kUntilTime
  PastRule if_past;                     // the step's own, else the workflow's
  OnNull on_null = OnNull::kExit;
  // Of the kinds that wait for something to happen:
  int32_t listener = -1;                // of kUntilEvent: index into the program's listeners
  Lookback lookback = Lookback::kSinceEntry;
  std::optional<Condition> condition;   // of kUntilCondition
  bool hourly = false;                  // no event tells of all that `condition` reads
  int32_t goal = -1;                    // of kUntilGoal
  std::optional<Duration> timeout;      // none: for ever
  int32_t on_timeout = kEndOfSteps;     // where it goes on then

  bool IsOpen() const { return kind >= Kind::kUntilEvent; }
};

struct Branch { std::string name; Condition condition; int32_t target = kEndOfSteps; };
struct BranchStep { std::vector<Branch> branches; int32_t otherwise = kEndOfSteps; };  // an `if` has one branch named "then"

struct TagStep { std::string entity; std::vector<std::string> add, remove; };
struct StopStep { std::string reason; };

struct Step {
  std::string id;
  std::string path;                     // JSON Pointer in the definition
  std::optional<Condition> filter;      // `if` on a step that is no `if`: not true, the step is passed over
  int32_t next = kEndOfSteps;
  std::variant<SendStep, WaitStep, BranchStep, SetStep, TagStep, StopStep, NotifyStep, WebhookStep, CreateStep, CopyStep, TaskStep, AssignStep,
               ApproveStep, CallStep, EmitStep, EnrollStep, UnenrollStep, SubscribeStep, SplitStep, GotoStep>
      body;
};

const char* StepTypeName(const Step& step);  // "send", "wait", "branch" (an `if` too), …

struct Program {
  std::string description;
  std::vector<Trigger> triggers;
  Settings settings;
  FieldTable table;                     // all fields of all conditions, waits and entry keys
  std::vector<Goal> goals;
  std::vector<Listener> listeners;
  std::vector<uint32_t> watched;        // fields that waits, exits and goals read: a live enrollment is told when one changes
  std::vector<Step> steps;              // entry at 0
  bool has_results = false;             // some step leaves a result: step.<id>.<path>
  // Entities whose rows templates and steps read, with the names read ("contact" -> "first_name"): what a round must fetch besides
  // `table`. Stored templates are not among them: they may change after publishing.
  std::vector<std::string> references;  // dotted names, sorted
  int32_t StepIndex(std::string_view id) const;  // kEndOfSteps where there is none
  int32_t GoalIndex(std::string_view id) const;  // -1 where there is none
  bool HasCode() const;  // of its author's: {"sql"} in a condition or a value, or a function that it calls
};

}  // namespace workflow
