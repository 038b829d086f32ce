#include "pg/round/scan.h"

#include <algorithm>
#include <array>

#include "core/base/iso.h"
#include "core/condition/sql.h"
#include "pg/convert.h"
#include "pg/deferred/deferred.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

const BoundEvent* EventOf(const Source& source, const std::string& name) {
  for (const BoundEvent& event : source.binding.events) if (event.name == name) return &event;
  return nullptr;
}

// Fields of the row by its columns; the row before is none.
class ScanNames final : public SqlNames {
 public:
  ScanNames(const Source& source, const FieldTable& table) : source_(source), table_(table) {}

  std::string Of(uint32_t index, const std::string& path, Problems* problems) const override {
    const Field& field = table_.fields[index];
    if (field.scope == Scope::kOld) return field.type.kind == TypeKind::kJson ? "NULL::jsonb" : "NULL::" + CastName(field.type);
    const BoundField* bound = field.scope == Scope::kRow && field.entity == source_.binding.entity ? FindBoundField(source_.binding, field.name) : nullptr;
    if (bound == nullptr || bound->column.empty() || !bound->zone.empty()) {
      problems->Error(path, "no column says this");
      return "NULL";
    }
    const std::string column = "\"row\"." + QuotedName(bound->column);
    if (field.type.kind != TypeKind::kJson) return IsPlainText(field.type, bound->column) ? column : "(" + column + " COLLATE \"C\")";
    const std::string json = field.type.sql_name == "jsonb" ? column : "(" + column + "::jsonb)";
    const auto place = field.path.empty() ? std::optional(json) : SqlPath(json, field.path);
    if (!place) problems->Error(path, "SQL would go another way");
    return place.value_or("NULL");
  }

  std::string Collation(uint32_t index) const override {
    AskedRows tables;
    tables.entry = tables.contact = &source_;
    return CollationOfField(table_.fields[index], tables);
  }

  std::string Expression(const std::string&, const std::string& path, Problems* problems) const override {
    problems->Error(path, "an expression of the author's has the author's rights");
    return "NULL";
  }

 private:
  // Equality by bytes, as the core has it, needs a collation that says so.
  bool IsPlainText(const Type& type, const std::string& column) const {
    if (type.kind != TypeKind::kText) return true;
    const Oid relation = source_.relation;
    const char* name = column.c_str();
    return CallBackend([=] {
      const AttrNumber number = get_attnum(relation, name);
      Oid base = InvalidOid, collation = InvalidOid;
      int32 typmod = -1;
      if (number != InvalidAttrNumber) get_atttypetypmodcoll(relation, number, &base, &typmod, &collation);
      return !OidIsValid(collation) || get_collation_isdeterministic(collation);
    });
  }

  const Source& source_;
  const FieldTable& table_;
};

SqlError Unsayable(const BoundEvent& event) {
  return {ERRCODE_FEATURE_NOT_SUPPORTED, "it cannot be told of a row that is there whether \"" + event.name + "\" has happened to it", {}, "Give a filter."};
}

// That the insertion of the row as it is would make the event (attach 5): what became so is so, and was not before.
std::string OccursSql(const Source& source, const BoundEvent& event) {
  if (event.change == BoundEvent::Change::kTagAdded) {
    const BoundField* tags = FindBoundField(source.binding, source.binding.tags);
    if (tags == nullptr || tags->column.empty()) throw Unsayable(event);
    const std::string column = "\"row\"." + QuotedName(tags->column);
    if (tags->type.kind != TypeKind::kJson) return "cardinality(" + column + ") > 0";
    return "CASE WHEN jsonb_typeof(" + column + "::jsonb) = 'array' THEN jsonb_array_length(" + column + "::jsonb) > 0 END";
  }
  if (event.change == BoundEvent::Change::kSubscribed) throw Unsayable(event);
  if (!event.when) return "true";
  Problems problems;
  std::string sql = ToSql(*event.when, source.binding.table, ScanNames(source, source.binding.table), &problems);
  if (problems.HasErrors()) throw Unsayable(event);
  return sql;
}

bool IsAbovePolicies(const std::string& role) {
  const char* name = role.c_str();
  return CallBackend([=] {
    const Oid oid = get_role_oid(name, true);
    return OidIsValid(oid) && has_bypassrls_privilege(oid);
  });
}

std::string InList(const std::string& expression, const std::set<int>& values) {
  std::string list;
  for (const int value : values) list += (list.empty() ? "" : ", ") + std::to_string(value);
  return expression + " IN (" + list + ")";
}

// That the date may be one of those in reach, by its parts.
std::string PartsSql(Every every, const std::string& date, const DayRange& days) {
  std::set<int> values;
  for (int32_t day = days.from.days; day <= days.to.days; ++day) {
    const iso::CivilDate civil = iso::CivilFromDays(day);
    if (every == Every::kYear) {
      values.insert(civil.month * 100 + civil.day);
      if (civil.month == 2 && civil.day == 28) values.insert(229);
    } else if (every == Every::kMonth) {
      // A month that ends early stands for the days it does not have.
      for (int last = civil.day; last <= (civil.day == iso::DaysInMonth(civil.year, civil.month) ? 31 : civil.day); ++last) values.insert(last);
    } else {
      values.insert(Weekday(Date{day}) + 1);
    }
  }
  if (every == Every::kYear) return InList("(extract(month FROM " + date + ") * 100 + extract(day FROM " + date + "))::int", values);
  return InList(every == Every::kMonth ? "extract(day FROM " + date + ")::int" : "extract(isodow FROM " + date + ")::int", values);
}

