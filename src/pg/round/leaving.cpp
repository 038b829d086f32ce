// What events do to those who are already in: rows deleted or changed, contacts removed by hand, workflows resumed, tables truncated.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

bool Flag(const LogEvent& event, const char* key) {
  const Json* value = event.body.Find(key);
  return value != nullptr && value->is_boolean() && value->boolean();
}

// Enrollments of the contact $2 of source $1. Rows of any account may belong to a contact that names none; the accounts are few, so the index is
// asked once for each.
std::string OfContact(const std::string& account) {
  const std::string accounts = account.empty() ? "= ANY (ARRAY(WITH RECURSIVE k(a) AS ((SELECT o.account FROM workflow.enrollment o ORDER BY 1 LIMIT 1)"
                                                 " UNION ALL SELECT (SELECT o.account FROM workflow.enrollment o WHERE o.account > k.a ORDER BY 1"
                                                 " LIMIT 1) FROM k WHERE k.a IS NOT NULL) SELECT k.a FROM k WHERE k.a IS NOT NULL))"
                                               : "= $3";
  return "e.account " + accounts + " AND e.contact_key = $2 AND e.contact_source = $1 AND $3::text IS NOT NULL";
}

}  // namespace

void Batch::Apply(const std::vector<const LogEvent*>& events) {
  std::vector<const LogEvent*> gone, changed;
  for (const LogEvent* event : events) {
    if (event->applied) continue;
    switch (event->kind) {
      case 'r':
        if (Flag(*event, "gone")) gone.push_back(event);
        else if (Flag(*event, "changed")) changed.push_back(event);
        break;
      case 'u': Unenroll(*event); break;
      case 'a': Answer(*event); break;
      case 'p': Resumed(*event); break;
      case 'o': event->name == "merge" ? Merge(*event) : event->name == "migrate" ? Migrate(*event) : Retry(*event); break;
      case 't':
        Execute("UPDATE workflow.source SET epoch = epoch + 1 WHERE id = $1", Params().Int4(event->source.value_or(0)));
        ++round_.epochs[event->source.value_or(0)];
        break;
      default: break;
    }
  }
  if (!gone.empty()) EndRows(gone);
  if (changed.empty()) return;
  std::vector<std::pair<Enrolled*, Input>> work;
  for (const LogEvent* event : changed) {
    const Source* source = event->source ? round_.registry.SourceById(*event->source) : nullptr;
    if (source == nullptr) continue;
    const bool contact = source->binding.entity == "contact";
    const std::string where = contact ? OfContact(event->account) : "e.entry_source = $1 AND e.entry_row = $2 AND $3::text IS NOT NULL";
    for (Enrolled* enrolled : Load(where, Params().Int4(source->id).Text(event->row_key).Text(event->account))) {
      WantRows(*enrolled);
      work.emplace_back(enrolled, Input{.kind = InputKind::kRecordChanged, .paused_us = enrolled->shifted_us,
                                          .paused = enrolled->version->status == WorkflowStatus::kPaused});
    }
  }
  rows_.Fetch();
  for (auto& [enrolled, input] : work) {
    if (IsGone(*enrolled) && !input.paused) input.kind = InputKind::kRecordDeleted;
    input.paused = input.paused || defer_start_;
  }
  Run(std::move(work));
}

// Enrollments of deleted rows end; the ids of their events are forgotten, so that a row of the same key is a new one.
void Batch::EndRows(const std::vector<const LogEvent*>& events) {
  std::vector<std::pair<Enrolled*, Input>> work;
  std::vector<std::string> forgotten;
  std::map<int32_t, std::vector<std::string>> rows;
  for (const LogEvent* event : events) {
    const Source* source = event->source ? round_.registry.SourceById(*event->source) : nullptr;
    if (source == nullptr) continue;
    rows[source->id].push_back(event->row_key);
    for (const BoundEvent& bound : source->binding.events) {
      if (bound.once) forgotten.push_back(OnceId(*source, event->row_key, bound.name));
    }
  }
  for (const auto& [id, keys] : rows) {
    const bool contact = round_.registry.SourceById(id)->binding.entity == "contact";
    const std::string where = contact ? "e.contact_source = $1 AND e.contact_key = ANY ($2)" : "e.entry_source = $1 AND e.entry_row = ANY ($2)";
    for (Enrolled* enrolled : Load(where, Params().Int4(id).Texts(keys))) {
      if (enrolled->is_new) continue;  // it entered by the deletion itself
      WantRows(*enrolled);
      work.emplace_back(enrolled, Input{.kind = InputKind::kRecordDeleted});
    }
  }
  rows_.Fetch();
  Run(std::move(work));
  Execute("DELETE FROM workflow.entry_event WHERE event = ANY ($1::text[]::uuid[])", Params().Texts(forgotten));
  for (const auto& [id, keys] : rows) {  // where a row led to several contacts, each had an id of its own
    Execute("DELETE FROM workflow.entry_event x USING workflow.enrollment e WHERE e.entry_source = $1 AND e.entry_row = ANY ($2)"
            " AND x.event = e.event AND x.workflow = e.workflow",
            Params().Int4(id).Texts(keys));
  }
}

void Batch::Unenroll(const LogEvent& event) {
  const Json* workflow = event.body.Find("workflow");
  const Json* comment = event.body.Find("comment");
  std::vector<std::pair<Enrolled*, Input>> work;
  // Without a workflow: wherever the contact is.
  const char* which = workflow == nullptr ? "e.account = $1 AND e.contact_key = $2 AND $3 = 0" : "e.account = $1 AND e.contact_key = $2 AND e.workflow = $3";
  for (Enrolled* enrolled : Load(which,
                                 Params().Text(event.account).Text(event.row_key).Int4(
                                     static_cast<int32_t>(workflow == nullptr ? 0 : workflow->AsInteger().value_or(0))))) {
    WantRows(*enrolled);
    Input input{.kind = InputKind::kRemoved};
    if (comment != nullptr && comment->is_string()) input.detail = comment->string();
    work.emplace_back(enrolled, input);
  }
  rows_.Fetch();
  Run(std::move(work));
}

// A resumed workflow's held timers go back where they were; archived by force, its enrollments end.
void Batch::Resumed(const LogEvent& event) {
  const Json* workflow = event.body.Find("workflow");
  const int32_t id = static_cast<int32_t>(workflow == nullptr ? 0 : workflow->AsInteger().value_or(0));
  if (event.name == "resume") {
    Rows held = Execute("DELETE FROM workflow.held WHERE workflow = $1 RETURNING enrollment, number", Params().Int4(id));
    std::vector<TimerItem> timers;  // as of now: what was read before them is not read again
    for (size_t i = 0; i < held.size(); ++i) timers.push_back({round_.now, held.Int8(i, 1), held.Int4(i, 2)});
    held.Free();
    round_.timers.Add(timers);
    return;
  }
  if (event.name != "archive") return;
  std::vector<std::pair<Enrolled*, Input>> work;
  for (Enrolled* enrolled : Load("e.workflow = $1", Params().Int4(id))) {
    WantRows(*enrolled);
    work.emplace_back(enrolled, Input{.kind = InputKind::kArchived});
  }
  rows_.Fetch();
  Run(std::move(work));
}

}  // namespace workflow::pg
