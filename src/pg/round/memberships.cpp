#include "pg/round/memberships.h"

#include <algorithm>
#include <set>

#include "core/condition/sql.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

std::string WordOf(const Json& json, const char* key) {
  const Json* value = json.Find(key);
  return value != nullptr && value->is_string() ? value->string() : std::string();
}

std::string Qualified(const TableName& table) { return SqlName(table.schema) + "." + SqlName(table.name); }

// A column's type for casts, as ColumnType() has it.
std::string TypeIn(const TableName& table, const std::string& column) {
  const char *schema = table.schema.c_str(), *name = table.name.c_str();
  const Oid oid = CallBackend([=] {
    const Oid space = get_namespace_oid(schema, true);
    return OidIsValid(space) ? get_relname_relid(name, space) : InvalidOid;
  });
  if (!OidIsValid(oid)) throw SqlError{ERRCODE_UNDEFINED_TABLE, "table \"" + table.schema + "." + table.name + "\" does not exist", {}, "See workflow.doctor()."};
  Source as_source;
  as_source.relation = oid;
  as_source.name = table.schema + "." + table.name;
  return ColumnType(as_source, column);
}

}  // namespace

const Membership* MembershipOf(const Source& source, const std::string& word) {
  return word == "tag" ? source.binding.tag_rows.get() : word == "campaign" ? source.binding.campaign_rows.get() : nullptr;
}

EventWords::EventWords(const Registry& registry, const std::vector<const LogEvent*>& events) {
  using Group = std::tuple<const Source*, std::string, std::string>;  // and the account, where rows are read for one at a time
  std::map<Group, std::vector<std::pair<const LogEvent*, const Json*>>> asked;
  for (const LogEvent* event : events) {
    const std::string tie = WordOf(event->body, "tie");
    const Source* source = tie.empty() || !event->source ? nullptr : registry.SourceById(*event->source);
    const Json* wanted = event->body.Find("wanted");
    if (source == nullptr || !source->broken.empty() || wanted == nullptr || !wanted->is_array()) continue;
    for (const Json& item : wanted->array()) {
      asked[{source, tie, source->binding.tenant_setting.empty() ? std::string() : event->account}].emplace_back(event, &item);
    }
  }
  for (const auto& [of, items] : asked) {
    const Source& source = *std::get<0>(of);
    const Membership* membership = MembershipOf(source, std::get<1>(of));
    if (membership != nullptr) Ask(source, *membership, items, TenantOf(source, std::get<2>(of)));
  }
}

void EventWords::Ask(const Source& source, const Membership& membership, const std::vector<std::pair<const LogEvent*, const Json*>>& asked,
                     const Tenant& tenant) {
  std::set<std::string> keys;
  std::vector<std::pair<const LogEvent*, const Json*>> gone;
  std::vector<std::string> owners, members;
  for (const auto& [event, wanted] : asked) {
    const std::string key = WordOf(*wanted, "word_key"), word = WordOf(*wanted, "word"), on = WordOf(*wanted, "on");
    if (!key.empty()) keys.insert(key);
    if (!on.ends_with("_removed") && !on.ends_with(".unsubscribed")) continue;
    gone.emplace_back(event, wanted);
    owners.push_back(event->row_key);
    members.push_back(key.empty() ? word : key);
  }
  RunAs(source.owner, source.search_path, tenant, [&] {
    if (!keys.empty() && !membership.hops.empty()) {
      // As the way begins: the first link holds what a row is tied to.
      std::string from = "unnest($1::text[]) AS \"?j\"(\"?m\")", held = "\"?j\".\"?m\"", word;
      for (size_t i = 0; i < membership.hops.size(); ++i) {
        const Membership::Hop& hop = membership.hops[i];
        const std::string alias = "\"?" + std::to_string(i + 1) + "\"";
        const bool as_text = i > 0 && hop.as_text;
        const std::string right = i == 0 ? held + "::" + TypeIn(hop.table, hop.key) : held + (as_text ? "::text" : "");
        from += " JOIN " + Qualified(hop.table) + " AS " + alias + " ON " + alias + "." + SqlName(hop.key) + (as_text ? "::text" : "") + " = " + right;
        held = alias + "." + SqlName(hop.gives);
        word = HopWord(hop, alias);
      }
      Rows rows = Execute("SELECT \"?j\".\"?m\", (" + word + ")::text FROM " + from,
                          Params().Texts(std::vector<std::string>(keys.begin(), keys.end())));
      for (size_t i = 0; i < rows.size(); ++i) {
        if (!rows.IsNull(i, 2)) words_[{source.id, membership.word, rows.Text(i, 1)}] = rows.Text(i, 2);
      }
      rows.Free();
    }
    if (gone.empty()) return;
    std::string arrays, names, on;
    Params params;
    const auto parts = KeyColumns(source, owners);
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string n = std::to_string(i + 1);
      arrays += "$" + n + "::text[], ";
      names += "k" + n + ", ";
      on += "\"?j\"." + SqlName(membership.owner[i]) + " = k.k" + n + "::" + TypeIn(membership.table, membership.owner[i]) + " AND ";
      params.Texts(parts[i]);
    }
    params.Texts(members);
    Rows rows = Execute("SELECT k.n FROM unnest(" + arrays + "$" + std::to_string(parts.size() + 1) + "::text[]) WITH ORDINALITY AS k(" + names +
                            "m, n) WHERE EXISTS (SELECT FROM " + Qualified(membership.table) + " AS \"?j\" WHERE " + on + "\"?j\"." +
                            SqlName(membership.member) + "::text = k.m AND " + MembershipLive(membership) + ")",
                        params);
    for (size_t i = 0; i < rows.size(); ++i) still_.insert(gone[static_cast<size_t>(rows.Int8(i, 1)) - 1]);
    rows.Free();
  });
}

