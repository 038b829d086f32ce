// Tables that a binding names beside its own: which those are, and what the document calls their columns.
#include <algorithm>
#include <set>

#include "core/binding/build.h"

namespace workflow {
namespace {

// Where an identifier in double quotes ends, so that a dot inside of it is none.
size_t LastDot(const std::string& written) {
  size_t last = std::string::npos;
  bool quoted = false;
  for (size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '"') quoted = !quoted;
    if (written[i] == '.' && !quoted) last = i;
  }
  return last;
}

std::string Unquoted(std::string name) {
  if (name.size() < 2 || name.front() != '"' || name.back() != '"') return name;
  std::string plain;
  for (size_t i = 1; i + 1 < name.size(); ++i) {
    plain += name[i];
    if (name[i] == '"') ++i;
  }
  return plain;
}

void AddTables(const Json* membership, const char* word, std::set<std::string>* names) {
  if (membership == nullptr || !membership->is_object()) return;
  const Json* through = attaching::Member(*membership, "through");
  if (through != nullptr && through->is_string()) names->insert(through->string());
  const Json* way = attaching::Member(*membership, word);
  if (way == nullptr || !way->is_array()) return;
  for (size_t i = 1; i < way->array().size(); ++i) {
    const Json& column = way->array()[i];
    // What follows a column may be a place inside of it, so each dot may be the one after the table.
    std::string table = column.is_string() ? attaching::SplitColumn(column.string()).table : std::string();
    for (; !table.empty(); table = attaching::SplitColumn(table).table) names->insert(table);
  }
}

void AddLines(const Json* lines, std::set<std::string>* names) {
  if (lines == nullptr || !lines->is_object()) return;
  const Json *table = attaching::Member(*lines, "table"), *days = attaching::Member(*lines, "use_days");
  if (table != nullptr && table->is_string()) names->insert(table->string());
  if (days != nullptr && days->is_string()) names->insert(attaching::SplitColumn(days->string()).table);
  const Json* of = days == nullptr ? nullptr : days->Find("table");
  if (of != nullptr && of->is_string()) names->insert(of->string());
}

}  // namespace

std::vector<std::string> RelatedNames(const Json& document) {
  std::set<std::string> names;
  if (!document.is_object()) return {};
  AddTables(document.Find("tags"), "tag", &names);
  AddTables(document.Find("campaigns"), "campaign", &names);
  AddLines(document.Find("lines"), &names);
  names.erase("");
  return {names.begin(), names.end()};
}

namespace attaching {

ColumnOfTable SplitColumn(const std::string& written) {
  const size_t dot = LastDot(written);
  if (dot == std::string::npos) return {{}, Unquoted(written)};
  return {written.substr(0, dot), Unquoted(written.substr(dot + 1))};
}

const RelationDescription* RequireRelated(Build* build, const std::string& written, const std::string& path) {
  const auto found = build->relation.related.find(written);
  if (found != build->relation.related.end() && found->second != nullptr) return found->second.get();
  build->problems->Error(path, "table \"" + written + "\" does not exist", NearestHint(written, build->relation.neighbours));
  return nullptr;
}

}  // namespace attaching
}  // namespace workflow
