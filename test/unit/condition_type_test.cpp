// definition.md, "Conditions": operators and literals are checked against the type of the field.
#include "condition_compiled.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above

TEST(ConditionTypes, WhatOnlyTheServerDecidesIsDeferred) {
  const auto expect_deferred = [](const std::string& rule) {
    const CompiledCondition compiled = Compile(rule);
    ASSERT_TRUE(compiled.condition) << rule << compiled.Report();
    EXPECT_EQ(compiled.condition->root.deferred, 0) << rule;
    EXPECT_EQ(DeferredOf(*compiled.condition), std::vector<uint32_t>{0});
    ASSERT_EQ(compiled.scope.table.deferred.size(), 1U);
    EXPECT_EQ(compiled.scope.table.deferred[0]->path.substr(0, 7), "/filter");
  };
  for (const char* field : {"contact.name", "contact.nick", "contact.code", "contact.fee"}) {
    for (const char* op : {"<", ">", "<=", ">="}) expect_deferred(RuleOf(field, op, R"("m")"));
    expect_deferred(RuleOf(field, "between", R"(["a", "m"])"));
  }
  expect_deferred(RuleOf("order.status", "<", R"("shipped")"));
  for (const char* op : {"=", "changedTo"}) expect_deferred(RuleOf("contact.fee", op, R"("12.50")"));
  expect_deferred(RuleOf("contact.fee", "=", "12.5"));
  expect_deferred(RuleOf("contact.fee", "in", R"(["1", "2"])"));
  for (const char* op : {"contains", "beginsWith", "matches"}) expect_deferred(RuleOf("contact.code", op, R"("m")"));
  expect_deferred(RuleOf("contact.codes", "contains", R"("m")"));
  for (const char* op : {"containsAny", "containsAll"}) expect_deferred(RuleOf("contact.codes", op, R"(["m"])"));
  for (const char* field : {"contact.name", "contact.nick", "contact.data.a"}) expect_deferred(RuleOf(field, "matches", R"("^a")"));
  expect_deferred(R"({"sql": "contact.name < 'm'"})");
  for (const char* op : {"null", "notNull", "changed", "becameNull"}) {
    EXPECT_EQ(Compile(RuleOf("contact.fee", op, "null")).condition->root.deferred, -1) << op;
  }
  EXPECT_EQ(Compile(RuleOf("contact.name", "=", R"("m")")).condition->root.deferred, -1);
}

TEST(ConditionTypes, WhereNobodyAsksTheServerItsRulesAreRefused) {
  const auto report = [](const std::string& rule) { return Compile(rule, true, false).Report(); };
  EXPECT_NE(report(RuleOf("contact.name", "<", R"("m")"))
                .find(R"(! /filter/operator: operator "<" on "contact.name" of type text is not known here [Only the database)"),
            std::string::npos);
  EXPECT_NE(report(RuleOf("contact.name", "matches", R"("m")")).find("! /filter/operator"), std::string::npos);
  EXPECT_NE(report(R"({"sql": "true"})").find(R"(! /filter/sql: "sql" is not known here)"), std::string::npos);
  EXPECT_EQ(report(RuleOf("contact.name", "=", R"("m")")), "");
}

TEST(ConditionTypes, SqlStandsInPlaceOfARule) {
  ExpectFine(R"({"combinator": "and", "rules": [{"sql": "true", "id": "x", "disabled": false}]})");
  ExpectProblem(R"({"sql": "true", "field": "contact.name"})", R"(! /filter/field: unknown key "field" in a rule of SQL)");
  for (const char* sql : {R"("")", R"(" \n")", "1", "null", "[]"}) {
    ExpectProblem(R"({"sql": )" + std::string(sql) + "}", R"(! /filter/sql: "sql" must be one boolean expression)");
  }
  const CompiledCondition compiled = Compile(R"([{"sql": "a = 1"}, )" + RuleOf("contact.name", "<", R"("m")") + "]");
  ASSERT_TRUE(compiled.condition);
  EXPECT_TRUE(ReadsSql(*compiled.condition));
  EXPECT_EQ(compiled.scope.table.deferred[0]->sql, "a = 1");
  EXPECT_EQ(compiled.condition->paths, (std::vector<std::string>{"/filter/0", "/filter/1"}));
  EXPECT_EQ(FieldsOf(*compiled.condition), std::vector<uint32_t>{0});
  EXPECT_FALSE(ReadsSql(*Compile(RuleOf("contact.name", "<", R"("m")")).condition));
}

