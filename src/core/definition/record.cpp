#include "core/definition/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/definition/reader.h"

namespace workflow {
namespace {

struct Known {
  Scope scope;
  const char* name;
  TypeKind type;
};
// Names that are the same for every CRM and have a type of their own.
constexpr std::array kKnown = {Known{Scope::kEvent, "event.name", TypeKind::kText}, Known{Scope::kEvent, "event.at", TypeKind::kTimestamptz},
                               Known{Scope::kEvent, "event.tag", TypeKind::kText}, Known{Scope::kEvent, "event.campaign", TypeKind::kText},
                               Known{Scope::kEnrollment, "enrollment.entered_at", TypeKind::kTimestamptz},
                               Known{Scope::kEnrollment, "enrollment.version", TypeKind::kInteger}};

std::string_view Head(std::string_view name) { return name.substr(0, name.find('.')); }
std::string_view Tail(std::string_view name) { return Head(name).size() == name.size() ? std::string_view() : name.substr(Head(name).size() + 1); }

// The value of a dotted name: a member of that whole name, else what the way through objects and arrays leads to.
const Json* Lookup(const Json& json, std::string_view name, std::vector<std::string>* rest) {
  if (const Json* whole = json.Find(name)) return whole;
  for (size_t dot = name.rfind('.'); dot != name.npos && dot > 0; dot = name.rfind('.', dot - 1)) {
    const Json* inner = json.Find(name.substr(0, dot));
    if (inner == nullptr) continue;
    if (inner->is_object()) return Lookup(*inner, name.substr(dot + 1), rest);
    for (std::string_view way = name.substr(dot + 1); !way.empty(); way = Tail(way)) rest->emplace_back(Head(way));
    return inner;
  }
  return nullptr;
}

class RecordScope final : public FieldScope {
 public:
  RecordScope(const Catalog& catalog, const Json& record, Problems* problems) : catalog_(catalog), record_(record), problems_(problems) {}

  std::optional<uint32_t> Resolve(std::string_view name, const std::string& path, Problems* problems) override {
    std::optional<Field> field = Find(name, path, problems);
    if (!field) return {};
    return Add(*std::move(field), std::string(name));
  }

  std::optional<uint32_t> Old(uint32_t index, const std::string&, Problems*) override {
    Field old = table.fields[index];
    std::string name = "old." + old.name;
    for (const std::string& key : old.path) name += '.' + key;
    old.scope = Scope::kOld;
    return Add(std::move(old), name);
  }

  const Field& At(uint32_t field) const override { return table.fields[field]; }

  std::optional<uint32_t> Defer(DeferredRule rule) override {
    if (rule.rule.op == Operator::kSql) return {};  // a document has no rows for it
    table.deferred.push_back(std::make_shared<const DeferredRule>(std::move(rule)));
    return static_cast<uint32_t>(table.deferred.size() - 1);
  }

  FieldTable table;
  std::vector<Value> values;

 private:
  // The entity whose change the record tells: the one beside the contact, else the contact.
  std::string_view Changed() const {
    if (record_.is_object()) {
      for (const auto& [key, value] : record_.object()) {
        if (Head(key) != "contact" && FindEntity(catalog_, Head(key)) != nullptr) return Head(key);
      }
    }
    return "contact";
  }

  std::optional<Field> Find(std::string_view name, const std::string& path, Problems* problems) const {
    for (const Known& known : kKnown) {
      if (name == known.name) return Field{.scope = known.scope, .entity = {}, .name = std::string(Tail(name)), .path = {}, .type = {.kind = known.type}};
    }
    const bool old = Head(name) == "old";
    const CatalogEntity* entity = FindEntity(catalog_, old ? Changed() : Head(name));
    if (entity != nullptr && !Tail(name).empty()) return OfEntity(*entity, old, name, path, problems);
    return Untyped(name);
  }

  std::optional<Field> OfEntity(const CatalogEntity& entity, bool old, std::string_view name, const std::string& path, Problems* problems) const {
    const std::string_view rest = Tail(name);
    const CatalogField* known = FindField(entity, rest);
    const bool whole = known != nullptr;
    if (!whole) known = FindField(entity, Head(rest));
    const bool inside = known != nullptr && !whole;
    if (known == nullptr || (inside && known->type.kind != TypeKind::kJson)) {
      std::vector<std::string> unused;
      if (known == nullptr && Lookup(record_, name, &unused) != nullptr) return Untyped(name);
      std::vector<std::string> names;
      for (const CatalogField& field : entity.fields) names.push_back(field.name);
      problems->Error(path, '"' + entity.name + "\" has no field " + definition::Quote(rest), NearestHint(rest, names));
      return {};
    }
    Field field = {.scope = old ? Scope::kOld : Scope::kRow, .entity = entity.name, .name = known->name, .path = {}, .type = known->type};
    for (std::string_view way = inside ? Tail(rest) : std::string_view(); !way.empty(); way = Tail(way)) field.path.emplace_back(Head(way));
    field.nullable = known->nullable;
    return field;
  }

  static Field Untyped(std::string_view name) {
    return {.scope = Scope::kEvent, .entity = {}, .name = std::string(name), .path = {}, .type = {.kind = TypeKind::kJson}};
  }

  uint32_t Add(Field field, const std::string& name) {
    const size_t before = table.fields.size();
    const uint32_t index = table.Intern(std::move(field));
    if (table.fields.size() > before) values.push_back(ValueOf(table.fields[index], name));
    return index;
  }

  Value ValueOf(const Field& field, const std::string& name) {
    std::vector<std::string> rest;
    const Json* json = Lookup(record_, name, &rest);
    if (json == nullptr || json->is_null()) return {};
    if (field.type.kind == TypeKind::kJson) return Dig(*json, rest);
    if (std::optional<Value> value = rest.empty() ? RecordValue(field.type, *json) : std::nullopt) return Trimmed(*std::move(value), field.type);
    problems_->Error(name, "the record's value of \"" + name + "\" is no " + TypeName(field.type));
    return {};
  }

  // Blanks that only fill a text up are not part of it.
  static Value Trimmed(Value value, const Type& type) {
    const std::string* text = value.As<std::string>();
    if (text == nullptr || type.kind != TypeKind::kOther || !type.sql_name.starts_with("character")) return value;
    return Value(text->substr(0, text->find_last_not_of(' ') + 1));
  }

  const Catalog& catalog_;
  const Json& record_;
  Problems* problems_;
};

}  // namespace

std::optional<Value> RecordValue(const Type& type, const Json& json) {
  if (type.kind == TypeKind::kList && json.is_array()) {
    List items;
    for (const Json& item : json.array()) {
      std::optional<Value> value = item.is_null() ? Value() : RecordValue({.kind = type.element, .labels = type.labels}, item);
      if (!value) return {};
      items.push_back(*std::move(value));
    }
    return Value::OfList(std::move(items));
  }
  if (json.is_number() && type.kind == TypeKind::kOther) return Value(json.number());
  std::optional<Value> value = FromJson(type, json);
  return value || !json.is_string() ? value : ParseValue(type, json.string());
}

std::optional<RecordFilter> CompileForRecord(const Json& filter, const Json& record, const Catalog& catalog, Problems* of_filter, Problems* of_record) {
  RecordScope scope(catalog, record, of_record);
  std::optional<Condition> condition = CompileCondition(filter, "", scope, of_filter);
  if (!condition || of_record->HasErrors()) return {};
  return RecordFilter{*std::move(condition), std::move(scope.table), std::move(scope.values)};
}

}  // namespace workflow
