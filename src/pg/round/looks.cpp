// Dates and schedules: when to look at the rows of a table, and since when. One look is for all rows that fell due in between; each row says for itself
// whether it did (offered.cpp). What was looked at is appended to workflow.look, so nothing is due twice and nothing is forgotten by a restart.
#include <algorithm>

#include "core/enrollment/catch_up.h"
#include "pg/round/intake.h"
#include "pg/server/spi.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

// A trigger that looks, and up to when it has looked.
struct Looking {
  const LoadedVersion* version;
  const Trigger* trigger;
  Instant upto;
};

using LookKey = std::pair<int32_t, std::string>;  // workflow, name of the trigger

// When the next looks of this backend's registry are: so that most rounds ask nothing. A hint for the wall clock only, which goes forward.
struct NextLooks {
  uint64_t generation = 0;
  std::map<LookKey, Instant> next;
};
constinit NextLooks* next_looks = nullptr;

// Where somebody may be who is due. Of contacts it is not known beforehand.
std::vector<const Zone*> ZonesFor(const LoadedVersion& version, const TemplateStore& templates) {
  static const UtcZone utc;
  const Settings& settings = version.program.settings;
  if (settings.timezone == ZoneSource::kContact) return OffsetsOfTheWorld();
  if (settings.timezone == ZoneSource::kNamed) {
    if (const Zone* zone = Zones().Find(settings.zone_name)) return {zone};
  }
  std::set<const Zone*> zones;
  if (!version.account.empty()) {
    if (const Zone* zone = Zones().Find(templates.Account(version.account).zone)) return {zone};
    return {&utc};
  }
  for (const std::string& name : templates.ZoneNames()) {
    if (const Zone* zone = Zones().Find(name)) zones.insert(zone);
  }
  zones.insert(&utc);
  return {zones.begin(), zones.end()};
}

std::optional<Instant> NextOf(const Trigger& trigger, Instant after, const std::vector<const Zone*>& zones) {
  return trigger.date ? NextLook(trigger.date->rule, after, zones) : NextLook(*trigger.schedule, after, zones);
}

// Of the same workflow '' stands for every trigger: it was published or resumed then.
void ReadLooks(std::vector<Looking>* looking, Instant now) {
  std::vector<int32_t> workflows, numbers;
  std::vector<std::string> names;
  for (size_t i = 0; i < looking->size(); ++i) {
    workflows.push_back((*looking)[i].version->workflow);
    names.push_back((*looking)[i].trigger->name);
    numbers.push_back(static_cast<int32_t>(i));
  }
  Rows rows = Execute("SELECT u.n, max(l.upto) FROM unnest($1::int[], $2::text[], $3::int[]) AS u(workflow, name, n)"
                      " JOIN workflow.look l ON l.workflow = u.workflow AND l.trigger IN (u.name, '') GROUP BY 1",
                      Params().Int4s(workflows).Texts(names).Int4s(numbers));
  for (Looking& one : *looking) one.upto = Instant{now.us - 1};
  for (size_t i = 0; i < rows.size(); ++i) {
    Instant& upto = (*looking)[static_cast<size_t>(rows.Int4(i, 1))].upto;
    // A clock that was put back: what is due at this very moment.
    if (const Instant stored = rows.Time(i, 2); stored <= now) upto = stored;
  }
  rows.Free();
}

}  // namespace

void Intakes::OpenLooks(const Registry& registry, const TemplateStore& templates, bool is_virtual) {
  if (next_looks == nullptr) next_looks = new NextLooks();
  if (next_looks->generation != registry.generation || is_virtual) *next_looks = {registry.generation, {}};
  std::vector<Looking> looking;
  for (const auto& version : registry.versions) {
    if (!version->current || !version->broken.empty() || version->status != WorkflowStatus::kPublished) continue;
    for (const Trigger& trigger : version->program.triggers) {
      if (!trigger.IsLook()) continue;
      const auto known = next_looks->next.find({version->workflow, trigger.name});
      if (known == next_looks->next.end() || known->second <= now_) looking.push_back({version.get(), &trigger, {}});
      else WakeAt(known->second);
    }
  }
  if (looking.empty()) return;
  ReadLooks(&looking, now_);
  for (const Looking& one : looking) {
    const std::vector<const Zone*> zones = ZonesFor(*one.version, templates);
    std::optional<Instant> next = NextOf(*one.trigger, one.upto, zones);
    if (next && *next <= now_) {
      OpenLook(registry, *one.version, *one.trigger, {LookAfter(one.version->program.settings.if_past, one.upto, now_), now_});
      next = NextOf(*one.trigger, now_, zones);
    }
    if (!next) continue;
    next_looks->next[{one.version->workflow, one.trigger->name}] = *next;
    WakeAt(*next);
  }
}

// Not written down yet: most looks are through in one round.
void Intakes::OpenLook(const Registry& registry, const LoadedVersion& version, const Trigger& trigger, const ScanWindow& window) {
  Execute("INSERT INTO workflow.look (workflow, trigger, upto) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
          Params().Int4(version.workflow).Text(trigger.name).Time(window.until));
  for (const Source* source : SourcesOf(registry, version, trigger.entity)) {
    for (const std::string& account : AccountsToScan(*source, "", version.account)) {
      Open& open = open_.emplace_back();
      open.workflow = version.workflow;
      open.source = source;
      open.trigger = trigger.name;
      open.account = account;
      open.window = window;
      open.started_at = now_;
      open.version = &version;
    }
  }
}

}  // namespace workflow::pg
