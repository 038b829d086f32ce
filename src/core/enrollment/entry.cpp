// Whether an event may enroll a contact.
#include <algorithm>

#include "core/enrollment/enrollment.h"

namespace workflow {
namespace {

Refusal ByStatus(WorkflowStatus status) {
  switch (status) {
    case WorkflowStatus::kPublished:
      return Refusal::kNone;
    case WorkflowStatus::kDraft:
      return Refusal::kNotPublished;
    case WorkflowStatus::kPaused:
      return Refusal::kPaused;
    case WorkflowStatus::kArchived:
      return Refusal::kArchived;
  }
  return Refusal::kNotPublished;
}

bool PassesFilter(const EntryCase& entry, const Surroundings& around) {
  if (entry.trigger == nullptr || !entry.trigger->filter) return true;
  return Evaluate(*entry.trigger->filter, around.facts, around.now, around.zone) == Outcome::kTrue;
}

// The matrix of semantics 4: the reason the last enrollment ended for, by the setting. A reason that retention has removed
// (kNone) bars nobody.
bool MayReenter(const Settings& settings, EndReason last) {
  const Reentry reentry = settings.reentry;
  if (reentry == Reentry::kNever) return false;
  switch (last) {
    case EndReason::kMerged:
    case EndReason::kRecordDeleted:
      return false;  // there is nobody left who could come again
    case EndReason::kResponse:
      return reentry == Reentry::kEveryEvent || settings.reentry_after_response;
    case EndReason::kNone:
    case EndReason::kCompleted:
    case EndReason::kGoal:
    case EndReason::kRemoved:
    case EndReason::kUnsubscribed:
    case EndReason::kCondition:
    case EndReason::kError:
    case EndReason::kArchived:
    case EndReason::kSuperseded:
    case EndReason::kStopped:
      return true;
  }
  return false;
}

// Calendar units count in the enrollment's zone, as in a wait.
bool IsCoolingDown(const Settings& settings, const EntryCase& entry, const Surroundings& around) {
  if (!settings.cooldown || !entry.last_ended_at) return false;
  return around.now < Add(*entry.last_ended_at, *settings.cooldown, *around.zone);
}

// What is reached already needs no workflow.
bool IsGoalMet(const Program& program, const Surroundings& around) {
  return std::any_of(program.goals.begin(), program.goals.end(), [&](const Goal& goal) {
    return goal.condition && !goal.enter_when_met && Evaluate(*goal.condition, around.facts, around.now, around.zone) == Outcome::kTrue;
  });
}

}  // namespace

int64_t ParkedPauseUs(int32_t tries) {
  const int32_t doublings = std::clamp(tries - 1, 0, 6);
  return std::min(kMinute << doublings, kHour);
}

Refusal DecideEntry(const Program& program, const EntryCase& entry, const Surroundings& surroundings) {
  const Settings& settings = program.settings;
  if (const Refusal status = ByStatus(entry.status); status != Refusal::kNone) return status;
  if (!entry.contact_found) return Refusal::kUnresolvedContact;
  if (!entry.contact_live || !entry.row_live) return Refusal::kNotLive;
  if (!PassesFilter(entry, surroundings)) return Refusal::kFilter;
  if (entry.event_seen) return Refusal::kDuplicateEvent;
  if (!entry.entry_key) return Refusal::kNoEntryKey;
  if (entry.depth > kChainDepthMax || entry.in_chain || entry.recent_entries >= kEntriesPerHourMax) return Refusal::kLoop;
  if (IsGoalMet(program, surroundings)) return Refusal::kGoalMet;
  if (entry.live) return settings.restart ? Refusal::kNone : Refusal::kAlreadyLive;
  if (entry.entries > 0 && !MayReenter(settings, entry.last_reason)) return Refusal::kReentry;
  if (entry.entries > 0 && IsCoolingDown(settings, entry, surroundings)) return Refusal::kCooldown;
  return Refusal::kNone;
}

}  // namespace workflow
