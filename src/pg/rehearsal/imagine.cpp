// Rows that are not there, or are other than they are: values that events bring and steps would write.
#include <algorithm>

#include "core/definition/record.h"
#include "pg/convert.h"
#include "pg/rehearsal/rehearsal.h"
#include "pg/round/candidate.h"
#include "pg/round/changes.h"
#include "pg/round/turn.h"

namespace workflow::pg {
namespace {

[[noreturn]] void Refuse(const std::string& message, const std::string& hint) {
  throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, message, {}, hint};
}

std::optional<size_t> PlaceOf(const Source& source, const std::string& name) {
  const auto& fields = source.binding.fields;
  for (size_t i = 0; i < fields.size(); ++i) if (fields[i].name == name) return i;
  return std::nullopt;
}

// Under every name that its column has.
void Put(const Source& source, const std::string& name, const Value& value, ImaginedRow* row) {
  const auto place = PlaceOf(source, name);
  if (!place) return;
  const std::string& column = source.binding.fields[*place].column;
  for (size_t i = 0; i < source.binding.fields.size(); ++i) {
    const BoundField& field = source.binding.fields[i];
    const bool same_column = !column.empty() && field.column == column && field.type.kind == source.binding.fields[*place].type.kind;
    if (i == *place || same_column) row->values[i] = value;
  }
}

std::vector<std::string> TextsOf(const Value& value) {
  std::vector<std::string> texts;
  if (const List* list = value.AsList()) {
    for (const Value& item : *list) if (!item.is_null()) texts.push_back(FormatValue(item));
  } else if (const Json* json = value.AsJson(); json != nullptr && json->is_array()) {
    for (const Json& item : json->array()) if (item.is_string()) texts.push_back(item.string());
  }
  return texts;
}

Value Retagged(const Value& before, const Type& type, const TagStep& tag) {
  std::vector<std::string> texts = TextsOf(before);
  std::erase_if(texts, [&](const std::string& text) { return std::find(tag.remove.begin(), tag.remove.end(), text) != tag.remove.end(); });
  for (const std::string& added : tag.add) if (std::find(texts.begin(), texts.end(), added) == texts.end()) texts.push_back(added);
  List list;
  Json::Array array;
  for (const std::string& text : texts) {
    list.push_back(Value(text));
    array.push_back(Json::String(text));
  }
  return type.kind == TypeKind::kList ? Value::OfList(std::move(list)) : Value::OfJson(Json::MakeArray(std::move(array)));
}

std::optional<Value> Sum(const Value& before, const Decimal& add, const Type& type) {
  Decimal sum = add;
  if (const auto* whole = before.As<int64_t>()) {
    const auto number = Decimal::Parse(std::to_string(*whole));
    if (!number) return std::nullopt;
    sum = *number + add;
  } else if (const auto* decimal = before.As<Decimal>()) {
    sum = *decimal + add;
  } else {
    return std::nullopt;  // nothing plus something is nothing
  }
  return ParseValue(type, sum.ToString());
}

Json TextOrNothing(const std::optional<std::string>& text) { return text ? Json::String(*text) : Json(); }

Json TaskWords(const OwnTask& task) {
  Json told = Json::MakeObject({{"title", Json::String(task.title)}});
  if (task.body) told.Set("body", Json::String(*task.body));
  if (task.assignee) told.Set("assignee", Json::String(*task.assignee));
  if (task.role) told.Set("role", Json::String(*task.role));
  if (task.due) told.Set("due", Json::String(FormatIso(*task.due)));
  return told;
}

Json RowWords(const HostChange& change) {
  Json told = Json::MakeObject();
  for (size_t i = 0; i < change.create->values.size() && i < change.values.size(); ++i) {
    const Assignment& value = change.create->values[i];
    told.Set(value.column, value.sql.empty() ? TextOrNothing(change.values[i]) : Json::MakeObject({{"sql", Json::String(value.sql)}}));
  }
  return Json::MakeObject({{"entity", Json::String(change.create->entity)}, {"values", std::move(told)}});
}

}  // namespace

