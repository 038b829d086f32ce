// Events of rows that are there already: after attaching, and what was missed.
#include <algorithm>

#include "core/base/value.h"
#include "pg/capture/replay.h"
#include "pg/round/rows.h"
#include "pg/server/spi.h"
#include "pg/sources/attaching.h"

namespace workflow::pg {
namespace {

// A row can matter only where one of its times does. Civil times are compared in the session's zone, hence the slack; what happened when is
// decided for each event by itself. Empty where an event tells no time: then every row may matter.
std::string MayMatter(const Binding& binding, Instant since) {
  const std::string from = "('" + FormatIso(since) + "'::pg_catalog.timestamptz OPERATOR(pg_catalog.-) '2 days'::pg_catalog.interval)";
  std::string where;
  for (const BoundEvent& event : binding.events) {
    if (!event.once) continue;
    const BoundField* field = event.at.empty() ? nullptr : FindBoundField(binding, event.at);
    if (field == nullptr || field->column.empty()) return {};
    where += (where.empty() ? "" : " OR ") + QuotedName(field->column) + " OPERATOR(pg_catalog.>=) " + from;
  }
  return where;
}

}  // namespace

int64_t AppendExisting(const Source& source, bool backfill, std::optional<Instant> since) {
  const Source copy = source;  // appending may load the registry anew
  const std::string where = since ? MayMatter(copy.binding, *since) : std::string();
  if (copy.binding.tenant_setting.empty()) return AppendExistingRows(copy, where, backfill, since);
  // Rows of every tenant are meant: what a policy hides from the caller is an error.
  const int level = CallBackend([] {
    const int begun = NewGUCNestLevel();
    (void)set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    return begun;
  });
  const int64_t count = AppendExistingRows(copy, where, backfill, since);
  CallBackend([=] { AtEOXact_GUC(true, level); });
  return count;
}

const Source* SourceOf(const Registry& registry, Oid relation) {
  const auto found =
      std::find_if(registry.sources.begin(), registry.sources.end(), [=](const auto& source) { return source->relation == relation; });
  return found == registry.sources.end() ? nullptr : found->get();
}

const Source& RequireSource(const Registry& registry, Oid relation) {
  const Source* source = SourceOf(registry, relation);
  if (source != nullptr) return *source;
  const std::string name = QualifiedName(relation);
  throw SqlError{kNotAttached, "\"" + (name.empty() ? std::to_string(relation) : name) + "\" is not attached", {},
                 "The attached tables are in the view workflow.sources."};
}

}  // namespace workflow::pg
