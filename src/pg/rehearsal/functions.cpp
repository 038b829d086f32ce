// The C functions behind workflow.simulate() and workflow.explain(): a read-only subtransaction around the play.
#include <algorithm>

#include "core/definition/compile.h"
#include "core/telling/reasons.h"
#include "pg/convert.h"
#include "pg/functions/filters.h"
#include "pg/rehearsal/rehearsal.h"
#include "pg/server/transaction.h"

namespace workflow::pg {
namespace {

[[noreturn]] void RefuseEvents(const std::string& message, const std::string& hint = {}) {
  throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, message, {}, hint};
}

Instant TimeIn(const Json& event, Instant start) {
  const Json* after = event.Find("after");
  const Json* at = event.Find("at");
  if (after != nullptr && at != nullptr) RefuseEvents("an event has \"after\" or \"at\", not both");
  static const UtcZone utc;
  if (after != nullptr) {
    const auto duration = after->is_string() ? ParseDuration(after->string()) : std::nullopt;
    if (!duration || duration->is_negative()) RefuseEvents("\"after\" must be a duration from the beginning", "Write \"2 days\".");
    return Add(start, *duration, utc);
  }
  if (at == nullptr) return start;
  const auto instant = at->is_string() ? ParseInstant(at->string()) : std::nullopt;
  if (!instant) RefuseEvents("\"at\" must be a time with its zone", "Write \"2031-01-06T09:00:00Z\".");
  return *instant;
}

std::string WordIn(const Json& event, const char* key) {
  const Json* word = event.Find(key);
  if (word == nullptr) return {};
  if (word->is_number()) return word->Dump();
  if (!word->is_string()) RefuseEvents(std::string("\"") + key + "\" of an event must be a text");
  return word->string();
}

RehearsedEvent ReadEvent(const Json& json, Instant start, const std::vector<std::string>& entities) {
  if (json.is_string()) return {.at = start, .on = json.string()};
  if (!json.is_object()) RefuseEvents(std::string("an event must be a name or an object, not ") + json.KindName(), "Write {\"event\": \"order.paid\", \"after\": \"2 days\"}.");
  RehearsedEvent event{.at = TimeIn(json, start), .on = WordIn(json, "event")};
  if (event.on.empty()) event.on = WordIn(json, "on");
  event.step = WordIn(json, "step");
  for (const auto& [key, value] : json.object()) {
    const bool entity = std::find(entities.begin(), entities.end(), key) != entities.end();
    if (key == "data" || key == "old" || entity) {
      if (!value.is_object()) RefuseEvents('"' + key + "\" of an event must be an object");
      if (key == "data") event.data = value;
      else if (key == "old") event.old = value;
      else event.rows.emplace_back(key, value);
    } else if (key == "row") {
      event.row = WordIn(json, "row");
    } else if (key != "event" && key != "on" && key != "after" && key != "at" && key != "step") {
      std::vector<std::string> known = {"event", "after", "at", "data", "row", "old", "step"};
      known.insert(known.end(), entities.begin(), entities.end());
      RefuseEvents("unknown key \"" + key + "\" in an event", NearestHint(key, known));
    }
  }
  if (event.on.empty() && event.rows.empty()) RefuseEvents("an event has no name and changes nothing", "Write {\"event\": \"order.paid\"}.");
  return event;
}

}  // namespace

std::vector<RehearsedEvent> ReadEvents(const Json& document, Instant start, const Registry& registry) {
  std::vector<std::string> entities;
  for (const auto& source : registry.sources) entities.push_back(source->binding.entity);
  std::vector<RehearsedEvent> events;
  if (!document.is_array()) {
    events.push_back(ReadEvent(document, start, entities));
  } else {
    for (const Json& event : document.array()) events.push_back(ReadEvent(event, start, entities));
  }
  std::stable_sort(events.begin(), events.end(), [](const RehearsedEvent& a, const RehearsedEvent& b) { return a.at < b.at; });
  return events;
}