const Source* Rehearsal::SourceOfEvent(const std::string& on) const {
  for (const auto& source : registry_.sources) {
    const auto& events = source->binding.events;
    if (source->binding.lookup || std::none_of(events.begin(), events.end(), [&](const BoundEvent& event) { return event.name == on && event.change != BoundEvent::Change::kReply; })) continue;
    return source->binding.entity == "contact" ? contacts_ : SourceOfEntity(registry_, source->binding.entity, contacts_);
  }
  return nullptr;
}

// The row of that table which belongs to the contact and has the highest key, where the table says by a column whose it is.
std::optional<std::string> Rehearsal::NewestRow(const Source& source) {
  const Binding& binding = source.binding;
  if (binding.contact.empty() || binding.contact.front().kind != ContactRoute::Kind::kColumn) return std::nullopt;
  const std::vector<std::string>& columns = binding.contact.front().columns;
  const std::vector<std::string> parts = SplitKey(script_.contact, columns.size());
  if (parts.size() != columns.size()) return std::nullopt;
  std::string keys, where, order;
  Params params;
  for (const std::string& column : binding.key) {
    keys += (keys.empty() ? "\"row\"." : ", \"row\".") + QuotedName(column);
    order += (order.empty() ? "\"row\"." : ", \"row\".") + QuotedName(column) + " DESC";
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    where += (i > 0 ? " AND \"row\"." : "\"row\".") + QuotedName(columns[i]) + " = $" + std::to_string(i + 1) + "::text::" + ColumnType(source, columns[i]);
    params.Text(parts[i]);
  }
  std::optional<std::string> found;
  RunAs(source.owner, source.search_path, TenantOf(source, script_.account), [&] {
    Rows rows = ExecuteOnce("SELECT " + keys + " FROM " + QuotedRelation(source) + " AS \"row\" WHERE " + where + " ORDER BY " + order + " LIMIT 1", params);
    if (!rows.empty()) {
      std::vector<Value> values;
      for (size_t i = 0; i < binding.key.size(); ++i) {
        bool is_null;
        const Datum datum = rows.Raw(0, static_cast<int>(i) + 1, &is_null);
        values.push_back(Converter(TupleDescAttr(rows.description(), static_cast<int>(i))->atttypid).Convert(datum, is_null));
      }
      found = CanonicalKey(values);
    }
    rows.Free();
  });
  return found;
}

std::string Rehearsal::RowOf(Batch* batch, const RehearsedEvent& event, const Source& source) {
  if (source.binding.entity == "contact") return script_.contact;
  const bool given = std::any_of(event.rows.begin(), event.rows.end(), [&](const auto& row) { return row.first == source.binding.entity; });
  if (event.row) {
    batch->rows_.Want({source.id, *event.row}, script_.account);
    batch->rows_.Fetch();
    const RowFacts& row = batch->rows_.Get({source.id, *event.row});
    if (row.found) return row.key;
    if (!given) Refuse("there is no row \"" + *event.row + "\" of \"" + source.binding.entity + "\"", "Give its values instead: {\"" + source.binding.entity + "\": {…}}.");
    imagined_[{source.id, *event.row}].exists = true;
    return *event.row;
  }
  const auto known = batch->by_id_.find(kNobody);
  if (known != batch->by_id_.end() && known->second->entry_source == &source && known->second->state.phase != Phase::kEnded) return known->second->entry_row;
  if (!given) {
    if (const auto newest = NewestRow(source)) return *newest;
  }
  const std::string key = "imagined " + std::to_string(++numbers_);
  imagined_[{source.id, key}].exists = true;
  return key;
}

void Rehearsal::Imagine(Batch* batch, const Source& source, const std::string& key, const Json& values) {
  ImaginedRow& row = imagined_[{source.id, key}];
  for (const auto& [name, json] : values.object()) {
    const auto place = PlaceOf(source, name);
    if (!place) {
      std::vector<std::string> names;
      for (const BoundField& field : source.binding.fields) names.push_back(field.name);
      Refuse('"' + source.binding.entity + "\" has no field \"" + name + '"', NearestHint(name, names));
    }
    const Type& type = source.binding.fields[*place].type;
    const auto value = json.is_null() ? std::optional(Value()) : RecordValue(type, json);
    if (!value) Refuse("the value of \"" + source.binding.entity + '.' + name + "\" is no " + TypeName(type), {});
    Put(source, name, *value, &row);
  }
  batch->rows_.Forget({source.id, key});
}

