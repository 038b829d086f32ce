// `assign`: who is responsible for a row: in turn, by weight, who has least to do, or by the value of a field.
#include <algorithm>
#include <array>

#include "core/definition/steps.h"
#include "core/definition/texts.h"
#include "core/definition/values.h"

namespace workflow::definition {
namespace {

constexpr int32_t kWeightMax = 1000;
constexpr size_t kUsersMax = 1000;
constexpr std::array kWays = {Choice{"round_robin", 0}, Choice{"weighted", 1}, Choice{"least_busy", 2}};

class AssignReader {
 public:
  AssignReader(ObjectReader* reader, Names* names, CompileContext* context)
      : reader_(*reader), names_(names), context_(context), problems_(context->problems) {}

  AssignStep Read() {
    ReadPlace();
    const Json* by = reader_.Take("by");
    if (by == nullptr) {
      reader_.Missing("by", "It is \"round_robin\", \"weighted\", \"least_busy\", or a field, beside a \"map\".");
    } else if (by->is_string() && by->string().find('.') == std::string::npos) {
      ReadWay();
    } else {
      ReadBy(*by);
    }
    if (auto keep = reader_.Boolean("keep")) step_.keep = *keep;
    if (step_.by == AssignStep::By::kLeastBusy) ReadCount();
    return std::move(step_);
  }

 private:
  // The row that is assigned, and its column.
  void ReadPlace() {
    std::string entity_name = kContact;
    if (auto stated = reader_.Text("entity")) entity_name = *stated;
    const std::optional<std::string> column = reader_.Text("field");
    entity_ = names_->Entity(entity_name, reader_.Has("entity") ? reader_.At("entity") : reader_.path(), problems_);
    if (entity_ == nullptr) return;
    const std::string name = column.value_or("owner");
    const std::string path = column ? reader_.At("field") : reader_.path();
    field_ = names_->FieldOf(*entity_, name, path, problems_);
    if (field_ == nullptr) return;
    full_name_ = entity_->name + '.' + name;
    if (!field_->writable) problems_->Error(path, Quote(full_name_) + " cannot be changed", "Name another column by \"field\".");
    context_->references.insert(full_name_);
    step_.row = {.entity = entity_->name, .assignments = {{.column = field_->name, .type = field_->type, .value = {}, .text = {}, .add = {}, .sql = {}, .entities = {}}}};
  }

  void ReadWay() {
    if (auto way = reader_.Choose("by", kWays)) step_.by = static_cast<AssignStep::By>(*way);
    const Json* users = reader_.Take("users");
    if (users == nullptr) return reader_.Missing("users", "Write [7, 9], or {\"7\": 2, \"9\": 1} with weights.");
    if (users->is_object()) {
      for (const auto& [user, weight] : users->object()) AddUser(Json::String(user), &weight, Pointer(reader_.At("users"), user));
    } else if (users->is_array()) {
      for (size_t i = 0; i < users->array().size(); ++i) AddUser(users->array()[i], nullptr, Pointer(reader_.At("users"), i));
    } else {
      problems_->Error(reader_.At("users"), "\"users\" must be a list of users, or an object of weights");
      return;
    }
    if (step_.users.empty() || step_.users.size() > kUsersMax) {
      if (!problems_->HasErrors()) problems_->Error(reader_.At("users"), "an assign step has from 1 to " + std::to_string(kUsersMax) + " users");
    }
    if (users->is_object() && step_.by != AssignStep::By::kWeighted) {
      problems_->Error(reader_.At("users"), "weights belong to \"weighted\"", "Write a list.");
    }
  }

  void AddUser(const Json& user, const Json* weight, const std::string& path) {
    const std::optional<std::string> text = UserText(user, path);
    const std::optional<int64_t> number = weight == nullptr ? 1 : weight->AsInteger();
    if (!number || *number < 1 || *number > kWeightMax) {
      problems_->Error(path, "a weight is a whole number from 1 to " + std::to_string(kWeightMax));
      return;
    }
    if (!text) return;
    const auto same = [&](const Assignee& other) { return other.user == *text; };
    if (std::any_of(step_.users.begin(), step_.users.end(), same)) problems_->Error(path, "user " + Quote(*text) + " is named twice");
    step_.users.push_back({*text, static_cast<int32_t>(*number)});
  }

