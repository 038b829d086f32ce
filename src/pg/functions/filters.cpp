// workflow.matches() and workflow.explain_filter(): a filter asked about a record in a document.
#include "pg/functions/filters.h"

#include <algorithm>

#include "core/definition/record.h"
#include "pg/convert.h"
#include "pg/round/resolve.h"

namespace workflow::pg {

inline constexpr int kUnknownSource = MAKE_SQLSTATE('W', 'F', '0', '0', '6');

Present ReadPresent() {
  Rows rows = Execute("SELECT coalesce(workflow.virtual_now(), now()), (SELECT a.settings->>'timezone' FROM workflow.account a WHERE a.account = '')");
  static const UtcZone utc;
  const Zone* zone = Zones().Find(rows.Text(0, 2));
  const Present present{rows.Time(0, 1), zone == nullptr ? &utc : zone};
  rows.Free();
  return present;
}

Asker CallingAsker() {
  const std::string role = CallBackend([] { return GetUserNameFromId(GetSessionUserId(), false); });
  return {role, CallersSearchPath(1), /*keep_plans=*/false};
}

Json FilterOf(Datum filter) {
  auto json = JsonOfJsonb(filter);
  if (!json) throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the document is nested too deeply"};
  return std::move(*json);
}

const Source& AttachedSource(const Registry& registry, Oid relation) {
  for (const auto& source : registry.sources) {
    if (source->relation != relation) continue;
    if (source->broken.empty()) return *source;
    throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "source \"" + source->name + "\" cannot be read", source->broken, "See workflow.doctor()."};
  }
  const char* name = CallBackend([=] { return get_rel_name(relation); });
  throw SqlError{kUnknownSource, std::string("table \"") + (name == nullptr ? "" : name) + "\" is not attached", {},
                 "The view workflow.sources lists the tables that are."};
}

Filter FilterOver(const Json& json, const Registry& registry, const Source& source, const Asker& asker) {
  Problems problems;
  auto filter = CompileFilter(json, CatalogOf(registry, /*with_templates=*/false), source.binding.entity, &problems);
  if (filter && !problems.HasErrors()) CheckDeferred(filter->table, registry, asker, &problems);
  if (!filter || problems.HasErrors()) throw ErrorOf(problems, kInvalidDefinition, "filter");
  return std::move(*filter);
}

namespace {

// A compiled filter with what the record says, and what the server has answered.
struct Case {
  RecordFilter filter;
  Present present;
  std::vector<const Value*> facts = {};
  std::vector<Outcome> answers = {};

  Facts Known() const { return Facts(facts, answers, nullptr); }
};

// Collations are those of the attached tables' columns.
AskedRows TablesOf(const Registry& registry, const FieldTable& table) {
  AskedRows rows;
  rows.contact = DefaultContactSource(registry, std::string());
  for (const Field& field : table.fields) {
    for (const auto& source : registry.sources) {
      if (field.entity != "contact" && source->binding.entity == field.entity) rows.entry = source.get();
    }
  }
  return rows;
}

void Ask(const Registry& registry, const std::vector<uint32_t>& rules, Case* one) {
  std::vector<Question> questions;
  for (const uint32_t rule : rules) questions.push_back({&one->filter.table, rule, &one->facts, TablesOf(registry, one->filter.table)});
  Answer(registry, CallingAsker(), &questions);
  for (const Question& question : questions) one->answers[question.rule] = question.answer;
}

Case Prepare(const Registry& registry, const Json& filter, const Json& record) {
  if (!record.is_object()) {
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, std::string("a record must be an object, not ") + record.KindName(), {},
                   "Write {\"contact\": {\"email\": \"ann@example.com\"}}."};
  }
  Problems of_filter, of_record;
  auto compiled = CompileForRecord(filter, record, CatalogOf(registry, /*with_templates=*/false), &of_filter, &of_record);
  if (of_filter.HasErrors()) throw ErrorOf(of_filter, kInvalidDefinition, "filter");
  if (of_record.HasErrors()) {
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, of_record.list().front().message, {}, "Give the record's values as to_jsonb() writes those of the table."};
  }
  CheckDeferred(compiled->table, registry, CallingAsker(), &of_filter);
  if (of_filter.HasErrors()) throw ErrorOf(of_filter, kInvalidDefinition, "filter");
  return {std::move(*compiled), ReadPresent()};
}

