// A dry run: what a binding would find in the rows that are there. Runs as the caller, with the caller's search_path, on the caller's queries.
#include <algorithm>

#include "core/binding/bound_value.h"
#include "core/condition/condition.h"
#include "pg/convert.h"
#include "pg/round/scan.h"
#include "pg/server/spi.h"
#include "pg/sources/attaching.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

constexpr long kBatch = 1000;
constexpr size_t kExamplesMax = 5;

std::string Counted(int64_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

Finding Allowed(size_t rule, int64_t allowed, int64_t all) {
  const bool nothing = allowed == 0 && all > 0;
  return {nothing ? "warning" : "info", Pointer(Pointer("/consent", rule), "allowed_when"),
          "messages may go out to " + std::to_string(allowed) + " of " + Counted(all, "row", "rows"),
          nothing ? "See that it names the values that the rows have." : "", allowed};
}

std::string RowColumn(const std::string& column) { return "\"row\"." + QuotedName(column); }

// The conditions below are the ones that a round resolves by.
std::string ByColumns(const ContactRoute& route, const Source* contacts) {
  std::string on;
  for (size_t i = 0; i < route.columns.size(); ++i) {
    on += i > 0 ? " AND " : "";
    on += contacts == nullptr ? RowColumn(route.columns[i]) + " IS NOT NULL"
                              : "c." + QuotedName(contacts->binding.key[i]) + "::text = " + RowColumn(route.columns[i]) + "::text";
  }
  return contacts == nullptr ? on : "EXISTS (SELECT FROM " + QuotedRelation(*contacts) + " AS c WHERE " + on + ")";
}

std::string ByMatch(const Binding& binding, const ContactRoute& route, const Source* contacts) {
  if (contacts == nullptr) return "false";
  std::string on;
  for (const auto& [name, column] : route.match) {
    const BoundField* field = FindBoundField(contacts->binding, name);
    const std::string own = "c." + QuotedName(field->column);
    const bool is_text = field->type.kind == TypeKind::kText || field->type.kind == TypeKind::kCitext;
    const std::string type = is_text ? "::" + ColumnType(*contacts, field->column) : "::text";
    on += (on.empty() ? "" : " AND ") + own + (is_text ? "" : "::text") + " = " + RowColumn(column) + "::text" + type;
  }
  if (!contacts->binding.account.empty() && !binding.account.empty()) {
    on += " AND c." + QuotedName(contacts->binding.account) + "::text = " + RowColumn(binding.account) + "::text";
  }
  return "EXISTS (SELECT FROM " + QuotedRelation(*contacts) + " AS c WHERE " + on + ")";
}

std::string Matched(const Binding& binding, const Source* contacts) {
  std::string matched;
  for (const ContactRoute& route : binding.contact) {
    matched += matched.empty() ? "" : " OR ";
    switch (route.kind) {
      case ContactRoute::Kind::kColumn: matched += ByColumns(route, contacts); break;
      case ContactRoute::Kind::kMatch: matched += ByMatch(binding, route, contacts); break;
      case ContactRoute::Kind::kSql: matched += "EXISTS (SELECT FROM (" + route.sql + ") AS q WHERE (q.*) IS NOT NULL)"; break;
    }
  }
  return matched.empty() ? "true" : matched;
}

void CountContacts(const Binding& binding, const std::string& from, const Source* contacts, std::vector<Finding>* findings) {
  Rows rows = ExecuteOnce("SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE s.matched) FROM (SELECT " +
                          Matched(binding, contacts) + " AS matched" + from + ") AS s");
  const int64_t all = rows.Int8(0, 1);
  const int64_t matched = rows.Int8(0, 2);
  rows.Free();
  findings->push_back({"info", "", Counted(all, "row", "rows"), "", all});
  if (binding.contact.empty()) return;
  findings->push_back({"info", "/contact", Counted(matched, "row leads", "rows lead") + " to a contact", "", matched});
  const int64_t lost = all - matched;
  findings->push_back({lost > 0 ? "warning" : "info", "/contact", Counted(lost, "row leads", "rows lead") + " to no contact",
                       lost > 0 ? "Their events wait until a contact is found." : "", lost});
}

// What the rules give for one row, until one is a zone that the server knows.
bool HasKnownZone(const std::vector<const ZoneRule*>& rules, const Rows& rows, size_t row, std::string* unknown) {
  for (size_t i = 0; i < rules.size(); ++i) {
    auto value = rows.MaybeText(row, static_cast<int>(i) + 2);
    if (!value) continue;
    const auto& map = rules[i]->map;
    const auto mapped = std::find_if(map.begin(), map.end(), [&](const auto& pair) { return pair.first == *value; });
    if (Zones().Find(mapped == map.end() ? *value : mapped->second) != nullptr) return true;
    if (unknown->empty()) *unknown = "\"" + *value + "\"";
  }
  return false;
}

struct LostZones {
  bool has_rules = false;
  int64_t count = 0;
  std::vector<std::string> examples;
};

LostZones FindLostZones(const Binding& binding, const std::string& from) {
  LostZones lost;
  std::vector<const ZoneRule*> rules;
  std::string columns, positions;
  for (const ZoneRule& rule : binding.zone) {
    if (rule.kind != ZoneRule::Kind::kField && rule.kind != ZoneRule::Kind::kSql) continue;
    rules.push_back(&rule);
    columns += ", " + (rule.sql.empty() ? RowColumn(rule.column) : "(" + rule.sql + ")") + "::pg_catalog.text";
    positions += (positions.empty() ? "" : ", ") + std::to_string(rules.size() + 1);
  }
  if (rules.empty()) return lost;
  lost.has_rules = true;
  Rows rows = ExecuteOnce("SELECT pg_catalog.count(*)" + columns + from + " GROUP BY " + positions + " ORDER BY 1 DESC, " + positions);
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string unknown;
    if (HasKnownZone(rules, rows, i, &unknown)) continue;
    lost.count += rows.Int8(i, 1);
    const bool is_new = std::find(lost.examples.begin(), lost.examples.end(), unknown) == lost.examples.end();
    if (!unknown.empty() && is_new && lost.examples.size() < kExamplesMax) lost.examples.push_back(unknown);
  }
  rows.Free();
  return lost;
}

