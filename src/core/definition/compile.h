// From a definition to a program, or to all that is wrong with it.
#pragma once

#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/definition/catalog.h"
#include "core/definition/program.h"

namespace workflow {

struct CompileLimits {
  int steps_max = 500;
  int depth_max = 16;
  int triggers_max = 20;
};

// Every problem is reported with a JSON Pointer; what this version does not build is an error that says so. The result is nothing
// where one of the problems is an error. An unknown template is a warning unless `require_templates` (publishing).
std::optional<Program> CompileDefinition(const Json& definition, const Catalog& catalog, bool require_templates, Problems* problems,
                                         const CompileLimits& limits = {});

// The definition's JSON Schema (draft 2020-12).
const char* DefinitionSchema();

}  // namespace workflow
