// definition.md, "Conditions": the shape of the format, and what is refused. A10-A12: filters of triggers and steps are written
// in it.
#include <algorithm>

#include "condition_compiled.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above

// One well-formed rule, for the tests of what stands around it.
constexpr const char* kRule = R"({"field": "contact.active", "operator": "=", "value": true})";
std::string Group(const std::string& rest) {
  return R"({"combinator": "and", "rules": [)" + std::string(kRule) + "]" + rest + "}";
}

TEST(ConditionCompile, FormatTakesAGroupALoneRuleAndAnArray) {
  CompiledCondition lone = Compile(kRule);
  ASSERT_TRUE(lone.condition);
  EXPECT_EQ(lone.condition->root.kind, ConditionNode::Kind::kRule);

  CompiledCondition array = Compile("[" + std::string(kRule) + ", " + Group("") + "]");
  ASSERT_TRUE(array.condition);
  EXPECT_EQ(array.condition->root.kind, ConditionNode::Kind::kAnd);
  EXPECT_EQ(array.condition->root.children.size(), 2u);

  CompiledCondition group = Compile(R"({"combinator": "OR", "not": true, "rules": [)" + std::string(kRule) + "]}");
  ASSERT_TRUE(group.condition);
  EXPECT_EQ(group.condition->root.kind, ConditionNode::Kind::kOr);
  EXPECT_TRUE(group.condition->root.negated);
}

TEST(ConditionCompile, KeysOfTheQueryBuilderAreAccepted) {
  ExpectFine(Group(R"(, "id": "g1", "path": [0], "disabled": true, "muted": false)"));
  ExpectFine(R"({"field": "contact.active", "operator": "=", "value": "true", "valueSource": "value",
                 "id": "r1", "path": [0, 1], "disabled": false, "muted": false})");
  // It keeps an empty value beside operators that take none.
  ExpectFine(RuleOf("contact.email", "notNull", R"("")"));
  ExpectFine(R"({"field": "contact.email", "operator": "null"})");
}

TEST(ConditionCompile, MutedRulesAreLeftOut) {
  const std::string muted = R"({"field": "nowhere", "operator": "?", "muted": true})";
  CompiledCondition one = Compile("[" + muted + ", " + kRule + "]");
  ASSERT_TRUE(one.condition);
  EXPECT_EQ(one.condition->root.children.size(), 1u);
  ExpectProblem("[" + muted + "]", "! /filter: all rules of the group are muted");
  ExpectProblem(muted, "! /filter: the whole condition is muted");
  ExpectProblem(R"({"combinator": "and", "rules": [)" + std::string(kRule) + R"(], "muted": true})",
                "the whole condition is muted");
  ExpectProblem(R"({"field": "contact.active", "operator": "=", "value": true, "muted": 1})",
                "! /filter/muted: \"muted\" must be true or false");
}

TEST(ConditionCompile, WhatIsNoGroupAndNoRuleIsRefused) {
  ExpectProblem("null", "! /filter: a rule or a group of rules is needed here");
  ExpectProblem("[[]]", "! /filter/0: a rule or a group of rules is needed here");
  ExpectProblem("{}", R"(! /filter: the rule is unfinished: it has no "field")");
  ExpectProblem("{}", R"(! /filter: the rule is unfinished: it has no "operator")");
  ExpectProblem(Group(R"(, "combinater": "and")"),
                R"(! /filter/combinater: unknown key "combinater" in a group [Did you mean "combinator"?])");
  ExpectProblem(R"({"field": "contact.active", "operator": "=", "valeu": true})",
                R"(unknown key "valeu" in a rule [Did you mean "value"?])");
  ExpectProblem(R"({"combinator": "xor", "rules": [)" + std::string(kRule) + "]}",
                R"(! /filter/combinator: combinator "xor" is not supported [Write it with)");
  ExpectProblem(R"({"combinator": "nand", "rules": [)" + std::string(kRule) + "]}", R"("combinator" must be "and" or "or")");
  ExpectProblem(
      R"({"rules": [)" + std::string(kRule) + R"(, "and", )" + kRule + "]}",
      R"(! /filter/rules: combinators between the rules of a group are not supported [Give the group one "combinator")");
  ExpectProblem(R"({"rules": [)" + std::string(kRule) + "]}", R"(the group has no "combinator")");
  ExpectProblem(R"({"combinator": "and"})", R"(the group has no "rules")");
  ExpectProblem(R"({"combinator": "and", "rules": {}})", R"(! /filter/rules: "rules" must be an array)");
  ExpectProblem(Group(R"(, "not": "yes")"), R"(! /filter/not: "not" must be true or false)");
}

