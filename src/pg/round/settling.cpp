#include "pg/round/settling.h"

#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {

bool AnySettles(const Registry& registry) {
  return std::any_of(registry.versions.begin(), registry.versions.end(), [](const auto& version) {
    const auto& triggers = version->program.triggers;
    return std::any_of(triggers.begin(), triggers.end(), [](const Trigger& trigger) { return trigger.settle_us > 0; });
  });
}

std::vector<LogEvent> ReadSettled(Instant now, int limit) {
  std::vector<LogEvent> events;
  Rows rows = Execute("DELETE FROM workflow.settling s WHERE s.ctid = ANY (ARRAY(SELECT o.ctid FROM workflow.settling o WHERE o.due <= $1 ORDER BY o.due LIMIT " +
                          std::to_string(limit) + ")) RETURNING s.event::text, s.due",
                      Params().Time(now));
  for (size_t i = 0; i < rows.size(); ++i) {
    auto event = FromParkedText(rows.Text(i, 1));
    if (!event) continue;
    event->at = rows.Time(i, 2);
    event->timed = true;
    event->heard = true;  // when it came
    events.push_back(std::move(*event));
  }
  rows.Free();
  std::sort(events.begin(), events.end(), [](const LogEvent& a, const LogEvent& b) { return std::pair(a.at, a.id) < std::pair(b.at, b.id); });
  return events;
}

std::optional<Instant> NextSettled() {
  Rows rows = Execute("SELECT min(s.due) FROM workflow.settling s");
  const std::optional<Instant> next = rows.MaybeTime(0, 1);
  rows.Free();
  return next;
}

// What is left of the event is what a look needs: who wants it, and the row as the event had found it. The rest is read then.
void Batch::PutOff(const Candidate& candidate, int64_t quiet_us) {
  LogEvent later = *candidate.event;
  later.body = Json::MakeObject({{"settled", Json::Integer(candidate.version->workflow)}});
  for (const char* key : {"data", "old", "chains", "part"}) {
    if (const Json* part = candidate.event->body.Find(key)) later.body.Set(key, *part);
  }
  if (later.kind == 'r') {
    Json versions = Json::MakeArray(), wanted = Json::MakeArray();
    versions.array().push_back(Json::Integer(candidate.version->id));
    Json one = Json::MakeObject({{"on", Json::String(candidate.on)}, {"versions", std::move(versions)}});
    for (const char* key : {"word", "word_key"}) {
      const Json* part = candidate.wanted == nullptr ? nullptr : candidate.wanted->Find(key);
      if (part != nullptr) one.Set(key, *part);
    }
    wanted.array().push_back(std::move(one));
    later.body.Set("wanted", std::move(wanted));
  }
  const Instant at = round_.is_virtual && !candidate.event->timed ? round_.now : candidate.event->at;
  const Source* source = later.kind == 'r' ? candidate.entry_source : candidate.contact_source;
  Settling own{ToParkedText(later, std::nullopt), quiet_us, Instant{at.us + quiet_us}};
  const auto [place, is_new] = settling_.try_emplace({source == nullptr ? 0 : source->id, later.row_key, candidate.version->workflow, candidate.on}, own);
  if (is_new) return;
  place->second.due = std::max(place->second.due, own.due);
  if (later.kind == 'e') place->second.event = own.event;
}

void Batch::NoteTouched(const std::vector<const LogEvent*>& events) {
  for (const LogEvent* event : events) {
    const Json* touched = event->kind == 'r' && !event->parked ? event->body.Find("touched") : nullptr;
    if (touched == nullptr || !event->source) continue;
    touched_.push_back({*event->source, event->row_key, round_.is_virtual && !event->timed ? round_.now : event->at});
  }
}

void Batch::SaveSettling() {
  if (!settling_.empty()) {
    std::vector<int32_t> sources, workflows;
    std::vector<std::string> keys, names, events;
    std::vector<int64_t> quiet;
    std::vector<std::optional<Instant>> dues;
    for (const auto& [key, settling] : settling_) {
      sources.push_back(std::get<0>(key));
      keys.push_back(std::get<1>(key));
      workflows.push_back(std::get<2>(key));
      names.push_back(std::get<3>(key));
      events.push_back(settling.event);
      quiet.push_back(settling.quiet_us);
      dues.push_back(settling.due);
    }
    Execute("INSERT INTO workflow.settling AS s (source, row_key, workflow, name, quiet_us, due, event)"
            " SELECT source, row_key, workflow, name, quiet_us, due, event::json"
            " FROM unnest($1::int[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::timestamptz[], $7::text[])"
            " AS u(source, row_key, workflow, name, quiet_us, due, event) ON CONFLICT (source, row_key, workflow, name) DO UPDATE"
            " SET due = greatest(s.due, excluded.due), event = CASE excluded.event->>'kind' WHEN 'e' THEN excluded.event ELSE s.event END",
            Params().Int4s(sources).Texts(keys).Int4s(workflows).Texts(names).Int8s(quiet).Times(dues).Texts(events));
  }
  if (touched_.empty()) return;
  std::vector<int32_t> sources;
  std::vector<std::string> keys;
  std::vector<std::optional<Instant>> ats;
  for (const Touched& touched : touched_) {
    sources.push_back(touched.source);
    keys.push_back(touched.row_key);
    ats.push_back(touched.at);
  }
  Execute("UPDATE workflow.settling s SET due = greatest(s.due, t.at + s.quiet_us * interval '1 microsecond')"
          " FROM (SELECT u.source, u.row_key, max(u.at) AS at FROM unnest($1::int[], $2::text[], $3::timestamptz[]) AS u(source, row_key, at) GROUP BY 1, 2) t"
          " WHERE s.source = t.source AND s.row_key = t.row_key",
          Params().Int4s(sources).Texts(keys).Times(ats));
}

}  // namespace workflow::pg
