// A recipe with its parameters put in (A31).
#include "core/definition/recipe.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

Json Parsed(std::string_view text) {
  std::string error;
  const auto json = Json::Parse(text, &error);
  EXPECT_TRUE(json) << error;
  return json.value_or(Json());
}

struct FilledRecipe {
  std::string text;
  std::string problem, hint;
};

FilledRecipe Filled(std::string_view recipe, std::string_view params) {
  Problems problems;
  const auto filled = FillRecipe(Parsed(recipe), Parsed(params), &problems);
  if (filled) return {filled->Dump(), {}, {}};
  return {{}, problems.list().front().message, problems.list().front().hint};
}

constexpr std::string_view kRecipe = R"({"params": {"field": {"default": "name"}, "users": {"default": ["a", "b"]}, "days": {}},
  "definition": {"users": "${users}", "text": "Hi {{ contact.${field} }}, in ${days} days", "set": {"contact.${field}": "${days}"}, "n": 1, "open": "${days"}})";

TEST(Recipe, A31_ParametersAndTheirDefaults) {
  EXPECT_EQ(Filled(kRecipe, R"({"days": 3, "field": "first_name"})").text,
            R"({"users":["a","b"],"text":"Hi {{ contact.first_name }}, in 3 days","set":{"contact.first_name":3},"n":1,"open":"${days"})");
  EXPECT_EQ(Filled(kRecipe, R"({"days": "3", "users": {"a": 2}})").text,
            R"({"users":{"a":2},"text":"Hi {{ contact.name }}, in 3 days","set":{"contact.name":"3"},"n":1,"open":"${days"})");
}

TEST(Recipe, A31_WhatDoesNotFitIsRefused) {
  EXPECT_EQ(Filled(kRecipe, "{}").problem, "the parameter \"days\" must be given");
  EXPECT_EQ(Filled(kRecipe, R"({"days": 1, "feild": "x"})").problem, "the recipe has no parameter \"feild\"");
  EXPECT_EQ(Filled(kRecipe, R"({"days": 1, "feild": "x"})").hint, "Did you mean \"field\"?");
  EXPECT_EQ(Filled(kRecipe, R"({"days": [1]})").problem, "the parameter \"days\" must be a text or a number, not array");
  EXPECT_EQ(Filled(kRecipe, "[]").problem, "parameters must be an object, not array");
  EXPECT_EQ(Filled("{}", "{}").problem, "the recipe has no definition");
  EXPECT_EQ(Filled(R"({"definition": "${x}"})", "{}").problem, "the recipe has no parameter \"x\"");
}

// What a parameter brings is not looked at for places of its own.
TEST(Recipe, A31_NothingIsFilledTwice) {
  EXPECT_EQ(Filled(R"({"params": {"a": {}}, "definition": ["${a}", "x${a}"]})", R"({"a": "${a}"})").text, R"(["${a}","x${a}"])");
}

}  // namespace
}  // namespace workflow