TEST(ConditionCompile, UnfinishedRulesAreErrors) {
  ExpectProblem(R"({"field": "contact.email", "operator": "="})", R"(it has no "value")");
  ExpectProblem(R"({"field": "~", "operator": "=", "value": 1})", R"(! /filter/field: the rule is unfinished)");
  ExpectProblem(RuleOf("contact.email", "contains", R"("")"),
                "! /filter/value: the rule on \"contact.email\" is unfinished: its value is empty");
  for (const char* op : {"beginsWith", "endsWith", "doesNotContain", "changedTo", "changedFrom"}) {
    ExpectProblem(RuleOf("contact.email", op, R"("")"), "unfinished");
  }
  ExpectProblem(RuleOf("order.total", "=", R"("")"), "unfinished");
  ExpectProblem(RuleOf("order.total", "=", R"("  ")"), "unfinished");
  ExpectProblem(RuleOf("order.status", "=", R"("")"), "unfinished");
  ExpectProblem(RuleOf("order.paid_at", "withinLast", R"("")"), "unfinished");
  ExpectProblem(RuleOf("contact.email", "in", "[]"), "its list is empty");
  ExpectProblem(RuleOf("contact.email", "in", R"(" , ")"), "its list is empty");
  ExpectProblem(RuleOf("contact.tags", "containsAny", "[]"), "its list is empty");
  ExpectProblem(RuleOf("order.total", "between", "[1]"), "needs two bounds");
  ExpectProblem(RuleOf("order.total", "between", R"("1,")"), "needs two bounds");
  ExpectProblem(RuleOf("order.total", "between", R"([1, ""])"), "! /filter/value/1: the rule on \"order.total\" is unfinished");
  ExpectProblem(RuleOf("order.total", "between", "[1, 2, 3]"), "takes two bounds, not 3");
  ExpectProblem(R"({"combinator": "and", "rules": []})", "! /filter/rules: the group is empty");
  ExpectProblem("[]", "! /filter: the group is empty");
  ExpectProblem(R"([{"combinator": "or", "rules": []}])", "! /filter/0/rules: the group is empty");
  // An empty string is a value where it can mean one.
  ExpectFine(RuleOf("contact.email", "=", R"("")"));
  ExpectFine(RuleOf("contact.name", "notIn", R"(["", "n/a"])"));
  ExpectFine(RuleOf("contact.data.a", "=", R"("")"));
}

TEST(ConditionCompile, NullIsNoLiteral) {
  ExpectProblem(RuleOf("contact.email", "=", "null"), R"([Use a rule with the operator "null")");
  ExpectProblem(RuleOf("contact.email", "in", R"(["a", null])"),
                "! /filter/value/1: the rule on \"contact.email\" is unfinished");
}

TEST(ConditionCompile, EveryProblemIsReportedAtOnce) {
  const std::string report = Compile("[" + RuleOf("contact.emial", "=", "1") + "," + RuleOf("order.total", "is", "1") + "," +
                                     RuleOf("order.total", "=", "[]") + "]")
                                 .Report();
  EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 2) << report;
  EXPECT_NE(report.find("/filter/0/field: unknown field \"contact.emial\" [Did you mean \"contact.email\"?]"), std::string::npos)
      << report;
  EXPECT_NE(report.find("/filter/1/operator: unknown operator \"is\" [The operators are =, !=,"), std::string::npos) << report;
  EXPECT_NE(report.find("/filter/2/value: invalid value for \"order.total\" of type numeric: [] [Write a number.]"),
            std::string::npos)
      << report;
}

