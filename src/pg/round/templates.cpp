#include "pg/round/templates.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/message/choose.h"
#include "core/message/partials.h"
#include "pg/server/spi.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

void Collect(const Json& json, std::vector<const std::string*>* out) {
  if (json.is_string()) out->push_back(&json.string());
  if (json.is_array()) for (const Json& item : json.array()) Collect(item, out);
  if (json.is_object()) for (const auto& [key, value] : json.object()) Collect(value, out);
}

Json Replace(const Json& json, const std::vector<std::string>& texts, size_t* next) {
  if (json.is_string()) return Json::String(texts[(*next)++]);
  if (json.is_array()) {
    Json::Array items;
    for (const Json& item : json.array()) items.push_back(Replace(item, texts, next));
    return Json::MakeArray(std::move(items));
  }
  if (json.is_object()) {
    Json::Object members;
    for (const auto& [key, value] : json.object()) members.emplace_back(key, Replace(value, texts, next));
    return Json::MakeObject(std::move(members));
  }
  return json;
}

std::optional<Template> ParseStored(const std::optional<std::string>& text, bool is_partial = false) {
  if (!text) return std::nullopt;
  Problems problems;
  auto parsed = Template::Parse(*text, &problems, is_partial);
  if (!parsed.ok()) return std::nullopt;  // put_template refuses such texts; an older one may have been written by hand
  return *parsed;
}

}  // namespace

std::vector<const std::string*> StringsOf(const Json& json) {
  std::vector<const std::string*> strings;
  Collect(json, &strings);
  return strings;
}

Json WithStrings(const Json& json, const std::vector<std::string>& texts) {
  size_t next = 0;
  return Replace(json, texts, &next);
}

void TemplateStore::Load() {
  std::set<std::string> references;
  const auto refer = [&](const std::optional<Template>& text) {
    if (text) references.insert(text->references().begin(), text->references().end());
  };
  Rows rows = Execute("SELECT t.name, t.channel, t.locale, t.account, t.version, t.subject, t.body, t.data::text FROM workflow.template t "
                      "ORDER BY t.name, t.version DESC");
  for (size_t i = 0; i < rows.size(); ++i) {
    StoredTemplate stored;
    stored.name = rows.Text(i, 1);
    stored.channel = rows.Text(i, 2);
    stored.locale = rows.Text(i, 3);
    stored.account = rows.Text(i, 4);
    stored.version = rows.Int4(i, 5);
    stored.subject = ParseStored(rows.MaybeText(i, 6));
    stored.body = ParseStored(rows.MaybeText(i, 7), stored.channel == kPartialChannel);
    refer(stored.subject);
    refer(stored.body);
    std::string error;
    if (const auto data = rows.MaybeText(i, 8)) stored.data = Json::Parse(*data, &error);
    if (stored.data) {
      for (const std::string* text : StringsOf(*stored.data)) {
        auto parsed = ParseStored(*text);
        if (!parsed) parsed = ParseStored(std::string());
        refer(parsed);
        stored.data_texts.push_back(*parsed);
      }
    }
    by_name_[stored.name].push_back(std::move(stored));
  }
  rows.Free();
  Rows accounts = Execute("SELECT a.account, a.settings->>'timezone', (a.settings->'sender')::text, (a.settings->'data')::text FROM workflow.account a");
  for (size_t i = 0; i < accounts.size(); ++i) {
    AccountSettings& settings = accounts_[accounts.Text(i, 1)];
    settings.zone = accounts.Text(i, 2);
    std::string error;
    if (const auto sender = accounts.MaybeText(i, 3)) settings.sender = Json::Parse(*sender, &error);
    if (const auto data = accounts.MaybeText(i, 4)) settings.data = Json::Parse(*data, &error).value_or(Json());
  }
  accounts.Free();
  Rows caps = Execute("SELECT c.account, c.channel, c.max, extract(year FROM c.per)::bigint * 12 + extract(month FROM c.per)::bigint, extract(day FROM c.per)::bigint,"
                      " (extract(epoch FROM c.per - date_trunc('day', c.per)) * 1000000)::bigint FROM workflow.cap c ORDER BY c.account, c.channel, c.per");
  for (size_t i = 0; i < caps.size(); ++i) {
    FrequencyCap cap = {.channel = caps.Text(i, 2), .max = caps.Int4(i, 3), .per = {.months = caps.Int8(i, 4), .days = caps.Int8(i, 5), .us = caps.Int8(i, 6)}};
    cap.of_account = true;
    caps_[caps.Text(i, 1)].push_back(std::move(cap));
  }
  caps.Free();
  references_.assign(references.begin(), references.end());
}

const TemplateStore& TemplateStore::Current(const Registry& registry) {
  static std::unique_ptr<const TemplateStore>* current = new std::unique_ptr<const TemplateStore>();
  static uint64_t generation = 0;
  if (*current == nullptr || generation != registry.generation) {
    auto store = std::make_unique<TemplateStore>();
    store->Load();
    *current = std::move(store);
    generation = registry.generation;
  }
  return **current;
}

