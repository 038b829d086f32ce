// From a row to the contact it belongs to, and from a contact to its time zone.
#include <algorithm>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

constexpr const char* kAccountWord = "account";
constexpr std::string_view kContactPrefix = "contact.";

// How many of these members an object has; a route or a rule has exactly one.
size_t CountOf(const Json& object, std::initializer_list<const char*> keys) {
  return static_cast<size_t>(
      std::count_if(keys.begin(), keys.end(), [&](const char* key) { return Member(object, key) != nullptr; }));
}

bool ReadMatch(Build* build, const Json& match, const std::string& path, ContactRoute* route) {
  if (!match.is_object() || match.object().empty()) {
    MustBe(match, path, "an object of contact fields and columns", build->problems);
    return false;
  }
  size_t before = build->problems->list().size();
  for (const auto& [field, column_name] : match.object()) {
    std::string place = Pointer(path, field);
    std::string bare = field.starts_with(kContactPrefix) ? field.substr(kContactPrefix.size()) : field;
    if (bare.empty()) build->problems->Error(place, "the contact's field is missing", "Write it like \"contact.email\".");
    auto same = [&](const auto& pair) { return pair.first == bare; };
    if (std::any_of(route->match.begin(), route->match.end(), same)) {
      build->problems->Error(place, "\"" + std::string(kContactPrefix) + bare + "\" is matched twice");
    }
    const ColumnDescription* column = RequireKeyColumn(build, column_name, place, "matched");
    if (column != nullptr) route->match.emplace_back(std::move(bare), column->name);
  }
  return build->problems->list().size() == before;
}

std::optional<ContactRoute> ReadRoute(Build* build, const Json& json, const std::string& path) {
  ContactRoute route;
  size_t before = build->problems->list().size();
  if (json.is_string()) {
    route.columns = ReadKeyColumns(build, json, path, "the way to a contact");
  } else if (!json.is_object() || CountOf(json, {"column", "match", "sql"}) != 1) {
    MustBe(json, path, "a column's name, or an object with one of \"column\", \"match\" and \"sql\"", build->problems);
  } else {
    RefuseUnknownKeys(json, path, {"column", "match", "sql"}, build->problems);
    if (const Json* column = Member(json, "column")) {
      route.columns = ReadKeyColumns(build, *column, Pointer(path, "column"), "the way to a contact");
    } else if (const Json* match = Member(json, "match")) {
      route.kind = ContactRoute::Kind::kMatch;
      if (!ReadMatch(build, *match, Pointer(path, "match"), &route)) return std::nullopt;
    } else {
      route.kind = ContactRoute::Kind::kSql;
      const std::string* sql = RequireText(*Member(json, "sql"), Pointer(path, "sql"), "one SELECT", build->problems);
      if (sql != nullptr) route.sql = *sql;
    }
  }
  if (build->problems->list().size() != before) return std::nullopt;
  return route;
}

Json WriteRoute(const ContactRoute& route) {
  Json json = Json::MakeObject();
  switch (route.kind) {
    case ContactRoute::Kind::kColumn:
      json.Set("column", route.columns.size() == 1 ? Json::String(route.columns[0]) : Strings(route.columns));
      break;
    case ContactRoute::Kind::kMatch: {
      Json match = Json::MakeObject();
      for (const auto& [field, column] : route.match) match.Set(std::string(kContactPrefix) + field, Json::String(column));
      json.Set("match", std::move(match));
      break;
    }
    case ContactRoute::Kind::kSql:
      json.Set("sql", Json::String(route.sql));
      break;
  }
  return json;
}

bool ReadMap(Build* build, const Json& map, const std::string& path, ZoneRule* rule) {
  if (!map.is_object() || map.object().empty()) {
    MustBe(map, path, "an object of values and time zones", build->problems);
    return false;
  }
  bool good = true;
  for (const auto& [value, zone] : map.object()) {
    const std::string* name = RequireText(zone, Pointer(path, value), "the name of a time zone", build->problems);
    if (name == nullptr)
      good = false;
    else
      rule->map.emplace_back(value, *name);
  }
  return good;
}

std::optional<ZoneRule> ReadZoneRule(Build* build, const Json& json, const std::string& path) {
  using Kind = ZoneRule::Kind;
  ZoneRule rule;
  if (json.is_string() && json.string() == kAccountWord) {
    rule.kind = Kind::kAccount;
    return rule;
  }
  if (json.is_object() && CountOf(json, {"column", "sql"}) != 1) {
    MustBe(json, path, "\"account\", a column's name, or an object with either \"column\" or \"sql\"", build->problems);
    return std::nullopt;
  }
  if (json.is_object() && Member(json, "sql") != nullptr) {
    RefuseUnknownKeys(json, path, {"sql"}, build->problems);
    const std::string* sql = RequireText(*Member(json, "sql"), Pointer(path, "sql"), "one SELECT", build->problems);
    if (sql == nullptr) return std::nullopt;
    rule.kind = Kind::kSql;
    rule.sql = *sql;
    return rule;
  }
  bool is_object = json.is_object();
  if (is_object) RefuseUnknownKeys(json, path, {"column", "map"}, build->problems);
  const ColumnDescription* column = RequireKeyColumn(build, is_object ? *Member(json, "column") : json,
                                                     is_object ? Pointer(path, "column") : path, "a time zone's source");
  const Json* map = is_object ? Member(json, "map") : nullptr;
  if (map != nullptr && !ReadMap(build, *map, Pointer(path, "map"), &rule)) return std::nullopt;
  if (column == nullptr) return std::nullopt;
  rule.kind = Kind::kField;
  rule.column = column->name;
  return rule;
}

