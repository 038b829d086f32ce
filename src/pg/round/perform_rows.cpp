// New rows in tables of the CRM: one INSERT for a step and batch, with the owner's rights.
#include <algorithm>

#include "pg/capture/event_log.h"
#include "pg/convert.h"
#include "pg/deferred/deferred.h"
#include "pg/round/changes.h"

namespace workflow::pg {

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string ArrayParameters(int first, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += (i > 0 ? ", $" : "$") + std::to_string(first + static_cast<int>(i)) + "::text[]";
  return text;
}

void EvaluateSql(const Registry& registry, const std::vector<Assignment>& assignments, const std::string& owner, const std::vector<HostChange*>& changes) {
  for (size_t i = 0; i < assignments.size(); ++i) {
    if (assignments[i].sql.empty()) continue;
    RequireAllowed(owner);
    std::vector<AskedRows> rows;
    for (const HostChange* change : changes) {
      const Enrolled& enrolled = *change->enrolled;
      rows.push_back({enrolled.contact_source, enrolled.contact_key, enrolled.entry_source, enrolled.entry_row, enrolled.event_name, enrolled.event_at,
                      &enrolled.data, enrolled.account});
    }
    std::vector<const AskedRows*> pointers;
    for (const AskedRows& row : rows) pointers.push_back(&row);
    DeferredRule rule;
    rule.sql = SqlValueText(assignments[i].sql, assignments[i].type);
    rule.entities = assignments[i].entities;
    RunAs(owner, changes.front()->enrolled->version->search_path, rows.front().tenant(), [&] {
      Rows answers = Execute(ExpressionStatement(registry, rule, rows.front()), ExpressionParams(registry, rule, rows.front(), pointers));
      for (size_t n = 0; n < answers.size() && n < changes.size(); ++n) changes[n]->values[i] = answers.MaybeText(n, 1);
      answers.Free();
    });
  }
}

const std::string& ColumnOf(const Source& source, const std::string& field) {
  const BoundField* bound = FindBoundField(source.binding, field);
  if (bound == nullptr || bound->column.empty()) {
    throw SqlError{ERRCODE_UNDEFINED_COLUMN, "\"" + field + "\" of source \"" + source.name + "\" is no column that can be changed"};
  }
  return bound->column;
}

const Source* SourceOfEntity(const Registry& registry, const std::string& entity, const Source* near) {
  const auto schema_of = [](const Source& source) {
    const Oid relation = source.relation;
    return CallBackend([=] { return get_rel_namespace(relation); });
  };
  const Source* first = nullptr;
  for (const auto& source : registry.sources) {
    if (source->binding.entity != entity || !source->broken.empty()) continue;
    if (first == nullptr) first = source.get();
    if (near != nullptr && schema_of(*source) == schema_of(*near)) return source.get();
  }
  return first;
}

namespace {

bool IsKey(const Source& source, const std::string& column) {
  return std::find(source.binding.key.begin(), source.binding.key.end(), column) != source.binding.key.end();
}

bool IsPlainColumn(const BoundField& field) { return field.name == field.column && !field.generated; }

// The statement of one group: columns of the new rows and what each is given.
class InsertStatement {
 public:
  InsertStatement(const Source& target, const std::vector<HostChange*>& changes) : target_(target), changes_(changes) {}

  Rows Run() {
    AddValues();
    AddOwnership();
    std::string from;
    if (changes_.front()->copy != nullptr) from = AddCopied();
    if (arrays_.empty()) {  // the number of rows must come from somewhere
      arrays_.push_back("nothing");
      params_.Texts(std::vector<std::optional<std::string>>(changes_.size()));
    }
    std::vector<std::string> key;
    for (const std::string& column : target_.binding.key) key.push_back(QuotedName(column));
    const std::string columns = columns_.empty() ? "" : " (" + Joined(columns_) + ")";
    if (columns_.empty()) return Execute("INSERT INTO " + QuotedRelation(target_) + " DEFAULT VALUES RETURNING " + Joined(key));
    return Execute("INSERT INTO " + QuotedRelation(target_) + columns + " SELECT " + Joined(values_) + " FROM unnest(" +
                       ArrayParameters(1, arrays_.size()) + ") WITH ORDINALITY AS wf_k(" + Joined(arrays_) + ", n)" + from +
                       " ORDER BY wf_k.n RETURNING " + Joined(key),
                   params_);
  }

 private:
  void AddArray(const std::string& column, const std::vector<std::optional<std::string>>& texts) {
    const std::string name = "v" + std::to_string(arrays_.size() + 1);
    arrays_.push_back(name);
    params_.Texts(texts);
    columns_.push_back(QuotedName(column));
    values_.push_back("wf_k." + name + "::" + ColumnType(target_, column));
    stated_.insert(column);
  }

