// From candidates to enrollments and refusals: everything known of their keys is loaded, the core decides.
#include <algorithm>

#include "core/condition/seen.h"
#include "pg/round/candidate.h"
#include "pg/round/hearing.h"
#include "pg/round/memberships.h"
#include "pg/server/spi.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

// Of several tags that came in one transaction any may let in, once.
bool HasWord(const Json* wanted) { return wanted != nullptr && (wanted->Find("word") != nullptr || wanted->Find("word_key") != nullptr); }

// What the filters that turned it away have seen.
std::string FilterSeen(const Program& program, const std::string& on, const Surroundings& around) {
  std::string seen;
  for (const Trigger& trigger : program.triggers) {
    if (trigger.on != on || !trigger.filter) continue;
    seen += (seen.empty() ? "" : " | ") + SeenText(*trigger.filter, program.table, around.facts, around.now, around.zone);
  }
  return seen;
}

}  // namespace

void Batch::Enter(const std::vector<const LogEvent*>& events) {
  std::vector<Candidate> candidates = Candidates(events);
  PrepareHearings();
  FindDue(&candidates);
  if (candidates.empty()) return;
  LoadKnown(&candidates);
  LoadAncestors(candidates);
  AskAboutFilters(&candidates);
  Decide(&candidates);
}

// Triggers that settle are put off until the row has been quiet; the others may let in at once. False where none of those is left.
bool Batch::LeaveForLater(Candidate* candidate) {
  const LogEvent& event = *candidate->event;
  const std::vector<Trigger>& triggers = candidate->version->program.triggers;
  std::vector<int32_t> at_once, later;
  int64_t quiet_us = 0;
  for (size_t i = 0; i < triggers.size() && event.kind != 'n'; ++i) {
    if (!Fits(triggers[i], candidate->on, candidate->entry_source != nullptr)) continue;
    const int64_t own = triggers[i].settle_us;
    (own > 0 ? later : at_once).push_back(static_cast<int32_t>(i));
    if (own > 0 && (quiet_us == 0 || own < quiet_us)) quiet_us = own;
  }
  if (const Json* settled = event.body.Find("settled")) {
    candidate->triggers = later;
    return settled->AsInteger() == candidate->version->workflow && !later.empty();
  }
  if (later.empty()) return true;
  PutOff(*candidate, quiet_us);
  candidate->triggers = at_once;
  candidate->waits = true;
  return !at_once.empty();
}

// Where lines enter by themselves, an event is one for each product on them; its id has the product in it. A row without such lines stays one candidate,
// which has no entry key.
void Batch::TellLinesApart(std::vector<Candidate>* candidates) const {
  if (std::none_of(candidates->begin(), candidates->end(), [](const Candidate& c) { return c.version->program.settings.by_line; })) return;
  std::vector<Candidate> apart;
  for (Candidate& candidate : *candidates) {
    const Json* lines = candidate.version->program.settings.by_line ? LinesOf(candidate.entry_source, candidate.entry_row) : nullptr;
    const std::vector<std::string> products = lines == nullptr ? std::vector<std::string>() : ProductsOf(*lines);
    for (const std::string& product : products) {
      Candidate one = candidate;
      one.line = product;
      for (std::string* id : {&one.event_uuid, &one.twin_uuid}) if (!id->empty()) *id = NamedUuid({*id, "line", product});
      apart.push_back(std::move(one));
    }
    if (products.empty()) apart.push_back(std::move(candidate));
  }
  *candidates = std::move(apart);
}

