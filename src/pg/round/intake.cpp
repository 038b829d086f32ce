#include "pg/round/intake.h"

#include <algorithm>

#include "core/definition/compile.h"
#include "core/enrollment/fault.h"
#include "core/enrollment/pace.h"
#include "pg/functions/problems.h"
#include "pg/server/index_scan.h"
#include "pg/server/spi.h"
#include "pg/server/table_writer.h"
#include "pg/server/transaction.h"

namespace workflow::pg {
namespace {

constexpr int kLookedInOneRound = 20'000;  // a few milliseconds; the next round goes on
constexpr int64_t kLookedAgain = 5 * kSecond;  // what rests now: its end may come with no event, or with one that is read too early
constexpr int kLookedAtOnceLeast = 200, kLookedAtOnceMost = 10'000;

std::optional<Json> ParsedJson(const std::optional<std::string>& text) {
  std::string error;
  return text ? Json::Parse(*text, &error, 256) : std::nullopt;
}

std::optional<Json> DefinitionOf(int32_t version) {
  Rows rows = Execute("SELECT v.definition::text FROM workflow.version v WHERE v.id = $1", Params().Int4(version));
  std::optional<Json> json = ParsedJson(rows.empty() ? std::nullopt : std::optional(rows.Text(0, 1)));
  rows.Free();
  return json;
}

// What fails while looking through a table must not fail the round. Nothing where it did: for good reasons of its own, then `over` says which; else the
// next round tries again.
std::optional<std::vector<FoundRow>> Look(RowScan* scan, int most_looked, int most_found, std::string* over) {
  std::optional<std::vector<FoundRow>> found;
  Subtransaction attempt;
  Raised raised;
  if (Contained([&] { found = scan->Next(most_looked, most_found); }, raised)) {
    attempt.Release();
    return found;
  }
  attempt.RollBack();
  const FaultKind kind = ClassifyFault(unpack_sql_state(raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate), raised.backend == nullptr);
  if (kind == FaultKind::kInterrupt) Rethrow(raised);
  const char* message = raised.backend != nullptr ? raised.backend->message : raised.message;
  if (kind == FaultKind::kOwn) *over = message == nullptr ? "it failed" : message;
  return std::nullopt;
}

}  // namespace

std::vector<LogEvent> OffersOf(const Offer& offer, const std::vector<FoundRow>& rows, Instant at) {
  std::vector<LogEvent> events;
  if (rows.empty()) return events;
  const Oid sequence = TableNamed("event_id");
  for (size_t i = 0; i < rows.size(); ++i) {
    LogEvent& event = events.emplace_back();
    event.id = offer.counted ? -static_cast<int64_t>(i) : CallBackend([=] { return nextval_internal(sequence, false); });
    event.kind = 's';
    event.op = 'I';
    event.timed = true;
    event.source = offer.source->id;
    event.at = at;
    event.row_key = rows[i].key;
    if (!offer.source->binding.tenant_setting.empty()) event.account = offer.account;  // they are read as its
    event.name = offer.name;
    Json triggers = Json::MakeArray();
    for (const int32_t trigger : rows[i].triggers) triggers.array().push_back(Json::Integer(trigger));
    event.body = Json::MakeObject({{"version", Json::Integer(offer.version)}, {"triggers", std::move(triggers)}, {"intake", Json::Integer(offer.intake)},
                                   {"account", Json::String(offer.account)}});
    if (!offer.window) continue;
    event.body.Set("after", Json::Integer(offer.window->after.us));
    event.body.Set("until", Json::Integer(offer.window->until.us));
  }
  return events;
}

std::unique_ptr<const LoadedVersion> VersionWithFilter(const Registry& registry, const LoadedVersion& version, const Json& filter) {
  const std::optional<Json> definition = DefinitionOf(version.id);
  Problems problems;
  auto program = definition ? CompileWithFilter(*definition, CatalogOf(registry, /*with_templates=*/false), filter, EntityOfEntry(version.program), &problems)
                            : std::nullopt;
  if (!program) throw ErrorOf(problems, kInvalidDefinition, "filter");
  auto own = std::make_unique<LoadedVersion>(version);
  own->program = std::move(*program);
  return own;
}

const LoadedVersion* PublishedOf(const Registry& registry, int32_t workflow) {
  for (const auto& version : registry.versions) {
    if (version->current && version->workflow == workflow) return version->broken.empty() ? version.get() : nullptr;
  }
  return nullptr;
}

std::vector<const Source*> SourcesOf(const Registry& registry, const LoadedVersion& version, const std::string& entity) {
  std::vector<const Source*> sources;
  for (const auto& source : registry.sources) {
    const Binding& binding = source->binding;
    if (!source->broken.empty() || binding.entity != entity) continue;
    const bool others = !version.account.empty() && binding.account.empty() && !binding.account_value.empty() && binding.account_value != version.account;
    if (!others) sources.push_back(source.get());
  }
  return sources;
}

std::vector<int32_t> TriggersOfExisting(const Source& source, const LoadedVersion& version, bool with_filter, bool imported) {
  const Program& program = version.program;
  if (with_filter) return {static_cast<int32_t>(program.triggers.size()) - 1};
  std::vector<int32_t> triggers = TriggersForExisting(source, program);
  if (!triggers.empty() || imported) return triggers;
  throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "no trigger of workflow \"" + version.workflow_name + "\" says who of \"" + source.binding.entity + "\" is meant", {},
                 "Give a filter: filter => '{\"field\": …}'."};
}

