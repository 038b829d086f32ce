// Who an `assign` step makes responsible: the core chooses by what is counted here.
#include "core/enrollment/assign.h"

#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/round/changes.h"

namespace workflow::pg {
namespace {

// How many rows each user has, as the owner of the workflow sees them.
std::vector<int64_t> CountsOf(const Source& source, const AssignStep& step, const std::string& owner, const std::string& account) {
  std::vector<std::string> users;
  for (const Assignee& user : step.users) users.push_back(user.user);
  const std::string& column = ColumnOf(source, step.count_field);
  Params params;
  params.Texts(users);
  std::string where = "\"row\"." + QuotedName(column) + " = ANY ($1::text[]::" + ColumnType(source, column) + "[])";
  int parameter = 1;
  for (const auto& [field, values] : step.open) {
    const std::string& name = ColumnOf(source, field);
    params.Texts(values);
    where += " AND \"row\"." + QuotedName(name) + " = ANY ($" + std::to_string(++parameter) + "::text[]::" + ColumnType(source, name) + "[])";
  }
  std::vector<int64_t> counts(users.size(), 0);
  RunAs(owner, source.search_path, TenantOf(source, account), [&] {
    Rows rows = Execute("SELECT \"row\"." + QuotedName(column) + "::text, count(*) FROM " + QuotedRelation(source) + " AS \"row\" WHERE " + where + " GROUP BY 1",
                        params);
    for (size_t i = 0; i < rows.size(); ++i) {
      const auto user = std::find(users.begin(), users.end(), rows.Text(i, 1));
      if (user != users.end()) counts[static_cast<size_t>(user - users.begin())] = rows.Int8(i, 2);
    }
    rows.Free();
  });
  return counts;
}

}  // namespace

// The number of this choice; counts on within the batch.
int64_t Batch::NextTurn(const Enrolled& enrolled, const std::string& step) {
  const auto [turn, is_new] = assign_turns_.try_emplace({enrolled.version->workflow, step}, 0);
  if (is_new) {
    Rows rows = Execute("SELECT t.turns FROM workflow.assign_turn t WHERE t.workflow = $1 AND t.step = $2",
                        Params().Int4(enrolled.version->workflow).Text(std::string_view(step)));
    if (!rows.empty()) turn->second = rows.Int8(0, 1);
    rows.Free();
  }
  return turn->second++;
}

std::optional<std::string> Batch::ChooseUser(const Enrolled& enrolled, const AssignStep& step, const std::string& id,
                                             const std::function<const Value*(uint32_t)>& fact) {
  if (step.by == AssignStep::By::kField) return UserFor(step, fact(step.field));
  if (step.by != AssignStep::By::kLeastBusy) return step.users[UserOfTurn(step.users, NextTurn(enrolled, id))].user;
  const Source& source = SourceFor(enrolled, step.count_entity);
  auto& counts = busy_[{&step, source.id, source.binding.tenant_setting.empty() ? std::string() : enrolled.account}];
  if (counts.empty()) counts = CountsOf(source, step, enrolled.version->owner, enrolled.account);
  const size_t user = LeastBusy(counts);
  ++counts[user];
  return step.users[user].user;
}

// Nothing to change where the row keeps its owner, or nobody is chosen.
std::optional<HostChange> Batch::AssignmentOf(Turn* turn, const AssignStep& step, const std::string& id,
                                              const std::function<const Value*(uint32_t)>& fact) {
  const Enrolled& enrolled = *turn->enrolled;
  const bool contact = step.row.entity == "contact";
  HostChange change{contact ? enrolled.contact_source : enrolled.entry_source, contact ? enrolled.contact_key : enrolled.entry_row, &step.row, nullptr, {}};
  if (change.source == nullptr || change.source->binding.entity != step.row.entity) {
    throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '8'), "there is no row of \"" + step.row.entity + "\" to change"};
  }
  const std::string present = FieldText(change.source, rows_.Get({change.source->id, change.key}), step.row.assignments.front().column);
  if (step.keep && !present.empty()) {
    turn->results.emplace_back(id, Json::MakeObject({{"user", Json::String(present)}, {"kept", Json::Boolean(true)}}));
    return std::nullopt;
  }
  const std::optional<std::string> user = ChooseUser(enrolled, step, id, fact);
  if (step.by == AssignStep::By::kRoundRobin || step.by == AssignStep::By::kWeighted) turn->assigned.emplace_back(enrolled.version->workflow, id);
  turn->results.emplace_back(id, Json::MakeObject({{"user", user ? Json::String(*user) : Json()}, {"kept", Json::Boolean(false)}}));
  if (!user) return std::nullopt;
  change.values.push_back(*user);
  return change;
}

}  // namespace workflow::pg
