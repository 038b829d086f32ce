#include "pg/rehearsal/rehearsal.h"

#include <algorithm>

#include "core/telling/reasons.h"
#include "pg/round/hearing.h"
#include "pg/round/turn.h"
#include "pg/server/transaction.h"

namespace workflow::pg {
namespace {

// A workflow that looks every hour for ninety days needs some two thousand.
constexpr size_t kMomentsMost = 20'000;
constexpr size_t kLinesMost = 10'000;

// What no step can help; and what the caller has given wrong.
bool IsNoStepsFault(const Raised& raised) {
  if (raised.backend == nullptr && raised.sqlstate == ERRCODE_INVALID_PARAMETER_VALUE) return true;
  const int state = raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate;
  const int category = ERRCODE_TO_CATEGORY(state);
  return category == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION) || category == ERRCODE_TO_CATEGORY(ERRCODE_INSUFFICIENT_RESOURCES);
}

std::string MessageOf(const Raised& raised) {
  const char* text = raised.backend != nullptr ? raised.backend->message : raised.message;
  return text == nullptr ? "out of memory" : text;
}

}  // namespace

Rehearsal::Rehearsal(const Registry& registry, const TemplateStore& templates, const LoadedVersion& version, Script script)
    : registry_(registry), templates_(templates), version_(version), script_(std::move(script)),
      needed_(registry, templates.references(), {&version.program}), timers_(script_.start, std::nullopt),
      round_{registry_, needed_, templates_, timers_, script_.start, true}, contacts_(DefaultContactSource(registry, script_.account)) {
  round_.has_suppressions = true;  // whoever sends asks
  round_.has_caps = HasCaps(registry, templates) || !version.program.settings.caps.empty();
  round_.imagined = &imagined_;
  round_.rehearse = [this](HostChange* change) { Rehearse(change); };
}

void Rehearsal::Say(const std::string& step, const char* effect, const std::string& detail, const std::string& why) {
  lines_.push_back({round_.now, step, effect, detail, why});
}

// One instant. The enrollment is put into a batch of its own and taken out again; what failed ends the play, for after an error of the server nothing
// more can be asked.
template <typename Act>
void Rehearsal::Moment(Instant at, Act act) {
  round_.now = at;
  round_.at_step.clear();
  changes_.clear();
  Batch batch(round_);
  batch.message_facts_[kNobody] = messages_;
  rows_ = &batch.rows_;
  if (enrolled_ != nullptr) {
    batch.by_id_[kNobody] = enrolled_.get();
    batch.enrolled_.push_back(std::move(enrolled_));
  }
  Raised raised;
  const bool done = Contained(
      [&] {
        if (!batch.enrolled_.empty()) CountForCaps(&batch, *batch.enrolled_.back());
        act(&batch);
      },
      raised);
  if (!done && IsNoStepsFault(raised)) Rethrow(raised);
  rows_ = nullptr;
  Tell(batch);
  if (!batch.enrolled_.empty()) enrolled_ = std::move(batch.enrolled_.back());
  if (enrolled_ != nullptr && enrolled_->state.phase == Phase::kEnded && !left_at_) left_at_ = at;
  if (done) return;
  failed_ = true;
  Say(round_.at_step, "failed", MessageOf(raised), "in earnest the step would be tried again by on_error; the simulation ends here");
}

// What the contact has really been sent lately, and what it would have been sent so far.
void Rehearsal::CountForCaps(Batch* batch, const Enrolled& enrolled) const {
  if (!round_.has_caps) return;
  batch->LoadCaps({&enrolled});
  CapFacts& facts = batch->caps_[kNobody];
  for (size_t i = 0; i < facts.caps.size(); ++i) {
    const Instant since = CountsSince(facts.caps[i], round_.now);
    for (const auto& [channel, at] : sent_) {
      if (at > since && (facts.caps[i].channel.empty() || facts.caps[i].channel == channel)) facts.sent[i].push_back(at);
    }
    std::sort(facts.sent[i].begin(), facts.sent[i].end(), [](Instant a, Instant b) { return b < a; });
  }
}

void Rehearsal::Play() {
  Begin();
  for (size_t moments = 0; !failed_; ++moments) {
    CallBackend([] { CHECK_FOR_INTERRUPTS(); });
    if (moments >= kMomentsMost || lines_.size() >= kLinesMost) {
      Say({}, "open", {}, "the simulation is given up here: it goes on and on");
      return;
    }
    if (!own_.empty()) {
      const RehearsedEvent event = own_.front();
      own_.erase(own_.begin());
      Moment(round_.now, [&](Batch* batch) { Hear(batch, event); });
      continue;
    }
    const std::optional<Instant> due = IsLive() ? enrolled_->state.due : std::nullopt;
    const RehearsedEvent* event = next_ < script_.events.size() ? &script_.events[next_] : nullptr;
    const bool timer = due && (event == nullptr || *due <= event->at);
    if (!timer && event == nullptr) break;
    const Instant at = std::max(timer ? *due : event->at, round_.now);
    if (at > script_.end) break;
    if (timer) {
      Moment(at, [&](Batch* batch) { OnTimer(batch); });
    } else {
      ++next_;
      Moment(at, [&](Batch* batch) { OnEvent(batch, *event); });
    }
  }
  Close();
}