Intakes::Intakes(const Registry& registry, const TemplateStore& templates, Instant now, bool is_virtual) : now_(now) {
  Load(registry);
  OpenLooks(registry, templates, is_virtual);
}

void Intakes::WakeAt(Instant at) {
  if (!next_ || at < *next_) next_ = at;
}

void Intakes::Load(const Registry& registry) {
  if (!AnyRow("intake", "intake_open")) return;
  Rows rows = Execute(
      "SELECT i.id, i.workflow, i.source, i.trigger, i.import, i.filter::text, i.account, i.after, i.until, i.per_minute, i.started_at, p.number, p.last_key,"
      " p.looked, p.entered, p.used_until FROM workflow.intake i LEFT JOIN LATERAL (SELECT * FROM workflow.intake_progress n WHERE n.intake = i.id"
      " ORDER BY n.number DESC LIMIT 1) p ON true WHERE i.finished_at IS NULL"
      " AND NOT EXISTS (SELECT FROM workflow.intake f WHERE f.id = i.follows AND f.finished_at IS NULL) ORDER BY i.id");
  for (size_t i = 0; i < rows.size(); ++i) {
    Open& open = open_.emplace_back();
    open.id = rows.Int8(i, 1);
    open.workflow = rows.Int4(i, 2);
    open.source = registry.SourceById(rows.Int4(i, 3));
    open.trigger = rows.MaybeText(i, 4);
    open.import = rows.MaybeText(i, 5);
    open.filter = ParsedJson(rows.MaybeText(i, 6));
    open.account = rows.Text(i, 7);
    if (!rows.IsNull(i, 8)) open.window = ScanWindow{rows.Time(i, 8), rows.Time(i, 9)};
    open.per_minute = rows.MaybeInt4(i, 10);
    open.started_at = rows.Time(i, 11);
    open.number = rows.MaybeInt4(i, 12).value_or(0);
    open.last_key = rows.MaybeText(i, 13);
    open.looked = rows.MaybeInt8(i, 14).value_or(0);
    open.entered = rows.MaybeInt8(i, 15).value_or(0);
    open.used_until = rows.MaybeTime(i, 16).value_or(Instant{open.started_at.us - kMinute});
  }
  rows.Free();
  for (Open& open : open_) Prepare(registry, &open);
}

void Intakes::Prepare(const Registry& registry, Open* open) {
  open->version = PublishedOf(registry, open->workflow);
  if (open->source == nullptr) open->over = "the table is not attached any more";
  else if (open->version != nullptr && open->version->status == WorkflowStatus::kArchived) open->over = "the workflow was archived";
  if (!open->over.empty() || open->version == nullptr || !open->filter) return;
  try {
    open->own_version = VersionWithFilter(registry, *open->version, *open->filter);
    open->version = open->own_version.get();
  } catch (const SqlError& error) {
    open->over = error.message + ": " + error.detail;
  }
}

std::vector<const Program*> Intakes::programs() const {
  std::vector<const Program*> programs;
  for (const Open& open : open_) if (open.own_version) programs.push_back(&open.own_version->program);
  return programs;
}

