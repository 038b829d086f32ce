// Who a row is: its entity, its key, its account. And first of all, whether rows of such a relation can be followed.
#include <algorithm>
#include <array>
#include <cctype>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

// The first words of names in a definition that mean something else than a row.
constexpr std::array<const char*, 6> kReservedEntities = {"old", "event", "enrollment", "message", "step", "workflow"};

bool IsWord(std::string_view text) {
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == text.npos;
}

const char* ViewKind(RelationKind kind) {
  switch (kind) {
    case RelationKind::kView:
      return "a view";
    case RelationKind::kMaterializedView:
      return "a materialized view";
    case RelationKind::kForeign:
      return "a foreign table";
    case RelationKind::kTable:
    case RelationKind::kPartitioned:
    case RelationKind::kOther:
      break;
  }
  return nullptr;
}

void CheckKey(Build* build, bool given) {
  const std::vector<std::string>& key = build->binding.key;
  auto in_key = [&](const std::string& name) { return std::find(key.begin(), key.end(), name) != key.end(); };
  const std::vector<std::string>& primary = build->relation.primary_key;
  bool unique = !primary.empty() && std::all_of(primary.begin(), primary.end(), in_key);
  if (given && !unique) {
    build->problems->Warning(
        "/key", "the key is not known to be unique",
        "Rows with the same key are taken for one row; see that a unique index or the view's query rules them out.");
  }
  for (const std::string& name : key) {
    if (FindColumn(build->relation, name)->not_null ||
        (unique && std::find(primary.begin(), primary.end(), name) != primary.end())) {
      continue;
    }
    build->problems->Warning("/key", "column \"" + name + "\" of the key may be null", "Rows without it are passed over.");
  }
}

}  // namespace

void ReadEntity(Build* build) {
  const Json* given = build->Given("entity");
  if (given == nullptr) {
    build->problems->Error("/entity", "\"entity\" is missing", "Say what a row is, such as \"contact\" or \"order\".");
    return;
  }
  if (!given->is_string() || !IsWord(given->string())) {
    MustBe(*given, "/entity", "a word of lower case letters, digits and underscores", build->problems);
    return;
  }
  const std::string& entity = given->string();
  if (std::find(kReservedEntities.begin(), kReservedEntities.end(), entity) != kReservedEntities.end()) {
    build->problems->Error("/entity",
                           "\"" + entity + "\" cannot be an entity: in a definition names that begin with it mean something else",
                           "Choose another word for what a row of this table is.");
    return;
  }
  if (entity == "account") {
    build->problems->Warning("/entity", "in a definition names that begin with \"account.\" mean the tenant's",
                             "Choose another word, such as \"company\".");
  }
  build->binding.entity = entity;
  build->completed.Set("entity", *given);
}

void ReadRelation(Build* build) {
  const RelationDescription& relation = build->relation;
  bool lookup = build->binding.lookup = ReadFlag(build, "lookup");
  build->completed.Set("lookup", Json::Boolean(lookup));
  std::string name = "\"" + relation.schema + "." + relation.name + "\"";
  if (relation.kind == RelationKind::kOther) {
    build->problems->Error("", name + " is neither a table nor a view");
  } else if (const char* kind = ViewKind(relation.kind); kind != nullptr && !lookup) {
    build->problems->Error("/lookup", name + " is " + kind + ": it can serve for look-up only",
                           "Add \"lookup\": true, or attach the tables it reads.");
  }
  if (relation.is_partition && !lookup) {
    build->problems->Error("", name + " is a partition",
                           "Attach the partitioned table it belongs to: that covers every partition.");
  }
  if (relation.has_inheritance_children && !lookup) {
    build->problems->Error(
        "", name + " has tables that inherit from it: their rows would not be seen, because a trigger is not inherited",
        "Attach each of the inheriting tables instead.");
  }
  if (relation.row_security_forced && build->Given("tenant_setting") == nullptr) {
    build->problems->Error("", name + " forces row-level security: rows could be hidden from the worker without anyone noticing",
                           "Add \"tenant_setting\" with the setting that its policies read, or use ALTER TABLE ... NO FORCE ROW LEVEL SECURITY.");
  }
}

void ReadKey(Build* build) {
  const Json* given = build->Given("key");
  if (given != nullptr) {
    size_t before = build->problems->list().size();
    build->binding.key = ReadKeyColumns(build, *given, "/key", "part of a key");
    if (build->problems->list().size() != before) return;
  } else if (build->relation.primary_key.empty()) {
    build->problems->Error("/key", "\"" + build->relation.schema + "." + build->relation.name + "\" has no primary key",
                           "Add \"key\" with the columns that tell its rows apart.");
    return;
  } else {
    Json primary = Strings(build->relation.primary_key);
    build->binding.key = ReadKeyColumns(build, primary, "/key", "part of a key");
    if (build->binding.key.size() != build->relation.primary_key.size()) return;
  }
  CheckKey(build, given != nullptr);
  build->completed.Set("key", Strings(build->binding.key));
}

namespace {

// As the server takes names of settings that are not its own: words with a dot between them.
bool IsSettingName(std::string_view name) {
  size_t words = 0;
  while (true) {
    const std::string_view word = name.substr(0, name.find('.'));
    const bool begins = !word.empty() && (std::isalpha(static_cast<unsigned char>(word[0])) != 0 || word[0] == '_');
    const auto goes_on = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; };
    if (!begins || !std::all_of(word.begin(), word.end(), goes_on)) return false;
    ++words;
    if (word.size() == name.size()) return words > 1;
    name.remove_prefix(word.size() + 1);
  }
}

}  // namespace

void ReadTenant(Build* build) {
  const Json* given = build->Given("tenant_setting");
  if (given == nullptr || (given->is_array() && given->array().empty()) || (given->is_object() && given->object().empty())) return;
  Binding& binding = build->binding;
  if (!given->is_string() || !IsSettingName(given->string())) {
    MustBe(*given, "/tenant_setting", "the name of a setting, such as \"app.current_org\"", build->problems);
    return;
  }
  if (build->Given("account") == nullptr) {
    build->problems->Error("/tenant_setting", "a row names no account that \"" + given->string() + "\" could be set to",
                           "Add \"account\" with the column that holds the tenant.");
    return;
  }
  binding.tenant_setting = given->string();
  build->completed.Set("tenant_setting", *given);
}

void ReadAccount(Build* build) {
  const Json* given = build->Given("account");
  if (given == nullptr) return;
  if (!given->is_object()) {
    const ColumnDescription* column = RequireKeyColumn(build, *given, "/account", "the account");
    if (column == nullptr) return;
    build->binding.account = column->name;
  } else {
    RefuseUnknownKeys(*given, "/account", {"value"}, build->problems);
    const Json nothing;
    const Json* value = given->Find("value");
    const std::string* text = RequireText(value == nullptr ? nothing : *value, "/account/value", "a text", build->problems);
    if (text == nullptr) return;
    build->binding.account_value = *text;
  }
  build->completed.Set("account", *given);
}

}  // namespace workflow::attaching
