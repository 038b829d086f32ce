// Texts of a definition that are templates, and what they read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/definition/scope.h"

namespace workflow::definition {

// Parses a text and checks every name in it; the names go to the program's references. Nothing where one of its problems is an
// error.
std::optional<Template> CompileText(const Json& json, const std::string& path, Names* names, CompileContext* context);

// Every string inside `json`, in document order.
std::vector<Template> CompileDataTexts(const Json& json, const std::string& path, Names* names, CompileContext* context);

// The names that a stored template reads: checked, but not kept, for the template may change after publishing.
void CheckStoredTemplate(const std::string& name, const std::string& channel, const std::string& path, Names* names,
                         CompileContext* context);

}  // namespace workflow::definition
