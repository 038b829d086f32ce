#include <algorithm>
#include <tuple>

#include "core/condition/sql.h"
#include "pg/deferred/deferred.h"
#include "pg/round/rows.h"

namespace workflow::pg {
namespace {

// The relation and column that hold a field; InvalidOid where it is no column.
Oid CollationOf(const Field& field, const AskedRows& tables) {
  if (field.scope != Scope::kRow && field.scope != Scope::kOld) return InvalidOid;
  const Source* source = field.entity == "contact" ? tables.contact : tables.entry;
  const BoundField* bound = source == nullptr ? nullptr : FindBoundField(source->binding, field.name);
  if (bound == nullptr || bound->column.empty()) return InvalidOid;
  const Oid relation = source->relation;
  const char* column = bound->column.c_str();
  return CallBackend([=] {
    const AttrNumber number = get_attnum(relation, column);
    Oid type = InvalidOid, collation = InvalidOid;
    int32 typmod = -1;
    if (number != InvalidAttrNumber) get_atttypetypmodcoll(relation, number, &type, &typmod, &collation);
    return collation;
  });
}

std::string CollationName(Oid collation) {
  if (!OidIsValid(collation)) return {};
  struct Names {
    char* schema;
    char* name;
  };
  const Names names = CallBackend([=] {
    Names found = {nullptr, get_collation_name(collation)};
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    if (HeapTupleIsValid(tuple)) {
      found.schema = get_namespace_name(reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple))->collnamespace);
      ReleaseSysCache(tuple);
    }
    return found;
  });
  if (names.schema == nullptr || names.name == nullptr) return {};
  return SqlName(names.schema) + "." + SqlName(names.name);
}

}  // namespace

std::string CollationOfField(const Field& field, const AskedRows& tables) { return CollationName(CollationOf(field, tables)); }

namespace {

// Fields are the columns of a list of parameters.
class ParameterNames final : public SqlNames {
 public:
  ParameterNames(const FieldTable& table, const std::vector<uint32_t>& fields, const AskedRows& tables)
      : table_(table), fields_(fields), tables_(tables) {}

  std::string Of(uint32_t field, const std::string&, Problems*) const override {
    const auto place = std::find(fields_.begin(), fields_.end(), field) - fields_.begin();
    const Field& named = table_.fields[field];
    return "v.c" + std::to_string(place + 1) + "::" + (named.type.kind == TypeKind::kJson ? "jsonb" : CastName(named.type));
  }
  std::string Collation(uint32_t field) const override { return CollationOfField(table_.fields[field], tables_); }
  std::string Expression(const std::string&, const std::string&, Problems*) const override { return "NULL"; }

