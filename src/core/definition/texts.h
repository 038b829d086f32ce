// Texts of a definition that are templates, and what they read.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/definition/scope.h"

namespace workflow::definition {

// Parses a text and checks every name in it; the names go to the program's references. Nothing where one of its problems is an
// error.
// `channel` is that of the message it is for: its partials are templates of the channel "partial", or of that one.
std::optional<Template> CompileText(const Json& json, const std::string& path, Names* names, CompileContext* context, std::string_view channel = {});

// Every string inside `json`, in document order.
std::vector<Template> CompileDataTexts(const Json& json, const std::string& path, Names* names, CompileContext* context, std::string_view channel = {});

// A document of any shape. Nothing where one of its problems is an error.
std::optional<Document> CompileDocument(const Json& json, const std::string& path, Names* names, CompileContext* context);
// The same of an object: the data of an event.
std::optional<Document> CompileData(const Json& json, const std::string& path, Names* names, CompileContext* context);

// The entity whose field "owner" names who is responsible: of the row that the triggers bring, else the contact. Empty and a problem
// where none has one.
std::string FindOwner(const std::string& path, CompileContext* context);
// What the message to a user needs to know of the user: the address for the channel, where an entity "user" is attached.
void WantUser(const std::string& channel, CompileContext* context);

// That there is a stored template, and the names that it (or its `version`) reads: checked, but not kept, for the template may change after
// publishing.
void CheckStoredTemplate(const std::string& name, const std::string& channel, const std::string& path, Names* names,
                         CompileContext* context, std::optional<int32_t> version = {});

}  // namespace workflow::definition
