// Triggers that no row change makes, {"on": "date"} and {"on": "schedule"}, and the threshold of {"on": "score.reached"}.
#include <array>

#include "core/definition/sections.h"

namespace workflow::definition {
namespace {

constexpr std::array kEvery = {Choice{"none", static_cast<int>(Every::kOnce)}, Choice{"week", static_cast<int>(Every::kWeek)},
                               Choice{"month", static_cast<int>(Every::kMonth)}, Choice{"year", static_cast<int>(Every::kYear)}};
constexpr int64_t kOffsetDaysMost = 3'700;  // ten years

std::string TextOf(const Json* json) { return json == nullptr ? std::string() : json->Dump(); }

// The entity that a name begins with, where its table is attached.
const CatalogEntity* EntityOfField(const std::string& name, const CompileContext& context) {
  const size_t dot = name.find('.');
  return dot == name.npos ? nullptr : FindEntity(context.catalog, name.substr(0, dot));
}

// Of a field whose table is not attached the name itself says what is wrong.
std::optional<uint32_t> ResolveField(const std::string& name, const std::string& path, Names names, CompileContext* context) {
  return names.Resolve(name, path, context->problems);
}

void ReadLookFilter(ObjectReader* reader, Trigger* trigger, CompileContext* context) {
  const Json* filter = reader->Take("filter");
  if (filter == nullptr) return;
  Names names = Names::OfLook(context, trigger->entity);
  trigger->filter = CompileCondition(*filter, reader->At("filter"), names, context->problems);
}

void ReadDateField(ObjectReader* reader, Trigger* trigger, CompileContext* context) {
  const bool stated = reader->Take("field") != nullptr;
  const std::optional<std::string> name = reader->Text("field");
  if (!stated) reader->Missing("field", "Name a date of the record, like \"contact.birthday\".");
  if (!name) {
    context->open = true;
    return;
  }
  const std::string path = reader->At("field");
  const CatalogEntity* entity = EntityOfField(*name, *context);
  trigger->entity = entity == nullptr ? kContact : entity->name;
  const std::optional<uint32_t> index = ResolveField(*name, path, Names::OfLook(context, trigger->entity), context);
  if (!index) {
    context->open = true;
    return;
  }
  const Field& field = context->program.table.fields[*index];
  const TypeKind kind = field.type.kind;
  const bool inside_json = kind == TypeKind::kJson && !field.path.empty();
  if (field.scope != Scope::kRow || (kind != TypeKind::kDate && kind != TypeKind::kTimestamp && kind != TypeKind::kTimestamptz && !inside_json)) {
    context->problems->Error(path, Quote(*name) + " is no date but of type " + TypeName(field.type),
                             "A date trigger goes by a field of type date, timestamp or timestamptz.");
  }
  trigger->date->field = *index;
  trigger->date->rule.timed = kind != TypeKind::kDate;
}

bool IsNumber(const Field& field) {
  const TypeKind kind = field.type.kind;
  return kind == TypeKind::kInteger || kind == TypeKind::kNumeric || (kind == TypeKind::kJson && !field.path.empty());
}

Json RuleOf(const std::string& field, const char* op, const Json* value) {
  Json rule = Json::MakeObject({{"field", Json::String(field)}, {"operator", Json::String(op)}});
  if (value != nullptr) rule.Set("value", *value);
  return rule;
}

// It was below, or was not there, and is not below any more.
Json CrossedFrom(const std::string& field, const Json& value) {
  const std::string old = "old" + field.substr(field.find('.'));
  Json before = Json::MakeArray(), both = Json::MakeArray();
  before.array().push_back(RuleOf(old, "null", nullptr));
  before.array().push_back(RuleOf(old, "<", &value));
  both.array().push_back(RuleOf(field, ">=", &value));
  both.array().push_back(Json::MakeObject({{"combinator", Json::String("or")}, {"rules", before}}));
  return Json::MakeObject({{"combinator", Json::String("and")}, {"rules", both}});
}

void Renumber(ConditionNode* node, uint32_t by) {
  node->number += by;
  for (ConditionNode& child : node->children) Renumber(&child, by);
}

}  // namespace

void ReadDateTrigger(ObjectReader* reader, Trigger* trigger, CompileContext* context) {
  trigger->on = "date";
  trigger->date.emplace();
  trigger->entity = kContact;
  Recurrence& rule = trigger->date->rule;
  ReadDateField(reader, trigger, context);
  if (auto every = reader->Choose("every", kEvery)) rule.every = static_cast<Every>(*every);
  rule.offset = reader->Length("offset").value_or(Duration{});
  rule.at = reader->Clock("at");
  const int64_t days = std::abs(rule.offset.months) * 31 + std::abs(rule.offset.days) + std::abs(rule.offset.us) / kDay;
  if (days > kOffsetDaysMost) context->problems->Error(reader->At("offset"), "an offset is at most ten years");
  ReadLookFilter(reader, trigger, context);
  trigger->name = "date " + TextOf(reader->Take("field")) + ' ' + TextOf(reader->Take("every")) + ' ' + TextOf(reader->Take("offset")) + ' ' +
                  TextOf(reader->Take("at"));
}

void ReadScheduleTrigger(ObjectReader* reader, Trigger* trigger, CompileContext* context) {
  trigger->on = "schedule";
  trigger->entity = kContact;
  const bool stated = reader->Take("cron") != nullptr;
  const std::optional<std::string> text = reader->Text("cron");
  if (!stated) reader->Missing("cron", "Write {\"on\": \"schedule\", \"cron\": \"0 9 * * 1\"}: Mondays at nine.");
  const Result<Cron> cron = text ? ParseCron(*text) : Result<Cron>(Cron{});
  if (!cron) context->problems->Error(reader->At("cron"), cron.failure().message, cron.failure().hint);
  trigger->schedule = cron ? *cron : Cron{};
  if (const std::optional<std::string> entity = reader->Text("entity")) {
    Names names = Names::OfLook(context, *entity);
    if (names.Entity(*entity, reader->At("entity"), context->problems) != nullptr) trigger->entity = *entity;
    else context->open = true;
  } else if (FindEntity(context->catalog, kContact) == nullptr) {
    context->problems->Error(reader->path(), "no table is attached as \"contact\"", "Attach the table of contacts with workflow.attach first.");
  }
  ReadLookFilter(reader, trigger, context);
  trigger->name = "schedule " + text.value_or("") + ' ' + trigger->entity;
}

std::optional<Threshold> ReadThreshold(ObjectReader* reader, CompileContext* context) {
  const Json *field = reader->Take("field"), *value = reader->Take("value");
  if (field == nullptr && value == nullptr) return {};
  Problems* problems = context->problems;
  const std::string name = field == nullptr ? "contact.score" : reader->Text("field").value_or("");
  const CatalogEntity* entity = EntityOfField(name, *context);
  Threshold threshold = {.entity = entity == nullptr ? kContact : entity->name, .crossed = {}};
  if (value == nullptr) reader->Missing("value", "Write {\"on\": \"score.reached\", \"field\": \"contact.score\", \"value\": 50}.");
  if (value != nullptr && !value->is_number()) problems->Error(reader->At("value"), "the value of a score must be a number");
  const std::string path = field == nullptr ? reader->path() : reader->At("field");
  const std::optional<uint32_t> index =
      name.empty() ? std::nullopt : ResolveField(name, path, Names::OfTrigger(context, threshold.entity), context);
  if (!index) return threshold;
  const Field own = context->program.table.fields[*index];
  if (own.scope != Scope::kRow || !IsNumber(own)) {
    problems->Error(path, Quote(name) + " is no number but of type " + TypeName(own.type), "A score is a field of a type for numbers.");
  } else if (value != nullptr && value->is_number()) {
    Names names = Names::OfTrigger(context, threshold.entity);
    threshold.crossed = CompileCondition(CrossedFrom(name, *value), path, names, problems);
  }
  return threshold;
}

std::optional<Condition> Both(std::optional<Condition> first, std::optional<Condition> second) {
  if (!first || !second) return first ? std::move(first) : std::move(second);
  Renumber(&second->root, static_cast<uint32_t>(first->paths.size()));
  Condition both;
  both.root.kind = ConditionNode::Kind::kAnd;
  both.root.children.push_back(std::move(first->root));
  both.root.children.push_back(std::move(second->root));
  both.paths = std::move(first->paths);
  both.paths.insert(both.paths.end(), second->paths.begin(), second->paths.end());
  return both;
}

}  // namespace workflow::definition