// Inside of json a date is a text that begins with it.
std::string JsonDateSql(Every every, const std::string& json, const DayRange& days) {
  if (every == Every::kWeek) return "true";
  const int from = every == Every::kYear ? 6 : every == Every::kMonth ? 9 : 1;
  std::set<std::string> values;
  for (int32_t day = days.from.days - 1; day <= days.to.days + 1; ++day) {
    const std::string text = FormatDate(Date{day});
    if (text.size() != 10) return "true";
    values.insert(text.substr(static_cast<size_t>(from) - 1));
    if (text.ends_with("02-28")) values.insert(std::string("0000-02-29").substr(static_cast<size_t>(from) - 1));
    for (const char* last : {"29", "30", "31"}) if (every == Every::kMonth && text.substr(8) >= "28") values.insert(last);
  }
  std::string list;
  for (const std::string& value : values) list += (list.empty() ? "" : ", ") + SqlText(value);
  return "substr(" + json + " #>> '{}', " + std::to_string(from) + ", " + std::to_string(11 - from) + ") IN (" + list + ")";
}

std::string DueSql(const Source& source, const FieldTable& table, const DateTrigger& trigger, const ScanWindow& window) {
  const DayRange days = DaysInReach(trigger.rule, window.after, window.until);
  if (days.to.days - days.from.days > 60) return "true";
  Problems problems;
  const Field& field = table.fields[trigger.field];
  const BoundField* bound = FindBoundField(source.binding, field.name);
  if (bound == nullptr || bound->column.empty()) return "true";
  if (field.type.kind == TypeKind::kJson) {
    const std::string json = ScanNames(source, table).Of(trigger.field, "", &problems);
    return problems.HasErrors() ? "true" : JsonDateSql(trigger.rule.every, json, days);
  }
  const std::string column = "\"row\"." + QuotedName(bound->column);
  if (trigger.rule.every == Every::kOnce) {
    return column + " >= '" + FormatDate(Date{days.from.days - 1}) + "' AND " + column + " < '" + FormatDate(Date{days.to.days + 2}) + "'";
  }
  return PartsSql(trigger.rule.every, column, DayRange{Date{days.from.days - 1}, Date{days.to.days + 1}});
}

}  // namespace

std::vector<int32_t> TriggersForExisting(const Source& source, const Program& program) {
  std::vector<int32_t> triggers;
  for (size_t i = 0; i < program.triggers.size(); ++i) {
    const Trigger& trigger = program.triggers[i];
    if (trigger.entity != source.binding.entity || trigger.date) continue;
    const BoundEvent* event = trigger.schedule ? nullptr : EventOf(source, trigger.on);
    using Change = BoundEvent::Change;
    constexpr std::array kOfNobodyThere = {Change::kDelete, Change::kTagRemoved, Change::kUnsubscribed, Change::kReply};
    if (event != nullptr && std::find(kOfNobodyThere.begin(), kOfNobodyThere.end(), event->change) != kOfNobodyThere.end()) continue;
    triggers.push_back(static_cast<int32_t>(i));
  }
  return triggers;
}

std::vector<std::string> AccountsToScan(const Source& source, const std::string& callers, const std::string& workflows) {
  const Binding& binding = source.binding;
  if (binding.tenant_setting.empty()) return {callers};
  for (const std::string* known : {&callers, &workflows, &binding.account_value}) if (!known->empty()) return {*known};
  if (IsAbovePolicies(source.owner)) return {callers};
  Rows rows = Execute("WITH RECURSIVE k(a) AS ((SELECT e.account FROM workflow.enrollment e ORDER BY 1 LIMIT 1) UNION ALL SELECT (SELECT e.account"
                      " FROM workflow.enrollment e WHERE e.account > k.a ORDER BY 1 LIMIT 1) FROM k WHERE k.a IS NOT NULL)"
                      " SELECT k.a FROM k WHERE k.a <> '' UNION SELECT o.account FROM workflow.account o WHERE o.account <> '' ORDER BY 1");
  std::vector<std::string> accounts;
  for (size_t i = 0; i < rows.size(); ++i) accounts.push_back(rows.Text(i, 1));
  rows.Free();
  if (accounts.empty()) accounts.emplace_back();  // looking says what is the matter
  return accounts;
}

Tenant TenantToScan(const Source& source, const std::string& account) {
  if (source.binding.tenant_setting.empty() || (account.empty() && IsAbovePolicies(source.owner))) return {};
  return TenantOf(source, account);
}

