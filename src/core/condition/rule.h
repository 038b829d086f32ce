// One rule of a condition. Internal to core/condition.
#pragma once

#include <optional>
#include <string>

#include "core/condition/condition.h"

namespace workflow {

// The rules that stand beside one: a rule about empty fields among them answers the warning about them.
struct Siblings {
  const Json::Array* rules = nullptr;
  bool any = false;  // joined by `or`
};

// What the rules of one condition share.
struct RuleList {
  FieldScope& scope;
  Problems* problems;
  std::vector<std::string> paths = {};  // of the rules so far
};

// Reports what is wrong; the result is nothing where that leaves no rule.
std::optional<ConditionNode> CompileRule(const Json& rule, const std::string& path, const Siblings& siblings, RuleList* rules);

// Each key of `object` that is not among `known` is an error.
void CheckKeys(const Json& object, const std::vector<std::string>& known, const char* what, const std::string& path,
               Problems* problems);

// A key that may be absent (false) and must be a boolean otherwise.
bool Flag(const Json& object, std::string_view key, const std::string& path, Problems* problems);

}  // namespace workflow
