// What has entered before: of each candidate's contact in its workflow, and of its event.
#include <algorithm>

#include "pg/convert.h"
#include "pg/round/candidate.h"
#include "pg/server/keyed_table.h"

namespace workflow::pg {
namespace {

// The columns of the three tables that are read here.
namespace entry {
enum : int { kId = 1, kEntryKey = 5, kEntryNumber = 7, kContactSource = 9, kEnteredAt = 15 };
}  // namespace entry
namespace standing {
enum : int { kPhase = 3, kReason = 10, kEndedAt = 11 };
}  // namespace standing

// Longer ago than that an entry does not count as one of too many (semantics 7).
constexpr int64_t kRecent_us = kHour;

}  // namespace

void Batch::LoadEntries(const std::vector<Candidate>& candidates) {
  std::set<int32_t> contact_sources;
  for (const Candidate& candidate : candidates) contact_sources.insert(candidate.contact_source == nullptr ? 0 : candidate.contact_source->id);
  std::set<std::tuple<std::string_view, std::string_view, int32_t>> asked;
  KeyedTable entries("enrollment", "enrollment_pkey"), states("state", "state_pkey"), events("entry_event", "entry_event_pkey");
  // In the order of the index: ids of events are spread all over it, and neighbours share its pages.
  std::set<std::pair<std::string_view, int32_t>> ids;
  for (const Candidate& candidate : candidates) {
    for (const std::string* id : {&candidate.event_uuid, &candidate.twin_uuid}) if (!id->empty()) ids.insert({*id, candidate.version->workflow});
  }
  for (const auto& [id, workflow] : ids) {
    const std::optional<pg_uuid_t> event = UuidOf(id);
    if (event && events.Find({KeyedTable::Key::Uuid(*event), workflow})) seen_.insert({std::string(id), workflow});
  }
  for (const Candidate& candidate : candidates) asked.insert({candidate.account, candidate.contact_key, candidate.version->workflow});
  for (const auto& [account, contact_key, workflow] : asked) {
    // In the order of the entry keys, of each its entries by their number.
    entries.Seek({account, contact_key, workflow});
    while (entries.Next()) {
      const std::string entry_key = entries.Text(entry::kEntryKey);
      entry_numbers_[{std::string(account), std::string(contact_key), workflow, entry_key}] = entries.Int4(entry::kEntryNumber);
      const int32_t from = entries.IsNull(entry::kContactSource) ? 0 : entries.Int4(entry::kContactSource);
      const bool has_state = states.Find(entries.Int8(entry::kId));
      const bool is_live = has_state && ParsePhase(states.Text(standing::kPhase)) != Phase::kEnded;
      // What entered while no table was attached, or one that is not any more, is taken for the contact of this key in any.
      const bool any = round_.registry.SourceById(from) == nullptr;
      for (const int32_t source : contact_sources) {
        if (!any && source != from) continue;
        Known& known = known_[{source, std::string(account), std::string(contact_key), workflow, entry_key}];
        ++known.entries;
        known.recent += entries.Time(entry::kEnteredAt).us > round_.now.us - kRecent_us ? 1 : 0;
        known.live = known.live || is_live;
        known.last_reason = has_state ? ParseEndReason(states.Text(standing::kReason)).value_or(EndReason::kNone) : EndReason::kNone;
        if (has_state) known.last_ended_at = std::max(known.last_ended_at, states.MaybeTime(standing::kEndedAt));
      }
    }
  }
  entries.Finish();
  states.Finish();
  events.Finish();
}

}  // namespace workflow::pg
