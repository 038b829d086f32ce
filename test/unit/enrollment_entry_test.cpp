#include <gtest/gtest.h>

#include <set>

#include "enrollment_fixture.h"
#include "iana_zone.h"

namespace workflow::journey {
namespace {

const UtcZone kUtc;
const Instant kNoon = Utc("2025-06-02T12:00:00Z");

class EnrollmentEntry : public ::testing::Test {
 protected:
  EnrollmentEntry() { entry_.entry_key = "17"; }

  std::string Decide(const Zone& zone = kUtc) const {
    std::vector<const Value*> facts;
    for (const Value& value : values_) facts.push_back(&value);
    return RefusalName(DecideEntry(program_, entry_, {kNoon, &zone, facts}));
  }
  void EndedBefore(EndReason reason, Instant at) {
    entry_.entries = 1;
    entry_.last_reason = reason;
    entry_.last_ended_at = at;
  }

  Program program_;
  Trigger trigger_;
  EntryCase entry_;
  std::vector<Value> values_;
};

TEST_F(EnrollmentEntry, NothingSpeaksAgainstTheFirst) { EXPECT_EQ(Decide(), ""); }

// semantics 1, 11: only a published workflow lets in.
TEST_F(EnrollmentEntry, Semantics11_OnlyAPublishedWorkflowLetsIn) {
  const std::pair<WorkflowStatus, std::string> cases[] = {{WorkflowStatus::kDraft, "not_published"},
                                                          {WorkflowStatus::kPaused, "paused"},
                                                          {WorkflowStatus::kArchived, "archived"},
                                                          {WorkflowStatus::kPublished, ""}};
  for (const auto& [status, refusal] : cases) {
    entry_.status = status;
    EXPECT_EQ(Decide(), refusal);
  }
}

// semantics 5: each refusal has its own word, and the first rule in order gives it.
TEST_F(EnrollmentEntry, Semantics5_TheFirstRuleThatRefusesGivesTheReason) {
  trigger_.filter = Holds(0);
  values_ = {Value(false)};
  program_.settings.reentry = Reentry::kNever;
  program_.settings.cooldown = Duration{.days = 1};
  entry_ = {.status = WorkflowStatus::kPaused,
            .trigger = &trigger_,
            .contact_found = false,
            .contact_live = false,
            .row_live = false,
            .entry_key = {},
            .event_seen = true,
            .depth = 17,
            .entries = 1,
            .live = true,
            .last_reason = EndReason::kCompleted,
            .last_ended_at = kNoon};
  EXPECT_EQ(Decide(), "paused");
  entry_.status = WorkflowStatus::kPublished;
  EXPECT_EQ(Decide(), "unresolved_contact");
  entry_.contact_found = true;
  EXPECT_EQ(Decide(), "not_live");
  entry_.contact_live = true;
  EXPECT_EQ(Decide(), "not_live") << "the row that made the event counts as well";
  entry_.row_live = true;
  EXPECT_EQ(Decide(), "filter");
  values_ = {Value(true)};
  EXPECT_EQ(Decide(), "duplicate_event");
  entry_.event_seen = false;
  EXPECT_EQ(Decide(), "no_entry_key");
  entry_.entry_key = "17";
  EXPECT_EQ(Decide(), "loop");
  entry_.depth = 16;
  EXPECT_EQ(Decide(), "already_live");
  entry_.live = false;
  EXPECT_EQ(Decide(), "reentry");
  program_.settings.reentry = Reentry::kAfterExit;
  EXPECT_EQ(Decide(), "cooldown");
  program_.settings.cooldown.reset();
  EXPECT_EQ(Decide(), "");
}

// semantics 1: the filter must be true; null is not. Without a trigger (enroll()) there is no filter.
TEST_F(EnrollmentEntry, Semantics1_TheFilterMustBeTrue) {
  trigger_.filter = Holds(0);
  entry_.trigger = &trigger_;
  for (const auto& [value, refusal] : {std::pair{Value(true), ""}, {Value(false), "filter"}, {Value(), "filter"}}) {
    values_ = {value};
    EXPECT_EQ(Decide(), refusal);
  }
  entry_.trigger = nullptr;
  EXPECT_EQ(Decide(), "");
}

// semantics 3: an event id enters a workflow once, also after its enrollment ended.
TEST_F(EnrollmentEntry, Semantics3_AnEventEntersOnce) {
  program_.settings.reentry = Reentry::kEveryEvent;
  EndedBefore(EndReason::kCompleted, kNoon);
  EXPECT_EQ(Decide(), "");
  entry_.event_seen = true;
  EXPECT_EQ(Decide(), "duplicate_event");
}

// semantics 4: one live enrollment per key, whatever `reentry` says.
TEST_F(EnrollmentEntry, Semantics4_OneLiveEnrollmentPerKey) {
  entry_.entries = 1;
  entry_.live = true;
  for (const Reentry reentry : {Reentry::kNever, Reentry::kAfterExit, Reentry::kEveryEvent}) {
    program_.settings.reentry = reentry;
    EXPECT_EQ(Decide(), "already_live");
  }
}

struct Cell {
  EndReason reason;
  bool never, after_exit, every_event;
};

// semantics 4, B05, G6, A35: every cell of the table exit reason x reentry.
TEST_F(EnrollmentEntry, Semantics4_B05_G6_EveryCellOfTheReentryTable) {
  constexpr Cell kCells[] = {
      {EndReason::kNone, false, true, true},       {EndReason::kCompleted, false, true, true},
      {EndReason::kGoal, false, true, true},       {EndReason::kResponse, false, false, true},
      {EndReason::kRemoved, false, true, true},    {EndReason::kUnsubscribed, false, true, true},
      {EndReason::kCondition, false, true, true},  {EndReason::kRecordDeleted, false, false, false},
      {EndReason::kError, false, true, true},      {EndReason::kArchived, false, true, true},
      {EndReason::kSuperseded, false, true, true}, {EndReason::kMerged, false, false, false},
      {EndReason::kStopped, false, true, true},
  };
  std::set<EndReason> seen;
  for (const Cell& cell : kCells) {
    seen.insert(cell.reason);
    EndedBefore(cell.reason, kNoon);
    const std::pair<Reentry, bool> row[] = {
        {Reentry::kNever, cell.never}, {Reentry::kAfterExit, cell.after_exit}, {Reentry::kEveryEvent, cell.every_event}};
    for (const auto& [reentry, allowed] : row) {
      program_.settings.reentry = reentry;
      EXPECT_EQ(Decide(), allowed ? "" : "reentry") << EndReasonName(cell.reason) << " x " << static_cast<int>(reentry);
    }
  }
  EXPECT_EQ(seen.size(), static_cast<size_t>(EndReason::kStopped) + 1) << "a reason has no row";
}

// The cooldown counts from the end, in calendar units of the zone; its last instant lets in.
TEST_F(EnrollmentEntry, Semantics4_CooldownCountsFromTheEndInTheZone) {
  program_.settings.reentry = Reentry::kAfterExit;
  program_.settings.cooldown = Duration{.days = 1};
  EndedBefore(EndReason::kCompleted, Plus(kNoon, -kDay));
  EXPECT_EQ(Decide(), "");
  EndedBefore(EndReason::kCompleted, Plus(kNoon, 1 - kDay));
  EXPECT_EQ(Decide(), "cooldown");

  // The day on which the clocks of Paris go forward has 23 hours.
  const IanaZone paris("Europe/Paris");
  EndedBefore(EndReason::kCompleted, In(paris, "2025-03-29T12:00:00"));
  const Surroundings spring{Utc("2025-03-30T10:00:00Z"), &paris, {}};
  EXPECT_EQ(DecideEntry(program_, entry_, spring), Refusal::kNone);
  EXPECT_EQ(DecideEntry(program_, entry_, {spring.now, &kUtc, {}}), Refusal::kCooldown);
}

// semantics 7: a chain ends at depth 16.
TEST_F(EnrollmentEntry, Semantics7_AChainEndsAtItsDepth) {
  entry_.depth = kChainDepthMax;
  EXPECT_EQ(Decide(), "");
  entry_.depth = kChainDepthMax + 1;
  EXPECT_EQ(Decide(), "loop");
}

// semantics 23, 5: the words are the contract: all there, all different, and read back as what they were.
TEST(EnrollmentNames, Semantics23_Semantics5_NamesAreDistinctAndReadBack) {
  const std::vector<std::string> reasons = {"completed",      "goal",  "response", "removed",    "unsubscribed", "condition",
                                            "record_deleted", "error", "archived", "superseded", "merged",       "stopped"};
  for (size_t i = 0; i < reasons.size(); ++i) {
    const auto reason = static_cast<EndReason>(i + 1);
    EXPECT_EQ(EndReasonName(reason), reasons[i]);
    EXPECT_EQ(ParseEndReason(reasons[i]), reason);
  }
  EXPECT_STREQ(EndReasonName(EndReason::kNone), "");
  EXPECT_EQ(ParseEndReason(""), std::nullopt);
  EXPECT_EQ(ParseEndReason("Completed"), std::nullopt);

  const std::vector<std::string> phases = {"ready", "waiting", "window", "retry", "approval", "ended"};
  for (size_t i = 0; i < phases.size(); ++i) {
    EXPECT_EQ(PhaseName(static_cast<Phase>(i)), phases[i]);
    EXPECT_EQ(ParsePhase(phases[i]), static_cast<Phase>(i));
  }
  EXPECT_EQ(ParsePhase("asleep"), std::nullopt);
  EXPECT_EQ(ParsePhase(""), std::nullopt);

  std::set<std::string> refusals;
  for (int i = 0; i <= static_cast<int>(Refusal::kGoalMet); ++i) refusals.insert(RefusalName(static_cast<Refusal>(i)));
  EXPECT_EQ(refusals.size(), static_cast<size_t>(Refusal::kGoalMet) + 1);
}

// attach 3: what cannot be resolved is looked at again, ever less often.
TEST(ParkedEvents, Attach3_TheyAreLookedAtLessAndLessOften) {
  EXPECT_EQ(ParkedPauseUs(1), kMinute);
  EXPECT_EQ(ParkedPauseUs(2), 2 * kMinute);
  EXPECT_EQ(ParkedPauseUs(6), 32 * kMinute);
  EXPECT_EQ(ParkedPauseUs(7), kHour);
  EXPECT_EQ(ParkedPauseUs(1000), kHour);
}

}  // namespace
}  // namespace workflow::journey
