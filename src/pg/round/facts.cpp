// Facts for the core: the values of a program's fields, and the data of a template.
#include <algorithm>

#include "core/calendar/civil.h"
#include "pg/round/candidate.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

const int kNone = -1;

int IndexOf(const Source& source, const std::string& name) {
  const auto& fields = source.binding.fields;
  for (size_t i = 0; i < fields.size(); ++i) if (fields[i].name == name) return static_cast<int>(i);
  return kNone;
}

// A recorded text of the event as the value programs see.
std::optional<Value> Recorded(const Source& source, const Json* row, const std::string& name) {
  const Json* text = row == nullptr ? nullptr : row->Find(name);
  const int index = IndexOf(source, name);
  if (text == nullptr || index == kNone) return std::nullopt;
  if (text->is_null()) return Value();
  if (!text->is_string()) return std::nullopt;
  return ParseValue(source.binding.fields[static_cast<size_t>(index)].type, text->string());
}

Value DigInto(const Json& json, const std::vector<std::string>& path) { return path.empty() ? Value::OfJson(json) : Dig(json, path); }

Value AtPath(const Field& field, const Value& value) {
  if (field.path.empty() || value.is_null()) return value;
  const Json* json = value.AsJson();
  return json == nullptr ? Value() : Dig(*json, field.path);
}

}  // namespace

const Zone& Batch::ZoneOf(const Enrolled& enrolled) const {
  const Settings& settings = enrolled.version->program.settings;
  const Zone* zone = nullptr;
  if (settings.timezone == ZoneSource::kNamed) zone = Zones().Find(settings.zone_name);
  if (settings.timezone == ZoneSource::kContact && enrolled.contact_source != nullptr) {
    zone = Zones().Find(rows_.Get({enrolled.contact_source->id, enrolled.contact_key}).zone);
  }
  if (zone == nullptr) zone = Zones().Find(round_.templates.Account(enrolled.account).zone);
  static const UtcZone utc;
  return zone == nullptr ? utc : *zone;
}

Surroundings Batch::SurroundingsOf(const Enrolled& enrolled, const Facts& facts) const {
  return {round_.now, &ZoneOf(enrolled), facts, enrolled.backfill, enrolled.entered_at,
          enrolled.account + '\x1f' + std::to_string(enrolled.version->workflow) + '\x1f' + enrolled.entry_key};
}

// What does not depend on whether the contact is in already. nullptr: the field is of another scope.
template <typename Of>
const Value* Batch::CommonFact(const Of& of, const Field& field) {
  if (field.scope == Scope::kWorkflow) return &values_.emplace_back(IsActive(of, field.name));
  if (field.scope != Scope::kAccount) return nullptr;
  const AccountSettings& account = round_.templates.Account(of.account);
  if (field.name == "timezone") return &values_.emplace_back(account.zone.empty() ? Value() : Value(account.zone));
  return &values_.emplace_back(DigInto(field.name == "sender" ? account.sender.value_or(Json()) : account.data, field.path));
}

// The lines of a row, as they are now; nullptr where it has none, or they were not read.
const Json* Batch::LinesOf(const Source* source, const std::string& key) const {
  if (source == nullptr) return nullptr;
  const int index = IndexOf(*source, "lines");
  const RowFacts& row = rows_.Get({source->id, key});
  return row.found && index != kNone && row.known[static_cast<size_t>(index)] ? row.values[static_cast<size_t>(index)].AsJson() : nullptr;
}

const Json* Batch::LineFor(const Enrolled& enrolled) const {
  if (enrolled.entry_by != EntryBy::kLine) return nullptr;
  const Json* lines = LinesOf(enrolled.entry_source, enrolled.entry_row);
  return lines == nullptr ? nullptr : LineOf(*lines, SplitLineKey(enrolled.entry_key).product);
}

