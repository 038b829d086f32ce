// A filter asked about a record in a document (functions.md: matches, explain_filter), and names that are the same for every CRM.
#include "core/definition/record.h"

#include "definition_fixture.h"

namespace workflow::testing {
namespace {

struct Asked {
  std::optional<RecordFilter> filter;
  Problems of_filter, of_record;

  Outcome Answer() const {
    std::vector<const Value*> facts;
    for (const Value& value : filter->values) facts.push_back(&value);
    return Evaluate(filter->condition, facts, Instant{}, nullptr);
  }
};

Asked Ask(std::string_view filter, std::string_view record) {
  Asked asked;
  asked.filter = CompileForRecord(ParseJson(filter), ParseJson(record), SmallCrm(), &asked.of_filter, &asked.of_record);
  return asked;
}

Outcome Matches(std::string_view filter, std::string_view record) {
  const Asked asked = Ask(filter, record);
  EXPECT_TRUE(asked.filter) << filter << record;
  return asked.filter ? asked.Answer() : Outcome::kDeferred;
}

TEST(Record, FieldsOfAttachedEntitiesHaveTheirColumnsTypes) {
  const char* const paid = R"({"field": "order.paid_at", "operator": ">", "value": "2026-01-01T00:00:00Z"})";
  EXPECT_EQ(Matches(paid, R"({"order": {"paid_at": "2026-03-01T10:00:00+00:00"}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(paid, R"({"order.paid_at": "2025-03-01T10:00:00Z"})"), Outcome::kFalse);
  EXPECT_EQ(Matches(paid, R"({"order": {"paid_at": null}})"), Outcome::kNull);
  EXPECT_EQ(Matches(paid, "{}"), Outcome::kNull);
  EXPECT_EQ(Ask(paid, R"({"order": {"paid_at": "soon"}})").of_record.list().front().message,
            "the record's value of \"order.paid_at\" is no timestamptz");
  EXPECT_EQ(Matches(R"({"field": "contact.tags", "operator": "contains", "value": "a"})", R"({"contact": {"tags": ["a", null]}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(R"({"field": "contact.address.items.1", "operator": "=", "value": 2})", R"({"contact": {"address": {"items": [1, 2]}}})"),
            Outcome::kTrue);
  EXPECT_EQ(Ask(R"({"field": "contact.emial", "operator": "null"})", "{}").of_filter.list().front().hint, "Did you mean \"email\"?");
}

TEST(Record, OtherFieldsHaveTheTypeOfTheirValue) {
  EXPECT_EQ(Matches(R"({"field": "lead.score", "operator": ">", "value": 5})", R"({"lead": {"score": 7}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(R"({"field": "score", "operator": ">", "value": 5})", R"({"score": "7"})"), Outcome::kNull);
  EXPECT_EQ(Matches(R"({"field": "event.data.a", "operator": "=", "value": "x"})", R"({"event": {"data": {"a": "x"}}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(R"({"field": "event.at", "operator": "<", "value": "2026-01-01T00:00:00Z"})", R"({"event.at": "2025-01-01T00:00:00Z"})"),
            Outcome::kTrue);
}

TEST(Record, AChangeIsOfTheRowBesideTheContact) {
  const char* const changed = R"({"field": "order.total", "operator": "changedTo", "value": 5})";
  EXPECT_EQ(Matches(changed, R"({"order": {"total": 5}, "old": {"total": 4}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(changed, R"({"order": {"total": 5}, "old": {"total": 5}})"), Outcome::kFalse);
  EXPECT_EQ(Matches(changed, R"({"order": {"total": 5}})"), Outcome::kTrue);
  EXPECT_EQ(Matches(R"({"field": "old.score", "operator": "=", "value": 1})", R"({"contact": {"score": 2}, "old": {"score": 1}})"), Outcome::kTrue);
}

TEST(Record, WhatTheServerDecidesIsAskedForAndSqlHasNoRows) {
  const Asked asked = Ask(R"({"field": "contact.email", "operator": "<", "value": "m"})", R"({"contact": {"email": "a"}})");
  EXPECT_EQ(asked.filter->table.deferred.size(), 1U);
  EXPECT_EQ(asked.Answer(), Outcome::kDeferred);
  EXPECT_EQ(Ask(R"({"sql": "true"})", "{}").of_filter.list().front().path, "/sql");
}

TEST(Names, AccountAndWorkflowAreKnownEverywhere) {
  const Compiled c = Compile(R"({"triggers": [{"on": "contact.created", "filter": [
      {"field": "account.data.plan", "operator": "=", "value": "pro"},
      {"field": "workflow.a.b.active", "operator": "=", "value": true}]}],
    "steps": [{"id": "s", "type": "stop", "if": {"field": "account.timezone", "operator": "notNull"}}]})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->table.fields[0].scope, Scope::kAccount);
  EXPECT_EQ(c.program->table.fields[0].path, std::vector<std::string>{"plan"});
  EXPECT_EQ(c.program->table.fields[1].scope, Scope::kWorkflow);
  EXPECT_EQ(c.program->table.fields[1].name, "a.b");
  const Compiled wrong = CompileTriggers(R"([{"on": "contact.created", "filter": [
      {"field": "account.plan", "operator": "=", "value": "pro"}, {"field": "workflow.active", "operator": "=", "value": true}]}])");
  EXPECT_EQ(wrong.HintAt("/triggers/0/filter/0/field"), "Did you mean \"account.data\"?");
  EXPECT_NE(wrong.HintAt("/triggers/0/filter/1/field").find("workflow.<name>.active"), std::string::npos);
}

TEST(Names, AnAttachedTableOfThatNameIsMeant) {
  Catalog catalog = SmallCrm();
  catalog.entities.push_back({.name = "account", .fields = {Column("plan", TypeKind::kText)}, .events = {{"account.created"}}});
  const Compiled c = Compile(R"({"triggers": [{"on": "account.created", "filter": {"field": "account.plan", "operator": "=", "value": "pro"}}],
                                 "steps": [{"type": "stop"}]})",
                             false, {}, catalog);
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->table.fields[0].scope, Scope::kRow);
}

TEST(Names, AWorkflowThatIsNotThereIsWarnedAbout) {
  Catalog catalog = SmallCrm();
  catalog.workflows = {"Welcome"};
  const Compiled c = Compile(R"({"triggers": [{"on": "contact.created", "filter": {"field": "workflow.Welcom.active", "operator": "=", "value": true}}],
                                 "steps": [{"type": "stop"}]})",
                             false, {}, catalog);
  EXPECT_EQ(c.HintAt("/triggers/0/filter/field", Severity::kWarning), "Did you mean \"Welcome\"?");
}

TEST(Names, SqlMayNameTheRowsThatAreThere) {
  const Compiled c = Compile(R"({"triggers": [{"on": "order.paid", "filter": {"sql": "true"}}], "steps": [{"type": "stop", "if": {"sql": "false"}}]})");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->table.deferred.size(), 2U);
  EXPECT_EQ(c.program->table.deferred[0]->entities, (std::vector<std::string>{"contact", "order"}));
  EXPECT_EQ(c.program->table.deferred[1]->path, "/steps/0/if/sql");
}

}  // namespace
}  // namespace workflow::testing
