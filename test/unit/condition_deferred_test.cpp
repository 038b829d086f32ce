// definition.md, "Conditions": rules that the server decides. What is asked of it, when, and what its answers make of a condition; and conditions
// written as SQL. That the SQL means the same is R10's to show, on the server.
#include "condition_answer.h"
#include "condition_compiled.h"
#include "core/condition/sql.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above

struct Asked {
  Outcome outcome;
  std::vector<uint32_t> rules;
};

Asked Ask(std::string_view text, const Row& row, const std::vector<Outcome>& answers = {}) {
  const CompiledCondition compiled = Compile(text);
  EXPECT_TRUE(compiled.condition) << compiled.Report();
  std::vector<const Value*> values;
  for (const Field& field : compiled.scope.table.fields) {
    const auto found = row.find((field.scope == Scope::kOld ? "old." : "") + field.entity + "." + field.name);
    values.push_back(found == row.end() ? nullptr : &found->second);
  }
  Asked asked;
  asked.outcome = Evaluate(*compiled.condition, Facts(values, answers, &asked.rules), Instant{}, nullptr);
  return asked;
}

const std::string kBeforeM = RuleOf("contact.name", "<", R"("m")");
const std::string kActive = RuleOf("contact.active", "=", "true");

TEST(ConditionDeferred, TheServerIsAskedWhereItsAnswerMatters) {
  const Row row = {{"contact.name", Text("Ann")}, {"contact.active", Value(false)}};
  EXPECT_EQ(Ask(kBeforeM, row).rules, std::vector<uint32_t>{0});
  EXPECT_EQ(Ask(kBeforeM, row).outcome, Outcome::kDeferred);
  EXPECT_EQ(Ask("[" + kBeforeM + "," + kActive + "]", row).outcome, Outcome::kFalse);
  EXPECT_TRUE(Ask("[" + kBeforeM + "," + kActive + "]", row).rules.empty());
  const std::string mixed = R"({"combinator": "or", "rules": [{"combinator": "and", "rules": [)" + kBeforeM + "," + kActive + "]}, " + kBeforeM + "]}";
  EXPECT_EQ(Ask(mixed, row).rules, std::vector<uint32_t>{1});  // the first is false by its other half
}

TEST(ConditionDeferred, NobodyIsAskedAboutWhatIsEmpty) {
  EXPECT_EQ(Ask(kBeforeM, {{"contact.name", Value()}}).outcome, Outcome::kNull);
  EXPECT_TRUE(Ask(kBeforeM, {{"contact.name", Value()}}).rules.empty());
  // A change from nothing is one.
  EXPECT_EQ(Ask(RuleOf("contact.fee", "changedTo", "5"), {{"contact.fee", Text("$5.00")}, {"old.contact.fee", Value()}}).rules.size(), 1U);
}

TEST(ConditionDeferred, AnswersDecide) {
  const Row row = {{"contact.name", Text("Ann")}, {"contact.active", Value(true)}};
  for (const Outcome answer : {Outcome::kTrue, Outcome::kFalse, Outcome::kNull}) {
    EXPECT_EQ(Ask(kBeforeM, row, {answer}).outcome, answer);
    EXPECT_EQ(Ask("[" + kBeforeM + "," + kActive + "]", row, {answer}).outcome, answer);
    EXPECT_TRUE(Ask(kBeforeM, row, {answer}).rules.empty());
  }
  const Asked second = Ask("[" + kBeforeM + "," + kBeforeM + R"(,{"sql": "true"}])", row, {Outcome::kTrue, Outcome::kDeferred, Outcome::kDeferred});
  EXPECT_EQ(second.rules, (std::vector<uint32_t>{1, 2}));
}

TEST(ConditionDeferred, WhatIsNotKnownHereCannotBeAskedAbout) {
  EXPECT_EQ(Ask(kBeforeM, {}).outcome, Outcome::kDeferred);
  EXPECT_TRUE(Ask(kBeforeM, {}).rules.empty());
}

TEST(ConditionDeferred, OnlyTheFirstUndecidedConditionAsks) {
  const CompiledCondition compiled = Compile(kBeforeM);
  const Value name = Text("Ann");
  const std::vector<const Value*> values = {&name};
  std::vector<uint32_t> asked;
  const Facts facts(values, {}, &asked);
  Evaluate(*compiled.condition, facts, Instant{}, nullptr);
  Evaluate(*compiled.condition, facts, Instant{}, nullptr);
  EXPECT_EQ(asked.size(), 1U);
}

class NamesOfTest final : public SqlNames {
 public:
  explicit NamesOfTest(const FieldTable& table) : table_(table) {}
  std::string Of(uint32_t field, const std::string&, Problems*) const override {
    const Field& named = table_.fields[field];
    const std::string name = (named.scope == Scope::kOld ? "old_" : "") + named.name;
    return named.path.empty() ? name : SqlPath(name, named.path).value_or("?");
  }
  std::string Expression(const std::string& sql, const std::string&, Problems*) const override { return "(" + sql + ")"; }

 private:
  const FieldTable& table_;
};