void Batch::LoadKnown(std::vector<Candidate>* candidates) {
  for (Candidate& candidate : *candidates) {
    if (candidate.contact_source != nullptr) rows_.Want({candidate.contact_source->id, candidate.contact_key}, candidate.account);
    if (candidate.entry_source != nullptr) rows_.Want({candidate.entry_source->id, candidate.entry_row}, candidate.account);
  }
  rows_.Fetch();
  for (Candidate& candidate : *candidates) {  // a caller may have written the key in another form
    if (candidate.contact_source == nullptr) continue;
    const RowFacts& contact = rows_.Get({candidate.contact_source->id, candidate.contact_key});
    if (!contact.found || contact.key == candidate.contact_key) continue;
    candidate.contact_key = contact.key;
    rows_.Want({candidate.contact_source->id, candidate.contact_key}, candidate.account);
  }
  rows_.Fetch();
  TellLinesApart(candidates);
  for (Candidate& candidate : *candidates) {
    std::string zone;
    if (candidate.contact_source != nullptr) {
      const RowFacts& contact = rows_.Get({candidate.contact_source->id, candidate.contact_key});
      zone = contact.zone;
      // The contact's tenant is the enrollment's, unless the row that made the event names one itself.
      if (candidate.account.empty()) candidate.account = contact.account;
    }
    if (candidate.account.empty() && candidate.event->kind == 'n') candidate.account = candidate.version->account;
    if (candidate.event->kind != 's') candidate.event_at = TimeOf(*candidate.event, candidate.wanted, candidate.entry_source, zone);
  }
  LoadEntries(*candidates);
}

void Batch::Decide(std::vector<Candidate>* candidates) {
  for (Candidate& candidate : *candidates) {
    // A tenant's workflow is for that tenant's contacts only.
    if (!candidate.version->account.empty() && candidate.version->account != candidate.account) continue;
    if (!counts_only_ && IsHeardBefore(candidate)) {  // what happened before may have ended what stands in the way
      StartAdmitted();
      HearUntil(candidate.event);
    }
    const Program& program = candidate.version->program;
    const std::vector<const Value*> facts = FactsOf(candidate);
    EntryCase entry;
    entry.status = candidate.version->status;  // of a version that was the published one when the event was captured
    if (candidate.contact_source != nullptr) {
      const RowFacts& contact = rows_.Get({candidate.contact_source->id, candidate.contact_key});
      // A caller of one account does not reach the contacts of another.
      const bool named = candidate.event->kind == 'n' || candidate.event->kind == 'e';
      entry.contact_found = contact.found && !(named && !contact.account.empty() && contact.account != candidate.account);
      entry.contact_live = contact.live;
    }
    if (candidate.entry_source != nullptr && candidate.event->op != 'D') {
      const RowFacts& row = rows_.Get({candidate.entry_source->id, candidate.entry_row});
      entry.row_live = row.found && row.live;
    }
    const std::string_view entity = candidate.entry_source == nullptr ? std::string_view() : candidate.entry_source->binding.entity;
    std::optional<EntryKey> by = EntryKeyOf(program.settings, facts, {candidate.contact_key, entity, candidate.entry_row, candidate.line});
    const std::string entry_key = by ? by->key : std::string();
    if (by) entry.entry_key = entry_key;
    const KnownKey key = KeyOf(candidate, entry_key);
    // Somebody let in a moment ago under this key may be through already: that decides whether this event may enter.
    if (!counts_only_ && known_[key].live && std::any_of(admitted_.begin(), admitted_.end(), [&](const Enrolled* admitted) {
          return KeyOf(*admitted, admitted->entry_key) == key;
        })) {
      StartAdmitted();
    }
    const Known& known = known_[key];
    entry.event_seen = seen_.contains({candidate.event_uuid, candidate.version->workflow}) ||
                       seen_.contains({candidate.twin_uuid, candidate.version->workflow});
    entry.depth = candidate.event->depth;
    entry.in_chain = IsInChain(candidate, entry_key);
    entry.recent_entries = known.recent;
    entry.entries = known.entries;
    entry.live = known.live;
    entry.last_reason = known.last_reason;
    entry.last_ended_at = known.last_ended_at;

    Enrolled as_if;
    as_if.account = candidate.account;
    as_if.contact_key = candidate.contact_key;
    as_if.contact_source = candidate.contact_source;
    as_if.version = candidate.version;
    const Surroundings around{round_.now, &ZoneOf(as_if), Facts(facts, candidate.answers, nullptr), candidate.event->backfill};
    const Refusal refusal = DecideTriggers(candidate, &entry, around);
    // What was offered and is not meant is no news; nor what is looked at once more.
    const bool quiet = (candidate.waits && refusal == Refusal::kFilter) ||
                       (candidate.event->kind == 's' && (refusal == Refusal::kFilter || refusal == Refusal::kNotLive || refusal == Refusal::kDuplicateEvent));
    if (refusal == Refusal::kNone) {
      Admit(candidate, *by);
    } else if (!quiet && (refusal != Refusal::kDuplicateEvent || !(candidate.event->parked || HasWord(candidate.wanted)))) {
      refusals_.push_back({refusal, candidate.version, candidate.event, candidate.event_uuid, candidate.on, candidate.account,
                           candidate.contact_key, entry_key, refusal == Refusal::kFilter ? FilterSeen(program, candidate.on, around) : std::string()});
    }
  }
}

