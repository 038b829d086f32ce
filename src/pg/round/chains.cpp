// Chains of workflows (semantics 7): which chain an entry belongs to, and what an enrollment that has ended tells others.
#include <algorithm>

#include "pg/round/hearing.h"
#include "pg/server/spi.h"

namespace workflow::pg {

namespace {

// As workflow.enrollment_uuid() has it.
std::string EnrollmentUuid(int64_t id) {
  std::string digits;
  for (int shift = 44; shift >= 0; shift -= 4) digits += "0123456789abcdef"[(id >> shift) & 15];
  return "00000000-0000-8000-8000-" + digits;
}

// The enrollments that may have led to an event.
std::vector<int64_t> ChainsIn(const Json& body) {
  std::vector<int64_t> chains;
  const Json* list = body.Find("chains");
  if (list == nullptr || !list->is_array()) return chains;
  for (const Json& item : list->array()) {
    if (const auto id = item.AsInteger()) chains.push_back(*id);
  }
  return chains;
}

}  // namespace

int64_t ChainLink(const Enrolled& enrolled) { return enrolled.state.unchained ? 0 : enrolled.id; }

int32_t DepthBelow(const Enrolled& enrolled) { return enrolled.state.unchained ? 0 : enrolled.depth + 1; }

// One query for all that the events name; a chain is at most as long as its depth may be.
void Batch::LoadAncestors(const std::vector<Candidate>& candidates) {
  std::vector<int64_t> unknown;
  for (const Candidate& candidate : candidates) {
    for (const int64_t id : ChainsIn(candidate.event->body)) {
      if (ancestors_.try_emplace(id).second) unknown.push_back(id);
    }
  }
  if (unknown.empty()) return;
  Rows rows = Execute("WITH RECURSIVE a(start, id, place) AS (SELECT u, u, 0 FROM unnest($1::bigint[]) u UNION ALL"
                      " SELECT a.start, e.parent, a.place + 1 FROM a JOIN workflow.enrollment e ON e.id = a.id"
                      " WHERE e.parent IS NOT NULL AND a.place < $2)"
                      " SELECT a.start, e.account, e.contact_key, e.entry_key, e.workflow FROM a JOIN workflow.enrollment e ON e.id = a.id"
                      " ORDER BY a.start, a.place",
                      Params().Int8s(unknown).Int4(kChainDepthMax + 1));
  for (size_t i = 0; i < rows.size(); ++i) {
    ancestors_[rows.Int8(i, 1)].push_back({rows.Text(i, 2), rows.Text(i, 3), rows.Text(i, 4), rows.Int4(i, 5)});
  }
  rows.Free();
}

// Where several may have led to it, that of the contact itself.
std::optional<int64_t> Batch::ParentOf(const Candidate& candidate) const {
  const std::vector<int64_t> links = ChainsIn(candidate.event->body);
  if (links.empty()) return std::nullopt;
  const auto own = std::find_if(links.begin(), links.end(), [&](int64_t link) {
    const auto known = ancestors_.find(link);
    return known != ancestors_.end() && !known->second.empty() && known->second.front().contact_key == candidate.contact_key;
  });
  return own != links.end() ? *own : links.front();
}

bool Batch::IsInChain(const Candidate& candidate, const std::string& entry_key) const {
  const auto parent = ParentOf(candidate);
  const auto chain = parent ? ancestors_.find(*parent) : ancestors_.end();
  if (chain == ancestors_.end()) return false;
  return std::any_of(chain->second.begin(), chain->second.end(), [&](const Ancestor& one) {
    return one.workflow == candidate.version->workflow && one.entry_key == entry_key && one.contact_key == candidate.contact_key &&
           one.account == candidate.account;
  });
}

// Where nobody listens, nothing is written.
void Batch::Announce(const Enrolled& enrolled) {
  const std::string name = enrolled.state.reason == EndReason::kCompleted ? "workflow.completed" : "workflow.exited";
  const auto wants = [&](const auto& version) {
    const Program& program = version->program;
    const bool enters = version->current && std::any_of(program.triggers.begin(), program.triggers.end(), [&](const Trigger& t) { return t.on == name; });
    return enters || std::any_of(program.listeners.begin(), program.listeners.end(), [&](const Listener& l) { return l.on == name; });
  };
  const auto& versions = round_.registry.versions;
  if (std::none_of(versions.begin(), versions.end(), wants)) return;
  Json data = Json::MakeObject({{"workflow", Json::String(enrolled.version->workflow_name)}, {"version", Json::Integer(enrolled.version->number)},
                                {"reason", Json::String(EndReasonName(enrolled.state.reason))}, {"entry_key", Json::String(enrolled.entry_key)},
                                {"enrollment", Json::String(EnrollmentUuid(enrolled.id))}});
  Json body = Json::MakeObject({{"data", std::move(data)}});
  if (ChainLink(enrolled) != 0) body.Set("chains", Json::MakeArray({Json::Integer(ChainLink(enrolled))}));
  EventRow row;
  row.kind = 'e';
  row.depth = static_cast<int16_t>(DepthBelow(enrolled));
  row.timed = true;
  row.backfill = enrolled.backfill;
  row.at = round_.now;
  row.event = NamedUuid({"enrollment", std::to_string(enrolled.id), name});
  if (enrolled.contact_source != nullptr) row.source = enrolled.contact_source->id;
  row.row_key = enrolled.contact_key;
  row.account = enrolled.account;
  row.name = name;
  row.body = body.Dump();
  events_.push_back(std::move(row));
}

}  // namespace workflow::pg
