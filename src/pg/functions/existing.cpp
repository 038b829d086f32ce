// workflow.existing_rows(): who of those who are there would enter a workflow, counted by the code that lets them in.
#include "pg/convert.h"
#include "pg/functions/filters.h"
#include "pg/round/intake.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

constexpr int kCountedAtOnce = 1000, kLookedAtForCount = 10'000;

bool MayActAs(const std::string& role) {
  const char* name = role.c_str();
  return CallBackend([=] {
    const Oid oid = get_role_oid(name, true);
    return OidIsValid(oid) && is_member_of_role(GetSessionUserId(), oid);
  });
}

// What a filter leaves to the server has the rights of the workflow's owner.
void CheckFilter(const Registry& registry, const LoadedVersion& version) {
  const Trigger& trigger = version.program.triggers.back();
  if (trigger.filter && ReadsSql(*trigger.filter) && !MayActAs(version.owner)) {
    throw SqlError{ERRCODE_INSUFFICIENT_PRIVILEGE, "only a member of role \"" + version.owner + "\" may give a filter with \"sql\""};
  }
  Problems problems;
  CheckDeferred(version.program.table, registry, {version.owner, version.search_path, /*keep_plans=*/false}, &problems);
  if (problems.HasErrors()) throw ErrorOf(problems, kInvalidDefinition, "filter");
}

int64_t CountOf(RoundContext* context, const Source& source, const LoadedVersion& version, bool with_filter, const std::optional<std::string>& import,
                const std::string& account) {
  RowScan scan(source, version.program, TriggersOfExisting(source, version, with_filter, import.has_value()), !with_filter, std::nullopt, import, account);
  const Offer offer{.source = &source, .version = version.id, .name = "enroll_existing", .account = account, .intake = 0, .counted = true, .window = {}};
  int64_t count = 0;
  while (!scan.at_end) {
    CallBackend([] { CHECK_FOR_INTERRUPTS(); });
    const std::vector<LogEvent> events = OffersOf(offer, scan.Next(kLookedAtForCount, kCountedAtOnce), context->now);
    std::vector<const LogEvent*> pointers;
    for (const LogEvent& event : events) pointers.push_back(&event);
    if (!pointers.empty()) count += Batch(*context).CountEntries(pointers);
  }
  return count;
}

void PutCount(ReturnSetInfo* result, int32_t source, const std::string& account, int64_t count) {
  Datum values[3] = {Int32GetDatum(source), TextDatum(account), Int64GetDatum(count)};
  bool nulls[3] = {};
  Datum* const value = values;
  bool* const is_null = nulls;
  CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, is_null); });
}

}  // namespace
}  // namespace workflow::pg

// (workflow integer, filter jsonb, import text, account text) -> setof (source integer, of_account text, entries bigint)
WF_FUNCTION(workflow_existing_rows) {
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  auto* const result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  Spi spi;
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const LoadedVersion* version = PublishedOf(registry, PG_GETARG_INT32(0));
  if (version == nullptr) {
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "the published version cannot be compiled", {}, "See workflow.doctor()."};
  }
  const bool with_filter = !PG_ARGISNULL(1);
  std::unique_ptr<const LoadedVersion> own;
  if (with_filter) {
    own = VersionWithFilter(registry, *version, FilterOf(PG_GETARG_DATUM(1)));
    CheckFilter(registry, *own);
    version = own.get();
  }
  const std::optional<std::string> import = PG_ARGISNULL(2) ? std::nullopt : std::optional(TextOf(PG_GETARG_DATUM(2)));
  const std::string account = PG_ARGISNULL(3) ? std::string() : TextOf(PG_GETARG_DATUM(3));
  const TemplateStore& templates = TemplateStore::Current(registry);
  const std::vector<const workflow::Program*> more = {&version->program};
  const NeededFields needed(registry, templates.references(), more);
  const workflow::Instant now = ReadPresent().now;
  TimerStore timers(now, std::nullopt);
  RoundContext context{registry, needed, templates, timers, now};
  if (own) context.offered[0] = version;
  const std::vector<const Source*> sources = SourcesOf(registry, *version, workflow::EntityOfEntry(version->program));
  if (sources.empty()) {
    const std::string entity = workflow::EntityOfEntry(version->program);
    throw SqlError{kNotAttached, "no table is attached as \"" + entity + "\"", {}, "The attached tables are in the view workflow.sources."};
  }
  for (const Source* source : sources) {
    for (const std::string& whose : AccountsToScan(*source, account, version->account)) {
      PutCount(result, source->id, whose, CountOf(&context, *source, *version, with_filter, import, whose));
    }
  }
  spi.Finish();
  return Datum{0};
}