// Any of the triggers may enroll; by hand nobody is asked.
Refusal Batch::DecideTriggers(const Candidate& candidate, EntryCase* entry, const Surroundings& around) const {
  const Program& program = candidate.version->program;
  const bool by_import = candidate.event->kind == 's' && candidate.triggers.empty();
  if (candidate.event->kind == 'n' || by_import) return DecideEntry(program, *entry, around);
  Refusal refusal = Refusal::kFilter;
  for (const Trigger* trigger : TriggersOf(candidate)) {
    entry->trigger = trigger;
    refusal = DecideEntry(program, *entry, around);
    if (refusal != Refusal::kFilter) break;
  }
  return refusal;
}

std::vector<const Trigger*> Batch::TriggersOf(const Candidate& candidate) const {
  const std::vector<Trigger>& all = candidate.version->program.triggers;
  std::vector<const Trigger*> triggers;
  for (const int32_t index : candidate.triggers) triggers.push_back(&all[static_cast<size_t>(index)]);
  if (candidate.event->kind == 's' || !triggers.empty()) return triggers;
  for (const Trigger& trigger : all) if (Fits(trigger, candidate.on, candidate.entry_source != nullptr)) triggers.push_back(&trigger);
  return triggers;
}

int64_t Batch::CountEntries(const std::vector<const LogEvent*>& events) {
  counts_only_ = true;
  for (size_t i = 0; i < events.size(); ++i) order_.emplace(events[i], i);
  Enter(events);
  return static_cast<int64_t>(admitted_.size());
}

void Batch::Admit(const Candidate& candidate, const EntryKey& by) {
  const std::string& entry_key = by.key;
  Known& known = known_[KeyOf(candidate, entry_key)];
  ++known.entries;
  ++known.recent;
  auto enrolled = std::make_unique<Enrolled>();
  enrolled->account = candidate.account;
  enrolled->contact_key = candidate.contact_key;
  enrolled->contact_source = candidate.contact_source;
  enrolled->version = candidate.version;
  enrolled->entry_key = entry_key;
  enrolled->entry_by = by.by;
  enrolled->entry_number = ++entry_numbers_[{candidate.account, candidate.contact_key, candidate.version->workflow, entry_key}];
  // What a deletion enrolls has no row to follow.
  enrolled->entry_source = candidate.event->op == 'D' ? nullptr : candidate.entry_source;
  enrolled->entry_row = candidate.entry_row;
  enrolled->event = candidate.event_uuid;
  enrolled->event_name = candidate.on;
  enrolled->event_at = candidate.event_at;
  enrolled->entered_at = round_.now;
  enrolled->depth = candidate.event->depth;
  enrolled->entry_log = candidate.event->id;
  enrolled->restarts = known.live;
  enrolled->parent = ParentOf(candidate);
  enrolled->backfill = candidate.event->backfill;
  enrolled->data = candidate.data;
  enrolled->state.clock = candidate.event_at;
  enrolled->is_new = enrolled->touched = true;
  known.live = true;
  seen_.insert({candidate.event_uuid, candidate.version->workflow});
  admitted_.push_back(enrolled.get());
  enrolled_.push_back(std::move(enrolled));
}

}  // namespace workflow::pg