void Rehearsal::Close() {
  if (failed_ || !IsLive()) return;
  const State& state = enrolled_->state;
  const auto& steps = version_.program.steps;
  const std::string step = state.step >= 0 && static_cast<size_t>(state.step) < steps.size() ? steps[static_cast<size_t>(state.step)].id : std::string();
  const std::string until = state.due ? "until " + FormatIso(*state.due) : "for something to happen";
  if (state.due) round_.now = script_.end;
  Say(step, "open", until, state.due ? "the time that is simulated ends here" : "no event that was given lets it go on");
}

void Rehearsal::OnTimer(Batch* batch) { Go(batch, Input{.kind = InputKind::kTimer, .timer = enrolled_ == nullptr ? batch->by_id_.at(kNobody)->state.timer : 0}); }

void Rehearsal::Go(Batch* batch, Input input) {
  Enrolled* enrolled = batch->by_id_.at(kNobody);
  batch->WantRows(*enrolled);
  batch->rows_.Fetch();
  if (batch->IsGone(*enrolled)) input = Input{.kind = InputKind::kRecordDeleted};
  batch->Run({{enrolled, std::move(input)}});
}

// First what the rows are from now on, then who hears of it, then who enters.
void Rehearsal::OnEvent(Batch* batch, const RehearsedEvent& event) {
  const auto known = batch->by_id_.find(kNobody);
  Enrolled* enrolled = known == batch->by_id_.end() || known->second->state.phase == Phase::kEnded ? nullptr : known->second;
  if (enrolled != nullptr && event.on == "unenroll") return Go(batch, Input{.kind = InputKind::kRemoved, .detail = "as simulated"});
  if (enrolled != nullptr && (event.on == "approve" || event.on == "reject")) {
    if (enrolled->state.phase != Phase::kApproval) return Say({}, "ignored", event.on, "nobody is asked at this moment");
    return Go(batch, Input{.kind = InputKind::kAnswer, .approved = event.on == "approve"});
  }
  if (!OnMessage(event)) return;
  batch->message_facts_[kNobody] = messages_;
  if (enrolled != nullptr) Hear(batch, event);
  enrolled = enrolled == nullptr || enrolled->state.phase == Phase::kEnded ? nullptr : enrolled;
  if (!IsTrigger(event.on)) return;
  if (enrolled != nullptr && !version_.program.settings.restart) {
    return Say({}, "refused", "already_live", event.on + ": " + RefusalSentence("already_live"));
  }
  if (enrolled != nullptr) Go(batch, Input{.kind = InputKind::kSuperseded, .detail = "restarted"});
  TryEnter(batch, event);
}

// What is known of a message. False where there is none that the event could be about.
bool Rehearsal::OnMessage(const RehearsedEvent& event) {
  if (!event.on.starts_with("message.") || event.step.empty()) return true;
  const auto message = messages_.find(event.step);
  if (message == messages_.end()) {
    Say(event.step, "ignored", event.on, "no message of this step has been written yet");
    return false;
  }
  const Json* automatic = event.data.Find("automatic");
  const bool machine = automatic != nullptr && automatic->is_boolean() && automatic->boolean();
  message->second.emplace((machine ? "machine_" : "") + event.on.substr(8) + "_at", Value(event.at));
  return true;
}

void Rehearsal::Hear(Batch* batch, const RehearsedEvent& event) {
  const auto known = batch->by_id_.find(kNobody);
  if (known == batch->by_id_.end() || known->second->state.phase == Phase::kEnded) return;
  Enrolled* enrolled = known->second;
  const Source* source = SourceOfEvent(event.on);
  const std::string row = source == nullptr ? std::string() : RowOf(batch, event, *source);
  ImagineAll(batch, event, source, row);
  if (!event.rows.empty()) Go(batch, Input{.kind = InputKind::kRecordChanged});
  if (enrolled->state.phase == Phase::kEnded || event.on.empty()) return;
  LogEvent log;
  log.kind = source == nullptr ? 'e' : 'r';
  log.op = 'U';
  log.timed = true;
  log.at = round_.now;
  log.body = Json::MakeObject({{"new", Json::MakeObject()}});
  Batch::Hearing hearing{.base = {}, .versions = {}, .at = round_.now, .enrollment = {}};
  hearing.base.event = &log;
  hearing.base.on = event.on;
  hearing.base.event_uuid = NamedUuid({"rehearsal", std::to_string(++numbers_)});
  hearing.base.event_at = round_.now;
  hearing.base.contact_source = enrolled->contact_source;
  hearing.base.contact_key = enrolled->contact_key;
  hearing.base.entry_source = source;
  hearing.base.entry_row = row;
  hearing.base.account = enrolled->account;
  hearing.base.data = event.data;
  if (event.on.starts_with("message.")) {
    if (!event.step.empty()) {
      hearing.enrollment = kNobody;
      batch->workflow_of_[kNobody] = version_.workflow;
      hearing.base.data.Set("step", Json::String(event.step));
    }
    const Json* automatic = event.data.Find("automatic");
    hearing.automatic = automatic != nullptr && automatic->is_boolean() && automatic->boolean();
    if (const Json* channel = event.data.Find("channel"); channel != nullptr && channel->is_string()) hearing.channel = channel->string();
  }
  if (source != nullptr) batch->rows_.Want({source->id, row}, script_.account);
  const State before = enrolled->state;
  const size_t lines = batch->traces_.size();
  batch->Tell({{&hearing, enrolled}});
  const bool unmoved = batch->traces_.size() == lines && before.step == enrolled->state.step && before.kept == enrolled->state.kept;
  if (unmoved && event.rows.empty() && event.step.empty()) Say({}, "ignored", event.on, "nothing in the workflow waits for it, or its filter is not true");
}

}  // namespace workflow::pg