void CountZones(const Binding& binding, const std::string& from, std::vector<Finding>* findings) {
  const LostZones lost = FindLostZones(binding, from);
  if (!lost.has_rules) return;
  std::string hint;
  for (const std::string& example : lost.examples) hint += (hint.empty() ? "Unknown zones are " : ", ") + example;
  findings->push_back({lost.count > 0 ? "warning" : "info", "/zone",
                       Counted(lost.count, "contact has", "contacts have") + " no known zone and " + (lost.count == 1 ? "takes" : "take") + " the account's",
                       hint.empty() ? hint : hint + ".", lost.count});
}

// The ties of another table: how many count, of those whose owner is here.
void CountTies(const Membership* membership, const std::string& path, std::vector<Finding>* findings) {
  if (membership == nullptr) return;
  const std::string word = MembershipWord(*membership), live = MembershipLive(*membership);
  Rows rows = ExecuteOnce("SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE " + live + ") FROM " + MembershipFrom(*membership));
  const int64_t all = rows.Int8(0, 1), counting = rows.Int8(0, 2);
  rows.Free();
  const bool nothing = counting == 0 && all > 0;
  findings->push_back({nothing ? "warning" : "info", path, std::to_string(counting) + " of " + Counted(all, "row", "rows") + " of \"" + membership->table.schema +
                           "." + membership->table.name + "\" tie a row to a " + membership->word,
                       nothing ? "See that \"only\" and \"live\" name the values that the rows have." : "", counting});
}

// Consent that queries tell.
void CountConsent(const Binding& binding, const std::string& from, std::vector<Finding>* findings) {
  for (size_t i = 0; i < binding.consent.size(); ++i) {
    if (binding.consent[i].sql.empty()) continue;
    Rows rows = ExecuteOnce("SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE (" + binding.consent[i].sql + "))" + from);
    const int64_t all = rows.Int8(0, 1), allowed = rows.Int8(0, 2);
    rows.Free();
    findings->push_back(Allowed(i, allowed, all));
  }
}