RowScan::RowScan(const Source& source, const Program& program, const std::vector<int32_t>& triggers, bool as_inserted, const std::optional<ScanWindow>& window,
                 const std::optional<std::string>& import, const std::string& account)
    : source_(source), triggers_(triggers), import_(import), account_(account) {
  for (const int32_t index : triggers) {
    const Trigger& trigger = program.triggers[static_cast<size_t>(index)];
    const BoundEvent* event = as_inserted ? EventOf(source, trigger.on) : nullptr;
    std::string sql = event == nullptr ? "true" : OccursSql(source, *event);
    if (window && trigger.date) sql += " AND " + DueSql(source, program.table, *trigger.date, *window);
    if (trigger.filter) sql += " AND " + NecessarySql(*trigger.filter, program.table, ScanNames(source, program.table));
    predicates_.push_back("(" + sql + ") IS TRUE");
  }
}

std::string RowScan::Predicates() const {
  std::string list;
  for (const std::string& predicate : predicates_) list += ", " + predicate;
  return list;
}

std::vector<std::string> RowScan::NextImported(int most) {
  std::vector<std::string> keys;
  Rows rows = Execute("SELECT DISTINCT i.row_key FROM workflow.imported i WHERE i.tag = $1 AND i.source = $2 AND i.row_key > $3 ORDER BY 1 LIMIT " +
                          std::to_string(most),
                      Params().Text(*import_).Int4(source_.id).Text(cursor.value_or("")));
  for (size_t i = 0; i < rows.size(); ++i) keys.push_back(rows.Text(i, 1));
  rows.Free();
  return keys;
}

std::vector<FoundRow> RowScan::Next(int most_looked, int most_found) {
  std::string keys, order, from;
  const std::vector<std::string>& columns = source_.binding.key;
  Params params;
  std::vector<std::string> imported;
  if (import_) {
    imported = NextImported(most_looked);
    at_end = static_cast<int>(imported.size()) < most_looked;
    if (imported.empty()) return {};
    for (const auto& column : KeyColumns(source_, imported)) params.Texts(column);
    from = "(SELECT \"row\".*, k.n AS \"?n\" FROM " + KeyJoin(source_, 1) + ") AS \"row\"";
    order = "\"row\".\"?n\"";
  } else {
    std::string after, types;
    const std::vector<std::string> parts = cursor ? SplitKey(*cursor, columns.size()) : std::vector<std::string>();
    for (size_t i = 0; i < columns.size(); ++i) {
      const std::string column = "\"row\"." + QuotedName(columns[i]);
      order += (i > 0 ? ", " : "") + column;
      if (!cursor) after += (i > 0 ? " AND " : "") + column + " IS NOT NULL";
      else types += (i > 0 ? ", $" : "$") + std::to_string(i + 1) + "::text::" + ColumnType(source_, columns[i]);
      if (cursor) params.Text(i < parts.size() ? parts[i] : std::string());
    }
    if (cursor) after = "(" + order + ") > (" + types + ")";
    from = "(SELECT \"row\".* FROM " + QuotedRelation(source_) + " AS \"row\" WHERE " + after + " ORDER BY " + order + " LIMIT " +
        std::to_string(most_looked) + ") AS \"row\"";
  }
  for (size_t i = 0; i < columns.size(); ++i) keys += (i > 0 ? ", \"row\"." : "\"row\".") + QuotedName(columns[i]);
  std::vector<FoundRow> found;
  bool cut = false;
  RunAs(source_.owner, source_.search_path, TenantToScan(source_, account_), [&] {
    Rows rows = ExecuteOnce("SELECT " + keys + Predicates() + (import_ ? ", \"row\".\"?n\"" : "") + " FROM " + from + " ORDER BY " + order, params);
    std::vector<Converter> converters;
    for (size_t i = 0; i < columns.size(); ++i) converters.emplace_back(TupleDescAttr(rows.description(), static_cast<int>(i))->atttypid);
    if (!import_) at_end = static_cast<int>(rows.size()) < most_looked;
    for (size_t row = 0; row < rows.size(); ++row) {
      std::vector<Value> parts;
      for (size_t i = 0; i < columns.size(); ++i) {
        bool is_null = false;
        const Datum datum = rows.Raw(row, static_cast<int>(i) + 1, &is_null);
        parts.push_back(converters[i].Convert(datum, is_null));
      }
      FoundRow one{CanonicalKey(parts).value_or(std::string()), {}};
      for (size_t i = 0; i < triggers_.size(); ++i) {
        if (rows.Bool(row, static_cast<int>(columns.size() + i) + 1)) one.triggers.push_back(triggers_[i]);
      }
      ++looked;
      cursor = import_ ? imported[static_cast<size_t>(rows.Int8(row, static_cast<int>(columns.size() + triggers_.size()) + 1)) - 1] : one.key;
      if (!triggers_.empty() && one.triggers.empty()) continue;
      // Rows may share a key that is not their primary one.
      if (!found.empty() && found.back().key == one.key) continue;
      found.push_back(std::move(one));
      if (static_cast<int>(found.size()) < most_found) continue;
      cut = row + 1 < rows.size();
      break;
    }
    rows.Free();
    // What was imported and is not there any more has been looked at as well.
    if (import_ && !cut) cursor = imported.back();
    at_end = at_end && !cut;
  });
  return found;
}

}  // namespace workflow::pg
