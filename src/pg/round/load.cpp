// Enrollments that are live already: read back with their state, and what is known of their rows.
#include "pg/round/candidate.h"
#include "pg/server/keyed_table.h"
#include "pg/server/spi.h"

namespace workflow::pg {

namespace {

// The columns of the two tables, in their order.
namespace identity {
enum : int { kId = 1, kAccount, kContactKey, kWorkflow, kEntryKey, kEntryBy, kEntryNumber, kVersion, kContactSource, kEntrySource, kEntryRow, kEvent,
             kEventName, kEventAt, kEnteredAt, kDepth, kBackfill, kData };
}  // namespace identity
namespace state {
enum : int { kEnrollment = 1, kVersion, kPhase, kStep, kVisit, kAttempts, kTimer, kClock, kDue, kReason, kEndedAt, kShifted, kMemo };
}  // namespace state

void ReadIdentity(const KeyedTable& row, const Registry& registry, Enrolled* enrolled) {
  using namespace identity;  // NOLINT
  const auto source = [&](int column) { return row.IsNull(column) ? nullptr : registry.SourceById(row.Int4(column)); };
  enrolled->account = row.Text(kAccount);
  enrolled->contact_key = row.Text(kContactKey);
  enrolled->contact_source = source(kContactSource);
  enrolled->entry_key = row.Text(kEntryKey);
  enrolled->entry_by = ParseEntryBy(std::string(1, row.Char(kEntryBy)));
  enrolled->entry_number = row.Int4(kEntryNumber);
  enrolled->entry_source = source(kEntrySource);
  enrolled->entry_row = row.Text(kEntryRow);
  enrolled->event_name = row.Text(kEventName);
  enrolled->event_at = row.Time(kEventAt);
  enrolled->entered_at = row.Time(kEnteredAt);
  enrolled->depth = row.Int2(kDepth);
  enrolled->backfill = row.Bool(kBackfill);
  std::string error;
  if (!row.IsNull(kData)) enrolled->data = Json::Parse(row.Text(kData), &error).value_or(Json());
}

void ReadState(const KeyedTable& row, Enrolled* enrolled) {
  using namespace state;  // NOLINT
  State& state = enrolled->state;
  state.phase = ParsePhase(row.Text(kPhase)).value_or(Phase::kReady);
  state.step = enrolled->version->program.StepIndex(row.Text(kStep));
  state.visit = row.Int4(kVisit);
  state.attempts = row.Int4(kAttempts);
  state.timer = row.Int4(kTimer);
  state.clock = row.Time(kClock);
  state.due = row.MaybeTime(kDue);
  state.reason = ParseEndReason(row.Text(kReason)).value_or(EndReason::kNone);
  enrolled->shifted_us = row.Int8(kShifted);
  if (!row.IsNull(kMemo)) ReadMemo(enrolled->version->program, row.Text(kMemo), &state);
  enrolled->place = row.place();
}

}  // namespace

std::vector<Enrolled*> Batch::Load(const std::string& where, const Params& params) {
  Rows rows = Execute("SELECT e.id FROM workflow.enrollment e JOIN workflow.state s ON s.enrollment = e.id WHERE s.phase <> 'ended' AND " + where +
                          " ORDER BY e.account, e.contact_key, e.id",
                      params);
  std::vector<int64_t> ids;
  for (size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.Int8(i, 1));
  rows.Free();
  return LoadByIds(ids);
}

std::vector<Enrolled*> Batch::LoadByIds(const std::vector<int64_t>& ids, bool ended_too) {
  std::vector<Enrolled*> loaded;
  std::set<int64_t> asked;  // an enrollment may have several timers, of which one counts
  KeyedTable states("state", "state_pkey"), identities("enrollment", "enrollment_id_key");
  states.Expect(ids);
  identities.Expect(ids);
  for (const int64_t id : ids) {
    if (!asked.insert(id).second) continue;
    if (const auto known = by_id_.find(id); known != by_id_.end()) {
      loaded.push_back(known->second);
      continue;
    }
    if (!states.Find(id) || (!ended_too && ParsePhase(states.Text(state::kPhase)) == Phase::kEnded) || !identities.Find(id)) continue;
    const LoadedVersion* version = round_.registry.VersionById(states.Int4(state::kVersion));
    if (version == nullptr || !version->broken.empty()) {
      throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the workflow version of enrollment " + std::to_string(id) + " cannot be run",
                     version == nullptr ? "it is not among the versions that are listened for" : version->broken, "See workflow.doctor()."};
    }
    auto enrolled = std::make_unique<Enrolled>();
    enrolled->id = id;
    enrolled->version = version;
    ReadIdentity(identities, round_.registry, enrolled.get());
    ReadState(states, enrolled.get());
    enrolled->stored_timer = enrolled->state.timer;
    loaded.push_back(enrolled.get());
    by_id_[id] = enrolled.get();
    enrolled_.push_back(std::move(enrolled));
  }
  states.Finish();
  identities.Finish();
  return loaded;
}

void Batch::WantRows(const Enrolled& enrolled) {
  if (enrolled.contact_source != nullptr) rows_.Want({enrolled.contact_source->id, enrolled.contact_key}, enrolled.account);
  if (enrolled.entry_source != nullptr) rows_.Want({enrolled.entry_source->id, enrolled.entry_row}, enrolled.account);
}

// The contact, or the row that made the event, is not there any more or no longer live (attach 10).
bool Batch::IsGone(const Enrolled& enrolled) const {
  if (enrolled.contact_source != nullptr && !rows_.Get({enrolled.contact_source->id, enrolled.contact_key}).live) return true;
  return enrolled.entry_source != nullptr && !rows_.Get({enrolled.entry_source->id, enrolled.entry_row}).live;
}

}  // namespace workflow::pg
