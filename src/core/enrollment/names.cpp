// The words by which states and decisions are stored and shown. They are part of the contract: tables and manual hold them.
#include <array>
#include <cstddef>

#include "core/enrollment/enrollment.h"

namespace workflow {
namespace {

constexpr std::array kPhaseNames = {"ready", "waiting", "window", "retry", "approval", "ended"};

constexpr std::array kReasonNames = {"",          "completed",      "goal",  "response", "removed",    "unsubscribed",
                                     "condition", "record_deleted", "error", "archived", "superseded", "merged",
                                     "stopped"};

constexpr std::array kRefusalNames = {
    "",         "already_live",       "reentry",  "cooldown",     "duplicate_event", "loop",         "paused",
    "archived", "unresolved_contact", "not_live", "no_entry_key", "filter",          "not_published", "goal_met"};

static_assert(kPhaseNames.size() == static_cast<size_t>(Phase::kEnded) + 1);
static_assert(kReasonNames.size() == static_cast<size_t>(EndReason::kStopped) + 1);
static_assert(kRefusalNames.size() == static_cast<size_t>(Refusal::kGoalMet) + 1);

// No name is the empty text: "nothing" is no word that could be read back.
template <typename Enum, typename Names>
std::optional<Enum> Parse(const Names& names, std::string_view name) {
  for (size_t i = 0; i < names.size() && !name.empty(); ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* EndReasonName(EndReason reason) { return kReasonNames[static_cast<size_t>(reason)]; }
std::optional<EndReason> ParseEndReason(std::string_view name) { return Parse<EndReason>(kReasonNames, name); }
const char* PhaseName(Phase phase) { return kPhaseNames[static_cast<size_t>(phase)]; }
std::optional<Phase> ParsePhase(std::string_view name) { return Parse<Phase>(kPhaseNames, name); }
const char* RefusalName(Refusal refusal) { return kRefusalNames[static_cast<size_t>(refusal)]; }

}  // namespace workflow
