// What operators wish for: a failed step taken again, two contacts made one.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// Enrollments of the contact $2 of account $1 that $3 has none beside: same workflow, and the entry key that they will have.
constexpr const char* kMergedKey = "CASE WHEN e.entry_by = 'c' AND e.entry_key = $2 THEN $3 ELSE e.entry_key END";

std::string Beside(bool live) {
  return std::string("EXISTS (SELECT FROM workflow.enrollment o") + (live ? " JOIN workflow.state t ON t.enrollment = o.id AND t.phase <> 'ended'" : "") +
         " WHERE o.account = e.account AND o.contact_key = $3 AND o.workflow = e.workflow AND o.entry_key = " + kMergedKey + ")";
}

}  // namespace

// Of an enrollment that ended by an error, too; but only while nobody has entered by its key since.
void Batch::Retry(const LogEvent& event) {
  const Json* given = event.body.Find("enrollment");
  const int64_t id = given == nullptr ? 0 : given->AsInteger().value_or(0);
  Rows free = Execute("SELECT FROM workflow.enrollment e WHERE e.id = $1 AND NOT EXISTS (SELECT FROM workflow.enrollment o"
                      " JOIN workflow.state s ON s.enrollment = o.id AND s.phase <> 'ended' WHERE o.account = e.account"
                      " AND o.contact_key = e.contact_key AND o.workflow = e.workflow AND o.entry_key = e.entry_key AND o.id <> e.id)",
                      Params().Int8(id));
  const bool is_free = !free.empty();
  free.Free();
  if (!is_free) return;
  std::vector<std::pair<Enrolled*, Input>> work;
  for (Enrolled* enrolled : LoadByIds({id}, /*ended_too=*/true)) {
    WantRows(*enrolled);
    work.emplace_back(enrolled, Input{.kind = InputKind::kRetried, .paused = defer_start_});
  }
  rows_.Fetch();
  for (auto& [enrolled, input] : work) if (IsGone(*enrolled)) input.kind = InputKind::kRecordDeleted;
  Run(std::move(work));
}

// Of two live ones that of the contact who stays goes on. What has ended goes along where the other has never been, so that re-entry counts it.
void Batch::Merge(const LogEvent& event) {
  const Json* into = event.body.Find("into");
  if (into == nullptr || !into->is_string()) return;
  const auto params = [&] { return Params().Text(event.account).Text(event.row_key).Text(into->string()); };
  std::vector<std::pair<Enrolled*, Input>> work;
  for (Enrolled* enrolled : Load("e.account = $1 AND e.contact_key = $2 AND " + Beside(/*live=*/true), params())) {
    WantRows(*enrolled);
    work.emplace_back(enrolled, Input{.kind = InputKind::kMerged, .detail = "into " + into->string()});
  }
  std::vector<int64_t> ended;
  for (const auto& [enrolled, input] : work) ended.push_back(enrolled->id);
  rows_.Fetch();
  Run(std::move(work));
  Execute("UPDATE workflow.enrollment e SET contact_key = $3, entry_key = " + std::string(kMergedKey) +
              ", entry_number = e.entry_number + coalesce((SELECT max(o.entry_number) FROM workflow.enrollment o WHERE o.account = e.account"
              " AND o.contact_key = $3 AND o.workflow = e.workflow AND o.entry_key = " + kMergedKey + "), 0)"
              " WHERE e.account = $1 AND e.contact_key = $2 AND e.id <> ALL ($4)"
              " AND (NOT " + Beside(/*live=*/false) + " OR EXISTS (SELECT FROM workflow.state s WHERE s.enrollment = e.id AND s.phase <> 'ended'))",
          params().Int8s(ended));
  Execute("INSERT INTO workflow.merged AS m (account, contact_key, into_key, at) VALUES ($1, $2, $3, $4)"
          " ON CONFLICT (account, into_key, contact_key) DO UPDATE SET at = excluded.at",
          params().Time(round_.now));
  Execute("UPDATE workflow.task t SET contact_key = $3 FROM workflow.enrollment e"
          " WHERE e.id = t.enrollment AND e.account = $1 AND e.contact_key = $3 AND t.contact_key = $2",
          params());
  Execute("UPDATE workflow.contacted c SET contact_key = $3 WHERE c.account = $1 AND c.contact_key = $2", params());
  Execute("INSERT INTO workflow.suppression (account, contact_key, address, channel, scope, reason, message, at)"
          " SELECT s.account, $3, '', s.channel, s.scope, s.reason, s.message, s.at FROM workflow.suppression s"
          " WHERE s.account IN ($1, '') AND s.contact_key = $2 ON CONFLICT DO NOTHING",
          params());
  Execute("INSERT INTO workflow.subscription (account, contact_key, contact_source, campaign, channel, subscribed, at, workflow)"
          " SELECT s.account, $3, s.contact_source, s.campaign, s.channel, s.subscribed, s.at, s.workflow FROM workflow.subscription s"
          " WHERE s.account = $1 AND s.contact_key = $2 ON CONFLICT DO NOTHING",
          params());
}

}  // namespace workflow::pg
