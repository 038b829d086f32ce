#include <algorithm>
#include <array>

#include "core/binding/build.h"

namespace workflow {
namespace attaching {
namespace {

// The keys of a completed document, in the order they are shown.
constexpr std::array<const char*, 18> kKeys = {"entity", "key",    "account", "tenant_setting", "at",      "contact", "fields", "tags",       "campaigns",
                                               "lines",  "events", "live",    "zone",           "consent", "replies", "lookup", "replicated", "backfill"};

void CheckKeys(Build* build) {
  const std::vector<std::string> known(kKeys.begin(), kKeys.end());
  RefuseUnknownKeys(build->document, "", known, build->problems);
}

}  // namespace

void ReadReplicated(Build* build) {
  build->binding.replicated = ReadFlag(build, "replicated");
  build->completed.Set("replicated", Json::Boolean(build->binding.replicated));
  if (build->binding.lookup && build->binding.replicated) {
    build->problems->Error("/replicated", "a look-up has no trigger that could fire on a replica", "Leave \"replicated\" out.");
  }
}

void ReadBackfill(Build* build) {
  Binding& binding = build->binding;
  if (const Json* given = build->Given("backfill")) {
    bool known = given->is_string() && (given->string() == "none" || given->string() == "all" || ParseDate(given->string()));
    if (!known) {
      MustBe(*given, "/backfill", "\"none\", \"all\" or a date", build->problems, "Dates are written \"2026-01-31\".");
    } else {
      binding.backfill = given->string();
    }
  }
  if (binding.lookup && binding.backfill != "none") {
    build->problems->Error("/backfill", "a look-up has no events to fill in", "Leave \"backfill\" out.");
  }
  // A date can only be compared with a time that the row itself tells.
  bool has_time = !binding.at.empty() || build->Given("at") != nullptr ||
                  std::any_of(binding.events.begin(), binding.events.end(), [](const BoundEvent& e) { return !e.at.empty(); });
  if (!binding.lookup && binding.backfill != "none" && binding.backfill != "all" && !has_time) {
    build->problems->Error("/backfill", "a date says nothing where no event has an \"at\"",
                           "Add \"at\" with the column that tells when a row began.");
  }
  build->completed.Set("backfill", Json::String(binding.backfill));
}

}  // namespace attaching

std::optional<Binding> CompleteBinding(const Json& document, const RelationDescription& relation, Problems* problems) {
  using namespace attaching;  // NOLINT: the parts
  Problems found;
  Build build = {.document = document, .relation = relation, .problems = &found};
  if (!document.is_object()) {
    problems->Error("", "a binding must be an object");
    return std::nullopt;
  }
  for (const char* key : kKeys) build.completed.Set(key, Json());
  CheckKeys(&build);
  for (auto* read : {ReadEntity, ReadRelation, ReadFields, ReadKey, ReadAccount, ReadTenant, ReadAt, ReadContact, ReadTags, ReadCampaigns, ReadLines, ReadEvents,
                     ReadLive, ReadZone, ReadConsent, ReadReplies, ReadReplicated, ReadBackfill}) {
    read(&build);
  }
  for (const Problem& problem : found.list()) {
    if (problem.severity == Severity::kError)
      problems->Error(problem.path, problem.message, problem.hint);
    else
      problems->Warning(problem.path, problem.message, problem.hint);
  }
  if (found.HasErrors()) return std::nullopt;
  build.binding.document = std::move(build.completed);
  return std::move(build.binding);
}

const BoundField* FindBoundField(const Binding& binding, std::string_view name) {
  auto found =
      std::find_if(binding.fields.begin(), binding.fields.end(), [&](const BoundField& field) { return field.name == name; });
  return found == binding.fields.end() ? nullptr : &*found;
}

}  // namespace workflow
