// Going on: the core decides for every enrollment in hand, its effects are performed together, and those that changed rows go on with facts read
// anew.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/round/changes.h"
#include "pg/round/turn.h"
#include "pg/server/spi.h"
#include "pg/server/table_writer.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

std::string StepId(const Program& program, int32_t step) {
  return step >= 0 && static_cast<size_t>(step) < program.steps.size() ? program.steps[static_cast<size_t>(step)].id : std::string();
}

const Source* ChangedSource(const Enrolled& enrolled, const std::string& entity) {
  if (entity == "contact") return enrolled.contact_source;
  return enrolled.entry_source != nullptr && enrolled.entry_source->binding.entity == entity ? enrolled.entry_source : nullptr;
}

// Many of each are kept in vectors that grow.
static_assert(std::is_nothrow_move_constructible_v<PendingMessage> && std::is_nothrow_move_constructible_v<HostChange>);

}  // namespace

void Batch::Step(Turn* turn) {
  Enrolled& enrolled = *turn->enrolled;
  const Program& program = enrolled.version->program;
  // What it does after a long wait belongs to no chain, also in the turn that leaves the wait.
  enrolled.state.unchained = enrolled.state.unchained || turn->decision.state.unchained;
  for (const Effect& effect : turn->decision.effects) {
    const auto begin = [&](int32_t step) { round_.at_step = StepId(program, step); };
    if (const auto* trace = std::get_if<TraceEffect>(&effect)) {
      turn->traces.push_back({enrolled.id, StepId(program, trace->step), trace->what, trace->detail, trace->seen});
    } else if (const auto* goal = std::get_if<GoalEffect>(&effect)) {
      turn->goals.push_back({&enrolled, program.goals[static_cast<size_t>(goal->goal)].id, goal->event, goal->at, goal->counted});
    } else if (const auto* send = std::get_if<SendEffect>(&effect)) {
      begin(send->step);
      turn->messages.push_back(Write(enrolled, *send));
    } else if (const auto* set = std::get_if<SetEffect>(&effect)) {
      begin(set->step);
      turn->changes.push_back(ChangeOf(enrolled, std::get<SetStep>(program.steps[static_cast<size_t>(set->step)].body)));
      turn->changes.back().step = round_.at_step;
      turn->changes.back().enrolled = &enrolled;
    } else if (const auto* act = std::get_if<ActEffect>(&effect)) {
      Act(turn, *act, [&](uint32_t field) { return FactsOf(enrolled)[field]; });
    } else if (const auto* close = std::get_if<CloseEffect>(&effect)) {
      Close(turn, *close, StepId(program, close->step));
    } else if (const auto* tag = std::get_if<TagEffect>(&effect)) {
      const TagStep& step = std::get<TagStep>(program.steps[static_cast<size_t>(tag->step)].body);
      const Source* source = ChangedSource(enrolled, step.entity);
      if (source == nullptr) continue;
      turn->changes.push_back({source, step.entity == "contact" ? enrolled.contact_key : enrolled.entry_row, nullptr, &step, {}, StepId(program, tag->step)});
      turn->changes.back().enrolled = &enrolled;
    }
  }
  turn->again = turn->decision.again;
}

HostChange Batch::ChangeOf(const Enrolled& enrolled, const SetStep& step) {
  HostChange change{ChangedSource(enrolled, step.entity), step.entity == "contact" ? enrolled.contact_key : enrolled.entry_row, &step, nullptr, {}};
  if (change.source == nullptr) {
    throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '8'), "there is no row of \"" + step.entity + "\" to change"};
  }
  change.values = ValuesOf(enrolled, step.assignments);
  return change;
}