TEST(ConditionCompile, OperatorsOfTheSpecificationAndNoOthers) {
  for (const char* op : {"null", "notNull", "changed", "becameNull", "becameNotNull"})
    ExpectFine(RuleOf("contact.name", op, "null"));
  for (const char* op : {"=", "contains", "beginsWith", "endsWith", "changedTo", "changedFrom"}) {
    ExpectFine(RuleOf("contact.name", op, R"("x")"));
  }
  for (const char* op : {"!=", "doesNotContain", "doesNotBeginWith", "doesNotEndWith"})
    ExpectFine(RuleOf("contact.name", op, R"("x")"));
  for (const char* op : {"in", "notIn"}) ExpectFine(RuleOf("contact.name", op, R"(["x", "y"])"));
  for (const char* op : {"<", ">", "<=", ">="}) ExpectFine(RuleOf("order.total", op, "1"));
  ExpectFine(RuleOf("order.total", "between", "[1, 2]"));
  for (const char* op : {"withinLast", "olderThan"}) ExpectFine(RuleOf("order.paid_at", op, R"("30 days")"));
  for (const char* op : {"containsAny", "containsAll"}) ExpectFine(RuleOf("contact.tags", op, R"(["x", "y"])"));
  ExpectProblem(RuleOf("contact.name", "notnull", "1"), R"(unknown operator "notnull" [Did you mean "notNull"?])");
  ExpectProblem(RuleOf("contact.name", "==", "1"), R"(unknown operator "==")");
}

TEST(ConditionCompile, NegativeOperatorsOnNullableFieldsAreWarnedAbout) {
  for (const char* op : {"!=", "doesNotContain", "doesNotBeginWith", "doesNotEndWith", "notIn"}) {
    const CompiledCondition compiled = Compile(RuleOf("contact.email", op, R"("x")"));
    EXPECT_TRUE(compiled.condition.has_value());
    EXPECT_EQ(compiled.Report(),
              "? /filter: \"contact.email\" may be empty, and rows where it is empty do not match "
              "[Add a rule with the operator \"null\", joined by \"or\", if they should match.]")
        << op;
  }
  ExpectProblem(RuleOf("order.total", "notBetween", "[1, 2]"), "? /filter:");
  const std::string other = RuleOf("contact.email", "!=", R"("x")");
  const auto joined = [&](const std::string& combinator, const std::string& op, const std::string& more) {
    return R"({"combinator": ")" + combinator + R"(", "rules": [)" + other + R"(, {"field": "contact.email", "operator": ")" +
           op + "\"" + more + "}]}";
  };
  ExpectFine(joined("or", "null", ""));
  ExpectFine(joined("and", "notNull", ""));
  ExpectProblem(joined("and", "null", ""), "? /filter/rules/0:");
  ExpectProblem(joined("or", "null", R"(, "muted": true)"), "? /filter/rules/0:");
}

TEST(ConditionCompile, ChangesNeedAPlaceThatKnowsOne) {
  const std::string rule = RuleOf("order.status", "changedTo", R"("shipped")");
  const CompiledCondition known = Compile(rule);
  ASSERT_TRUE(known.condition);
  EXPECT_EQ(FieldsOf(*known.condition), (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(known.scope.table.fields[1].scope, Scope::kOld);
  EXPECT_EQ(Compile(rule, false).Report(), "! /filter/operator: there is no change here");
}

TEST(ConditionCompile, LevelsAndRulesAreBounded) {
  const auto nested = [](int groups) {
    std::string text = kRule;
    for (int i = 0; i < groups; ++i) text = R"({"combinator": "and", "rules": [)" + text + "]}";
    return text;
  };
  ExpectFine(nested(kConditionLevelsMax));
  ExpectProblem(nested(kConditionLevelsMax + 1), "at most 16 levels of groups");
  const auto many = [](int rules) {
    std::string text = kRule;
    for (int i = 1; i < rules; ++i) text += std::string(", ") + kRule;
    return "[" + text + "]";
  };
  ExpectFine(many(kConditionRulesMax));
  EXPECT_EQ(Compile(many(kConditionRulesMax + 9)).Report(), "! /filter/500: a condition may have at most 500 rules");
}

TEST(FieldTable, InternsEqualFieldsOnce) {
  FieldTable table;
  Field field;
  field.entity = "order";
  field.name = "data";
  EXPECT_EQ(table.Intern(field), 0u);
  field.path = {"a"};
  EXPECT_EQ(table.Intern(field), 1u);
  field.scope = Scope::kOld;
  EXPECT_EQ(table.Intern(field), 2u);
  EXPECT_EQ(table.Intern(table.fields[1]), 1u);
  EXPECT_EQ(table.fields.size(), 3u);
}

}  // namespace
}  // namespace workflow
