// Stored templates, parsed once per backend and registry generation; and the settings of accounts.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/message/template.h"
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
  const AccountSettings& Account(const std::string& account) const;  // its own, else those of ''
  const std::vector<std::string>& references() const { return references_; }

 private:
  void Load();
  std::map<std::string, std::vector<StoredTemplate>> by_name_;
  std::map<std::string, AccountSettings> accounts_;
  std::vector<std::string> references_;
};

// Every string inside `json`, parsed as a template, in document order; and `json` with its strings replaced in that order.
std::vector<const std::string*> StringsOf(const Json& json);
Json WithStrings(const Json& json, const std::vector<std::string>& texts);

}  // namespace workflow::pg