const StoredTemplate* TemplateStore::Choose(const std::string& account, const std::string& name, const std::string& channel,
                                            const std::string& locale, std::optional<int32_t> version) const {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return nullptr;
  const TemplateWish wish{channel, account, locale, version};
  const StoredTemplate* best = nullptr;
  int best_rank = 0;
  for (const StoredTemplate& stored : found->second) {  // newest first
    const int rank = TemplateRank({stored.channel, stored.locale, stored.account, stored.version}, wish);
    if (rank > best_rank) {
      best = &stored;
      best_rank = rank;
    }
  }
  return best;
}

std::vector<std::string> TemplateStore::ChannelsOf(const std::string& account, const std::string& name) const {
  std::set<std::string> channels;
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return {};
  for (const StoredTemplate& stored : found->second) {
    if (stored.account.empty() || stored.account == account) channels.insert(stored.channel);
  }
  if (channels.size() > 1) channels.erase(kPartialChannel);
  return {channels.begin(), channels.end()};
}

std::vector<std::string> TemplateStore::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, stored] : by_name_) names.push_back(name);
  return names;
}

std::vector<PartialUse> TemplateStore::PartialsOf(const std::string& name) const {
  std::vector<PartialUse> uses;
  std::set<std::tuple<std::string, std::string, std::string>> seen;
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return uses;
  const auto add = [&](const Template& text) { uses.insert(uses.end(), text.partials().begin(), text.partials().end()); };
  for (const StoredTemplate& stored : found->second) {  // newest first
    if (!seen.insert({stored.account, stored.channel, stored.locale}).second) continue;
    if (stored.subject) add(*stored.subject);
    if (stored.body) add(*stored.body);
    for (const Template& text : stored.data_texts) add(text);
  }
  return uses;
}

const Template* StoredPartials::Find(std::string_view text) const {
  const TemplateName name = SplitTemplateName(text);
  const StoredTemplate* stored = store_.Choose(account_, name.name, text_.channel, text_.locale, name.version);
  if (stored == nullptr) stored = store_.Choose(account_, name.name, kPartialChannel, text_.locale, name.version);
  return stored == nullptr || !stored->body ? nullptr : &*stored->body;
}

std::string RenderText(const Template& text, const RenderContext& context) {
  RenderContext limited = context;
  limited.limits.output_bytes_max = static_cast<size_t>(settings::max_message_bytes);
  Result<std::string> rendered = text.Render(limited);
  if (!rendered.ok()) throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '9'), rendered.failure().message, {}, rendered.failure().hint};
  return *rendered;
}

void CheckMessageBytes(size_t bytes) {
  if (bytes <= static_cast<size_t>(settings::max_message_bytes)) return;
  throw SqlError{ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                 "the texts of the message have " + std::to_string(bytes) + " bytes, more than " + std::to_string(settings::max_message_bytes), {},
                 "The limit is the setting pg_workflow.max_message_bytes."};
}

std::string FieldText(const Source* source, const RowFacts& row, const std::string& name) {
  if (source == nullptr || !row.found) return {};
  for (size_t i = 0; i < source->binding.fields.size(); ++i) {
    if (source->binding.fields[i].name == name && row.known[i] && !row.values[i].is_null()) return FormatValue(row.values[i]);
  }
  return {};
}

std::string LocaleOf(const Source* contacts, const RowFacts& contact) {
  const std::string locale = FieldText(contacts, contact, "locale");
  return locale.empty() ? FieldText(contacts, contact, "language") : locale;
}

Json RowData(const Source* source, const RowFacts& row) {
  Json object = Json::MakeObject();
  if (source == nullptr || !row.found) return object;
  for (size_t i = 0; i < source->binding.fields.size(); ++i) {
    if (row.known[i]) object.Set(source->binding.fields[i].name, ToJson(row.values[i]));
  }
  return object;
}

Json AccountData(const AccountSettings& account) {
  return Json::MakeObject({{"timezone", account.zone.empty() ? Json() : Json::String(account.zone)}, {"sender", account.sender.value_or(Json())},
                           {"data", account.data}});
}

const std::vector<FrequencyCap>& TemplateStore::CapsOf(const std::string& account) const {
  static const std::vector<FrequencyCap> none;
  auto found = caps_.find(account);
  if (found == caps_.end()) found = caps_.find("");
  return found == caps_.end() ? none : found->second;
}

std::vector<std::string> TemplateStore::ZoneNames() const {
  std::vector<std::string> names;
  for (const auto& [account, settings] : accounts_) if (!settings.zone.empty()) names.push_back(settings.zone);
  return names;
}

const AccountSettings& TemplateStore::Account(const std::string& account) const {
  static const auto* none = new AccountSettings();
  auto found = accounts_.find(account);
  if (found == accounts_.end()) found = accounts_.find("");
  return found == accounts_.end() ? *none : found->second;
}

}  // namespace workflow::pg