TEST(ConditionTypes, OperatorsAreCheckedAgainstTheType) {
  ExpectProblem(RuleOf("order.total", "contains", "1"), R"(operator "contains" on "order.total" of type numeric has no meaning)");
  ExpectProblem(RuleOf("order.total", "withinLast", R"("1 day")"), "has no meaning");
  ExpectProblem(RuleOf("contact.name", "containsAny", R"(["a"])"), "has no meaning");
  ExpectProblem(RuleOf("contact.tags", "in", R"(["a"])"), R"(Use "contains", "containsAny" or "containsAll")");
  ExpectProblem(RuleOf("contact.tags", "beginsWith", R"("a")"), "has no meaning");
  ExpectProblem(RuleOf("order.total", "matches", R"("1")"), "has no meaning");
  ExpectProblem(RuleOf("order.status", "matches", R"("s")"), "has no meaning");
  ExpectProblem(RuleOf("contact.fee", "contains", R"("1")"), R"(operator "contains" on "contact.fee" of type money has no meaning)");
  ExpectProblem(RuleOf("contact.fee", "withinLast", R"("1 day")"), "has no meaning");
  ExpectProblem(RuleOf("contact.tags", "<", R"("a")"), "has no meaning");
  ExpectProblem(RuleOf("order.status", "beginsWith", R"("a")"), "has no meaning");
  ExpectFine(RuleOf("contact.data", "contains", R"("a")"));
  ExpectFine(RuleOf("contact.data", "containsAll", R"(["a", 1])"));
  ExpectFine(RuleOf("contact.data.a", "olderThan", R"("1 day")"));
}

TEST(ConditionTypes, LiteralsAreValuesOfTheFieldsType) {
  const auto value = [](std::string_view field, std::string_view op, std::string_view json) {
    const CompiledCondition compiled = Compile(RuleOf(field, op, json));
    return compiled.condition ? compiled.condition->root.values.front() : Value();
  };
  EXPECT_EQ(value("order.lines", "=", "3"), Value(int64_t{3}));
  EXPECT_EQ(value("order.lines", "=", R"("3")"), Value(int64_t{3}));
  EXPECT_EQ(value("order.lines", "<", "3.5"), Value(*Decimal::Parse("3.5")));
  EXPECT_EQ(value("order.total", "=", R"(" 19.99 ")"), Value(*Decimal::Parse("19.99")));
  EXPECT_EQ(value("contact.active", "=", R"("false")"), Value(false));
  EXPECT_EQ(value("contact.key", "=", R"("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11")"),
            Value(std::string("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")));
  EXPECT_EQ(value("contact.birthday", "=", R"("1970-01-02")"), Value(Date{1}));
  EXPECT_EQ(value("contact.seen", "=", R"("1970-01-02")"), Value(LocalTime{kDay}));
  EXPECT_EQ(value("order.paid_at", "<", R"("1970-01-01T01:00:00+01:00")"), Value(Instant{0}));
  EXPECT_EQ(value("contact.data.a", "=", "1.50"), Value(*Decimal::Parse("1.5")));
  EXPECT_EQ(value("contact.data.a", "=", R"("1.50")"), Value(std::string("1.50")));
  EXPECT_EQ(value("contact.data.a", ">", R"("1.50")"), Value(*Decimal::Parse("1.5")));
  EXPECT_EQ(value("contact.data.a", "=", "true"), Value(true));
  EXPECT_EQ(value("contact.numbers", "contains", R"("7")"), Value(int64_t{7}));
  EXPECT_EQ(value("contact.numbers", "=", R"([7, "8"])"), Value::OfList({Value(int64_t{7}), Value(int64_t{8})}));
}

TEST(ConditionTypes, LiteralsOfAnotherTypeAreRefused) {
  ExpectProblem(RuleOf("order.total", "=", R"("ten")"),
                R"(invalid value for "order.total" of type numeric: "ten" [Write a number.])");
  ExpectProblem(RuleOf("contact.name", "=", "5"), "[Write a string.]");
  ExpectProblem(RuleOf("contact.active", "=", "1"), "[Write true or false.]");
  ExpectProblem(RuleOf("contact.key", "=", R"("a0ee")"), "[Write a uuid as a string.]");
  ExpectProblem(RuleOf("contact.birthday", "=", R"("31.01.2026")"), "[Write a date such as");
  ExpectProblem(RuleOf("contact.seen", "=", R"("today")"), "[Write a date and time such as");
  ExpectProblem(RuleOf("order.paid_at", "=", R"("2026-01-31T09:00:00")"), "[Write an instant with its offset, such as");
  ExpectProblem(RuleOf("order.status", "=", R"("shiped")"), R"([Did you mean "shipped"?])");
  ExpectProblem(RuleOf("contact.tags", "=", R"("a")"), "[Write an array.]");
  ExpectProblem(RuleOf("contact.data.a", "=", "{}"), "[Write a string, a number, true or false.]");
  ExpectProblem(RuleOf("contact.data.a", "<", R"("2026-01-31")"), "[Only the numbers of json have an order.]");
  ExpectProblem(RuleOf("order.total", "in", R"("1, x ,2")"),
                "! /filter/value: invalid value for \"order.total\" of type numeric: \"x\"");
  ExpectProblem(RuleOf("order.total", "in", R"([1, "x"])"), "! /filter/value/1: invalid value");
  ExpectProblem(RuleOf("order.total", "in", "1"), "needs an array of values");
  ExpectProblem(RuleOf("contact.name", "matches", "5"), "[Write a regular expression as a string.]");
  ExpectProblem(RuleOf("contact.name", "matches", R"("")"), "its value is empty");
  ExpectProblem(RuleOf("contact.fee", ">", "true"), "[Write a string, as the database reads such values.]");
}