std::string Sql(std::string_view text) {
  const CompiledCondition compiled = Compile(text);
  EXPECT_TRUE(compiled.condition) << compiled.Report();
  if (!compiled.condition) return {};
  Problems problems;
  std::string sql = ToSql(*compiled.condition, compiled.scope.table, NamesOfTest(compiled.scope.table), &problems);
  return problems.HasErrors() ? problems.list().front().path + ": " + problems.list().front().message : sql;
}

TEST(ConditionSql, RulesKeepTheirMeaning) {
  EXPECT_EQ(Sql(RuleOf("order.total", ">=", "19.99")), "(total >= '19.99'::numeric)");
  EXPECT_EQ(Sql(RuleOf("order.lines", "in", "[1, -2]")), "(lines IN (1, '-2'::bigint))");
  EXPECT_EQ(Sql(RuleOf("contact.name", "!=", R"("it's")")), "(NOT (name = 'it''s'))");
  EXPECT_EQ(Sql(RuleOf("contact.name", "=", R"("a\\b")")), R"((name = E'a\\b'))");
  EXPECT_EQ(Sql(RuleOf("contact.name", "contains", R"("50%_\\")")), R"((name LIKE E'%50\\%\\_\\\\%'))");
  EXPECT_EQ(Sql(RuleOf("contact.name", "beginsWith", R"("a")")), "(name LIKE 'a%')");
  EXPECT_EQ(Sql(RuleOf("contact.name", "doesNotEndWith", R"("a")")), "(NOT (name LIKE '%a'))");
  EXPECT_EQ(Sql(RuleOf("order.status", "<", R"("shipped")")), "(status < 'shipped'::public.order_status)");
  EXPECT_EQ(Sql(RuleOf("contact.nick", "<", R"("m")")), "(nick OPERATOR(public.<) 'm'::public.citext::public.citext)");
  EXPECT_EQ(Sql(RuleOf("contact.code", "=", R"("ab")")), "(code = 'ab'::bpchar)");
  EXPECT_EQ(Sql(RuleOf("contact.fee", "between", R"(["1", "2"])")), "((fee >= '1'::money) AND (fee <= '2'::money))");
  EXPECT_EQ(Sql(RuleOf("contact.nick", "matches", R"("^a")")), "(nick::text ~* '^a')");
  EXPECT_EQ(Sql(RuleOf("contact.tags", "containsAll", R"(["a", "b"])")), "((tags @> ARRAY['a']::text[]) AND (tags @> ARRAY['b']::text[]))");
  EXPECT_EQ(Sql(RuleOf("contact.tags", "=", R"(["a\"", "b"])")), R"((tags = E'{"a\\"","b"}'::text[]))");
  EXPECT_EQ(Sql(RuleOf("contact.email", "null", "null")), "(email IS NULL)");
  EXPECT_EQ(Sql(RuleOf("contact.data.a", "=", "1")),
            "(CASE WHEN jsonb_typeof((data #> ARRAY['a']::text[])) = 'number' THEN (data #> ARRAY['a']::text[]) = '1'::jsonb END)");
  EXPECT_EQ(Sql(R"({"sql": "a or b"})"), "(a or b)");
  EXPECT_EQ(Sql(RuleOf("order.paid_at", "withinLast", R"("2 hours")")),
            "(paid_at >= (now() - '0 months 0 days 7200000000 microseconds'::interval) AND paid_at <= now())");
}

TEST(ConditionSql, GroupsKeepTheirShape) {
  EXPECT_EQ(Sql(R"({"combinator": "or", "not": true, "rules": [)" + kActive + "," + R"({"combinator": "and", "rules": [)" + kActive + "]}]}"),
            "(NOT ((active = true) OR ((active = true))))");
}

TEST(ConditionSql, WhatHasNoSqlIsAnError) {
  EXPECT_EQ(Sql("[" + kActive + "," + RuleOf("contact.data.a", "olderThan", R"("1 day")") + "]"),
            "/filter/1: the age of a text in json cannot be said in SQL");
  EXPECT_FALSE(SqlPath("data", {"a", "-1"}));
  EXPECT_FALSE(SqlPath("data", {" 1"}));
  EXPECT_EQ(SqlPath("data", {"items", "0"}), "(data #> ARRAY['items', '0']::text[])");
}

TEST(ConditionSql, TypesAreCastToWithoutTheirLength) {
  const auto cast = [](TypeKind kind, std::string name) { return CastName({.kind = kind, .sql_name = std::move(name)}); };
  EXPECT_EQ(cast(TypeKind::kOther, "character(5)"), "bpchar");
  EXPECT_EQ(cast(TypeKind::kOther, "bit(3)"), "\"bit\"");
  EXPECT_EQ(cast(TypeKind::kOther, "interval day to second(3)"), "interval");
  EXPECT_EQ(cast(TypeKind::kOther, "time(3) without time zone"), "time without time zone");
  EXPECT_EQ(cast(TypeKind::kOther, R"~(public."t(x)"(4))~"), R"~(public."t(x)")~");
  EXPECT_EQ(cast(TypeKind::kList, "character varying(20)[]"), "character varying[]");
  EXPECT_EQ(cast(TypeKind::kList, "character(2)[]"), "bpchar[]");
  EXPECT_EQ(cast(TypeKind::kText, "character varying(20)"), "text");
  EXPECT_EQ(cast(TypeKind::kNumeric, "numeric(10,2)"), "numeric");
}

}  // namespace
}  // namespace workflow
