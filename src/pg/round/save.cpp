// What a batch leaves behind, each kind by one statement.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {

void Batch::Save() {
  SaveEnrollments();
  SaveStates();
  SaveMessages();
  SaveTraces();
  SaveRefusals();
  SaveParked();
}

void Batch::SaveEnrollments() {
  std::vector<int64_t> ids;
  std::vector<std::string> accounts, contacts, keys, kinds, events, names;
  std::vector<int32_t> workflows, numbers, versions, depths;
  std::vector<std::optional<std::string>> rows, datas, contact_sources, entry_sources;
  std::vector<std::optional<Instant>> event_ats;
  std::vector<bool> backfills;
  for (const auto& enrolled : enrolled_) {
    if (!enrolled->is_new) continue;
    ids.push_back(enrolled->id);
    accounts.push_back(enrolled->account);
    contacts.push_back(enrolled->contact_key);
    workflows.push_back(enrolled->version->workflow);
    keys.push_back(enrolled->entry_key);
    kinds.push_back(std::string(1, EntryByCode(enrolled->entry_by)));
    numbers.push_back(enrolled->entry_number);
    versions.push_back(enrolled->version->id);
    const auto id_of = [](const Source* source) { return source == nullptr ? std::nullopt : std::optional(std::to_string(source->id)); };
    contact_sources.push_back(id_of(enrolled->contact_source));
    entry_sources.push_back(id_of(enrolled->entry_source));
    rows.push_back(enrolled->entry_source == nullptr ? std::nullopt : std::optional(enrolled->entry_row));
    events.push_back(enrolled->event);
    names.push_back(enrolled->event_name);
    event_ats.push_back(enrolled->event_at);
    depths.push_back(enrolled->depth);
    backfills.push_back(enrolled->backfill);
    datas.push_back(enrolled->data.is_null() ? std::nullopt : std::optional(enrolled->data.Dump()));
  }
  if (!ids.empty()) {
    Params params;
    params.Int8s(ids).Texts(accounts).Texts(contacts).Int4s(workflows).Texts(keys).Int4s(numbers).Int4s(versions).Texts(contact_sources)
        .Texts(entry_sources).Texts(rows).Texts(events).Texts(names).Times(event_ats).Int4s(depths).Bools(backfills).Texts(datas).Time(round_.now)
        .Texts(kinds);
    Execute("INSERT INTO workflow.enrollment (id, account, contact_key, workflow, entry_key, entry_number, version, contact_source, entry_source,"
            " entry_row, event, event_name, event_at, depth, backfill, data, entered_at, entry_by)"
            " SELECT id, account, contact_key, workflow, entry_key, number, version, contact_source::int, entry_source::int, entry_row, event::uuid,"
            " event_name, event_at, depth, backfill, data::json, $17, entry_by::\"char\""
            " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[],"
            " $11::text[], $12::text[], $13::timestamptz[], $14::int[], $15::bool[], $16::text[], $18::text[])"
            " AS u(id, account, contact_key, workflow, entry_key, number, version, contact_source, entry_source, entry_row, event, event_name,"
            " event_at, depth, backfill, data, entry_by)",
            params);
  }
  if (entry_events_.empty()) return;
  std::vector<std::string> seen_events, seen_accounts;
  std::vector<int32_t> seen_workflows;
  std::vector<int64_t> seen_ids;
  for (const EntryEvent& event : entry_events_) {
    seen_events.push_back(event.event);
    seen_workflows.push_back(event.workflow);
    seen_accounts.push_back(event.account);
    seen_ids.push_back(event.enrollment);
  }
  Execute("INSERT INTO workflow.entry_event (event, workflow, account, enrollment)"
          " SELECT event::uuid, workflow, account, enrollment FROM unnest($1::text[], $2::int[], $3::text[], $4::bigint[])"
          " AS u(event, workflow, account, enrollment)",
          Params().Texts(seen_events).Int4s(seen_workflows).Texts(seen_accounts).Int8s(seen_ids));
}

namespace {

// The columns of workflow.state, for the new ones and for the changed ones.
struct StateColumns {
  std::vector<int64_t> ids, shifts;
  std::vector<int32_t> versions, visits, attempts, timers;
  std::vector<std::string> phases, steps, reasons;
  std::vector<std::optional<Instant>> clocks, dues, ends;

  void Add(const Enrolled& enrolled, Instant now) {
    const State& state = enrolled.state;
    const auto& program_steps = enrolled.version->program.steps;
    const bool inside = state.step >= 0 && static_cast<size_t>(state.step) < program_steps.size();
    ids.push_back(enrolled.id);
    versions.push_back(enrolled.version->id);
    phases.push_back(PhaseName(state.phase));
    steps.push_back(inside ? program_steps[static_cast<size_t>(state.step)].id : std::string());
    visits.push_back(state.visit);
    attempts.push_back(state.attempts);
    timers.push_back(state.timer);
    clocks.push_back(state.clock);
    dues.push_back(state.due);
    reasons.push_back(EndReasonName(state.reason));
    ends.push_back(state.phase == Phase::kEnded ? std::optional(now) : std::nullopt);
    shifts.push_back(enrolled.shifted_us);
  }
  Params AsParams() const {
    return Params().Int8s(ids).Int4s(versions).Texts(phases).Texts(steps).Int4s(visits).Int4s(attempts).Int4s(timers).Times(clocks).Times(dues)
        .Texts(reasons).Times(ends).Int8s(shifts);
  }
};

constexpr const char* kUnnestStates =
    " FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::timestamptz[], $9::timestamptz[],"
    " $10::text[], $11::timestamptz[], $12::bigint[])"
    " AS u(enrollment, version, phase, step, visit, attempts, timer, clock, due, reason, ended_at, shifted_us)";

}  // namespace