// Once `one` does not move any more.
void Begin(Case* one) {
  for (const Value& value : one->filter.values) one->facts.push_back(&value);
  one->answers.assign(one->filter.table.deferred.size(), Outcome::kDeferred);
}

Outcome Decide(const Registry& registry, Case* one) {
  while (true) {
    std::vector<uint32_t> asked;
    const Outcome outcome = Evaluate(one->filter.condition, Facts(one->facts, one->answers, &asked), one->present.now, one->present.zone);
    if (asked.empty()) return outcome;
    Ask(registry, asked, one);
  }
}

// The place that a JSON Pointer names; it was made from this document.
const Json* AtPointer(const Json& json, std::string_view pointer) {
  const Json* here = &json;
  while (!pointer.empty() && here != nullptr) {
    pointer.remove_prefix(1);
    const std::string_view key = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(key.size());
    if (here->is_array()) {
      const size_t index = static_cast<size_t>(std::strtoul(std::string(key).c_str(), nullptr, 10));
      here = index < here->array().size() ? &here->array()[index] : nullptr;
    } else {
      here = here->Find(key);  // keys of conditions have nothing that a pointer escapes
    }
  }
  return here;
}

void CollectRules(const ConditionNode& node, std::vector<const ConditionNode*>* rules) {
  if (node.kind == ConditionNode::Kind::kRule) rules->push_back(&node);
  for (const ConditionNode& child : node.children) CollectRules(child, rules);
}

const char* NameOf(Outcome outcome) {
  if (outcome == Outcome::kTrue) return "true";
  return outcome == Outcome::kFalse ? "false" : "null";
}

// Every rule, whether or not the answer hangs on it.
void Explain(const Registry& registry, const Json& filter, Case* one, ReturnSetInfo* result) {
  std::vector<const ConditionNode*> rules;
  CollectRules(one->filter.condition.root, &rules);
  std::vector<uint32_t> open;
  for (const ConditionNode* rule : rules) {
    const Outcome outcome = EvaluateRule(*rule, one->Known(), one->present.now, one->present.zone);
    if (outcome == Outcome::kDeferred && rule->deferred >= 0) open.push_back(static_cast<uint32_t>(rule->deferred));
  }
  Ask(registry, open, one);
  for (const ConditionNode* rule : rules) {
    const Outcome outcome = EvaluateRule(*rule, one->Known(), one->present.now, one->present.zone);
    const std::string& path = one->filter.condition.paths[rule->number];
    const Json* document = AtPointer(filter, path);
    Datum values[4] = {TextDatum(path), JsonbOf(document == nullptr ? Json() : *document), JsonbOf(ToJson(*one->facts[rule->field])),
                       TextDatum(NameOf(outcome))};
    bool nulls[4] = {false, false, false, false};
    Datum* const value = values;
    bool* const is_null = nulls;
    CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, is_null); });
  }
}

}  // namespace
}  // namespace workflow::pg

// (filter jsonb, record jsonb) -> boolean
WF_FUNCTION(workflow_matches) {
  using namespace workflow::pg;
  Spi spi;
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  Case one = Prepare(registry, FilterOf(PG_GETARG_DATUM(0)), FilterOf(PG_GETARG_DATUM(1)));
  Begin(&one);
  const workflow::Outcome outcome = Decide(registry, &one);
  spi.Finish();
  fcinfo->isnull = outcome == workflow::Outcome::kNull || outcome == workflow::Outcome::kDeferred;
  return BoolGetDatum(outcome == workflow::Outcome::kTrue);
}

// (filter jsonb, record jsonb) -> setof (path text, rule jsonb, value jsonb, outcome text)
WF_FUNCTION(workflow_explain_filter) {
  using namespace workflow::pg;
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  Spi spi;
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const workflow::Json filter = FilterOf(PG_GETARG_DATUM(0));
  Case one = Prepare(registry, filter, FilterOf(PG_GETARG_DATUM(1)));
  Begin(&one);
  Explain(registry, filter, &one, reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo));
  spi.Finish();
  return Datum{0};
}