// What a query gives is not read here.
bool IsOfColumns(const Binding& binding, const Condition& condition) {
  const std::vector<uint32_t> fields = FieldsOf(condition);
  return std::all_of(fields.begin(), fields.end(), [&](uint32_t index) {
    const BoundField* field = FindBoundField(binding, binding.table.fields[index].name);
    return field != nullptr && !field->column.empty();
  });
}

// Conditions over rows as if each had just been inserted, and as capture takes them: what it cannot tell is no event.
class EventCounter {
 public:
  EventCounter(const Binding& binding, TupleDesc columns)
      : binding_(binding), counts_(binding.events.size(), 0), allowed_(binding.consent.size(), 0) {
    values_.resize(binding.table.fields.size());
    for (const Value& value : values_) facts_.push_back(&value);
    for (int i = 0; i < columns->natts; ++i) converters_.emplace_back(TupleDescAttr(columns, i)->atttypid);
  }

  // `fields`: the bound field of each column.
  void Count(const Rows& rows, const std::vector<size_t>& fields) {
    for (size_t row = 0; row < rows.size(); ++row) {
      for (size_t i = 0; i < fields.size(); ++i) Read(rows, row, i, fields[i]);
      Dig();
      for (size_t i = 0; i < counts_.size(); ++i) {
        const auto& when = binding_.events[i].when;
        if (!when) continue;
        if (Evaluate(*when, facts_, now_, nullptr) == Outcome::kTrue) ++counts_[i];
      }
      if (binding_.live && Evaluate(*binding_.live, facts_, now_, nullptr) == Outcome::kTrue) ++live_;
      for (size_t i = 0; i < allowed_.size(); ++i) {
        const auto& when = binding_.consent[i].allowed_when;
        if (when && Evaluate(*when, facts_, now_, nullptr) == Outcome::kTrue) ++allowed_[i];
      }
    }
    seen_ += static_cast<int64_t>(rows.size());
  }

  void Report(std::vector<Finding>* findings) const {
    if (binding_.live) {
      const bool nothing = live_ == 0 && seen_ > 0;
      findings->push_back({nothing ? "warning" : "info", "/live", std::to_string(live_) + " of " + Counted(seen_, "row counts", "rows count") + " as there",
                           nothing ? "See that \"live\" names the values that the rows have." : "", live_});
    }
    for (size_t i = 0; i < allowed_.size(); ++i) {
      if (binding_.consent[i].allowed_when && IsOfColumns(binding_, *binding_.consent[i].allowed_when)) findings->push_back(Allowed(i, allowed_[i], seen_));
    }
    for (size_t i = 0; i < counts_.size(); ++i) {
      const BoundEvent& event = binding_.events[i];
      if (!event.when) continue;
      const bool nothing = counts_[i] == 0 && seen_ > 0;
      const bool reply = event.change == BoundEvent::Change::kReply;
      findings->push_back({nothing ? "warning" : "info", reply ? std::string("/replies/when") : Pointer("/events", event.name),
                           "\"" + event.name + "\" holds for " + std::to_string(counts_[i]) + " of " + Counted(seen_, "row", "rows"),
                           nothing ? "See that its \"when\" names the values that the rows have." : "", counts_[i]});
    }
  }

 private:
  void Read(const Rows& rows, size_t row, size_t column, size_t field) {
    bool is_null = false;
    const Datum datum = rows.Raw(row, static_cast<int>(column) + 1, &is_null);
    const BoundField& bound = binding_.fields[field];
    values_[field] = BoundValue(bound, converters_[column].Convert(datum, is_null), bound.zone.empty() ? nullptr : Zones().Find(bound.zone));
  }

  // Places inside json; what was there before an insert is null.
  void Dig() {
    for (size_t i = binding_.fields.size(); i < binding_.table.fields.size(); ++i) {
      const Field& field = binding_.table.fields[i];
      if (field.scope != Scope::kRow) continue;
      const auto own = std::find_if(binding_.fields.begin(), binding_.fields.end(), [&](const BoundField& f) { return f.name == field.name; });
      const Json* json = own == binding_.fields.end() ? nullptr : values_[static_cast<size_t>(own - binding_.fields.begin())].AsJson();
      values_[i] = json == nullptr ? Value() : workflow::Dig(*json, field.path);
    }
  }

