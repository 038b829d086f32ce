// One enrollment's walk through its program inside one call of Advance: the state as it becomes, and the effects so far. Private
// to this room; enrollment.h is the contract, advance.cpp holds the table of transitions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/enrollment/enrollment.h"

namespace workflow::enrollment {

class Walk {
 public:
  Walk(const Program& program, const State& state, const Input& input, const Surroundings& around);
  Decision Done() { return std::move(decision_); }

  // The transitions. Each of them leaves a state that is whole: `due` is set exactly where the phase has a timer.
  void Ignore(const Input&) {}
  void Go(const Input&) { TakeSteps(); }
  void SetAgain(const Input&);           // its timer came before its time
  void EndWait(const Input&);            // the wait's timer is due
  void Reckon(const Input& input);       // the record changed under a wait that reads it
  void LookAround(const Input& input);   // the record changed elsewhere: exits and goals may hold now
  void Hear(const Input& input);         // an event that was listened for
  void Resume(const Input& input);       // a pause lay inside the wait
  void ResumeSend(const Input& input);   // or while a send was held
  void Retry(const Input& input);   // what the last decision asked for could not be performed
  void PutOff(const Input& input);  // it had to be left for later
  void Answer(const Input& input);   // of a person
  void TimeOut(const Input&);       // nobody has answered in time
  void Prolong(const Input& input);  // a pause lay inside the approval
  void Delete(const Input& input) { End(EndReason::kRecordDeleted, input.detail); }
  void Remove(const Input& input) { End(EndReason::kRemoved, input.detail); }
  void Archive(const Input& input) { End(EndReason::kArchived, input.detail); }
  void Merge(const Input& input) { End(EndReason::kMerged, input.detail); }
  void TakeUp(const Input& input);  // an operator wants the step that failed taken again
  void Supersede(const Input& input) { End(EndReason::kSuperseded, input.detail); }

 private:
  // Takes steps until the enrollment waits, is held, has changed rows or has ended.
  void TakeSteps();
  // Functions that return bool say whether there is a further step to take in this call.
  bool TakeStep();
  bool Take(const Step& step, const SendStep& send);
  ConsentVerdict ConsentTo(const SendStep& send) const;
  bool MeetCap(const SendStep& send, bool* go_on);
  bool Take(const Step& step, const WaitStep& wait);
  bool Take(const Step& step, const BranchStep& branch);
  bool Take(const Step& step, const SetStep& set);
  bool Take(const Step& step, const TagStep& tag);
  bool Take(const Step& step, const StopStep& stop);
  bool Take(const Step& step, const SplitStep& split);
  bool Take(const Step& step, const GotoStep& jump);
  bool Take(const Step& step, const NotifyStep& notify);
  bool Take(const Step& step, const WebhookStep& webhook);
  bool Take(const Step& step, const CreateStep& create);
  bool Take(const Step& step, const CopyStep& copy);
  bool Take(const Step& step, const TaskStep& task);
  bool Take(const Step& step, const AssignStep& assign);
  bool Take(const Step& step, const ApproveStep& approve);
  bool Take(const Step& step, const CallStep& call);
  bool Take(const Step& step, const EmitStep& emit);
  bool Take(const Step& step, const EnrollStep& enroll);
  bool Take(const Step& step, const UnenrollStep& unenroll);
  bool Take(const Step& step, const SubscribeStep& subscribe);
  bool Write(const Step& step);
  bool Say(const Step& step, const char* what, std::string detail);
  bool Act(const Step& step, const char* what, std::string detail = {});
  bool Change(const Step& step, Effect effect, const char* what, std::string detail = {});
  bool MoveTo(int32_t next);
  bool HasGivenUp(int32_t step) const;
  bool PassOver(const Step& step);
  int64_t PauseUs(double jitter) const;  // before the next try

  // The step of a wait, and the ways out of it.
  const WaitStep* CurrentWait();
  void FollowZone(const WaitStep& wait, int64_t shifted_us, bool goes_on = true);
  bool MeetNull(const WaitStep& wait);                    // the date waited for is not there
  bool MeetMoved(const WaitStep& wait, Instant target);
  bool MeetTarget(const WaitStep& wait, Instant target);  // ahead: stay; reached: leave; past: if_past
  bool MeetPast(const WaitStep& wait, Instant target);
  void LeaveWaitThatIsOver();
  const ApproveStep* CurrentApproval();
  void LeaveApproval(const ApproveStep& approve);
  bool StayUntilNextDay(ClockTime time);
  bool Stay(Instant until);
  void SetWait(Instant until);
  bool Leave();
  bool SkipToNextWait();
  bool CountGoto(const Step& step);  // false: there were too many

  // Open waits, which last until something happens (open_wait.cpp).
  bool TakeOpen(const WaitStep& wait);
  bool Look(const WaitStep& wait, bool arriving);
  bool IsMet(const WaitStep& wait);
  bool TimeOut(const WaitStep& wait, bool arriving);
  bool StayOpen(const WaitStep& wait, bool arriving);
  bool LeaveOpen(int32_t next);
  void EndOpen();                    // the open wait is over, however it went
  void DropOverdue(Instant was_due);
  bool IsOverdue(const WaitStep& wait, Instant resumed_at);
  std::string WhatFor(const WaitStep& wait) const;
  void Keep(int32_t step, Instant at);
  void Forget(int32_t step);
  void Postpone();                   // while paused: looked at when it is resumed
  void LeaveChain();

  // Goals and exits (goals.cpp). Each says where the enrollment is now.
  enum class Place : uint8_t { kHere, kMoved, kEnded };
  Place StandingConditions();
  Place Arrive(const std::vector<int32_t>& goals);
  void Reach(int32_t goal, Instant at, const std::string& event, std::string seen = {});
  bool HasReached(int32_t goal) const;
  void NoteGoalsMetAtEntry();
  int32_t StepOfGoal(int32_t goal) const;

  void SetTimer(Phase phase, Instant due);
  void End(EndReason reason, const std::string& text, std::string seen = {});
  void Trace(const char* what, std::string detail = {}, std::string seen = {});
  std::string Seen(const Condition& condition) const;

  const Step& step() const { return program_.steps[static_cast<size_t>(state().step)]; }
  bool HasStep(int32_t index) const { return index >= 0 && static_cast<size_t>(index) < program_.steps.size(); }
  State& state() { return decision_.state; }
  const State& state() const { return decision_.state; }

  // Whether this call, or the one it goes on with, has left the step at which it began.
  bool HasMoved() const { return goes_on_ || std::pair(state().step, state().visit) != began_; }

  const Program& program_;
  const Surroundings& around_;
  Decision decision_;
  std::vector<std::string> written_ = {};  // channels of messages of this call that count for caps
  const std::pair<int32_t, int32_t> began_;
  const bool goes_on_;
  // When what is done now was due: the timer's time, as long as nothing else in this call has moved the clock.
  std::optional<Instant> was_due_;
  // Steps that this call may still take before it must have come to rest or taken a goto.
  size_t left_ = 0;
};

}  // namespace workflow::enrollment