Json EventWords::Of(const LogEvent& event, const Json& wanted) const {
  const std::string word = WordOf(wanted, "word"), key = WordOf(wanted, "word_key");
  if (!word.empty()) return Json::String(word);
  const auto found = words_.find({event.source.value_or(0), WordOf(event.body, "tie"), key});
  return found == words_.end() ? Json() : Json::String(found->second);
}

bool EventWords::IsStill(const LogEvent& event, const Json& wanted) const { return still_.contains({&event, &wanted}); }

namespace {

// One change of members for a group of owners: the owners are rows "?k"(o1, …, account) of an unnest, the words an array.
class MemberStatement {
 public:
  MemberStatement(const Source& source, const Membership& membership, const std::vector<HostChange*>& changes)
      : source_(source), membership_(membership) {
    std::vector<std::string> keys;
    std::vector<std::optional<std::string>> accounts;
    for (const HostChange* change : changes) {
      keys.push_back(change->key);
      accounts.push_back(change->enrolled == nullptr ? std::nullopt : std::optional(change->enrolled->account));
    }
    const auto parts = KeyColumns(source, keys);
    std::string arrays, names;
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string n = std::to_string(i + 2);
      arrays += "$" + n + "::text[], ";
      names += "o" + std::to_string(i + 1) + ", ";
      owners_.push_back(parts[i]);
    }
    accounts_ = std::move(accounts);
    from_ = "unnest(" + arrays + "$" + std::to_string(parts.size() + 2) + "::text[]) AS \"?k\"(" + names + "account)";
  }

  // Those whose word is among `words` and who count: they shall not.
  void Remove(const std::vector<std::string>& words) {
    const std::string live = MembershipLive(membership_), rows = " AS \"?j\"";
    const std::string where = " WHERE " + OwnerIs() + " AND " + WordIsAmong() + " AND " + live;
    if (membership_.remove) {
      Run("UPDATE " + Qualified(membership_.table) + rows + " SET " + Settings(*membership_.remove) + " FROM " + from_ + where, words);
    } else {
      Run("DELETE FROM " + Qualified(membership_.table) + rows + " USING " + from_ + where, words);
    }
  }

