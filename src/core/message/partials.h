// What templates are made of: names that a template reads by way of its partials, and circles among them.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/message/template.h"

namespace workflow {

// The channel of templates that are only ever part of others.
inline constexpr const char* kPartialChannel = "partial";

struct PartialReads {
  std::vector<std::string> references;  // what it reads from the data, its own partials included
  std::vector<std::string> binds;
};

// Adds to `names`, what a template reads, what a partial reads beyond that which it is given; and takes from them what the partial binds.
void AddReadsOfPartial(const PartialUse& use, const PartialReads& reads, std::set<std::string>* names);

// What `text` reads, its partials included. A partial that is not there reads nothing, and neither does one within itself.
PartialReads ReadsOf(const Template& text, const PartialFinder& partials);

// The way on which `name` comes back to itself: "a", "b", "a"; empty where it does not. `uses` tells which partials a template has.
std::vector<std::string> FindCircle(const std::string& name, const std::function<std::vector<std::string>(const std::string&)>& uses);

// "footer@2" as name and version; without a version (or one that is no number) the whole is the name.
struct TemplateName {
  std::string name;
  std::optional<int32_t> version;
};
TemplateName SplitTemplateName(std::string_view text);

// Whether outputs of a message's body are HTML-escaped: where its data says "format": "html"; else, of an e-mail whose data states no format,
// where the body begins with a tag.
bool IsHtmlBody(std::string_view channel, const Template& body, const Json* data);

}  // namespace workflow
