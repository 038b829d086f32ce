// From a definition to a program, or to all that is wrong with it.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/definition/catalog.h"
#include "core/definition/program.h"

namespace workflow {

// What a definition may measure; the defaults of the settings pg_workflow.max_….
struct CompileLimits {
  int steps_max = 500;
  int depth_max = 16;
  int triggers_max = 20;
  int bytes_max = 1 << 20;

  // For what has been published: it was within the limits of its day.
  static CompileLimits None() {
    constexpr int kNone = std::numeric_limits<int>::max();
    return {kNone, kNone, kNone, kNone};
  }
};

// Every problem is reported with a JSON Pointer; what this version does not build is an error that says so. The result is nothing
// where one of the problems is an error. An unknown template is a warning unless `require_templates` (publishing).
std::optional<Program> CompileDefinition(const Json& definition, const Catalog& catalog, bool require_templates, Problems* problems,
                                         const CompileLimits& limits = {});

// The same, and what only the server can check: the rules that it will decide, with the fields they name. Filled also where there are errors.
std::optional<Program> CompileDefinition(const Json& definition, const Catalog& catalog, bool require_templates, Problems* problems,
                                         const CompileLimits& limits, FieldTable* for_server);

// The program with one trigger more, the last: rows of `entity` for which `filter` holds, looked at as they are. Problems of the filter have the filter's places.
std::optional<Program> CompileWithFilter(const Json& definition, const Catalog& catalog, const Json& filter, const std::string& entity, Problems* problems);
// Whose rows may be let in besides those of its events: the entity that the entry key is of.
std::string EntityOfEntry(const Program& program);

// One condition by itself, over the rows of `entity` (and its contact): for functions that are given a filter.
struct Filter {
  Condition condition;
  FieldTable table;
};
std::optional<Filter> CompileFilter(const Json& filter, const Catalog& catalog, const std::string& entity, Problems* problems);

// The definition's JSON Schema (draft 2020-12).
const char* DefinitionSchema();

}  // namespace workflow