  void Add(const std::vector<std::string>& words) {
    if (membership_.creates) Create(words);
    else RequireWords(words);
    const std::string live = MembershipLive(membership_);
    // Who was tied before counts again, by its last row: a second one could be one too many.
    if (!membership_.revive.empty()) {
      Run("UPDATE " + Qualified(membership_.table) + " AS \"?j\" SET " + Settings(membership_.revive) + " FROM " + from_ + " WHERE " + OwnerIs() +
              " AND " + WordIsAmong() + " AND " + OnlyIs("\"?j\"") + " AND \"?j\".ctid = (SELECT max(\"?x\".ctid) FROM " + Qualified(membership_.table) +
              " AS \"?x\" WHERE " + SameTie() + " AND " + OnlyIs("\"?x\"") + ") AND NOT EXISTS (SELECT FROM (SELECT * FROM " + Qualified(membership_.table) +
              " AS \"?x\" WHERE " + SameTie() + ") AS \"?j\" WHERE " + live + ")",
          words);
    }
    std::string columns, values;
    const auto put = [&](const std::string& column, const std::string& value) {
      columns += (columns.empty() ? "" : ", ") + SqlName(column);
      values += (values.empty() ? "" : ", ") + value;
    };
    for (size_t i = 0; i < membership_.owner.size(); ++i) {
      put(membership_.owner[i], "\"?k\".o" + std::to_string(i + 1) + "::" + TypeIn(membership_.table, membership_.owner[i]));
    }
    const std::string type = TypeIn(membership_.table, membership_.member);
    put(membership_.member, membership_.hops.empty() ? "\"?w\".word::" + type : "\"?w\".key::text::" + type);
    for (const WrittenColumn& column : membership_.add) put(column.column, Value(membership_.table, column));
    if (const std::string& account = membership_.rows->account; !account.empty() && columns.find(SqlName(account)) == std::string::npos) {
      put(account, "nullif(\"?k\".account, '')::" + TypeIn(membership_.table, account));
    }
    Run("INSERT INTO " + Qualified(membership_.table) + " (" + columns + ") SELECT DISTINCT " + values + " FROM " + from_ + " CROSS JOIN LATERAL " + Words() +
            " WHERE NOT EXISTS (SELECT FROM " + MembershipFrom(membership_) + " WHERE " + OwnerIs() + " AND " + MembershipWord(membership_) +
            " = \"?w\".word AND " + live + ") ON CONFLICT DO NOTHING",
        words);
  }

 private:
  void Run(const std::string& sql, const std::vector<std::string>& words) {
    Params params;
    params.Texts(words);
    for (const auto& part : owners_) params.Texts(part);
    params.Texts(accounts_);
    Rows rows = Execute(sql, params);
    rows.Free();
  }

  std::string OwnerIs() const {
    std::string on;
    for (size_t i = 0; i < membership_.owner.size(); ++i) {
      on += (i > 0 ? " AND \"?j\"." : "\"?j\".") + SqlName(membership_.owner[i]) + " = \"?k\".o" + std::to_string(i + 1) + "::" +
            TypeIn(membership_.table, membership_.owner[i]);
    }
    return on;
  }

  // Of the row "?j".
  std::string WordIsAmong() const {
    if (membership_.hops.empty()) return "\"?j\"." + SqlName(membership_.member) + "::text = ANY ($1::text[])";
    const Membership::Hop& hop = membership_.hops[0];
    return "EXISTS (SELECT FROM " + Qualified(hop.table) + " AS \"?1\" WHERE \"?1\"." + SqlName(hop.key) + (hop.as_text ? "::text" : "") + " = \"?j\"." +
           SqlName(membership_.member) + (hop.as_text ? "::text" : "") + " AND " + HopWord(hop, "\"?1\"") + " = ANY ($1::text[]))";
  }

  // What says whose row it is must hold of one that did not count: it may be another kind of owner's.
  std::string OnlyIs(const std::string& row) const {
    std::string all = "true";
    for (const WrittenColumn& column : membership_.only) {
      all += " AND " + row + "." + SqlName(column.column) + " IS NOT DISTINCT FROM " + Value(membership_.table, column);
    }
    return all;
  }

  // Of "?x": it ties the same two as "?j".
  std::string SameTie() const {
    std::string same = "\"?x\"." + SqlName(membership_.member) + " = \"?j\"." + SqlName(membership_.member);
    for (const std::string& column : membership_.owner) same += " AND \"?x\"." + SqlName(column) + " = \"?j\"." + SqlName(column);
    return same;
  }