namespace {

// The version that is played: published as it were, whatever its workflow is.
LoadedVersion VersionOf(FunctionCallInfo fcinfo, const Registry& registry) {
  LoadedVersion version{};
  version.id = 0;
  version.workflow = PG_GETARG_INT32(1);
  version.workflow_name = TextOf(PG_GETARG_DATUM(2));
  version.number = PG_GETARG_INT32(3);
  version.owner = TextOf(PG_GETARG_DATUM(4));
  version.search_path = TextOf(PG_GETARG_DATUM(5));
  version.account = TextOf(PG_GETARG_DATUM(6));
  version.status = WorkflowStatus::kPublished;
  version.current = true;
  const auto json = JsonOfJsonb(PG_GETARG_DATUM(0));
  if (!json) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the definition is nested too deeply"};
  Problems problems;
  auto program = CompileDefinition(*json, CatalogOf(registry, /*with_templates=*/false), /*require_templates=*/false, &problems, CompileLimits::None());
  if (!program) throw ErrorOf(problems, kInvalidDefinition, "definition");
  version.program = std::move(*program);
  return version;
}

void PutLine(ReturnSetInfo* result, const RehearsedLine& line) {
  Datum values[5] = {TimestampTzGetDatum(ToTimestampTz(line.at)), TextDatum(line.step), TextDatum(line.effect), TextDatum(line.detail), TextDatum(line.why)};
  bool nulls[5] = {false, line.step.empty(), false, line.detail.empty(), line.why.empty()};
  Datum* const value = values;
  bool* const is_null = nulls;
  CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, is_null); });
}

// Nothing in it can write, not even what an author's own expression calls; and what it did is rolled back besides.
template <typename Work>
void ReadOnly(Work work) {
  Subtransaction attempt;
  XactReadOnly = true;
  Raised raised;
  const bool done = Contained(work, raised);
  attempt.RollBack();  // which also makes the transaction what it was
  if (!done) Rethrow(raised);
}

}  // namespace
}  // namespace workflow::pg

// (definition jsonb, workflow integer, name text, version integer, owner text, search_path text, account of the workflow text, contact text,
//  account text, events jsonb, until timestamptz, what text) -> setof (at, step, effect, detail, why)
WF_FUNCTION(workflow_rehearse) {
  using namespace workflow;
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  Spi spi;
  std::vector<RehearsedLine> lines;
  ReadOnly([&] {
    const RegistryPin pin;
    const Registry& registry = CurrentRegistry();
    const TemplateStore& templates = TemplateStore::Current(registry);
    const LoadedVersion version = VersionOf(fcinfo, registry);
    const Instant now = ReadPresent().now;
    const auto events = JsonOfJsonb(PG_GETARG_DATUM(9));
    if (!events) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the document is nested too deeply"};
    Script script{TextOf(PG_GETARG_DATUM(7)), TextOf(PG_GETARG_DATUM(8)), ReadEvents(*events, now, registry), now, ToInstant(PG_GETARG_TIMESTAMPTZ(10))};
    Rehearsal rehearsal(registry, templates, version, std::move(script));
    if (TextOf(PG_GETARG_DATUM(11)) == "triggers") rehearsal.AskTriggers();
    else rehearsal.Play();
    lines = rehearsal.lines();
  });
  for (const RehearsedLine& line : lines) PutLine(reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo), line);
  spi.Finish();
  return Datum{0};
}

// (what text, detail text) -> text; (reason text) -> text
WF_FUNCTION(workflow_happening_sentence) {
  using namespace workflow::pg;
  return TextDatum(workflow::HappeningSentence(TextOf(PG_GETARG_DATUM(0)), TextOf(PG_GETARG_DATUM(1))));
}
WF_FUNCTION(workflow_refusal_sentence) {
  using namespace workflow::pg;
  return TextDatum(workflow::RefusalSentence(TextOf(PG_GETARG_DATUM(0))));
}
