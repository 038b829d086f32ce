// Entering: the event that is given, or the one that the first trigger names, through the rules that a round goes by.
#include <algorithm>

#include "core/condition/seen.h"
#include "core/telling/reasons.h"
#include "pg/deferred/deferred.h"
#include "pg/rehearsal/rehearsal.h"
#include "pg/round/candidate.h"
#include "pg/round/turn.h"

namespace workflow::pg {

// An event on its way in.
struct Rehearsal::Entrance {
  std::unique_ptr<LogEvent> event;
  std::vector<Batch::Candidate> candidates;  // one, or none where the server could not be asked

  const Batch::Candidate& candidate() const { return candidates.front(); }
};

namespace {

// It is the contact's past that stands in the way, not the workflow: the play goes on as if there were none.
bool IsOfThePast(Refusal refusal) {
  return refusal == Refusal::kAlreadyLive || refusal == Refusal::kReentry || refusal == Refusal::kCooldown || refusal == Refusal::kDuplicateEvent ||
         refusal == Refusal::kLoop;
}

bool IsDeletion(const Source& source, const std::string& on) {
  return std::any_of(source.binding.events.begin(), source.binding.events.end(),
                     [&](const BoundEvent& event) { return event.name == on && event.change == BoundEvent::Change::kDelete; });
}

// The whole row as it was: what is not said of it is as it is now.
Json RowBefore(const Source& source, const RowFacts& row, const Json& said) {
  Json old = Json::MakeObject();
  for (size_t i = 0; i < source.binding.fields.size() && row.found; ++i) {
    if (row.known[i]) old.Set(source.binding.fields[i].name, row.values[i].is_null() ? Json() : Json::String(FormatValue(row.values[i])));
  }
  for (const auto& [name, value] : said.object()) {
    old.Set(name, value.is_null() || value.is_string() ? value : Json::String(value.Dump()));
  }
  return old;
}

std::vector<std::string> TriggerNames(const Program& program) {
  std::vector<std::string> names;
  for (const Trigger& trigger : program.triggers) {
    if (std::find(names.begin(), names.end(), trigger.on) == names.end()) names.push_back(trigger.on);
  }
  return names;
}

}  // namespace

bool Rehearsal::IsTrigger(const std::string& on) const {
  const auto& triggers = version_.program.triggers;
  if (on == "manual") return true;
  return std::any_of(triggers.begin(), triggers.end(), [&](const Trigger& trigger) { return trigger.on == on; });
}

// Where no event that is given names a trigger, the contact enters at once, by the first trigger that lets it in.
void Rehearsal::Begin() {
  const auto& events = script_.events;
  if (std::any_of(events.begin(), events.end(), [&](const RehearsedEvent& event) { return IsTrigger(event.on); })) return;
  for (const std::string& on : TriggerNames(version_.program)) {
    Moment(script_.start, [&](Batch* batch) { TryEnter(batch, RehearsedEvent{.at = script_.start, .on = on}); });
    if (entries_ > 0 || failed_) return;
  }
}

Rehearsal::Entrance Rehearsal::Prepare(Batch* batch, const RehearsedEvent& event) {
  Entrance entrance{std::make_unique<LogEvent>(), {}};
  LogEvent& log = *entrance.event;
  const Source* source = event.on == "manual" ? nullptr : SourceOfEvent(event.on);
  const std::string row = source == nullptr ? std::string() : RowOf(batch, event, *source);
  ImagineAll(batch, event, source, row);
  log.kind = event.on == "manual" ? 'n' : source != nullptr ? 'r' : 'e';
  log.timed = true;
  log.at = round_.now;
  log.account = script_.account;
  log.row_key = row;
  log.body = Json::MakeObject({{"new", Json::MakeObject()}});
  if (source != nullptr) {
    log.op = IsDeletion(*source, event.on) ? 'D' : event.old ? 'U' : 'I';
    batch->rows_.Want({source->id, row}, script_.account);
    batch->rows_.Fetch();
    if (event.old) log.body.Set("old", RowBefore(*source, batch->rows_.Get({source->id, row}), *event.old));
  }
  batch->order_.emplace(&log, 0);
  Batch::Candidate candidate;
  candidate.event = &log;
  candidate.version = &version_;
  candidate.on = event.on;
  candidate.event_uuid = NamedUuid({"rehearsal", std::to_string(++numbers_)});
  candidate.contact_source = contacts_;
  candidate.contact_key = script_.contact;
  candidate.entry_source = source;
  candidate.entry_row = row;
  candidate.account = script_.account;
  candidate.data = event.data;
  entrance.candidates.push_back(std::move(candidate));
  batch->LoadKnown(&entrance.candidates);
  if (contacts_ != nullptr && !script_.account.empty()) {
    // Whoever asks for one account meets the contacts of another as if they were not there, as emit() would.
    const RowFacts& contact = batch->rows_.Get({contacts_->id, entrance.candidate().contact_key});
    if (!contact.account.empty() && contact.account != script_.account) log.kind = 'e';
  }
  batch->AskAboutFilters(&entrance.candidates);
  return entrance;
}

bool Rehearsal::TryEnter(Batch* batch, const RehearsedEvent& event) {
  Entrance entrance = Prepare(batch, event);
  const Batch::Candidate& candidate = entrance.candidate();
  const std::string_view entity = candidate.entry_source == nullptr ? std::string_view() : candidate.entry_source->binding.entity;
  const std::vector<const Value*> values = batch->FactsOf(candidate);
  const auto by = EntryKeyOf(version_.program.settings, Facts(values), {candidate.contact_key, entity, candidate.entry_row});
  if (entries_ > 0 && by) {  // its past is what has been played
    Batch::Known& known = batch->known_[Batch::KeyOf(candidate, by->key)];
    known = {};
    known.entries = known.recent = entries_;
    known.last_reason = enrolled_ != nullptr ? enrolled_->state.reason : batch->by_id_.at(kNobody)->state.reason;
    known.last_ended_at = left_at_;
  }
  batch->Decide(&entrance.candidates);
  if (batch->admitted_.empty() && batch->refusals_.empty()) {
    Say({}, "refused", "account", "the workflow is for another account than the contact's");
    return false;
  }
  if (batch->admitted_.empty()) {
    const Refusal refusal = batch->refusals_.back().reason;
    TellRefusal(batch, entrance, refusal);
    if (entries_ > 0 || !IsOfThePast(refusal) || !by) return false;
    batch->Admit(candidate, *by);
  }
  Admit(batch, &entrance);
  return true;
}

void Rehearsal::TellRefusal(Batch* batch, const Entrance& entrance, Refusal refusal) {
  const Batch::Candidate& candidate = entrance.candidate();
  std::string why = candidate.on + ": " + RefusalSentence(RefusalName(refusal));
  const std::string& seen = batch->refusals_.back().detail;
  if (!seen.empty()) why += ": " + seen;
  if (entries_ == 0 && IsOfThePast(refusal)) why += "; the simulation goes on as if the contact had never been in it";
  Say({}, "refused", RefusalName(refusal), why);
}

void Rehearsal::Admit(Batch* batch, Entrance* entrance) {
  const Batch::Candidate& candidate = entrance->candidate();
  Enrolled* enrolled = batch->admitted_.back();
  batch->admitted_.clear();
  ++entries_;
  left_at_.reset();
  messages_.clear();
  batch->message_facts_[kNobody].clear();
  enrolled->id = kNobody;
  enrolled->restarts = false;
  enrolled->entry_number = entries_;
  batch->by_id_[kNobody] = enrolled;
  std::string why = "let in by " + candidate.on;
  if (candidate.entry_source != nullptr && candidate.entry_source != contacts_) why += " of " + candidate.entry_source->binding.entity + ' ' + candidate.entry_row;
  const std::vector<const Value*> values = batch->FactsOf(candidate);
  for (const Trigger& trigger : version_.program.triggers) {
    if (trigger.on != candidate.on || !trigger.filter) continue;
    why += ": " + SeenText(*trigger.filter, version_.program.table, Facts(values, candidate.answers, nullptr), round_.now, &batch->ZoneOf(*enrolled));
    break;
  }
  Say({}, "entered", candidate.on, why);
  const auto settles = [&](const Trigger& trigger) { return trigger.on == candidate.on && trigger.settle_us > 0; };
  if (std::any_of(version_.program.triggers.begin(), version_.program.triggers.end(), settles)) Say({}, "not_played", "settle", NotPlayedSentence("settle"));
  batch->WantRows(*enrolled);
  batch->rows_.Fetch();
  CountForCaps(batch, *enrolled);
  batch->Run({{enrolled, Input{.kind = InputKind::kStart}}});
}

void Rehearsal::AskTriggers() {
  for (const std::string& on : TriggerNames(version_.program)) {
    Moment(script_.start, [&](Batch* batch) {
      Entrance entrance = Prepare(batch, RehearsedEvent{.at = script_.start, .on = on});
      const Batch::Candidate& candidate = entrance.candidate();
      Enrolled as_if;
      as_if.account = candidate.account;
      as_if.contact_key = candidate.contact_key;
      as_if.contact_source = candidate.contact_source;
      as_if.version = &version_;
      const Zone& zone = batch->ZoneOf(as_if);
      const std::vector<const Value*> values = batch->FactsOf(candidate);
      batch->Decide(&entrance.candidates);
      const bool in = !batch->admitted_.empty();
      const std::string verdict = in ? "it would enter" : batch->refusals_.empty() ? "the workflow is for another account than the contact's"
                                                                                   : RefusalSentence(RefusalName(batch->refusals_.back().reason));
      const std::string row = candidate.entry_source == nullptr || candidate.entry_source == contacts_
                                  ? std::string() : " of " + candidate.entry_source->binding.entity + ' ' + candidate.entry_row;
      const std::string word = in ? "would enter" : batch->refusals_.empty() ? "account" : RefusalName(batch->refusals_.back().reason);
      batch->admitted_.clear();
      Say({}, "trigger", on + ": " + word, "if " + on + row + " came now, with the rows as they are: " + verdict);
      for (const Trigger& trigger : version_.program.triggers) {
        if (trigger.on != on || !trigger.filter) continue;
        // Rules that the answer does not hang on were not asked about.
        std::vector<Outcome> answers = candidate.answers;
        answers.resize(version_.program.table.deferred.size(), Outcome::kDeferred);
        std::vector<Question> asked;
        for (const uint32_t rule : DeferredOf(*trigger.filter)) {
          const AskedRows rows{batch->FoundContact(candidate), candidate.contact_key, candidate.entry_source, candidate.entry_row,
                               candidate.on, candidate.event_at, &candidate.data, candidate.account};
          asked.push_back({&version_.program.table, rule, &values, rows});
        }
        Answer(registry_, {version_.owner, version_.search_path, false}, &asked);
        for (const Question& question : asked) answers[question.rule] = question.answer;
        for (const RuleSeen& rule : RulesSeen(*trigger.filter, version_.program.table, Facts(values, answers, nullptr), round_.now, &zone)) {
          Say({}, "rule", rule.rule, std::string(OutcomeName(rule.outcome)) + (rule.value.empty() ? "" : ": it is " + rule.value));
        }
      }
    });
    if (failed_) return;
  }
}

}  // namespace workflow::pg
