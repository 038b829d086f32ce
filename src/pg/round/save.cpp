// What a batch leaves behind, written straight into the tables.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/server/spi.h"
#include "pg/server/table_writer.h"
#include "pg/store/children.h"

namespace workflow::pg {

void Tally::Add(const Tally& other) {
  entered += other.entered;
  ended += other.ended;
  steps += other.steps;
  messages += other.messages;
}

void SaveTallies(const std::map<int32_t, Tally>& tallies, Instant at) {
  if (tallies.empty()) return;
  TableWriter rows(RelationNamed("tally"));
  for (const auto& [version, tally] : tallies) {
    rows.Time(at).Int4(version).Int8(tally.entered).Int8(tally.ended).Int8(tally.steps).Int8(tally.messages);
    rows.EndRow();
  }
  rows.Finish();
}

void Batch::Save() {
  SaveEnrollments();
  SaveStates();
  SignRequests();
  SaveContacted();  // before the messages, which are put into another order
  SaveMessages();
  NoteClaimed();
  SaveTraces();
  SaveGoals();
  SaveRefusals();
  SaveParked();
  SaveSettling();
  SaveResults();
  SaveCloses();
  SaveSubscriptions();
  SaveEvents();
}

void Batch::SaveEnrollments() {
  if (std::none_of(enrolled_.begin(), enrolled_.end(), [](const auto& enrolled) { return enrolled->is_new; })) return;
  TableWriter rows(RelationNamed("enrollment"));
  const auto source = [&](const Source* of) { of == nullptr ? rows.Null() : rows.Int4(of->id); };
  for (const auto& enrolled : enrolled_) {
    if (!enrolled->is_new) continue;
    rows.Int8(enrolled->id).Text(enrolled->account).Text(enrolled->contact_key).Int4(enrolled->version->workflow).Text(enrolled->entry_key)
        .Char(EntryByCode(enrolled->entry_by)).Int4(enrolled->entry_number).Int4(enrolled->version->id);
    source(enrolled->contact_source);
    source(enrolled->entry_source);
    enrolled->entry_source == nullptr ? rows.Null() : rows.Text(enrolled->entry_row);
    rows.Uuid(enrolled->event).Text(enrolled->event_name).Time(enrolled->event_at).Time(round_.now).Int2(static_cast<int16_t>(enrolled->depth))
        .Bool(enrolled->backfill);
    enrolled->data.is_null() ? rows.Null() : rows.Text(enrolled->data.Dump());
    enrolled->parent ? rows.Int8(*enrolled->parent) : rows.Null();
    rows.EndRow();
  }
  rows.Finish();
  // Sorted, for neighbours share pages of the index.
  std::sort(entry_events_.begin(), entry_events_.end(), [](const EntryEvent& a, const EntryEvent& b) { return a.event < b.event; });
  TableWriter seen(RelationNamed("entry_event"));
  for (const EntryEvent& event : entry_events_) {
    seen.Uuid(event.event).Int4(event.workflow).Text(event.account).Int8(event.enrollment);
    seen.EndRow();
  }
  seen.Finish();
}

namespace {

void PutState(const Enrolled& enrolled, Instant now, TableWriter* rows) {
  const State& state = enrolled.state;
  const auto& steps = enrolled.version->program.steps;
  const bool inside = state.step >= 0 && static_cast<size_t>(state.step) < steps.size();
  rows->Int8(enrolled.id).Int4(enrolled.version->id).Text(PhaseName(state.phase)).Text(inside ? steps[static_cast<size_t>(state.step)].id : std::string_view())
      .Int4(state.visit).Int4(state.attempts).Int4(state.timer).Time(state.clock).MaybeTime(state.due).Text(EndReasonName(state.reason))
      .MaybeTime(state.phase == Phase::kEnded ? std::optional(now) : std::nullopt).Int8(enrolled.shifted_us).TextOrNull(MemoText(enrolled.version->program, state));
}

}  // namespace

void Batch::SaveStates() {
  std::vector<TimerItem> timers;
  std::vector<const Enrolled*> fresh;
  TableWriter changed(RelationNamed("state"));
  for (const auto& enrolled : enrolled_) {
    if (!enrolled->touched) continue;
    const bool set = !enrolled->is_new && enrolled->state.timer == enrolled->stored_timer;
    if (enrolled->state.due && !set) timers.push_back({*enrolled->state.due, enrolled->id, enrolled->state.timer});
    if (enrolled->look && !set) timers.push_back({*enrolled->look, enrolled->id, enrolled->state.timer});
    if (enrolled->is_new) {
      fresh.push_back(enrolled.get());
      continue;
    }
    PutState(*enrolled, round_.now, &changed);
    changed.EndUpdate(enrolled->place);
  }
  for (const Enrolled* enrolled : fresh) {
    PutState(*enrolled, round_.now, &changed);
    changed.EndRow();
  }
  changed.Finish();
  round_.timers.Add(timers);
}

void Batch::SaveTraces() {
  if (traces_.empty()) return;
  // The number of the batch leads: it is taken under the round lock, so numbers ascend as things happen.
  const Oid sequence = RelationNamed("trace_id_seq");
  const int64_t first = CallBackend([=] { return nextval_internal(sequence, false); }) << 20;
  // All lines of an enrollment are one row, with one index entry. In the order of the index, too.
  std::vector<const PendingTrace*> lines;
  lines.reserve(traces_.size());
  for (const PendingTrace& trace : traces_) lines.push_back(&trace);
  std::stable_sort(lines.begin(), lines.end(), [](const PendingTrace* a, const PendingTrace* b) { return a->enrollment < b->enrollment; });
  TableWriter rows(EnsureMonth("trace", "at", round_.now), TableWriter::Room::kAtEnd);
  std::vector<std::optional<std::string_view>> more;
  for (size_t i = 0, end; i < lines.size(); i = end) {
    const PendingTrace& trace = *lines[i];
    more.clear();
    for (end = i + 1; end < lines.size() && lines[end]->enrollment == trace.enrollment; ++end) {
      const PendingTrace& next = *lines[end];
      more.insert(more.end(), {next.step, next.what, next.detail, next.seen.empty() ? std::nullopt : std::optional<std::string_view>(next.seen)});
    }
    rows.Int8(first + static_cast<int64_t>(i)).Int8(trace.enrollment).Time(round_.now).Text(trace.step).Text(trace.what).Text(trace.detail).TextOrNull(trace.seen)
        .Texts(more);
    rows.EndRow();
  }
  rows.Finish();
}

void Batch::SaveRefusals() {
  if (refusals_.empty()) return;
  TableWriter rows(EnsureMonth("refusal", "at", round_.now), TableWriter::Room::kAtEnd);
  for (const PendingRefusal& refusal : refusals_) {
    rows.Time(round_.now).Text(RefusalName(refusal.reason)).Int4(refusal.version->workflow).Int4(refusal.version->number).Uuid(refusal.event_uuid)
        .Text(refusal.event_name).Text(refusal.account).Text(refusal.contact_key).Text(refusal.entry_key);
    refusal.event->source ? rows.Int4(*refusal.event->source) : rows.Null();
    rows.Text(refusal.event->row_key).TextOrNull(refusal.detail);
    rows.EndRow();
  }
  rows.Finish();
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