void Batch::Run(std::vector<std::pair<Enrolled*, Input>> work) {
  LoadResults(work);
  std::vector<Turn> turns;
  turns.reserve(work.size());
  for (auto& [enrolled, input] : work) turns.push_back(Turn{.enrolled = enrolled, .input = std::move(input)});
  while (!turns.empty()) {
    Decide(&turns);
    for (Turn& turn : turns) Step(&turn);
    Perform(&turns);
    std::vector<Turn> next;
    for (Turn& turn : turns) {
      if (!turn.not_yet) Settle(&turn);
      if (!turn.not_yet && (!turn.again || turn.put_off)) continue;
      if (turn.enrolled->contact_source != nullptr) rows_.Forget({turn.enrolled->contact_source->id, turn.enrolled->contact_key});
      if (turn.enrolled->entry_source != nullptr) rows_.Forget({turn.enrolled->entry_source->id, turn.enrolled->entry_row});
      Input input = turn.not_yet ? std::move(turn.input) : Input{.kind = InputKind::kAgain};
      next.push_back(Turn{.enrolled = turn.enrolled, .input = std::move(input)});
    }
    for (const Turn& turn : next) WantRows(*turn.enrolled);
    rows_.Fetch();
    turns = std::move(next);
  }
}

void Batch::Perform(std::vector<Turn>* turns) {
  if (round_.rehearse) {
    for (Turn& turn : *turns) {
      for (HostChange& change : turn.changes) round_.rehearse(&change);
    }
    return;
  }
  // The n-th changes of all turns together, grouped so that each group is one statement.
  for (size_t n = 0;; ++n) {
    using Group = std::tuple<const Source*, const void*, std::string, int32_t, const Source*, std::string>;
    std::map<Group, std::vector<Turn*>> groups;
    for (Turn& turn : *turns) {
      if (turn.put_off || turn.not_yet || n >= turn.changes.size()) continue;
      HostChange& change = turn.changes[n];
      change.chain = ChainLink(*turn.enrolled);
      groups[{change.source, change.what(), turn.enrolled->version->owner, DepthBelow(*turn.enrolled), change.contacts(), change.tenant()}].push_back(&turn);
    }
    if (groups.empty()) return;
    for (auto& [group, members] : groups) {
      std::vector<HostChange*> changes;
      for (Turn* turn : members) changes.push_back(&turn->changes[n]);
      round_.at_step = changes.front()->step;
      PerformGroup(changes, std::get<2>(group), std::get<3>(group), members);
    }
  }
}

void Batch::PerformGroup(const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth, const std::vector<Turn*>& turns) {
  const HostChange& one = *changes.front();
  if (one.task) return PerformTasks(changes, round_.now);
  if (one.call != nullptr) return PerformCalls(changes, owner, depth);
  if (one.create != nullptr) return PerformCreates(round_.registry, changes, owner, depth);
  const std::vector<Performed> outcomes = PerformChanges(round_.registry, changes, owner, depth, &round_.locks_left);
  for (size_t i = 0; i < turns.size(); ++i) {
    turns[i]->put_off = outcomes[i] == Performed::kPutOff;
    turns[i]->not_yet = outcomes[i] == Performed::kNotYet;
    if (outcomes[i] == Performed::kDone) continue;
    for (const auto& key : turns[i]->assigned) --assign_turns_[key];
  }
}