 private:
  const FieldTable& table_;
  const std::vector<uint32_t>& fields_;
  const AskedRows& tables_;
};

std::vector<uint32_t> FieldsOfRule(const ConditionNode& rule) {
  return FieldsOf(Condition{.root = rule});
}

std::optional<std::string> ParameterText(const Field& field, const Value* value) {
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (field.type.kind == TypeKind::kJson) return ToJson(*value).Dump();
  const List* list = value->AsList();
  return list == nullptr ? FormatValue(*value) : ArrayLiteral(*list);
}

Outcome OutcomeAt(const Rows& rows, size_t i) {
  if (rows.IsNull(i, 1)) return Outcome::kNull;
  return rows.Bool(i, 1) ? Outcome::kTrue : Outcome::kFalse;
}

Rows Run(const Asker& asker, const std::string& sql, const Params& params) {
  return asker.keep_plans ? Execute(sql, params) : ExecuteOnce(sql, params);
}

Rows AskRule(const Asker& asker, const FieldTable& table, const DeferredRule& rule, const std::vector<Question*>& group, const AskedRows& tables) {
  const std::vector<uint32_t> fields = FieldsOfRule(rule.rule);
  std::string arrays, names;
  Params params;
  for (size_t c = 0; c < fields.size(); ++c) {
    const std::string n = std::to_string(c + 1);
    arrays += (c > 0 ? ", $" : "$") + n + "::text[]";
    names += "c" + n + ", ";
    std::vector<std::optional<std::string>> texts;
    for (const Question* question : group) texts.push_back(ParameterText(table.fields[fields[c]], (*question->values)[fields[c]]));
    params.Texts(texts);
  }
  Problems problems;  // none: what has no SQL is not deferred
  const std::string expression = RuleToSql(rule.rule, rule.path, table, ParameterNames(table, fields, tables), &problems);
  return Run(asker, "SELECT " + expression + " FROM unnest(" + arrays + ") WITH ORDINALITY AS v(" + names + "n) ORDER BY v.n", params);
}

Rows AskExpression(const Registry& registry, const Asker& asker, const DeferredRule& rule, const std::vector<Question*>& group, const AskedRows& tables) {
  RequireAllowed(asker.role);
  std::vector<const AskedRows*> rows;
  for (const Question* question : group) rows.push_back(&question->rows);
  return Run(asker, ExpressionStatement(registry, rule, tables), ExpressionParams(registry, rule, tables, rows));
}

Rows AskGroup(const Registry& registry, const Asker& asker, const FieldTable& table, uint32_t index, const std::vector<Question*>& group,
              const AskedRows& tables) {
  const DeferredRule& rule = *table.deferred[index];
  return rule.rule.op == Operator::kSql ? AskExpression(registry, asker, rule, group, tables) : AskRule(asker, table, rule, group, tables);
}

// Whether the server's fault is in what was asked of it. Others (cancelled, out of memory, a lost lock) are nobody's.
bool IsAboutRule(const Raised& raised) {
  if (raised.backend == nullptr) return raised.sqlstate != ERRCODE_OUT_OF_MEMORY && raised.sqlstate != ERRCODE_INTERNAL_ERROR;
  const int category = ERRCODE_TO_CATEGORY(raised.backend->sqlerrcode);
  for (const int other : {ERRCODE_OPERATOR_INTERVENTION, ERRCODE_INSUFFICIENT_RESOURCES, ERRCODE_TRANSACTION_ROLLBACK,
                          ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, ERRCODE_SYSTEM_ERROR, ERRCODE_INTERNAL_ERROR}) {
    if (category == ERRCODE_TO_CATEGORY(other)) return false;
  }
  return true;
}

// A value of the wrong form is the value's fault, an operator that is not there the operator's.
std::string PlaceOf(const DeferredRule& rule, int sqlstate) {
  if (rule.rule.op == Operator::kSql) return rule.path;
  const bool of_syntax = ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION);
  return Pointer(rule.path, of_syntax ? "operator" : "value");
}

std::string HintFor(const DeferredRule& rule, const Raised& raised) {
  const char* hint = raised.backend != nullptr ? raised.backend->hint : raised.hint;
  if (rule.rule.op != Operator::kSql) return hint == nullptr ? std::string() : hint;
  for (const std::string& entity : rule.entities) {
    if (rule.sql.find(entity + ".") == std::string::npos || rule.sql.find("\"" + entity + "\".") != std::string::npos) continue;
    const char* name = entity.c_str();
    const bool reserved = CallBackend([=] { return quote_identifier(name)[0] == '"'; });
    if (reserved) return "\"" + entity + "\" is a word of SQL: write " + SqlName(entity) + ".… in double quotes.";
  }
  return hint == nullptr ? std::string() : hint;
}

// Asks a rule of no rows: the server reads it, and says what is wrong with it.
void AskNothing(const FieldTable& table, uint32_t index, const Registry& registry, const Asker& asker, const AskedRows& tables) {
  const DeferredRule& rule = *table.deferred[index];
  if (rule.rule.op == Operator::kSql) RequireExpression(rule.sql);
  Rows rows = AskGroup(registry, asker, table, index, {}, tables);
  if (TupleDescAttr(rows.description(), 0)->atttypid != BOOLOID) {
    throw SqlError{ERRCODE_DATATYPE_MISMATCH, "the expression is not boolean", {}, "Write a condition, such as contact.score > 10."};
  }
  rows.Free();
  if (rule.rule.op == Operator::kMatches) ExecuteOnce("SELECT '' ~ " + SqlText(FormatValue(rule.rule.values[0])));
}

struct Trial {
  uint32_t rule;
  AskedRows tables;
};

// True where none of them fails.
bool TryThem(const FieldTable& table, const std::vector<Trial>& trials, const Registry& registry, const Asker& asker, Raised* raised) {
  Subtransaction attempt;
  const bool fine = Contained(
      [&] {
        RunAs(asker.role, asker.search_path, ProbeOf(registry), [&] {
          for (const Trial& trial : trials) AskNothing(table, trial.rule, registry, asker, trial.tables);
        });
      },
      *raised);
  attempt.RollBack();
  if (!fine && !IsAboutRule(*raised)) Rethrow(*raised);
  return fine;
}