  void AddValues() {
    const std::vector<Assignment>& values = changes_.front()->create->values;
    for (size_t i = 0; i < values.size(); ++i) {
      const std::string& column = ColumnOf(target_, values[i].column);
      std::vector<std::optional<std::string>> texts;
      for (const HostChange* change : changes_) texts.push_back(change->values[i]);
      AddArray(column, texts);
    }
  }

  // The account, and the columns that lead to the contact, where the step says nothing of them.
  void AddOwnership() {
    const Binding& binding = target_.binding;
    std::vector<std::optional<std::string>> accounts;
    for (const HostChange* change : changes_) accounts.push_back(change->enrolled->account);
    if (!binding.account.empty() && !stated_.contains(binding.account) && !changes_.front()->enrolled->account.empty()) AddArray(binding.account, accounts);
    if (binding.entity == "contact" || binding.contact.empty() || binding.contact.front().kind != ContactRoute::Kind::kColumn) return;
    const std::vector<std::string>& columns = binding.contact.front().columns;
    if (std::any_of(columns.begin(), columns.end(), [&](const std::string& column) { return stated_.contains(column) || IsKey(target_, column); })) return;
    for (size_t part = 0; part < columns.size(); ++part) {
      std::vector<std::optional<std::string>> texts;
      for (const HostChange* change : changes_) {
        const std::vector<std::string> parts = SplitKey(change->enrolled->contact_key, columns.size());
        texts.push_back(part < parts.size() ? std::optional(parts[part]) : std::nullopt);
      }
      AddArray(columns[part], texts);
    }
  }

  // Columns that both tables have under one name, but for keys, what is stated and what is excepted.
  std::string AddCopied() {
    const Source& from = *changes_.front()->from;
    std::set<std::string> except;
    for (const std::string& name : changes_.front()->copy->except) except.insert(ColumnOf(target_, name));
    for (const BoundField& field : from.binding.fields) {
      const BoundField* same = FindBoundField(target_.binding, field.name);
      if (same == nullptr || !IsPlainColumn(field) || !IsPlainColumn(*same)) continue;
      const std::string& column = field.column;
      if (IsKey(from, column) || IsKey(target_, column) || stated_.contains(column) || except.contains(column)) continue;
      columns_.push_back(QuotedName(column));
      values_.push_back("wf_from." + QuotedName(column));
    }
    std::vector<std::string> keys;
    for (const HostChange* change : changes_) keys.push_back(change->key);
    std::string on;
    const auto parts = KeyColumns(from, keys);
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string name = "f" + std::to_string(i + 1);
      arrays_.push_back(name);
      params_.Texts(parts[i]);
      on += (i > 0 ? " AND " : "") + ("wf_from." + QuotedName(from.binding.key[i])) + " = wf_k." + name + "::" + ColumnType(from, from.binding.key[i]);
    }
    return " JOIN " + QuotedRelation(from) + " AS wf_from ON " + on;
  }

  const Source& target_;
  const std::vector<HostChange*>& changes_;
  std::vector<std::string> columns_, values_, arrays_;
  std::set<std::string> stated_;
  Params params_;
};

void Insert(const Source& target, const std::vector<HostChange*>& changes) {
  Rows rows = InsertStatement(target, changes).Run();
  // Rows come back in the order in which they went in; where one is missing, nobody knows whose it was, and the batch is halved.
  if (rows.size() != changes.size()) {
    throw SqlError{ERRCODE_NO_DATA_FOUND, "a new row of \"" + target.binding.entity + "\" was not made",
                   "A trigger of the table refused it without an error, or the row to copy is gone."};
  }
  std::vector<Converter> converters;
  for (size_t i = 0; i < target.binding.key.size(); ++i) converters.emplace_back(TupleDescAttr(rows.description(), static_cast<int>(i))->atttypid);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<Value> key;
    for (size_t j = 0; j < converters.size(); ++j) {
      bool is_null;
      const Datum datum = rows.Raw(i, static_cast<int>(j) + 1, &is_null);
      key.push_back(converters[j].Convert(datum, is_null));
    }
    changes[i]->result = Json::MakeObject({{"key", Json::String(CanonicalKey(key).value_or(std::string()))},
                                           {"entity", Json::String(target.binding.entity)}});
  }
  rows.Free();
}

}  // namespace

void PerformCreates(const Registry& registry, const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth) {
  const Source& target = *changes.front()->source;
  const ChainDepth chain(depth, ChainsOf(changes));
  BeforeHostChanges();
  EvaluateSql(registry, changes.front()->create->values, owner, changes);
  // A row of defaults alone cannot come from a SELECT: each is a statement of its own.
  const bool plain = changes.front()->create->values.empty() && changes.front()->copy == nullptr;
  RunAs(owner, target.search_path, TenantOf(target, changes.front()->account()), [&] {
    if (!plain) return Insert(target, changes);
    for (HostChange* change : changes) Insert(target, {change});
  });
}

}  // namespace workflow::pg
