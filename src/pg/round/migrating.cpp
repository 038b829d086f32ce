// Enrollments that go to another version of their workflow, by the operator's wish (semantics 10).
#include "core/enrollment/migrate.h"
#include "pg/round/candidate.h"
#include "pg/server/spi.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

int64_t NumberIn(const Json& body, const char* key) {
  const Json* number = body.Find(key);
  return number == nullptr ? 0 : number->AsInteger().value_or(0);
}

// The next ones on the version, in the order of their numbers.
std::vector<int64_t> LivingOn(int32_t version, int64_t after) {
  std::vector<int64_t> ids;
  Rows rows = Execute("SELECT s.enrollment FROM workflow.state s WHERE s.version = $1 AND s.enrollment > $2 AND s.phase <> 'ended'"
                      " ORDER BY s.enrollment LIMIT " + std::to_string(settings::batch_size),
                      Params().Int4(version).Int8(after));
  for (size_t i = 0; i < rows.size(); ++i) ids.push_back(rows.Int8(i, 1));
  rows.Free();
  return ids;
}

// The same wish once more, for the next round.
EventRow GoingOn(const LogEvent& event, Json body) {
  EventRow row;
  row.kind = event.kind;
  row.name = event.name;
  row.timed = true;
  row.at = event.at;
  if (!event.event.empty()) row.event = event.event;
  row.account = event.account;
  row.body = body.Dump();
  return row;
}

}  // namespace

// A version's worth may be many: each round takes a batch of them. Who cannot go stays, and their history says why.
void Batch::Migrate(const LogEvent& event) {
  const auto from_id = static_cast<int32_t>(NumberIn(event.body, "from")), to_id = static_cast<int32_t>(NumberIn(event.body, "to"));
  const std::vector<int64_t> ids = LivingOn(from_id, NumberIn(event.body, "after"));
  if (ids.empty()) return;
  const LoadedVersion *from = round_.registry.VersionById(from_id), *to = round_.registry.VersionById(to_id);
  if (from != nullptr && to == nullptr) {  // housekeeping has let capture forget it meanwhile
    Rows known = Execute("UPDATE workflow.version v SET listened = true WHERE v.id = $1 AND v.published_at IS NOT NULL RETURNING v.id", Params().Int4(to_id));
    if (!known.empty()) events_.push_back(GoingOn(event, event.body));
    known.Free();
    return;
  }
  std::vector<Enrolled*> loaded = LoadByIds(ids);
  if (from == nullptr || !to->broken.empty()) {
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "version " + std::to_string(to_id) + " cannot be run", to == nullptr ? "" : to->broken};
  }
  StepMapping mapping;
  if (const Json* given = event.body.Find("mapping"); given != nullptr && given->is_object()) {
    for (const auto& [old, fresh] : given->object()) if (fresh.is_string()) mapping[old] = fresh.string();
  }
  for (const Enrolled* enrolled : loaded) WantRows(*enrolled);
  rows_.Fetch();
  for (Enrolled* enrolled : loaded) {
    enrolled->version = to;  // by whose settings its zone is found
    const Surroundings around{round_.now, &ZoneOf(*enrolled), {}, enrolled->backfill, enrolled->entered_at};
    Migration moved = ::workflow::Migrate(from->program, to->program, enrolled->state, mapping, enrolled->shifted_us, around);
    if (!moved.problem.empty()) {
      enrolled->version = from;
      traces_.push_back({enrolled->id, moved.from_step, "not_migrated", "to version " + std::to_string(to->number) + ": " + moved.problem});
      continue;
    }
    enrolled->state = std::move(moved.state);
    enrolled->touched = true;
    const std::string renamed = moved.from_step == moved.to_step ? std::string() : ", step " + moved.from_step;
    traces_.push_back({enrolled->id, moved.to_step, "migrated", "from version " + std::to_string(from->number) + renamed});
    counts_.by_version[from->id].Add({.ended = 1});
    counts_.by_version[to->id].Add({.entered = 1});
  }
  if (ids.size() < static_cast<size_t>(settings::batch_size)) return;
  Json body = event.body;
  body.Set("after", Json::Integer(ids.back()));
  events_.push_back(GoingOn(event, std::move(body)));
}

}  // namespace workflow::pg
