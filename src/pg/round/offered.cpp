// Rows that an intake offers: whose they are, and whether and when in the intake's span they fell due.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

int64_t NumberOf(const Json& body, const char* key) {
  const Json* number = body.Find(key);
  return number == nullptr ? 0 : number->AsInteger().value_or(0);
}

// The window of a date or schedule; nothing of enroll_existing().
std::optional<std::pair<Instant, Instant>> WindowOf(const LogEvent& event) {
  if (event.kind != 's' || event.body.Find("until") == nullptr) return std::nullopt;
  return std::pair(Instant{NumberOf(event.body, "after")}, Instant{NumberOf(event.body, "until")});
}

}  // namespace

void Batch::OfOffer(const LogEvent& event, const ResolveRequest& request, std::vector<Candidate>* candidates) {
  Candidate base;
  base.event = &event;
  base.on = event.name;
  base.event_at = event.at;
  const auto own = round_.offered.find(NumberOf(event.body, "intake"));
  base.version = own != round_.offered.end() ? own->second : round_.registry.VersionById(static_cast<int32_t>(NumberOf(event.body, "version")));
  if (base.version == nullptr || !base.version->broken.empty()) return;
  const Json* triggers = event.body.Find("triggers");
  if (triggers == nullptr || !triggers->is_array()) return;
  for (const Json& index : triggers->array()) {
    const int64_t number = index.AsInteger().value_or(-1);
    // What failed with a filter of its own is not tried without it.
    if (number < 0 || static_cast<size_t>(number) >= base.version->program.triggers.size()) return;
    base.triggers.push_back(static_cast<int32_t>(number));
  }
  const std::string id = NamedUuid({OnceId(*request.source, event.row_key, event.name), std::to_string(NumberOf(event.body, "intake"))});
  for (const std::string& contact : request.contacts) {
    NameRow(event, request, contact, &base);
    base.event_uuid = request.contacts.size() > 1 ? NamedUuid({id, contact}) : id;
    candidates->push_back(base);
  }
}

// Of a date or schedule each row says for itself when it fell due, in its own zone; the id of the event is that day's, so that it enters once.
void Batch::FindDue(std::vector<Candidate>* candidates) {
  const bool any = std::any_of(candidates->begin(), candidates->end(), [](const Candidate& candidate) { return candidate.event->kind == 's'; });
  if (!any) return;
  for (const Candidate& candidate : *candidates) {
    if (candidate.contact_source != nullptr) rows_.Want({candidate.contact_source->id, candidate.contact_key}, candidate.account);
    if (candidate.entry_source != nullptr) rows_.Want({candidate.entry_source->id, candidate.entry_row}, candidate.account);
  }
  rows_.Fetch();
  std::vector<Candidate> due;
  for (Candidate& candidate : *candidates) {
    if (candidate.event->kind != 's') {
      due.push_back(std::move(candidate));
      continue;
    }
    const RowFacts* contact = candidate.contact_source == nullptr ? nullptr : &rows_.Get({candidate.contact_source->id, candidate.contact_key});
    if (candidate.account.empty() && candidate.entry_source != nullptr) candidate.account = rows_.Get({candidate.entry_source->id, candidate.entry_row}).account;
    if (candidate.account.empty() && contact != nullptr) candidate.account = contact->account;
    const Json* only = candidate.event->body.Find("account");
    if (only != nullptr && only->is_string() && !only->string().empty() && only->string() != candidate.account) continue;
    const auto window = WindowOf(*candidate.event);
    if (!window) {
      due.push_back(std::move(candidate));
      continue;
    }
    Enrolled as_if;
    as_if.account = candidate.account;
    as_if.contact_key = candidate.contact_key;
    as_if.contact_source = candidate.contact_source;
    as_if.version = candidate.version;
    const Zone& zone = ZoneOf(as_if);
    const std::vector<const Value*> facts = FactsOf(candidate);
    for (const int32_t index : candidate.triggers) {
      const Trigger& trigger = candidate.version->program.triggers[static_cast<size_t>(index)];
      std::string day;
      if (trigger.date) {
        const auto found = LastOccurrence(trigger.date->rule, *facts[trigger.date->field], window->first, window->second, zone);
        if (!found) continue;
        candidate.event_at = found->at;
        day = trigger.name + ' ' + FormatDate(found->date);
      } else if (trigger.schedule) {
        const auto found = LastTime(*trigger.schedule, window->first, window->second, zone);
        if (!found) continue;
        candidate.event_at = *found;
        day = trigger.on + ' ' + FormatIso(*found);
      }
      const std::string id = NamedUuid({OnceId(*candidate.entry_source, candidate.entry_row, trigger.on), day});
      candidate.event_uuid = NamedUuid({id, candidate.contact_key});
      candidate.triggers = {index};
      due.push_back(std::move(candidate));
      break;
    }
  }
  *candidates = std::move(due);
}

}  // namespace workflow::pg
