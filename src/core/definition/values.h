// Values that steps give to columns: literals checked against the column's type, texts, sums, expressions.
#pragma once

#include <string>

#include "core/definition/scope.h"

namespace workflow::definition {

// `name` is the field as a message shows it. `new_row`: there is nothing yet that could be added to.
Assignment ReadAssignment(const CatalogField& field, const std::string& name, const Json& json, const std::string& path, bool new_row,
                          Names* names, CompileContext* context);

// A literal that stands for a value of the field, as the text that the server reads; nothing and a problem where it is none.
std::optional<std::string> ReadFieldText(const CatalogField& field, const std::string& name, const Json& json, const std::string& path,
                                         Problems* problems);

}  // namespace workflow::definition