void Rehearsal::ImagineAll(Batch* batch, const RehearsedEvent& event, const Source* source, const std::string& key) {
  for (const auto& [entity, values] : event.rows) {
    const auto known = batch->by_id_.find(kNobody);
    const Enrolled* enrolled = known == batch->by_id_.end() ? nullptr : known->second;
    if (entity == "contact" && contacts_ != nullptr) {
      Imagine(batch, *contacts_, script_.contact, values);
    } else if (source != nullptr && source->binding.entity == entity) {
      Imagine(batch, *source, key, values);
    } else if (enrolled != nullptr && enrolled->entry_source != nullptr && enrolled->entry_source->binding.entity == entity) {
      Imagine(batch, *enrolled->entry_source, enrolled->entry_row, values);
    } else {
      Refuse("the event \"" + event.on + "\" brings no row of \"" + entity + '"', "Give values of its own row, of the contact, or of the row it entered by.");
    }
  }
}

// What a step would do to a row of the CRM, remembered in its place; what only the server could tell (sql, calls) stays as it is.
void Rehearsal::Rehearse(HostChange* change) {
  Json told = Json::MakeObject();
  if (change->task) {
    told = TaskWords(*change->task);
    change->result = Json::MakeObject({{"key", Json()}, {"task", Json()}, {"assignee", TextOrNothing(change->task->assignee)}});
  } else if (change->create != nullptr) {
    told = RowWords(*change);
    if (change->copy != nullptr) told.Set("from", Json::String(change->key));
    change->result = Json::MakeObject({{"key", Json()}});
  } else if (change->call != nullptr) {
    Json::Array arguments;
    for (const auto& value : change->values) arguments.push_back(TextOrNothing(value));
    told = Json::MakeObject({{"function", Json::String(change->call->function)}, {"args", Json::MakeArray(std::move(arguments))}});
    change->result = Json();
  } else if (change->source != nullptr) {
    ImaginedRow& row = imagined_[{change->source->id, change->key}];
    const RowFacts& present = rows_->Get({change->source->id, change->key});
    const auto before = [&](const std::string& name) {
      const auto place = PlaceOf(*change->source, name);
      return place && present.found && present.known[*place] ? present.values[*place] : Value();
    };
    told.Set("row", Json::String(change->source->binding.entity + ' ' + change->key));
    if (change->tag != nullptr) {
      const std::string& tags = change->source->binding.tags;
      const auto place = PlaceOf(*change->source, tags);
      if (place) Put(*change->source, tags, Retagged(before(tags), change->source->binding.fields[*place].type, *change->tag), &row);
      for (const auto& [key, list] : {std::pair("add", &change->tag->add), std::pair("remove", &change->tag->remove)}) {
        Json::Array words;
        for (const std::string& word : *list) words.push_back(Json::String(word));
        if (!words.empty()) told.Set(key, Json::MakeArray(std::move(words)));
      }
    }
    if (change->subscribe != nullptr) told.Set(change->subscribe->subscribed ? "subscribe" : "unsubscribe", Json::String(change->subscribe->campaign));
    for (size_t i = 0; change->set != nullptr && i < change->set->assignments.size() && i < change->values.size(); ++i) {
      const Assignment& one = change->set->assignments[i];
      std::optional<Value> value;
      if (!one.sql.empty()) {
        told.Set(one.column, Json::MakeObject({{"sql", Json::String(one.sql)}}));
        continue;
      }
      if (one.add) value = Sum(before(one.column), *one.add, one.type);
      else if (one.value && !one.value->is_null()) value = one.value;
      else value = change->values[i] ? ParseValue(one.type, *change->values[i]) : std::optional(Value());
      told.Set(one.column, value ? ToJson(*value) : TextOrNothing(change->values[i]));
      if (value) Put(*change->source, one.column, *value, &row);
    }
  }
  changes_.emplace_back(change->step, told.Dump());
}

}  // namespace workflow::pg
