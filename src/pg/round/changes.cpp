#include "pg/capture/event_log.h"
#include "pg/round/changes.h"
#include "pg/round/memberships.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// What the caller of tick() has deferred runs now, and as the session's role, as it would at commit: not as the owner of a workflow. Nothing is
// deferred from here on, which the restricted context of the changes would not allow.
class SessionRole {
 public:
  SessionRole() {
    GetUserIdAndSecContext(&user_, &context_);
    SetUserIdAndSecContext(GetOuterUserId(), context_ | SECURITY_LOCAL_USERID_CHANGE);
  }
  ~SessionRole() { SetUserIdAndSecContext(user_, context_); }
  SessionRole(const SessionRole&) = delete;
  SessionRole& operator=(const SessionRole&) = delete;

 private:
  Oid user_ = InvalidOid;
  int context_ = 0;
};

// Marks the rows that could be locked, in the order of their keys.
std::vector<bool> Lock(const Source& source, const std::vector<std::string>& keys) {
  Params params;
  for (const auto& column : KeyColumns(source, keys)) params.Texts(column);
  std::string order;
  for (size_t i = 0; i < source.binding.key.size(); ++i) order += (i > 0 ? ", \"row\"." : "\"row\".") + QuotedName(source.binding.key[i]);
  Rows rows = Execute("SELECT k.n FROM " + KeyJoin(source, 1) + " ORDER BY " + order + " FOR NO KEY UPDATE OF \"row\" SKIP LOCKED", params);
  std::vector<bool> locked(keys.size(), false);
  for (size_t i = 0; i < rows.size(); ++i) locked[static_cast<size_t>(rows.Int8(i, 1)) - 1] = true;
  rows.Free();
  return locked;
}

void Set(const Source& source, const SetStep& step, const std::vector<HostChange*>& changes) {
  std::vector<std::string> keys;
  for (const HostChange* change : changes) keys.push_back(change->key);
  Params params;
  std::string arrays, names, assignments, on;
  int parameter = 0;
  const auto array = [&](const std::string& name) {
    arrays += (parameter > 0 ? ", $" : "$") + std::to_string(parameter + 1) + "::text[]";
    names += (parameter > 0 ? ", " : "") + name;
    ++parameter;
  };
  const auto columns = KeyColumns(source, keys);
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string name = "k" + std::to_string(i + 1);
    array(name);
    params.Texts(columns[i]);
    on += (i > 0 ? " AND \"row\"." : "\"row\".") + QuotedName(source.binding.key[i]) + " = k." + name + "::" +
        ColumnType(source, source.binding.key[i]);
  }
  for (size_t i = 0; i < step.assignments.size(); ++i) {
    const std::string name = "v" + std::to_string(i + 1);
    array(name);
    std::vector<std::optional<std::string>> values;
    for (const HostChange* change : changes) values.push_back(change->values[i]);
    params.Texts(values);
    const std::string& column = ColumnOf(source, step.assignments[i].column);
    const std::string type = ColumnType(source, column);
    assignments += (i > 0 ? ", " : "") + QuotedName(column) + " = ";
    assignments += step.assignments[i].add ? "(coalesce(\"row\"." + QuotedName(column) + ", 0) + k." + name + "::numeric)::" + type
                                           : "k." + name + "::" + type;
  }
  Execute("UPDATE " + QuotedRelation(source) + " AS \"row\" SET " + assignments + " FROM unnest(" + arrays + ") AS k(" + names + ") WHERE " + on,
          params);
}