std::vector<const Value*> Batch::FactsOf(const Enrolled& enrolled) {
  const Program& program = enrolled.version->program;
  std::vector<const Value*> facts;
  facts.reserve(program.table.fields.size());
  static const Value null;
  for (const Field& field : program.table.fields) {
    const Value* value = &null;
    if (field.scope == Scope::kRow) {
      const bool contact = field.entity == "contact";
      const Source* source = contact ? enrolled.contact_source : enrolled.entry_source;
      if (source != nullptr && source->binding.entity == field.entity) {
        const RowFacts& row = rows_.Get({source->id, contact ? enrolled.contact_key : enrolled.entry_row});
        const int index = IndexOf(*source, field.name);
        if (row.found && index != kNone && row.known[static_cast<size_t>(index)]) value = &row.values[static_cast<size_t>(index)];
      }
      if (!field.path.empty()) value = &values_.emplace_back(AtPath(field, *value));
    } else if (field.scope == Scope::kLine) {
      if (const Json* line = LineFor(enrolled)) value = &values_.emplace_back(DigInto(*line, field.path));
    } else if (field.scope == Scope::kMessage) {
      value = &values_.emplace_back(MessageFact(enrolled, field.entity, field.name));
    } else if (field.scope == Scope::kStep) {
      const Json* result = enrolled.results.Find(field.name);
      if (result != nullptr) value = &values_.emplace_back(DigInto(*result, field.path));
    } else if (field.scope == Scope::kEnrollment) {
      if (field.name == "entered_at") value = &values_.emplace_back(enrolled.entered_at);
      if (field.name == "version") value = &values_.emplace_back(static_cast<int64_t>(enrolled.version->number));
      if (field.name == "data") value = &values_.emplace_back(DigInto(enrolled.data, field.path));
    } else if (field.scope == Scope::kEvent) {
      if (field.name == "name") value = &values_.emplace_back(enrolled.event_name);
      if (field.name == "at") value = &values_.emplace_back(enrolled.event_at);
      if (field.name == "data") value = &values_.emplace_back(DigInto(enrolled.data, field.path));
      if (field.name == "tag" || field.name == "campaign") value = &values_.emplace_back(DigInto(enrolled.data, {field.name}));
    } else if (const Value* common = CommonFact(enrolled, field)) {
      value = common;
    }
    facts.push_back(value);
  }
  return facts;
}

std::vector<const Value*> Batch::FactsOf(const Candidate& candidate) {
  const Program& program = candidate.version->program;
  std::vector<const Value*> facts;
  facts.reserve(program.table.fields.size());
  static const Value null;
  const Json* fresh = candidate.event->kind == 'r' ? candidate.event->body.Find("new") : nullptr;
  const Json* old = candidate.event->kind == 'r' ? candidate.event->body.Find("old") : nullptr;
  // A deleted row is as it was; one that has settled is read.
  if ((fresh == nullptr || fresh->is_null()) && candidate.event->body.Find("settled") == nullptr) fresh = old;
  for (const Field& field : program.table.fields) {
    const Value* value = &null;
    if (field.scope == Scope::kRow) {
      const bool contact = field.entity == "contact";
      const Source* source = contact ? candidate.contact_source : candidate.entry_source;
      if (source != nullptr && source->binding.entity == field.entity) {
        const RowFacts& row = rows_.Get({source->id, contact ? candidate.contact_key : candidate.entry_row});
        const int index = IndexOf(*source, field.name);
        // The row that made the event is seen as its transaction wrote it, other rows as they are now.
        const auto recorded = source == candidate.entry_source ? Recorded(*source, fresh, field.name) : std::nullopt;
        if (recorded) value = &values_.emplace_back(*recorded);
        else if (row.found && index != kNone && row.known[static_cast<size_t>(index)]) value = &row.values[static_cast<size_t>(index)];
      }
      if (!field.path.empty()) value = &values_.emplace_back(AtPath(field, *value));
    } else if (field.scope == Scope::kOld && candidate.entry_source != nullptr && candidate.event->op != 'I') {
      const auto recorded = Recorded(*candidate.entry_source, old, field.name);
      if (recorded) value = &values_.emplace_back(AtPath(field, *recorded));
    } else if (field.scope == Scope::kEvent) {
      if (field.name == "name") value = &values_.emplace_back(candidate.on);
      if (field.name == "at") value = &values_.emplace_back(candidate.event_at);
      if (field.name == "data") value = &values_.emplace_back(DigInto(candidate.data, field.path));
      if (field.name == "tag" || field.name == "campaign") value = &values_.emplace_back(DigInto(candidate.data, {field.name}));
    } else if (const Value* common = CommonFact(candidate, field)) {
      value = common;
    }
    facts.push_back(value);
  }
  return facts;
}