  // A user is a value of the column; keys of objects are texts, whatever the column is.
  std::optional<std::string> UserText(const Json& json, const std::string& path) {
    if (field_ == nullptr) return {};
    const bool number = field_->type.kind == TypeKind::kInteger && json.is_string() && Decimal::Parse(json.string());
    return ReadFieldText(*field_, full_name_, number ? Json::Number(json.string()) : json, path, problems_);
  }

  void ReadBy(const Json& by) {
    step_.by = AssignStep::By::kField;
    const std::string path = reader_.At("by");
    std::optional<uint32_t> field;
    if (by.is_string()) field = names_->Resolve(by.string(), path, problems_);
    else problems_->Error(path, "\"by\" must be a way or the name of a field", "Like \"round_robin\" or \"contact.country\".");
    if (field) step_.field = *field;
    const Json* map = reader_.Take("map");
    if (map == nullptr) return reader_.Missing("map", "Write {\"Germany\": 7, \"France\": 9}.");
    if (!map->is_object() || map->object().empty()) {
      problems_->Error(reader_.At("map"), "\"map\" must be an object that names a user for each value");
      return;
    }
    for (const auto& [value, user] : map->object()) {
      if (auto text = UserText(user, Pointer(reader_.At("map"), value))) step_.map.emplace_back(value, *text);
    }
    const Json* otherwise = reader_.Take("else");
    if (otherwise != nullptr) step_.otherwise = UserText(*otherwise, reader_.At("else"));
  }

  // What keeps somebody busy: rows of the same entity and column, unless `count` names others; only those that `open` names.
  void ReadCount() {
    const std::optional<std::string> count = reader_.Text("count");
    const std::string name = count.value_or(full_name_);
    const std::string path = count ? reader_.At("count") : reader_.path();
    const size_t dot = name.find('.');
    const CatalogEntity* entity = dot == std::string::npos ? nullptr : FindEntity(context_->catalog, name.substr(0, dot));
    if (entity == nullptr) {
      if (count) problems_->Error(path, Quote(name) + " is no field of an attached entity", "Like \"ticket.owner\".");
      return;
    }
    const CatalogField* field = names_->FieldOf(*entity, name.substr(dot + 1), path, problems_);
    if (field == nullptr) return;
    step_.count_entity = entity->name;
    step_.count_field = field->name;
    const Json* open = reader_.Take("open");
    if (open == nullptr) return;
    if (!open->is_object()) {
      problems_->Error(reader_.At("open"), "\"open\" must be an object", "Like {\"status\": [\"new\", \"open\"]}.");
      return;
    }
    for (const auto& [key, values] : open->object()) ReadOpen(*entity, key, values, Pointer(reader_.At("open"), key));
  }

  void ReadOpen(const CatalogEntity& entity, const std::string& key, const Json& values, const std::string& path) {
    const CatalogField* field = names_->FieldOf(entity, key, path, problems_);
    if (field == nullptr) return;
    std::vector<std::string> texts;
    const Json::Array one = {values};
    for (const Json& value : values.is_array() ? values.array() : one) {
      if (auto text = ReadFieldText(*field, entity.name + '.' + key, value, path, problems_)) texts.push_back(*text);
    }
    step_.open.emplace_back(field->name, std::move(texts));
  }

  ObjectReader& reader_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  const CatalogEntity* entity_ = nullptr;
  const CatalogField* field_ = nullptr;
  std::string full_name_;
  AssignStep step_;
};

}  // namespace

AssignStep ReadAssign(ObjectReader* reader, Names* names, CompileContext* context) { return AssignReader(reader, names, context).Read(); }

}  // namespace workflow::definition