void Batch::SaveStates() {
  StateColumns fresh, changed;
  std::vector<TimerItem> timers;
  for (const auto& enrolled : enrolled_) {
    if (!enrolled->touched) continue;
    (enrolled->is_new ? fresh : changed).Add(*enrolled, round_.now);
    if (enrolled->state.due) timers.push_back({*enrolled->state.due, enrolled->id, enrolled->state.timer});
  }
  if (!fresh.ids.empty()) {
    Execute(std::string("INSERT INTO workflow.state (enrollment, version, phase, step, visit, attempts, timer, clock, due, reason, ended_at, shifted_us)"
                        " SELECT *") + kUnnestStates, fresh.AsParams());
  }
  if (!changed.ids.empty()) {
    Execute(std::string("UPDATE workflow.state s SET version = u.version, phase = u.phase, step = u.step, visit = u.visit, attempts = u.attempts,"
                        " timer = u.timer, clock = u.clock, due = u.due, reason = u.reason, ended_at = u.ended_at, shifted_us = u.shifted_us") +
                kUnnestStates + " WHERE s.enrollment = u.enrollment",
            changed.AsParams());
  }
  round_.timers.Add(timers);
}

void Batch::SaveTraces() {
  if (traces_.empty()) return;
  std::vector<int64_t> ids;
  std::vector<std::string> steps, whats, details;
  for (const PendingTrace& trace : traces_) {
    ids.push_back(trace.enrollment);
    steps.push_back(trace.step);
    whats.push_back(trace.what);
    details.push_back(trace.detail);
  }
  Execute("INSERT INTO workflow.trace (enrollment, at, step, what, detail) SELECT enrollment, $5, step, what, detail"
          " FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS u(enrollment, step, what, detail)",
          Params().Int8s(ids).Texts(steps).Texts(whats).Texts(details).Time(round_.now));
}

void Batch::SaveRefusals() {
  if (refusals_.empty()) return;
  std::vector<std::string> reasons, events, names, accounts, contacts, keys, details;
  std::vector<int32_t> workflows, versions;
  std::vector<std::optional<std::string>> sources, rows;
  for (const PendingRefusal& refusal : refusals_) {
    reasons.push_back(RefusalName(refusal.reason));
    workflows.push_back(refusal.version->workflow);
    versions.push_back(refusal.version->number);
    events.push_back(refusal.event_uuid);
    names.push_back(refusal.event_name);
    accounts.push_back(refusal.account);
    contacts.push_back(refusal.contact_key);
    keys.push_back(refusal.entry_key);
    sources.push_back(refusal.event->source ? std::optional(std::to_string(*refusal.event->source)) : std::nullopt);
    rows.push_back(refusal.event->row_key);
    details.push_back(refusal.detail);
  }
  Execute("INSERT INTO workflow.refusal (at, reason, workflow, version, event, event_name, account, contact_key, entry_key, source, row_key, detail)"
          " SELECT $12, reason, workflow, version, event::uuid, event_name, account, contact_key, entry_key, source::int, row_key, nullif(detail, '')"
          " FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],"
          " $11::text[]) AS u(reason, workflow, version, event, event_name, account, contact_key, entry_key, source, row_key, detail)",
          Params().Texts(reasons).Int4s(workflows).Int4s(versions).Texts(events).Texts(names).Texts(accounts).Texts(contacts).Texts(keys)
              .Texts(sources).Texts(rows).Texts(details).Time(round_.now));
}

void Batch::SaveParked() {
  for (const Parked& parked : parked_) {
    const int32_t tries = parked.event->tries + 1;
    Execute("INSERT INTO workflow.parked (event_id, source, row_key, lookup, event, reason, parked_at, retry_at, tries)"
            " VALUES ($1, $2, $3, $4::text[], $5::json, $6, $7, $8, $9) ON CONFLICT (event_id) DO UPDATE SET lookup = excluded.lookup,"
            " reason = excluded.reason, retry_at = excluded.retry_at, tries = excluded.tries",
            Params().Int8(parked.event->id).Int4(parked.event->source.value_or(0)).Text(parked.event->row_key).Texts(parked.lookup)
                .Text(ToParkedText(*parked.event, round_.is_virtual ? std::optional(round_.now) : std::nullopt)).Text(parked.reason)
                .Time(parked.event->parked_at.value_or(round_.now)).Time(Instant{round_.now.us + ParkedPauseUs(tries)})
                .Int4(tries));
  }
}

}  // namespace workflow::pg
