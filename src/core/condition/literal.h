// The `value` of a rule as typed literals. Internal to core/condition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/value.h"
#include "core/condition/operators.h"

namespace workflow {

// What a literal is compared with.
struct Subject {
  const std::string& name;  // as the rule wrote it
  const Type& type;
  const OperatorInfo& op;
};

// Whether `value` is there but says nothing yet, as a rule that is being edited has it.
bool IsUnfinished(const Subject& subject, const Json& value);

std::optional<Value> CompileLiteral(const Subject& subject, const Json& json, const std::string& path, Problems* problems);

// An array, or a string of items with commas between them: trimmed, blank ones dropped. Each item with its place.
struct Item {
  Json json;
  std::string path;
};
std::optional<std::vector<Item>> SplitItems(const Subject& subject, const Json& json, const std::string& path,
                                            Problems* problems);

}  // namespace workflow
