// Stored templates, parsed once per backend and registry generation; and the settings of accounts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/message/template.h"
#include "pg/round/rows.h"
#include "pg/server/guard.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

struct StoredTemplate {
  std::string name, channel, locale, account;
  int32_t version = 0;
  std::optional<Template> subject, body;
  std::optional<Json> data;
  std::vector<Template> data_texts;   // every string of `data`, in document order
};

struct AccountSettings {
  std::string zone;
  std::optional<Json> sender;
  Json data;     // of the CRM's own: conditions and texts read it
};

class TemplateStore {
 public:
  static const TemplateStore& Current(const Registry& registry);
  // The newest (or the pinned) one for the account, else of '' ; by locale, its language, then the default. nullptr: there is none.
  const StoredTemplate* Choose(const std::string& account, const std::string& name, const std::string& channel, const std::string& locale,
                               std::optional<int32_t> version) const;
  // Its own, else those of ''.
  const std::vector<FrequencyCap>& CapsOf(const std::string& account) const;
  bool has_caps() const { return !caps_.empty(); }
  const AccountSettings& Account(const std::string& account) const;  // its own, else those of ''
  std::vector<std::string> ZoneNames() const;  // of all accounts
  const std::vector<std::string>& references() const { return references_; }
  // The channels in which a template of that name serves the account, but for that of partials where there is another.
  std::vector<std::string> ChannelsOf(const std::string& account, const std::string& name) const;
  std::vector<std::string> Names() const;
  // Those that the newest texts of that name render, in any channel and language.
  std::vector<PartialUse> PartialsOf(const std::string& name) const;

 private:
  void Load();
  std::map<std::string, std::vector<StoredTemplate>> by_name_;
  std::map<std::string, AccountSettings> accounts_;
  std::map<std::string, std::vector<FrequencyCap>> caps_;
  std::vector<std::string> references_;
};

// What a text is rendered for: its channel and locale choose its partials.
struct TextFor {
  std::string channel = {};
  std::string locale = {};
  bool is_html = false;
};

// The partials of one message: of its own channel, else of the channel of partials; chosen as the message itself is.
class StoredPartials final : public PartialFinder {
 public:
  StoredPartials(const TemplateStore& store, std::string account, TextFor wanted) : store_(store), account_(std::move(account)), text_(std::move(wanted)) {}
  const Template* Find(std::string_view name) const override;

 private:
  const TemplateStore& store_;
  const std::string account_;
  const TextFor text_;
};

// Raises WF009 where the text cannot be rendered.
std::string RenderText(const Template& text, const RenderContext& context);
// Raises 54000 where the texts of one message have more bytes than the setting allows.
void CheckMessageBytes(size_t bytes);
// The contact's locale, else its language; empty where it has neither.
std::string LocaleOf(const Source* contacts, const RowFacts& contact);
// A field's value as a text; empty where it is not there.
std::string FieldText(const Source* source, const RowFacts& row, const std::string& name);
// The row as texts see it; an empty object where there is none.
Json RowData(const Source* source, const RowFacts& row);
Json AccountData(const AccountSettings& account);

// Every string inside `json`, parsed as a template, in document order; and `json` with its strings replaced in that order.
std::vector<const std::string*> StringsOf(const Json& json);
Json WithStrings(const Json& json, const std::vector<std::string>& texts);

}  // namespace workflow::pg