  const Binding& binding_;
  std::vector<int64_t> counts_, allowed_;
  int64_t live_ = 0;
  std::vector<Value> values_;
  std::vector<const Value*> facts_;
  std::vector<Converter> converters_;
  int64_t seen_ = 0;
  Instant now_ = ToInstant(GetCurrentTransactionStartTimestamp());
};

// The bound fields, by column, that some event's condition reads.
std::vector<size_t> FieldsOfEvents(const Binding& binding) {
  std::set<size_t> fields;
  const auto read = [&](const std::optional<Condition>& condition) {
    for (const uint32_t index : condition ? FieldsOf(*condition) : std::vector<uint32_t>()) {
      for (size_t i = 0; i < binding.fields.size(); ++i) {
        if (binding.fields[i].name == binding.table.fields[index].name && !binding.fields[i].column.empty()) fields.insert(i);
      }
    }
  };
  for (const BoundEvent& event : binding.events) read(event.when);
  read(binding.live);
  for (const ConsentRule& rule : binding.consent) read(rule.allowed_when);
  return {fields.begin(), fields.end()};
}

void CountEvents(const Binding& binding, const std::string& from, std::vector<Finding>* findings) {
  const std::vector<size_t> fields = FieldsOfEvents(binding);
  if (fields.empty()) return;
  std::string columns;
  for (const size_t field : fields) columns += (columns.empty() ? "" : ", ") + RowColumn(binding.fields[field].column);
  const std::string sql = "SELECT " + columns + from;
  const char* text = sql.c_str();
  Portal cursor = CallBackend([=] { return SPI_cursor_open(nullptr, SPI_prepare(text, 0, nullptr), nullptr, nullptr, true); });
  EventCounter counter(binding, cursor->tupDesc);
  MemoryContext batch = CallBackend([] { return AllocSetContextCreate(CurrentMemoryContext, "pg_workflow rows", ALLOCSET_DEFAULT_SIZES); });
  for (bool more = true; more;) {
    CallBackend([=] { SPI_cursor_fetch(cursor, true, kBatch); });
    Rows rows(SPI_tuptable, SPI_processed);
    const MemoryContext outer = MemoryContextSwitchTo(batch);
    counter.Count(rows, fields);
    MemoryContextSwitchTo(outer);
    MemoryContextReset(batch);
    more = !rows.empty();
    rows.Free();
  }
  CallBackend([=] { SPI_cursor_close(cursor); });
  counter.Report(findings);
}

}  // namespace

std::vector<Finding> CountRows(const Binding& binding, Oid relation, const Source* contacts) {
  const std::string from = " FROM " + QualifiedName(relation) + " AS \"row\"";
  std::vector<Finding> findings;
  if (!binding.tenant_setting.empty()) findings.push_back({"info", "/tenant_setting", "only rows that your own setting of the tenant shows are counted", ""});
  CountContacts(binding, from, contacts, &findings);
  CountZones(binding, from, &findings);
  CountEvents(binding, from, &findings);
  CountConsent(binding, from, &findings);
  CountTies(binding.tag_rows.get(), "/tags", &findings);
  CountTies(binding.campaign_rows.get(), "/campaigns", &findings);
  return findings;
}

}  // namespace workflow::pg

// Contacts whose zone falls back to the account's, of every attached table (semantics 12). A table that cannot be read has none that can be counted.
WF_FUNCTION(workflow_unknown_zones) {
  using namespace workflow::pg;
  int64_t count = 0;
  Spi spi;
  const RegistryPin pin;
  for (const auto& source : CurrentRegistry().sources) {
    if (source->binding.entity != "contact" || !source->broken.empty()) continue;
    Subtransaction attempt;
    Raised raised;
    int64_t lost = 0;
    const bool read = Contained(
        [&] {
          for (const std::string& account : AccountsToScan(*source, "", "")) {
            RunAs(source->owner, source->search_path, TenantToScan(*source, account),
                  [&] { lost += FindLostZones(source->binding, " FROM " + QualifiedName(source->relation) + " AS \"row\"").count; });
          }
        },
        raised);
    attempt.RollBack();
    if (!read && raised.backend != nullptr && ERRCODE_TO_CATEGORY(raised.backend->sqlerrcode) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION)) Rethrow(raised);
    count += lost;
  }
  spi.Finish();
  PG_RETURN_INT64(count);
}
