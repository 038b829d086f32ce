// A definition told to people: in sentences, as the difference of two, as a picture. Everything here goes by the document alone, so what does
// not compile any more can be told as well, and what this room has no words for is shown as it is written: nothing is left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/json.h"

namespace workflow {

// The definition with the ids that compiling gives to steps without one. It compiles to the same program.
Json NormalDefinition(const Json& definition);

// Lines of text: what enters, the settings that are not the defaults, every step, branches indented.
std::string DescribeDefinition(const Json& definition);

// One condition in words: `the contact's stage is "warm" and the contact's email is not empty`.
std::string DescribeCondition(const Json& condition);

// What is to be changed in `from` to make `to` of it, a line each; empty where they say the same.
std::string DiffDefinitions(const Json& from, const Json& to);

enum class DiagramFormat { kMermaid, kDot };
std::optional<DiagramFormat> FindDiagramFormat(std::string_view name);  // "mermaid", "dot"
std::string DrawDefinition(const Json& definition, DiagramFormat format);

}  // namespace workflow