namespace {

bool IsAttached(const Registry& registry, const std::string& entity) {
  return std::any_of(registry.sources.begin(), registry.sources.end(), [&](const auto& source) { return source->binding.entity == entity; });
}

}  // namespace

Json Batch::DataOf(const Enrolled& enrolled, const std::vector<std::string>& references) {
  Json data = Json::MakeObject();
  std::set<std::string> heads;
  for (const std::string& reference : references) heads.insert(reference.substr(0, reference.find_first_of(".[")));
  for (const std::string& head : heads) {
    if (head == "contact" && enrolled.contact_source != nullptr) {
      data.Set(head, RowData(enrolled.contact_source, rows_.Get({enrolled.contact_source->id, enrolled.contact_key})));
    } else if (enrolled.entry_source != nullptr && head == enrolled.entry_source->binding.entity) {
      data.Set(head, RowData(enrolled.entry_source, rows_.Get({enrolled.entry_source->id, enrolled.entry_row})));
    } else if (head == "event") {
      Json event = Json::MakeObject({{"name", Json::String(enrolled.event_name)}, {"at", Json::String(FormatIso(enrolled.event_at))},
                                     {"data", enrolled.data}});
      for (const char* word : {"tag", "campaign"}) if (const Json* given = enrolled.data.Find(word)) event.Set(word, *given);
      data.Set(head, std::move(event));
    } else if (head == "enrollment") {
      data.Set(head, Json::MakeObject({{"entered_at", Json::String(FormatIso(enrolled.entered_at))},
                                       {"version", Json::Integer(enrolled.version->number)}, {"data", enrolled.data}}));
    } else if (head == "line" && enrolled.entry_by == EntryBy::kLine && !IsAttached(round_.registry, head)) {
      const Json* line = LineFor(enrolled);
      data.Set(head, line == nullptr ? Json::MakeObject() : *line);
    } else if (head == "message" && !IsAttached(round_.registry, head)) {
      data.Set(head, MessagesOf(enrolled));
    } else if (head == "step" && !IsAttached(round_.registry, head)) {
      data.Set(head, enrolled.results.is_object() ? enrolled.results : Json::MakeObject());
    } else if (head == "account" && !IsAttached(round_.registry, head)) {
      data.Set(head, AccountData(round_.templates.Account(enrolled.account)));
    } else if (head == "workflow") {
      data.Set(head, Json::MakeObject({{"name", Json::String(enrolled.version->workflow_name)}}));
    }
  }
  return data;
}

Instant Batch::TimeOf(const LogEvent& event, const Json* wanted, const Source* source, const std::string& zone_of_contact) const {
  const Instant start = round_.is_virtual && !event.timed ? round_.now : event.at;
  const Json* at = wanted == nullptr ? nullptr : wanted->Find("at");
  if (at == nullptr || !at->is_string()) return start;
  if (const auto instant = ParseInstant(at->string())) return *instant;
  const Zone* zone = Zones().Find(zone_of_contact);
  if (zone == nullptr) zone = Zones().Find(round_.templates.Account(event.account).zone);
  static const UtcZone utc;
  const Zone& in = zone == nullptr ? utc : *zone;
  if (const auto local = ParseLocalTime(at->string())) return ToInstant(*local, in);
  if (const auto date = ParseDate(at->string())) {
    const Json* on = wanted->Find("on");
    const BoundField* field = nullptr;  // it may say at what time of the day
    for (const BoundEvent& bound : source->binding.events) {
      if (on != nullptr && on->is_string() && bound.name == on->string()) field = FindBoundField(source->binding, bound.at);
    }
    return ToInstant(At(*date, field == nullptr ? ClockTime{0} : field->at.value_or(ClockTime{0})), in);
  }
  return start;
}

}  // namespace workflow::pg