// The tables that rows of this entity may come from; nullptr where none is attached.
std::vector<const Source*> SourcesOf(const Registry& registry, const std::string& entity) {
  std::vector<const Source*> sources;
  for (const auto& source : registry.sources) {
    if (source->broken.empty() && source->binding.entity == entity) sources.push_back(source.get());
  }
  if (sources.empty()) sources.push_back(nullptr);
  return sources;
}

// Entities of rows that the rule reads.
std::vector<std::string> EntitiesOf(const FieldTable& table, const DeferredRule& rule) {
  std::vector<std::string> entities = rule.entities;
  if (rule.rule.op == Operator::kSql) return entities;
  entities.clear();
  for (const uint32_t field : FieldsOfRule(rule.rule)) {
    if (!table.fields[field].entity.empty()) entities.push_back(table.fields[field].entity);
  }
  return entities;
}

}  // namespace

Tenant AskedRows::tenant() const {
  if (by_caller) return {};
  for (const Source* source : {contact, entry}) if (source != nullptr && !source->binding.tenant_setting.empty()) return TenantOf(*source, account);
  return {};
}

void Answer(const Registry& registry, const Asker& asker, std::vector<Question>* questions) {
  using Group = std::tuple<std::pair<std::string, std::string>, const FieldTable*, uint32_t, const Source*, const Source*>;
  std::map<Group, std::vector<Question*>> groups;
  for (Question& question : *questions) {
    // Only an expression of the author's reads rows.
    const bool reads = question.table->deferred[question.rule]->rule.op == Operator::kSql;
    const Tenant tenant = reads ? question.rows.tenant() : Tenant{};
    groups[{{tenant.setting, tenant.account}, question.table, question.rule, question.rows.contact, question.rows.entry}].push_back(&question);
  }
  for (const auto& [group, members] : groups) {
    RunAs(asker.role, asker.search_path, Tenant{std::get<0>(group).first, std::get<0>(group).second, members.front()->rows.by_caller}, [&] {
      Rows rows = AskGroup(registry, asker, *std::get<1>(group), std::get<2>(group), members, members.front()->rows);
      if (rows.size() != members.size()) throw SqlError{ERRCODE_INTERNAL_ERROR, "the database has given another number of answers than it was asked for"};
      for (size_t i = 0; i < members.size(); ++i) members[i]->answer = OutcomeAt(rows, i);
      rows.Free();
    });
  }
}

void CheckDeferred(const FieldTable& table, const Registry& registry, const Asker& asker, Problems* problems) {
  std::vector<Trial> trials;
  for (uint32_t index = 0; index < table.deferred.size(); ++index) {
    // Each table that may give the rows is tried once: those of the contacts with the first of the others, and the other way round.
    std::vector<AskedRows> tables = {AskedRows{}};
    for (const std::string& entity : EntitiesOf(table, *table.deferred[index])) {
      const std::vector<const Source*> sources = SourcesOf(registry, entity);
      while (tables.size() < sources.size()) tables.push_back(tables.front());
      for (size_t i = 0; i < tables.size(); ++i) (entity == "contact" ? tables[i].contact : tables[i].entry) = sources[std::min(i, sources.size() - 1)];
    }
    for (const AskedRows& one : tables) trials.push_back({index, one});
  }
  // All together, as nearly always nothing is wrong; else each by itself.
  Raised raised;
  if (trials.empty() || TryThem(table, trials, registry, asker, &raised)) return;
  std::set<uint32_t> faulty;
  for (const Trial& trial : trials) {
    Raised alone;
    if (faulty.contains(trial.rule) || TryThem(table, {trial}, registry, asker, &alone)) continue;
    faulty.insert(trial.rule);
    const DeferredRule& rule = *table.deferred[trial.rule];
    const char* message = alone.backend != nullptr ? alone.backend->message : alone.message;
    const int sqlstate = alone.backend != nullptr ? alone.backend->sqlerrcode : alone.sqlstate;
    problems->Error(PlaceOf(rule, sqlstate), message == nullptr ? "the database refuses it" : message, HintFor(rule, alone));
  }
}

}  // namespace workflow::pg