TEST(ConditionTypes, CommaSeparatedStringsAreLists) {
  const CompiledCondition in = Compile(RuleOf("contact.name", "in", R"(" a, b c ,,d")"));
  ASSERT_TRUE(in.condition);
  EXPECT_EQ(in.condition->root.values,
            (std::vector<Value>{Value(std::string("a")), Value(std::string("b c")), Value(std::string("d"))}));
  const CompiledCondition between = Compile(RuleOf("order.total", "between", R"("1.5,2")"));
  ASSERT_TRUE(between.condition);
  EXPECT_EQ(between.condition->root.values, (std::vector<Value>{Value(*Decimal::Parse("1.5")), Value(Decimal(2))}));
}

TEST(ConditionTypes, Durations) {
  ExpectProblem(RuleOf("order.paid_at", "withinLast", "30"), R"(needs a duration [Write a duration such as "30 days".])");
  ExpectProblem(RuleOf("order.paid_at", "withinLast", R"("a while")"), "needs a duration");
  ExpectProblem(RuleOf("order.paid_at", "withinLast", R"("0 days")"), "must be greater than zero");
  ExpectProblem(RuleOf("order.paid_at", "olderThan", R"("-1 day")"), "must be greater than zero");
  ExpectProblem(RuleOf("contact.birthday", "olderThan", R"("36 hours")"), "is a date and has no hours");
  ExpectFine(RuleOf("contact.birthday", "olderThan", R"("2 weeks")"));
}

TEST(ConditionTypes, OtherFieldsAsValues) {
  const auto rule = [](std::string_view field, std::string_view op, std::string_view other) {
    return R"({"field": ")" + std::string(field) + R"(", "operator": ")" + std::string(op) +
           R"(", "valueSource": "field", "value": )" + std::string(other) + "}";
  };
  ExpectFine(rule("order.total", ">=", R"("order.lines")"));
  ExpectFine(rule("contact.birthday", "<", R"("contact.seen")"));
  ExpectFine(rule("contact.tags", "contains", R"("contact.email")"));
  ExpectFine(rule("contact.data.a", ">", R"("order.total")"));
  ExpectFine(rule("order.total", "in", R"("order.limit, order.lines")"));
  const CompiledCondition between = Compile(rule("order.lines", "between", R"(["order.total", "order.limit"])"));
  ASSERT_TRUE(between.condition) << between.Report();
  EXPECT_EQ(between.condition->root.value_fields.size(), 2u);
  EXPECT_EQ(FieldsOf(*between.condition).size(), 3u);
  ExpectProblem(rule("order.total", "=", R"("contact.email")"),
                R"(! /filter/value: "order.total" of type numeric cannot be compared with)");
  ExpectProblem(rule("contact.birthday", "<", R"("order.paid_at")"), "cannot be compared with");
  ExpectProblem(rule("contact.seen", "<", R"("order.paid_at")"), "cannot be compared with");
  ExpectProblem(rule("contact.data.a", "<", R"("contact.email")"), "cannot be compared with");
  ExpectProblem(rule("order.total", "=", R"("order.totl")"),
                R"(! /filter/value: unknown field "order.totl" [Did you mean "order.total"?])");
  ExpectProblem(rule("order.total", "between", R"("order.limit")"), "needs two bounds");
  ExpectProblem(rule("order.total", "=", "5"), "the name of a field is needed here");
  ExpectFine(rule("contact.name", "<", R"("contact.email")"));
  ExpectFine(rule("contact.fee", ">", R"("contact.fee")"));
  ExpectProblem(rule("contact.fee", ">", R"("contact.code")"), "cannot be compared with");
  ExpectProblem(rule("contact.name", "matches", R"("contact.email")"), "cannot be used with another field");
  ExpectProblem(rule("order.total", "changedTo", R"("order.limit")"), "cannot be used with another field");
  ExpectProblem(rule("order.paid_at", "withinLast", R"("order.sent_at")"), "cannot be used with another field");
  ExpectProblem(R"({"field": "order.total", "operator": "=", "value": 1, "valueSource": "row"})",
                R"("valueSource" must be "value" or "field")");
}

}  // namespace
}  // namespace workflow