// The turn counts: its messages and history are kept, the state becomes what the core said. A turn that was put off comes again in a moment, as
// if it had not been taken.
void Batch::Settle(Turn* turn) {
  Enrolled& enrolled = *turn->enrolled;
  enrolled.touched = true;
  if (turn->put_off) {
    const std::vector<const Value*> facts = FactsOf(enrolled);
    Input input{.kind = InputKind::kPutOff, .delay_us = round_.locks_left > 0 ? kSecond : 0};
    input.heard = turn->input.heard;
    input.heard_at = turn->input.heard_at;
    input.event = turn->input.event;
    turn->decision = Advance(enrolled.version->program, enrolled.state, input, SurroundingsOf(enrolled, facts));
    Turn later;
    later.enrolled = &enrolled;
    later.input = input;
    later.decision = std::move(turn->decision);
    later.put_off = true;
    *turn = std::move(later);
    Step(turn);  // what was heard, and an approval that is over
  }
  const State before = enrolled.state;
  enrolled.state = turn->decision.state;
  if (before.timer != enrolled.state.timer) enrolled.look = turn->decision.look;
  if (before.step != enrolled.state.step || before.clock != enrolled.state.clock) enrolled.shifted_us = 0;
  else if (turn->input.kind == InputKind::kResume) enrolled.shifted_us += turn->input.paused_us;
  const Tally taken{.entered = 0, .ended = enrolled.state.phase == Phase::kEnded && before.phase != Phase::kEnded ? 1 : 0,
                    .steps = enrolled.state.visit - before.visit, .messages = static_cast<int32_t>(turn->messages.size())};
  counts_.steps += taken.steps;
  counts_.messages += taken.messages;
  counts_.by_version[enrolled.version->id].Add(taken);
  SettleWritten(*turn);
  const auto keep = [](auto& of_turn, auto& all) { all.insert(all.end(), std::make_move_iterator(of_turn.begin()), std::make_move_iterator(of_turn.end())); };
  keep(turn->messages, messages_);
  keep(turn->traces, traces_);
  keep(turn->goals, goals_);
  keep(turn->events, events_);
  keep(turn->subscriptions, subscriptions_);
  keep(turn->closes, closes_);
  for (auto& [step, result] : turn->results) KeepResult(&enrolled, step, std::move(result));
  for (HostChange& change : turn->changes) if (change.result) KeepResult(&enrolled, change.step, *std::move(change.result));
  if (enrolled.state.phase == Phase::kEnded && before.phase != Phase::kEnded) {
    Announce(enrolled);
    if (enrolled.state.reason == EndReason::kResponse) answered_.push_back(&enrolled);
    Known& known = known_[KeyOf(enrolled, enrolled.entry_key)];
    known.live = false;
    known.last_reason = enrolled.state.reason;
    known.last_ended_at = round_.now;
  }
}

void Batch::TakeEvents(const std::vector<const LogEvent*>& events) {
  std::vector<int64_t> parked;
  for (const LogEvent* event : events) if (event->parked) parked.push_back(event->id);
  if (!parked.empty()) Execute("DELETE FROM workflow.parked WHERE event_id = ANY ($1)", Params().Int8s(parked));
  Rename(events);
  for (size_t i = 0; i < events.size(); ++i) order_.emplace(events[i], i);
  NoteTouched(events);
  Enter(events);
  StartAdmitted();
  HearAll();
  Apply(events);
}

// Those who have just been let in take their first steps.
void Batch::StartAdmitted() {
  if (admitted_.empty()) return;
  const Oid sequence = RelationNamed("enrollment_id_seq");
  std::vector<std::pair<Enrolled*, Input>> work;
  for (size_t i = 0; i < admitted_.size(); ++i) {
    Enrolled* enrolled = admitted_[i];
    enrolled->id = CallBackend([=] { return nextval_internal(sequence, false); });
    by_id_[enrolled->id] = enrolled;
    if (defer_start_) {  // they go on by a timer, each for itself
      enrolled->state.phase = Phase::kRetry;
      enrolled->state.timer = 1;
      enrolled->state.due = round_.now;
    }
    entry_events_.push_back({enrolled->event, enrolled->version->workflow, enrolled->account, enrolled->id});
    counts_.by_version[enrolled->version->id].Add({.entered = 1});
    traces_.push_back({enrolled->id, "", "entered", enrolled->event_name});
    WantRows(*enrolled);
  }
  Supersede();
  for (Enrolled* enrolled : admitted_) {
    if (enrolled->state.phase != Phase::kEnded) work.emplace_back(enrolled, Input{.kind = InputKind::kStart});
  }
  admitted_.clear();
  if (defer_start_) return;
  rows_.Fetch();
  Run(std::move(work));
}