Json WriteZoneRule(const ZoneRule& rule) {
  if (rule.kind == ZoneRule::Kind::kAccount) return Json::String(kAccountWord);
  if (rule.kind == ZoneRule::Kind::kField && rule.map.empty() && rule.column != kAccountWord) return Json::String(rule.column);
  Json json = Json::MakeObject();
  if (rule.kind == ZoneRule::Kind::kSql) {
    json.Set("sql", Json::String(rule.sql));
    return json;
  }
  json.Set("column", Json::String(rule.column));
  if (rule.map.empty()) return json;
  Json map = Json::MakeObject();
  for (const auto& [value, zone] : rule.map) map.Set(value, Json::String(zone));
  json.Set("map", std::move(map));
  return json;
}

// One or a list of `json`, each with its place.
std::vector<std::pair<const Json*, std::string>> Each(const Json* json, const std::string& path) {
  std::vector<std::pair<const Json*, std::string>> items;
  if (json == nullptr) return items;
  if (!json->is_array()) return {{json, path}};
  for (size_t i = 0; i < json->array().size(); ++i) items.emplace_back(&json->array()[i], Pointer(path, i));
  return items;
}

}  // namespace

std::vector<ContactRoute> ReadRoutes(Build* build, const Json& json, const std::string& path, Json::Array* written) {
  std::vector<ContactRoute> routes;
  for (const auto& [item, place] : Each(&json, path)) {
    std::optional<ContactRoute> route = ReadRoute(build, *item, place);
    if (!route) continue;
    if (written != nullptr) written->push_back(WriteRoute(*route));
    routes.push_back(std::move(*route));
  }
  return routes;
}

void ReadContact(Build* build) {
  Binding& binding = build->binding;
  auto given = Each(build->Given("contact"), "/contact");
  if (binding.entity == "contact") {
    if (!given.empty()) build->problems->Error("/contact", "a contact's row is the contact itself", "Leave \"contact\" out.");
    return;
  }
  // Rows that are only looked up make no event, so nobody asks whose they are.
  const Json* replies = build->Given("replies");
  const bool by_reply = given.empty() && replies != nullptr && replies->is_object() && Member(*replies, "contact") != nullptr;
  if (given.empty() && !by_reply && !binding.entity.empty() && !binding.lookup) {
    build->problems->Error("/contact", "\"contact\" is missing: how is the contact of a row of \"" + binding.entity + "\" found",
                           "Add a column that holds the contact's key, a match by a contact's field, or a query.");
  }
  Json::Array written;
  if (!given.empty()) {
    binding.contact = ReadRoutes(build, *build->Given("contact"), "/contact", &written);
  } else if (by_reply) {  // a row's contact is who wrote it
    Problems told;        // where replies are read
    Build quiet = {.document = build->document, .relation = build->relation, .problems = &told};
    binding.contact = ReadRoutes(&quiet, *Member(*replies, "contact"), "/replies/contact", nullptr);
  }
  build->completed.Set("contact", Json::MakeArray(std::move(written)));
}

void ReadZone(Build* build) {
  Binding& binding = build->binding;
  auto given = Each(build->Given("zone"), "/zone");
  if (binding.entity != "contact") {
    if (!given.empty() && !binding.entity.empty()) {
      build->problems->Error("/zone", "the zone is the contact's, and a row here is of the entity \"" + binding.entity + "\"",
                             "Declare it where the contacts are attached; a column's own zone is declared in \"fields\".");
    }
    return;
  }
  // The account has a zone in any case, so it ends the list.
  bool ended = false;
  for (const auto& [json, path] : given) {
    std::optional<ZoneRule> rule = ReadZoneRule(build, *json, path);
    if (!rule) continue;
    if (ended) build->problems->Warning(path, "this is never asked: the account before it always has a zone");
    ended = ended || rule->kind == ZoneRule::Kind::kAccount;
    binding.zone.push_back(std::move(*rule));
  }
  if (!ended) binding.zone.push_back({.kind = ZoneRule::Kind::kAccount, .column = {}, .sql = {}, .map = {}});
  Json::Array written;
  for (const ZoneRule& rule : binding.zone) written.push_back(WriteZoneRule(rule));
  build->completed.Set("zone", Json::MakeArray(std::move(written)));
}

}  // namespace workflow::attaching
