// What definitions may name, gathered from the registry and the stored templates.
#include <algorithm>
#include <tuple>

#include "core/binding/catalog_of.h"
#include "core/message/choose.h"
#include "core/message/partials.h"
#include "pg/sources/read_table.h"
#include "pg/sources/registry.h"

namespace workflow::pg {
namespace {

using Row = std::vector<Value>;
using Identity = std::tuple<std::string, std::string, std::string, std::string>;  // account, name, channel, locale

// A stored template with its texts parsed.
struct KeptTemplate {
  std::string name;
  TemplateKey key;
  std::optional<Template> body;
  std::vector<Template> others;  // subject, and every string of the data
};

void ParseInto(const Json& data, std::vector<Template>* texts) {
  if (data.is_string()) {
    auto parsed = Template::Parse(data.string(), nullptr);
    if (parsed) texts->push_back(*std::move(parsed));
  }
  if (data.is_array()) {
    for (const Json& item : data.array()) ParseInto(item, texts);
  }
  if (data.is_object()) {
    for (const auto& [key, value] : data.object()) ParseInto(value, texts);
  }
}

// Those that serve the account; those of other accounts too where it is the account of everybody.
std::vector<KeptTemplate> StoredTemplates(const std::string& account) {
  const OurTable table("template", {"account", "name", "channel", "locale", "version", "subject", "body", "data"});
  Snapshot snapshot = CallBackend([] { return RegisterSnapshot(GetLatestSnapshot()); });
  const std::vector<Row> rows = table.Rows(snapshot);
  CallBackend([=] { UnregisterSnapshot(snapshot); });
  const auto text = [](const Value& value) { return *value.As<std::string>(); };
  std::vector<KeptTemplate> all;
  for (const Row& row : rows) {
    if (!account.empty() && !text(row[0]).empty() && text(row[0]) != account) continue;
    KeptTemplate& stored = all.emplace_back();
    stored.name = text(row[1]);
    stored.key = {text(row[2]), text(row[3]), text(row[0]), static_cast<int32_t>(*row[4].As<int64_t>())};
    if (!row[5].is_null()) ParseInto(Json::String(text(row[5])), &stored.others);
    if (!row[7].is_null()) ParseInto(*row[7].AsJson(), &stored.others);
    if (row[6].is_null()) continue;
    auto body = Template::Parse(text(row[6]), nullptr, stored.key.channel == kPartialChannel);
    if (body) stored.body = *std::move(body);
  }
  std::sort(all.begin(), all.end(), [](const KeptTemplate& a, const KeptTemplate& b) { return a.key.version > b.key.version; });
  return all;
}

// The partials of a template, as a message of its account, channel and locale would have them.
class KeptPartials final : public PartialFinder {
 public:
  KeptPartials(const std::map<std::string, std::vector<const KeptTemplate*>>& by_name, const TemplateKey& key) : by_name_(by_name), key_(key) {}

  const Template* Find(std::string_view text) const override {
    const TemplateName name = SplitTemplateName(text);
    const KeptTemplate* stored = Choose(name, key_.channel);
    if (stored == nullptr) stored = Choose(name, kPartialChannel);
    if (stored == nullptr || !stored->body) {
      missing.insert(name.name);
      return nullptr;
    }
    return &*stored->body;
  }

  mutable std::set<std::string> missing;

 private:
  const KeptTemplate* Choose(const TemplateName& name, const std::string& channel) const {
    const auto found = by_name_.find(name.name);
    const KeptTemplate* best = nullptr;
    int best_rank = 0;
    for (const KeptTemplate* stored : found == by_name_.end() ? std::vector<const KeptTemplate*>() : found->second) {
      const int rank = TemplateRank(stored->key, {channel, key_.account, key_.locale, name.version});
      if (rank <= best_rank) continue;
      best = stored;
      best_rank = rank;
    }
    return best;
  }

  const std::map<std::string, std::vector<const KeptTemplate*>>& by_name_;
  const TemplateKey& key_;
};

void AddTo(const PartialReads& reads, PartialReads* all) {
  all->references.insert(all->references.end(), reads.references.begin(), reads.references.end());
  all->binds.insert(all->binds.end(), reads.binds.begin(), reads.binds.end());
}

PartialReads ReadsOfAll(const KeptTemplate& stored, const KeptPartials& partials) {
  PartialReads reads;
  if (stored.body) AddTo(ReadsOf(*stored.body, partials), &reads);
  for (const Template& text : stored.others) AddTo(ReadsOf(text, partials), &reads);
  return reads;
}

// One for each name and channel, with what its newest text in any language reads, and what each version does.
std::vector<CatalogTemplate> Templates(const std::string& account) {
  const std::vector<KeptTemplate> all = StoredTemplates(account);
  std::map<std::string, std::vector<const KeptTemplate*>> by_name;
  for (const KeptTemplate& stored : all) by_name[stored.name].push_back(&stored);
  std::vector<CatalogTemplate> templates;
  std::map<std::pair<std::string, std::string>, size_t> places;
  std::set<Identity> seen;
  for (const KeptTemplate& stored : all) {  // newest first
    const bool own = stored.key.account.empty() || stored.key.account == account;
    const auto [place, is_new] = places.try_emplace({stored.name, stored.key.channel}, templates.size());
    if (is_new) {
      templates.push_back({.name = stored.name, .channel = stored.key.channel, .references = {}});
      templates.back().for_everybody = templates.back().has_default = false;
    }
    CatalogTemplate& one = templates[place->second];
    one.for_everybody = one.for_everybody || own;
    one.has_default = one.has_default || stored.key.locale.empty();
    const KeptPartials partials(by_name, stored.key);
    PartialReads reads = ReadsOfAll(stored, partials);
    std::vector<std::string>& version = one.versions[stored.key.version];
    version.insert(version.end(), reads.references.begin(), reads.references.end());
    if (!seen.insert({stored.key.account, stored.name, stored.key.channel, stored.key.locale}).second) continue;
    one.references.insert(one.references.end(), reads.references.begin(), reads.references.end());
    one.binds.insert(one.binds.end(), reads.binds.begin(), reads.binds.end());
    one.missing.insert(one.missing.end(), partials.missing.begin(), partials.missing.end());
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

Catalog CatalogOf(const Registry& registry, bool with_templates, const std::string& account) {
  std::vector<const Binding*> bindings;
  for (const auto& source : registry.sources) {
    if (source->broken.empty()) bindings.push_back(&source->binding);
  }
  Catalog catalog;
  catalog.entities = EntitiesOf(bindings);
  if (!with_templates) return catalog;
  catalog.templates = Templates(account);
  catalog.workflows = WorkflowNames();
  return catalog;
}

}  // namespace workflow::pg