void Batch::TakeTimers(const std::vector<TimerItem>& timers) {
  std::vector<int64_t> ids;
  std::vector<int32_t> held_workflows, held_numbers;
  std::vector<int64_t> held;
  std::vector<std::optional<Instant>> held_dues;
  std::map<int64_t, const TimerItem*> by_enrollment;
  for (const TimerItem& timer : timers) {
    ids.push_back(timer.enrollment);
  }
  std::vector<Enrolled*> loaded = LoadByIds(ids);
  for (const TimerItem& timer : timers) {
    const auto found = by_id_.find(timer.enrollment);
    if (found != by_id_.end() && found->second->state.timer == timer.number) by_enrollment[timer.enrollment] = &timer;
  }
  std::vector<std::pair<Enrolled*, Input>> work;
  for (Enrolled* enrolled : loaded) {
    const auto timer = by_enrollment.find(enrolled->id);
    if (timer == by_enrollment.end()) continue;  // stale: another one counts by now
    if (enrolled->version->status == WorkflowStatus::kPaused || round_.suspended.contains(enrolled->version->workflow)) {
      held_workflows.push_back(enrolled->version->workflow);
      held.push_back(enrolled->id);
      held_numbers.push_back(timer->second->number);
      held_dues.push_back(timer->second->due);
      continue;
    }
    WantRows(*enrolled);
    Input input{.kind = InputKind::kTimer, .timer = timer->second->number};
    const Input resumption = Resumption(*enrolled);
    const Phase phase = enrolled->state.phase;
    if (resumption.paused_us > 0 && (phase == Phase::kWaiting || phase == Phase::kWindow || phase == Phase::kApproval)) input = resumption;
    work.emplace_back(enrolled, input);
  }
  if (!held.empty()) {
    Execute("INSERT INTO workflow.held (workflow, enrollment, number, due) SELECT * FROM unnest($1::int[], $2::bigint[], $3::int[], $4::timestamptz[])"
            " ON CONFLICT DO NOTHING",
            Params().Int4s(held_workflows).Int8s(held).Int4s(held_numbers).Times(held_dues));
  }
  rows_.Fetch();
  for (auto& [enrolled, input] : work) if (IsGone(*enrolled)) input.kind = InputKind::kRecordDeleted;
  Run(std::move(work));
}

Input Batch::Resumption(const Enrolled& enrolled) const {
  Input input{.kind = InputKind::kResume, .paused_us = -enrolled.shifted_us};
  const auto found = round_.pauses.find(enrolled.version->workflow);
  if (found == round_.pauses.end()) return input;
  for (const Pause& pause : found->second) {
    const int64_t length = pause.to.us - std::max(pause.from.us, enrolled.state.clock.us);
    if (length <= 0) continue;
    input.paused_us += length;
    if (pause.to < input.resumed_at) continue;
    input.resumed_at = pause.to;
    input.on_resume = pause.mode;
  }
  return input;
}

Failure Batch::FailTimer(const TimerItem& timer, const std::string& message, int64_t pause_us, const std::string& step) {
  Failure failure;
  if (pause_us > 0) {  // counts no attempt: the same timer, a moment later
    round_.timers.Add({{Instant{round_.now.us + pause_us}, timer.enrollment, timer.number}});
    return failure;
  }
  for (Enrolled* enrolled : LoadByIds({timer.enrollment})) {
    if (enrolled->state.timer != timer.number) continue;
    Input input{.kind = InputKind::kFailed, .jitter = pg_prng_double(&pg_global_prng_state)};
    input.failed_step = enrolled->version->program.StepIndex(step);
    input.detail = message;
    Turn turn{.enrolled = enrolled, .input = std::move(input)};
    const std::vector<const Value*> facts(enrolled->version->program.table.fields.size(), &values_.emplace_back());
    static const UtcZone utc;
    turn.decision = Advance(enrolled->version->program, enrolled->state, turn.input, {round_.now, &utc, facts, enrolled->backfill, enrolled->entered_at});
    for (const Effect& effect : turn.decision.effects) {
      if (const auto* trace = std::get_if<TraceEffect>(&effect)) {
        turn.traces.push_back({enrolled->id, StepId(enrolled->version->program, trace->step), trace->what, trace->detail, trace->seen});
      } else if (const auto* close = std::get_if<CloseEffect>(&effect)) {
        LoadResults({{enrolled, Input{}}});
        Close(&turn, *close, StepId(enrolled->version->program, close->step));
      }
    }
    failure = {enrolled->version->workflow, turn.decision.suspends};
    Settle(&turn);
  }
  return failure;
}

}  // namespace workflow::pg