  // The words with the keys of their rows, the lowest of each.
  std::string Words() const {
    if (membership_.hops.empty()) return "unnest($1::text[]) AS \"?w\"(word)";
    const Membership::Hop& hop = membership_.hops[0];
    std::string where;
    if (!membership_.word_account.empty()) where = " AND \"?1\"." + SqlName(membership_.word_account) + "::text IS NOT DISTINCT FROM nullif(\"?k\".account, '')";
    return "(SELECT DISTINCT ON (1) " + HopWord(hop, "\"?1\"") + " AS word, \"?1\"." + SqlName(hop.key) + " AS key FROM " + Qualified(hop.table) +
           " AS \"?1\" WHERE " + HopWord(hop, "\"?1\"") + " = ANY ($1::text[])" + where + " ORDER BY 1, 2) AS \"?w\"";
  }

  void RequireWords(const std::vector<std::string>& words) {
    if (membership_.hops.empty()) return;
    const Membership::Hop& hop = membership_.hops[0];
    Rows rows = Execute("SELECT w FROM unnest($1::text[]) w WHERE NOT EXISTS (SELECT FROM " + Qualified(hop.table) + " AS \"?1\" WHERE " +
                            HopWord(hop, "\"?1\"") + " = w) LIMIT 1",
                        Params().Texts(words));
    const std::string missing = rows.empty() ? std::string() : rows.Text(0, 1);
    rows.Free();
    if (missing.empty()) return;
    throw SqlError{ERRCODE_NO_DATA_FOUND, "there is no " + membership_.word + " \"" + missing + "\" in \"" + hop.table.schema + "." + hop.table.name + "\"",
                   {}, "Make it in the CRM first."};
  }

  // Words that are not there yet.
  void Create(const std::vector<std::string>& words) {
    const Membership::Hop& hop = membership_.hops[0];
    std::string columns = SqlName(hop.gives), values = "w.word::" + TypeIn(hop.table, hop.gives), account;
    if (!membership_.word_account.empty()) {
      columns += ", " + SqlName(membership_.word_account);
      values += ", w.account::" + TypeIn(hop.table, membership_.word_account);
      account = " AND \"?1\"." + SqlName(membership_.word_account) + "::text IS NOT DISTINCT FROM w.account";
    }
    for (const WrittenColumn& column : membership_.create) {
      columns += ", " + SqlName(column.column);
      values += ", " + Value(hop.table, column);
    }
    Run("INSERT INTO " + Qualified(hop.table) + " (" + columns + ") SELECT " + values + " FROM (SELECT DISTINCT u.word, nullif(\"?k\".account, '') AS account FROM " +
            from_ + " CROSS JOIN unnest($1::text[]) AS u(word)) AS w WHERE NOT EXISTS (SELECT FROM " + Qualified(hop.table) + " AS \"?1\" WHERE \"?1\"." +
            SqlName(hop.gives) + "::text = w.word" + account + ") ON CONFLICT DO NOTHING",
        words);
  }

  static std::string Value(const TableName& table, const WrittenColumn& column) {
    const std::string type = TypeIn(table, column.column);
    switch (column.by) {
      case WrittenColumn::By::kNull: return "NULL::" + type;
      case WrittenColumn::By::kNow: return "now()::" + type;
      case WrittenColumn::By::kUuid: return "gen_random_uuid()";
      case WrittenColumn::By::kText: break;
    }
    return SqlText(column.text) + "::" + type;
  }

  std::string Settings(const std::vector<WrittenColumn>& columns) const {
    std::string all;
    for (const WrittenColumn& column : columns) all += (all.empty() ? "" : ", ") + SqlName(column.column) + " = " + Value(membership_.table, column);
    return all;
  }

  const Source& source_;
  const Membership& membership_;
  std::vector<std::vector<std::string>> owners_;
  std::vector<std::optional<std::string>> accounts_;
  std::string from_;
};

}  // namespace

void ChangeMembers(const Source& source, const Membership& membership, const std::vector<std::string>& add, const std::vector<std::string>& remove,
                   const std::vector<HostChange*>& changes) {
  if (!membership.unwritable.empty()) throw SqlError{ERRCODE_FEATURE_NOT_SUPPORTED, "rows of " + membership.word + "s cannot be written: " + membership.unwritable};
  MemberStatement statement(source, membership, changes);
  if (!remove.empty()) statement.Remove(remove);
  if (!add.empty()) statement.Add(add);
}

}  // namespace workflow::pg
