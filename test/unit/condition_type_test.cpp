// definition.md, "Conditions": operators and literals are checked against the type of the field.
#include "condition_compiled.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above

TEST(ConditionTypes, WhatOnlyTheServerDecidesIsRefusedByName) {
  constexpr const char* kNotHere = "is not supported by this version of pg_workflow";
  ExpectProblem(RuleOf("contact.name", "matches", R"("^a")"),
                R"(! /filter/operator: "matches" is not supported by this version of pg_workflow)");
  ExpectProblem(R"({"sql": "true"})", R"(! /filter/sql: "sql" is not supported by this version of pg_workflow)");
  for (const char* field : {"contact.name", "contact.nick", "order.status", "contact.code"}) {
    for (const char* op : {"<", ">", "<=", ">="}) ExpectProblem(RuleOf(field, op, R"("m")"), kNotHere);
    ExpectProblem(RuleOf(field, "between", R"(["a", "m"])"), kNotHere);
  }
  for (const char* op : {"=", "in", "contains", "changedTo", "withinLast"})
    ExpectProblem(RuleOf("contact.code", op, R"("m")"), kNotHere);
  ExpectProblem(RuleOf("contact.codes", "contains", R"("m")"), kNotHere);
  for (const char* op : {"null", "notNull", "changed"}) ExpectFine(RuleOf("contact.code", op, "null"));
}

TEST(ConditionTypes, OperatorsAreCheckedAgainstTheType) {
  ExpectProblem(RuleOf("order.total", "contains", "1"), R"(operator "contains" on "order.total" of type numeric has no meaning)");
  ExpectProblem(RuleOf("order.total", "withinLast", R"("1 day")"), "has no meaning");
  ExpectProblem(RuleOf("contact.name", "containsAny", R"(["a"])"), "has no meaning");
  ExpectProblem(RuleOf("contact.tags", "in", R"(["a"])"), R"(Use "contains", "containsAny" or "containsAll")");
  ExpectProblem(RuleOf("contact.tags", "beginsWith", R"("a")"), "has no meaning");
  ExpectProblem(RuleOf("contact.tags", "<", R"("a")"), "has no meaning");
  ExpectProblem(RuleOf("order.status", "beginsWith", R"("a")"), "has no meaning");
  ExpectFine(RuleOf("contact.data", "contains", R"("a")"));
  ExpectFine(RuleOf("contact.data", "containsAll", R"(["a", 1])"));
  ExpectFine(RuleOf("contact.data.a", "olderThan", R"("1 day")"));
}

TEST(ConditionTypes, LiteralsAreValuesOfTheFieldsType) {
  const auto value = [](std::string_view field, std::string_view op, std::string_view json) {
    const Compiled compiled = Compile(RuleOf(field, op, json));
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
}

TEST(ConditionTypes, CommaSeparatedStringsAreLists) {
  const Compiled in = Compile(RuleOf("contact.name", "in", R"(" a, b c ,,d")"));
  ASSERT_TRUE(in.condition);
  EXPECT_EQ(in.condition->root.values,
            (std::vector<Value>{Value(std::string("a")), Value(std::string("b c")), Value(std::string("d"))}));
  const Compiled between = Compile(RuleOf("order.total", "between", R"("1.5,2")"));
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
  const Compiled between = Compile(rule("order.lines", "between", R"(["order.total", "order.limit"])"));
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
  ExpectProblem(rule("order.total", "changedTo", R"("order.limit")"), "cannot be used with another field");
  ExpectProblem(rule("order.paid_at", "withinLast", R"("order.sent_at")"), "cannot be used with another field");
  ExpectProblem(R"({"field": "order.total", "operator": "=", "value": 1, "valueSource": "row"})",
                R"("valueSource" must be "value" or "field")");
}

}  // namespace
}  // namespace workflow
