// Compiling a condition and what it reports, for the tests of the format.
#pragma once

#include <gtest/gtest.h>

#include "condition_scope.h"

namespace workflow::testing {

struct CompiledCondition {
  TestScope scope;
  Problems problems;
  std::optional<Condition> condition;

  // Every problem in one line: "! path: message [hint]", with ? for a warning.
  std::string Report() const {
    std::string text;
    for (const Problem& problem : problems.list()) {
      if (!text.empty()) text += '\n';
      text += problem.severity == Severity::kError ? "! " : "? ";
      text += problem.path + ": " + problem.message;
      if (!problem.hint.empty()) text += " [" + problem.hint + "]";
    }
    return text;
  }
};

inline CompiledCondition Compile(std::string_view text, bool knows_old = true, bool asks_server = true) {
  CompiledCondition result;
  result.scope.knows_old = knows_old;
  result.scope.asks_server = asks_server;
  std::string error;
  const std::optional<Json> json = Json::Parse(text, &error, 200);
  EXPECT_TRUE(json.has_value()) << error << " in " << text;
  if (json) result.condition = CompileCondition(*json, "/filter", result.scope, &result.problems);
  EXPECT_EQ(result.condition.has_value(), !result.problems.HasErrors()) << text;
  return result;
}

inline void ExpectFine(std::string_view text) { EXPECT_EQ(Compile(text).Report(), "") << text; }

inline void ExpectProblem(std::string_view text, const std::string& wanted) {
  const std::string report = Compile(text).Report();
  EXPECT_NE(report.find(wanted), std::string::npos) << text << "\ngave " << report << "\nnot " << wanted;
}

}  // namespace workflow::testing
