// What definitions may name, gathered from the registry and the stored templates.
#include <algorithm>
#include <tuple>

#include "core/binding/catalog_of.h"
#include "core/message/template.h"
#include "pg/sources/read_table.h"
#include "pg/sources/registry.h"

namespace workflow::pg {
namespace {

using Row = std::vector<Value>;
using Identity = std::tuple<std::string, std::string, std::string, std::string>;  // account, name, channel, locale

void AddReferences(std::string_view text, std::set<std::string>* references) {
  Problems problems;
  const auto parsed = Template::Parse(text, &problems);
  if (parsed) references->insert(parsed->references().begin(), parsed->references().end());
}

void AddReferences(const Json& data, std::set<std::string>* references) {
  if (data.is_string()) AddReferences(data.string(), references);
  if (data.is_array()) {
    for (const Json& item : data.array()) AddReferences(item, references);
  }
  if (data.is_object()) {
    for (const auto& [key, value] : data.object()) AddReferences(value, references);
  }
}

// The newest version of each.
std::map<Identity, Row> NewestTemplates() {
  const OurTable table("template", {"account", "name", "channel", "locale", "version", "subject", "body", "data"});
  Snapshot snapshot = CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); });
  std::vector<Row> rows = table.Rows(snapshot);
  CallBackend([=] { UnregisterSnapshot(snapshot); });
  std::map<Identity, Row> newest;
  for (Row& row : rows) {
    const Identity identity = {*row[0].As<std::string>(), *row[1].As<std::string>(), *row[2].As<std::string>(), *row[3].As<std::string>()};
    auto [known, is_new] = newest.try_emplace(identity, row);
    if (!is_new && *known->second[4].As<int64_t>() < *row[4].As<int64_t>()) known->second = std::move(row);
  }
  return newest;
}

// One for each name and channel, with what any of its languages reads.
std::vector<CatalogTemplate> Templates() {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> references;
  for (const auto& [identity, row] : NewestTemplates()) {
    std::set<std::string>& names = references[{std::get<1>(identity), std::get<2>(identity)}];
    for (const size_t text : {5, 6}) {
      if (!row[text].is_null()) AddReferences(*row[text].As<std::string>(), &names);
    }
    if (!row[7].is_null()) AddReferences(*row[7].AsJson(), &names);
  }
  std::vector<CatalogTemplate> templates;
  for (const auto& [identity, names] : references) {
    templates.push_back({.name = identity.first, .channel = identity.second, .references = {names.begin(), names.end()}});
  }
  return templates;
}

std::vector<std::string> WorkflowNames() {
  const OurTable table("workflow", {"name"});
  Snapshot snapshot = CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); });
  const std::vector<Row> rows = table.Rows(snapshot);
  CallBackend([=] { UnregisterSnapshot(snapshot); });
  std::vector<std::string> names;
  for (const Row& row : rows) names.push_back(*row[0].As<std::string>());
  return names;
}

}  // namespace

Catalog CatalogOf(const Registry& registry, bool with_templates) {
  std::vector<const Binding*> bindings;
  for (const auto& source : registry.sources) {
    if (source->broken.empty()) bindings.push_back(&source->binding);
  }
  Catalog catalog;
  catalog.entities = EntitiesOf(bindings);
  if (!with_templates) return catalog;
  catalog.templates = Templates();
  catalog.workflows = WorkflowNames();
  return catalog;
}

}  // namespace workflow::pg