void Intakes::Take(RoundContext* context, RoundResult* result, int limit) {
  // One for a whole table must not keep the others waiting.
  const int share = std::max(limit / std::max(static_cast<int>(open_.size()), 1), 1);
  for (Open& open : open_) {
    if (!open.over.empty()) {
      if (open.id != 0) Finish(open, open.over);
      continue;
    }
    // A version or table that cannot be used just now is mended, and a pause ends.
    if (open.version == nullptr || !open.source->broken.empty() || open.version->status == WorkflowStatus::kPaused) {
      WakeAt(Instant{now_.us + kLookedAgain});
      continue;
    }
    if (open.own_version) context->offered[open.id] = open.own_version.get();
    TakeOne(context, result, &open, share);
  }
}

void Intakes::TakeOne(RoundContext* context, RoundResult* result, Open* open, int limit) {
  const LoadedVersion& version = *open->version;
  const bool existing = !open->trigger;
  std::vector<int32_t> triggers;
  if (existing) {
    triggers = TriggersOfExisting(*open->source, version, open->own_version != nullptr, open->import.has_value());
  } else {
    for (size_t i = 0; i < version.program.triggers.size(); ++i) {
      if (version.program.triggers[i].name == *open->trigger) triggers.push_back(static_cast<int32_t>(i));
    }
    if (triggers.empty()) {
      if (open->id != 0) Finish(*open, "the published version has no such trigger any more");
      return;
    }
  }
  RowScan scan(*open->source, version.program, triggers, existing && open->own_version == nullptr, open->window, open->import, open->account);
  scan.cursor = open->last_key;
  const Offer offer{.source = open->source, .version = version.id, .name = existing ? "enroll_existing" : version.program.triggers[static_cast<size_t>(triggers[0])].on,
                    .account = open->account, .intake = open->id, .counted = false, .window = open->window};
  Pace pace{{}, limit};
  if (open->per_minute) pace = PaceAt(now_, open->used_until, *open->per_minute);
  int64_t offered = 0, entered = 0;
  while (!scan.at_end && scan.looked < kLookedInOneRound && entered < pace.allowed && offered < limit) {
    const int wanted = static_cast<int>(std::min(pace.allowed - entered, limit - offered));
    const std::optional<std::vector<FoundRow>> found = Look(&scan, std::clamp(wanted * 20, kLookedAtOnceLeast, kLookedAtOnceMost), wanted, &open->over);
    if (!found) {
      if (open->id == 0) Keep(open);  // it is tried again
      if (!open->over.empty()) Finish(*open, open->over);
      return;
    }
    const std::vector<FoundRow>& rows = *found;
    const int32_t before = context->tallies[version.id].entered;
    TakeEvents(context, result, OffersOf(offer, rows, now_));
    entered += context->tallies[version.id].entered - before;
    offered += static_cast<int64_t>(rows.size());
  }
  open->looked += scan.looked;
  open->entered += entered;
  if (scan.at_end) {
    if (open->id == 0 && entered > 0) Keep(open);
    if (open->id != 0) Finish(*open, {});
    return;
  }
  if (open->id == 0) Keep(open);
  const Instant used = open->per_minute ? UsedUntil(pace, entered, *open->per_minute) : now_;
  if (scan.looked > 0) {
    Execute("INSERT INTO workflow.intake_progress (intake, number, last_key, looked, entered, used_until) VALUES ($1, $2, $3, $4, $5, $6)",
            Params().Int8(open->id).Int4(open->number + 1).MaybeText(scan.cursor).Int8(open->looked).Int8(open->entered).Time(used));
  }
  if (open->per_minute && entered >= pace.allowed) WakeAt(NextOfPace(used, *open->per_minute));
  else result->more = true;
}

// A look that is not through, or that has let somebody in.
void Intakes::Keep(Open* open) {
  Rows rows = Execute("INSERT INTO workflow.intake (workflow, source, trigger, after, until, started_at, account) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                      Params().Int4(open->workflow).Int4(open->source->id).Text(*open->trigger).Time(open->window->after).Time(open->window->until).Time(open->started_at).Text(open->account));
  open->id = rows.Int8(0, 1);
  rows.Free();
}

void Intakes::Finish(const Open& open, const std::string& detail) {
  Execute("UPDATE workflow.intake SET finished_at = $2, looked = $3, entered = $4, detail = nullif($5, '') WHERE id = $1",
          Params().Int8(open.id).Time(now_).Int8(open.looked).Int8(open.entered).Text(detail));
  Execute("DELETE FROM workflow.intake_progress WHERE intake = $1", Params().Int8(open.id));
}

}  // namespace workflow::pg
