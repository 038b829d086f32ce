// The short form {"automated_action": {…}}: what it says, and the long form that it stands for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"

namespace workflow {

// Which of them a definition is; nullptr where it is written out.
const Json* AutomatedActionOf(const Json& definition);

// What of the attached tables the long form depends on.
struct ActionSurroundings {
  std::string tags = "tags";            // the contact's field that holds the tags
  bool declares_follow_up = false;      // the binding makes order.followup_delivery
  bool is_cancelled = false;            // the entity has an event "cancelled"
};

// Triggers, settings and steps. Members that are missing or wrong are left out: for people, and for the compiler, which has found what is wrong
// before. `places`: of each place of the long form the one in the short form from which it comes, the innermost last.
struct LongForm {
  Json definition;
  std::vector<std::pair<std::string, std::string>> places;
};
LongForm LongFormOf(const Json& definition, const ActionSurroundings& around = {});

// Steps of the long form that the compiler finishes.
inline constexpr const char* kActionMessage = "message";
inline constexpr const char* kActionWait = "wait";
inline constexpr const char* kActionReminder = "reminder";
inline constexpr const char* kActionReminderWait = "reminder_wait";

inline constexpr std::string_view kFollowUp = "order.followup_delivery";
inline constexpr std::string_view kReceived = "order.received";
inline constexpr std::string_view kEstimate = "order.estimated_delivery_at";
inline constexpr std::string_view kDefaultActionChannel = "whatsapp";

}  // namespace workflow
