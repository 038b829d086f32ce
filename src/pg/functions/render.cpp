// workflow.render() and the check of a template before it is stored.
#include "core/message/partials.h"
#include "pg/convert.h"
#include "pg/functions/problems.h"
#include "pg/round/templates.h"
#include "pg/server/spi.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

// The session's TimeZone, which may be an offset without a name.
class SessionZone final : public Zone {
 public:
  int32_t OffsetAt(Instant at) const override {
    pg_time_t seconds = at.us / kSecond;
    if (at.us % kSecond < 0) --seconds;
    const pg_tm* const local = pg_localtime(&seconds, session_timezone);
    return local == nullptr ? 0 : static_cast<int32_t>(local->tm_gmtoff);
  }
  std::string name() const override { return pg_get_timezone_name(session_timezone); }
};

// Problems of a text are placed by lines; `place` says which text it is.
void CheckText(std::string_view text, const std::string& place, Problems* problems, std::vector<PartialUse>* partials, bool is_partial = false) {
  Problems found;
  const auto parsed = Template::Parse(text, &found, is_partial);
  if (parsed) partials->insert(partials->end(), parsed->partials().begin(), parsed->partials().end());
  for (const Problem& problem : found.list()) {
    if (problem.severity == Severity::kError) problems->Error("", place + ": " + problem.message, problem.hint);
  }
}

void CheckTexts(const Json& json, const std::string& place, Problems* problems, std::vector<PartialUse>* partials) {
  if (json.is_string()) CheckText(json.string(), place, problems, partials);
  if (json.is_array()) {
    for (size_t i = 0; i < json.array().size(); ++i) CheckTexts(json.array()[i], Pointer(place, i), problems, partials);
  }
  if (json.is_object()) {
    for (const auto& [key, value] : json.object()) CheckTexts(value, Pointer(place, key), problems, partials);
  }
}

std::vector<std::string> NamesOf(const std::vector<PartialUse>& partials) {
  std::vector<std::string> names;
  for (const PartialUse& use : partials) {
    const TemplateName name = SplitTemplateName(use.name);
    if (!name.version) names.push_back(name.name);  // an older version is another text
  }
  return names;
}

// A template that would render itself, by way of those that are stored, is refused: no message of it could be written.
void CheckCircle(const std::string& name, const std::vector<PartialUse>& partials, Problems* problems) {
  const RegistryPin pin;
  Spi spi;
  const TemplateStore& store = TemplateStore::Current(CurrentRegistry());
  const auto uses = [&](const std::string& of) { return of == name ? NamesOf(partials) : NamesOf(store.PartialsOf(of)); };
  const std::vector<std::string> circle = FindCircle(name, uses);
  spi.Finish();
  std::string way;
  for (const std::string& part : circle) way += (way.empty() ? "\"" : ", \"") + part + '"';
  if (!circle.empty()) problems->Error("", "the template renders itself: " + way, "Leave one of these out of the other.");
}

Json DataOf(Datum data) {
  auto json = JsonOfJsonb(data);
  if (!json) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the data of a template is nested too deeply"};
  return std::move(*json);
}

}  // namespace
}  // namespace workflow::pg

// (template text, data jsonb, now timestamptz) -> text
WF_FUNCTION(workflow_render) {
  using namespace workflow;
  using namespace workflow::pg;
  const std::string source = TextOf(PG_GETARG_DATUM(0));
  const Json data = DataOf(PG_GETARG_DATUM(1));
  if (!data.is_object()) {
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, std::string("the data of a template must be an object, not ") + data.KindName(), {},
                   "Write {\"contact\": {\"name\": \"Ann\"}}."};
  }
  Problems problems;
  const auto parsed = Template::Parse(source, &problems);
  if (problems.HasErrors()) throw ErrorOf(problems, kInvalidTemplate, "template");
  if (!parsed.ok()) throw SqlError{kInvalidTemplate, parsed.failure().message, {}, parsed.failure().hint};
  const SessionZone zone;
  RenderContext context{.data = &data, .now = ToInstant(PG_GETARG_TIMESTAMPTZ(2)), .zone = &zone, .zones = &Zones(), .limits = {}};
  if (parsed->partials().empty()) return TextDatum(RenderText(*parsed, context));
  const RegistryPin pin;
  Spi spi;
  const StoredPartials partials(TemplateStore::Current(CurrentRegistry()), {}, {});
  context.partials = &partials;
  const std::string rendered = RenderText(*parsed, context);
  spi.Finish();
  return TextDatum(rendered);
}

// (subject text, body text, data jsonb, name text, channel text) -> void; each may be null. Every string in the data is a template as well.
WF_FUNCTION(workflow_check_template) {
  using namespace workflow;
  using namespace workflow::pg;
  Problems problems;
  const bool is_partial = !PG_ARGISNULL(4) && TextOf(PG_GETARG_DATUM(4)) == kPartialChannel;
  std::vector<PartialUse> partials;
  if (!PG_ARGISNULL(0)) CheckText(TextOf(PG_GETARG_DATUM(0)), "subject", &problems, &partials);
  if (!PG_ARGISNULL(1)) CheckText(TextOf(PG_GETARG_DATUM(1)), "body", &problems, &partials, is_partial);
  if (!PG_ARGISNULL(2)) CheckTexts(DataOf(PG_GETARG_DATUM(2)), "data", &problems, &partials);
  if (!PG_ARGISNULL(3) && !partials.empty()) CheckCircle(TextOf(PG_GETARG_DATUM(3)), partials, &problems);
  if (problems.HasErrors()) throw ErrorOf(problems, kInvalidTemplate, "template");
  return Datum{0};
}