// Adds and removes, keeping the order of what is there; a row whose tags would not change is not written.
void Tag(const Source& source, const TagStep& step, const std::vector<HostChange*>& changes) {
  if (source.binding.tag_rows != nullptr) return ChangeMembers(source, *source.binding.tag_rows, step.add, step.remove, changes);
  std::vector<std::string> keys;
  for (const HostChange* change : changes) keys.push_back(change->key);
  const BoundField* field = FindBoundField(source.binding, source.binding.tags);
  const std::string& name = ColumnOf(source, source.binding.tags);
  const std::string column = "\"row\"." + QuotedName(name), type = ColumnType(source, name);
  Params params;
  params.Texts(step.add).Texts(step.remove);
  std::string arrays, names, on;
  const auto columns = KeyColumns(source, keys);
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string n = std::to_string(i + 1);
    arrays += (i > 0 ? ", $" : "$") + std::to_string(i + 3) + "::text[]";
    names += (i > 0 ? ", k" : "k") + n;
    on += " AND \"row\"." + QuotedName(source.binding.key[i]) + " = k.k" + n + "::" + ColumnType(source, source.binding.key[i]);
    params.Texts(columns[i]);
  }
  std::string present, next;
  if (field->type.kind == TypeKind::kJson) {
    present = "ARRAY(SELECT jsonb_array_elements_text(coalesce(" + column + "::jsonb, '[]')))";
    next = "(SELECT coalesce(jsonb_agg(t ORDER BY o), '[]') FROM jsonb_array_elements(coalesce(" + column + "::jsonb, '[]')) WITH ORDINALITY AS j(t, o)"
           " WHERE NOT (t #>> '{}') = ANY ($2)) || (SELECT coalesce(jsonb_agg(a), '[]') FROM unnest($1) a WHERE NOT a = ANY (" + present + "))";
  } else {
    present = "coalesce(" + column + "::text[], '{}')";
    next = "(ARRAY(SELECT t FROM unnest(" + present + ") t WHERE NOT t = ANY ($2))"
           " || ARRAY(SELECT a FROM unnest($1) a WHERE NOT a = ANY (" + present + ")))";
  }
  Execute("UPDATE " + QuotedRelation(source) + " AS \"row\" SET " + QuotedName(name) + " = (" + next + ")::" + type + " FROM unnest(" + arrays +
              ") AS k(" + names + ") WHERE ($1::text[] IS NOT NULL AND $2::text[] IS NOT NULL)" + on + " AND (" + present + " && $2 OR NOT " +
              present + " @> $1)",
          params);
}

void Subscribe(const Source& source, const SubscribeStep& step, const std::vector<HostChange*>& changes) {
  const std::vector<std::string> campaign = {step.campaign}, none;
  ChangeMembers(source, *source.binding.campaign_rows, step.subscribed ? campaign : none, step.subscribed ? none : campaign, changes);
}

}  // namespace

ChainDepth::ChainDepth(int32_t depth, Chains chains) : before_(capture_depth), chains_before_(capture_chains) {
  capture_chains = KeepChains(std::move(chains));
  capture_depth = static_cast<int16_t>(depth);
}

ChainDepth::~ChainDepth() {
  capture_depth = before_;
  capture_chains = chains_before_;
}

Chains ChainsOf(const std::vector<HostChange*>& changes) {
  Chains chains;
  for (const HostChange* change : changes) {
    if (change->chain == 0) continue;
    if (change->set != nullptr || change->tag != nullptr || change->subscribe != nullptr) chains.rows.emplace(std::pair(change->source->id, change->key), change->chain);
    chains.all.push_back(change->chain);
  }
  return chains;
}

void BeforeHostChanges() {
  if (MyBackendType == B_BG_WORKER) {  // a worker's rounds commit asynchronously, but not where they write the CRM's rows
    const char* level = CallBackend([] { return GetConfigOptionResetString("synchronous_commit"); });
    Execute("SELECT set_config('synchronous_commit', $1, true)", Params().Text(std::string_view(level)));
  }
  const SessionRole session;
  Execute("SET CONSTRAINTS ALL IMMEDIATE");
}

std::vector<Performed> PerformChanges(const Registry& registry, const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth,
                                      int32_t* locks_left) {
  std::vector<Performed> outcomes(changes.size(), Performed::kPutOff);
  std::vector<size_t> taken, twice;
  std::set<std::string> rows;
  for (size_t i = 0; i < changes.size(); ++i) {
    // Two enrollments that change one row do so one after the other.
    if (!rows.insert(changes[i]->key).second) twice.push_back(i);
    else if (static_cast<int32_t>(taken.size()) < *locks_left) taken.push_back(i);
  }
  if (taken.empty()) return outcomes;
  *locks_left -= static_cast<int32_t>(taken.size());
  if (*locks_left > 0) for (const size_t i : twice) outcomes[i] = Performed::kNotYet;
  const Source& source = *changes.front()->source;
  const ChainDepth chain(depth, ChainsOf(changes));
  BeforeHostChanges();
  RunAs(owner, source.search_path, TenantOf(source, changes.front()->account()), [&] {
    std::vector<std::string> keys;
    for (const size_t i : taken) keys.push_back(changes[i]->key);
    const std::vector<bool> locked = Lock(source, keys);
    std::vector<HostChange*> open;
    for (size_t i = 0; i < taken.size(); ++i) {
      if (!locked[i]) continue;
      outcomes[taken[i]] = Performed::kDone;
      open.push_back(changes[taken[i]]);
    }
    if (open.empty()) return;
    if (changes.front()->set != nullptr) EvaluateSql(registry, changes.front()->set->assignments, owner, open);
    if (changes.front()->set != nullptr) Set(source, *changes.front()->set, open);
    else if (changes.front()->tag != nullptr) Tag(source, *changes.front()->tag, open);
    else Subscribe(source, *changes.front()->subscribe, open);
  });
  return outcomes;
}

}  // namespace workflow::pg
