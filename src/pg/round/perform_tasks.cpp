// Tasks and approvals in our own table, and what answers do to them.
#include "pg/round/candidate.h"
#include "pg/round/changes.h"

namespace workflow::pg {

void PerformTasks(const std::vector<HostChange*>& changes, Instant now) {
  std::vector<std::string> kinds, accounts, contacts, steps, titles;
  std::vector<int32_t> workflows, versions, visits;
  std::vector<int64_t> enrollments;
  std::vector<std::optional<std::string>> bodies, assignees, roles;
  std::vector<std::optional<Instant>> dues;
  for (const HostChange* change : changes) {
    const Enrolled& enrolled = *change->enrolled;
    kinds.push_back(change->task->kind);
    accounts.push_back(enrolled.account);
    contacts.push_back(enrolled.contact_key);
    workflows.push_back(enrolled.version->workflow);
    versions.push_back(enrolled.version->id);
    enrollments.push_back(enrolled.id);
    steps.push_back(change->step);
    visits.push_back(change->task->visit);
    titles.push_back(change->task->title);
    bodies.push_back(change->task->body);
    assignees.push_back(change->task->assignee);
    roles.push_back(change->task->role);
    dues.push_back(change->task->due);
  }
  Rows rows = Execute(
      "INSERT INTO workflow.task (kind, account, contact_key, workflow, version, enrollment, step, visit, title, body, assignee, role, due_at, created_at)"
      " SELECT kind, account, contact_key, workflow, version, enrollment, step, visit, title, body, assignee, role, due_at, $14"
      " FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[], $6::bigint[], $7::text[], $8::int[], $9::text[], $10::text[],"
      " $11::text[], $12::text[], $13::timestamptz[]) WITH ORDINALITY AS u(kind, account, contact_key, workflow, version, enrollment, step, visit,"
      " title, body, assignee, role, due_at, n) ORDER BY u.n RETURNING id",
      Params().Texts(kinds).Texts(accounts).Texts(contacts).Int4s(workflows).Int4s(versions).Int8s(enrollments).Texts(steps).Int4s(visits).Texts(titles)
          .Texts(bodies).Texts(assignees).Texts(roles).Times(dues).Time(now));
  for (size_t i = 0; i < rows.size() && i < changes.size(); ++i) {
    const Json id = Json::Integer(rows.Int8(i, 1));
    changes[i]->result = Json::MakeObject({{"key", id}, {"task", id}});
    if (changes[i]->task->assignee) changes[i]->result->Set("assignee", Json::String(*changes[i]->task->assignee));
  }
  rows.Free();
}

// An answer to a task that is still open; of an approval only where the enrollment still waits for just this one.
void Batch::Answer(const LogEvent& event) {
  const Json* task = event.body.Find("task");
  const auto text_of = [&](const char* key) {
    const Json* text = event.body.Find(key);
    return text != nullptr && text->is_string() ? std::optional(text->string()) : std::nullopt;
  };
  Rows rows = Execute("SELECT t.kind, t.enrollment, t.step, t.visit FROM workflow.task t WHERE t.id = $1 AND t.state = 'open'",
                      Params().Int8(task == nullptr ? 0 : task->AsInteger().value_or(0)));
  if (rows.empty()) return;
  const std::string kind = rows.Text(0, 1), step = rows.Text(0, 3);
  const int64_t enrollment = rows.Int8(0, 2);
  const int32_t visit = rows.Int4(0, 4);
  rows.Free();
  if (kind == "task") {
    closes_.push_back({enrollment, step, visit, "done", text_of("by"), text_of("comment")});
    return;
  }
  for (Enrolled* enrolled : Load("e.id = $1", Params().Int8(enrollment))) {
    const Program& program = enrolled->version->program;
    if (enrolled->state.phase != Phase::kApproval || enrolled->state.visit != visit || program.StepIndex(step) != enrolled->state.step) continue;
    answers_[enrollment] = {text_of("by"), text_of("comment")};
    WantRows(*enrolled);
    rows_.Fetch();
    Input input{.kind = InputKind::kAnswer, .detail = text_of("comment").value_or(std::string()), .approved = event.name == "approved"};
    if (IsGone(*enrolled)) input = Input{.kind = InputKind::kRecordDeleted};
    Run({{enrolled, input}});
  }
}

// The task is over, and the step's result says how.
void Batch::Close(Turn* turn, const CloseEffect& close, const std::string& step) {
  PendingClose closed{turn->enrolled->id, step, close.visit, close.outcome, {}, {}};
  if (const auto answer = answers_.find(turn->enrolled->id); answer != answers_.end()) {
    closed.by = answer->second.first;
    closed.comment = answer->second.second;
  }
  const Json* known = turn->enrolled->results.Find(step);
  Json result = known != nullptr && known->is_object() ? *known : Json::MakeObject();
  result.Set("outcome", Json::String(close.outcome));
  result.Set("by", closed.by ? Json::String(*closed.by) : Json());
  result.Set("comment", closed.comment ? Json::String(*closed.comment) : Json());
  turn->results.emplace_back(step, std::move(result));
  turn->closes.push_back(std::move(closed));
}

void Batch::SaveCloses() {
  if (closes_.empty()) return;
  std::vector<int64_t> enrollments;
  std::vector<std::string> steps, outcomes;
  std::vector<int32_t> visits;
  std::vector<std::optional<std::string>> people, comments;
  for (const PendingClose& close : closes_) {
    enrollments.push_back(close.enrollment);
    steps.push_back(close.step);
    visits.push_back(close.visit);
    outcomes.push_back(close.outcome);
    people.push_back(close.by);
    comments.push_back(close.comment);
  }
  Execute("UPDATE workflow.task t SET state = u.outcome, closed_at = $7, closed_by = u.person, comment = u.comment"
          " FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[]) AS u(enrollment, step, visit, outcome, person, comment)"
          " WHERE t.enrollment = u.enrollment AND t.step = u.step AND t.visit = u.visit AND t.state = 'open'",
          Params().Int8s(enrollments).Texts(steps).Int4s(visits).Texts(outcomes).Texts(people).Texts(comments).Time(round_.now));
}

}  // namespace workflow::pg
