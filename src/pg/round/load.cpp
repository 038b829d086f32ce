// Enrollments that are live already: read back with their state, and what is known of their rows.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {

std::vector<Enrolled*> Batch::Load(const std::string& where, const Params& params) {
  Rows rows = Execute(
      "SELECT e.id, e.account, e.contact_key, e.contact_source, s.version, e.entry_key, e.entry_number, e.entry_source, e.entry_row,"
      " e.event::text, e.event_name, e.event_at, e.entered_at, e.depth::int, e.backfill, e.data::text,"
      " s.phase, s.step, s.visit, s.attempts, s.timer, s.clock, s.due, s.shifted_us"
      " FROM workflow.enrollment e JOIN workflow.state s ON s.enrollment = e.id WHERE s.phase <> 'ended' AND " + where +
      " ORDER BY e.account, e.contact_key, e.id",
      params);
  std::vector<Enrolled*> loaded;
  for (size_t i = 0; i < rows.size(); ++i) {
    const int64_t id = rows.Int8(i, 1);
    if (const auto known = by_id_.find(id); known != by_id_.end()) {
      loaded.push_back(known->second);
      continue;
    }
    const LoadedVersion* version = round_.registry.VersionById(rows.Int4(i, 5));
    if (version == nullptr || !version->broken.empty()) {
      throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the workflow version of enrollment " + std::to_string(id) + " cannot be run",
                     version == nullptr ? "it is not among the versions that are listened for" : version->broken, "See workflow.doctor()."};
    }
    auto enrolled = std::make_unique<Enrolled>();
    enrolled->id = id;
    enrolled->account = rows.Text(i, 2);
    enrolled->contact_key = rows.Text(i, 3);
    if (const auto source = rows.MaybeInt4(i, 4)) enrolled->contact_source = round_.registry.SourceById(*source);
    enrolled->version = version;
    enrolled->entry_key = rows.Text(i, 6);
    enrolled->entry_number = rows.Int4(i, 7);
    if (const auto source = rows.MaybeInt4(i, 8)) enrolled->entry_source = round_.registry.SourceById(*source);
    enrolled->entry_row = rows.Text(i, 9);
    enrolled->event = rows.Text(i, 10);
    enrolled->event_name = rows.Text(i, 11);
    enrolled->event_at = rows.Time(i, 12);
    enrolled->entered_at = rows.Time(i, 13);
    enrolled->depth = rows.Int4(i, 14);
    enrolled->backfill = rows.Bool(i, 15);
    std::string error;
    if (const auto data = rows.MaybeText(i, 16)) enrolled->data = Json::Parse(*data, &error).value_or(Json());
    State& state = enrolled->state;
    state.phase = ParsePhase(rows.Text(i, 17)).value_or(Phase::kReady);
    state.step = version->program.StepIndex(rows.Text(i, 18));
    state.visit = rows.Int4(i, 19);
    state.attempts = rows.Int4(i, 20);
    state.timer = rows.Int4(i, 21);
    state.clock = rows.Time(i, 22);
    state.due = rows.MaybeTime(i, 23);
    enrolled->shifted_us = rows.Int8(i, 24);
    loaded.push_back(enrolled.get());
    by_id_[id] = enrolled.get();
    enrolled_.push_back(std::move(enrolled));
  }
  rows.Free();
  return loaded;
}

void Batch::WantRows(const Enrolled& enrolled) {
  if (enrolled.contact_source != nullptr) rows_.Want({enrolled.contact_source->id, enrolled.contact_key});
  if (enrolled.entry_source != nullptr) rows_.Want({enrolled.entry_source->id, enrolled.entry_row});
}

// The contact, or the row that made the event, is not there any more or no longer live (attach 10).
bool Batch::IsGone(const Enrolled& enrolled) const {
  if (enrolled.contact_source != nullptr && !rows_.Get({enrolled.contact_source->id, enrolled.contact_key}).live) return true;
  return enrolled.entry_source != nullptr && !rows_.Get({enrolled.entry_source->id, enrolled.entry_row}).live;
}

}  // namespace workflow::pg
