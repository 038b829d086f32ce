#include "core/message/partials.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace workflow {
namespace {

std::string_view RootOf(std::string_view name) { return name.substr(0, name.find('.')); }

bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// `known` are the partials that have been looked into; one that is being looked into reads nothing more.
PartialReads ReadsWithin(const Template& text, const PartialFinder& partials, std::map<std::string, PartialReads>* known) {
  std::set<std::string> names(text.references().begin(), text.references().end());
  std::set<std::string> binds(text.binds().begin(), text.binds().end());
  for (const PartialUse& use : text.partials()) {
    const Template* partial = partials.Find(use.name);
    if (partial == nullptr) continue;
    const bool is_new = known->try_emplace(use.name).second;
    if (is_new) {
      PartialReads found = ReadsWithin(*partial, partials, known);
      (*known)[use.name] = std::move(found);
    }
    const PartialReads& reads = known->at(use.name);
    AddReadsOfPartial(use, reads, &names);
    if (!use.isolated) binds.insert(reads.binds.begin(), reads.binds.end());
  }
  return {{names.begin(), names.end()}, {binds.begin(), binds.end()}};
}

bool Walk(const std::string& name, const std::function<std::vector<std::string>(const std::string&)>& uses, std::set<std::string>* seen,
          std::vector<std::string>* way) {
  way->push_back(name);
  for (const std::string& next : uses(name)) {
    if (next == way->front()) {
      way->push_back(next);
      return true;
    }
    if (seen->insert(next).second && Walk(next, uses, seen, way)) return true;
  }
  way->pop_back();
  return false;
}

}  // namespace

void AddReadsOfPartial(const PartialUse& use, const PartialReads& reads, std::set<std::string>* names) {
  if (!use.isolated) std::erase_if(*names, [&](const std::string& name) { return Holds(reads.binds, RootOf(name)); });
  for (const std::string& name : reads.references) {
    if (!Holds(use.binds, RootOf(name))) names->insert(name);
  }
}

PartialReads ReadsOf(const Template& text, const PartialFinder& partials) {
  std::map<std::string, PartialReads> known;
  return ReadsWithin(text, partials, &known);
}

std::vector<std::string> FindCircle(const std::string& name, const std::function<std::vector<std::string>(const std::string&)>& uses) {
  std::set<std::string> seen;
  std::vector<std::string> way;
  return Walk(name, uses, &seen, &way) ? way : std::vector<std::string>();
}

TemplateName SplitTemplateName(std::string_view text) {
  const size_t at = text.rfind('@');
  int32_t version = 0;
  if (at != text.npos && at > 0) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + at + 1, end, version);
    if (error == std::errc() && stop == end && version > 0) return {std::string(text.substr(0, at)), version};
  }
  return {std::string(text), {}};
}

bool IsHtmlBody(std::string_view channel, const Template& body, const Json* data) {
  const Json* format = data == nullptr ? nullptr : data->Find("format");
  if (format != nullptr && format->is_string()) return format->string() == "html";
  return channel == "email" && body.looks_like_html();
}

}  // namespace workflow
