// Steps that act: what they compile to, and what is wrong with them.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

TEST(DefinitionActions, ReceiversOfMessages) {
  Compiled c = CompileSteps(R"([{"id": "a", "type": "notify", "to": "team:sales", "body": "x"},
    {"id": "b", "type": "send", "channel": "email", "to": "user:{{ contact.id }}", "body": "x"}, {"id": "c", "type": "send", "channel": "email", "to": "x@y.test", "body": "x"}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& notify = std::get<NotifyStep>(c.StepCalled("a").body).message;
  EXPECT_EQ(notify.receiver, Receiver::kTeam);
  EXPECT_EQ(notify.channel, "in_app");
  EXPECT_EQ(notify.kind, "notification");
  EXPECT_EQ(std::get<SendStep>(c.StepCalled("b").body).receiver, Receiver::kUser);
  EXPECT_EQ(std::get<SendStep>(c.StepCalled("c").body).receiver, Receiver::kAddress);
}

TEST(DefinitionActions, TheOwnerIsOfTheRowThatEntersBeforeTheContact) {
  Catalog crm = SmallCrm();
  crm.entities[0].fields.push_back(Column("owner", TypeKind::kInteger));
  const std::string definition = R"({"triggers": [{"on": "order.paid"}], "steps": [{"id": "n", "type": "notify", "body": "x"}]})";
  EXPECT_EQ(std::get<NotifyStep>(Compile(definition, false, {}, crm).StepCalled("n").body).message.owner_entity, "contact");
  crm.entities[1].fields.push_back(Column("owner", TypeKind::kInteger));
  EXPECT_EQ(std::get<NotifyStep>(Compile(definition, false, {}, crm).StepCalled("n").body).message.owner_entity, "order");
  EXPECT_NE(Compile(definition).MessageAt("/steps/0").find("nobody knows the owner"), std::string::npos);
}

// semantics 30: what a superuser's workflow may not have by default.
TEST(DefinitionActions, Semantics30_CodeOfTheAuthor) {
  const auto has = [](const char* step) {
    Compiled c = CompileStep(step);
    EXPECT_TRUE(c.program) << c.Text();
    return c.program && c.program->HasCode();
  };
  EXPECT_TRUE(has(R"({"type": "call", "function": "f"})"));
  EXPECT_TRUE(has(R"({"type": "set", "contact": {"score": {"sql": "1"}}})"));
  EXPECT_TRUE(has(R"({"type": "stop", "if": {"sql": "true"}})"));
  EXPECT_FALSE(has(R"({"type": "set", "contact": {"score": 1}})"));
  EXPECT_FALSE(has(R"({"type": "stop", "if": {"field": "contact.first_name", "operator": "matches", "value": "^a"}})")) << "the server decides, but it is no code";
}

TEST(DefinitionActions, Webhook) {
  Compiled c = CompileStep(R"({"id": "h", "type": "webhook", "url": "https://x.test", "headers": {"X-A": "1"}, "body": {"a": "{{ order.total }}"}})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& hook = std::get<WebhookStep>(c.StepCalled("h").body);
  EXPECT_EQ(hook.method, "POST");
  EXPECT_EQ(hook.headers.at(0).first, "x-a");
  EXPECT_EQ(hook.body->texts.size(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "webhook", "url": "ftp://x"})").MessageAt("/steps/0/url"), "\"url\" must begin with https:// or http://");
  EXPECT_EQ(CompileStep(R"({"type": "webhook", "url": "https://x", "headers": {"Webhook-ID": "1"}})").MessageAt("/steps/0/headers/Webhook-ID"),
            "header \"Webhook-ID\" is written by the extension or its sender");
  EXPECT_EQ(CompileStep(R"({"type": "webhook", "url": "https://x", "headers": {"a": "1", "A": "2"}})").MessageAt("/steps/0/headers/A"),
            "header \"A\" is given twice");
  EXPECT_EQ(CompileStep(R"({"type": "webhook", "url": "https://x", "method": "GET", "body": {}})").MessageAt("/steps/0/body"), "a GET request has no body");
}

TEST(DefinitionActions, NewRows) {
  Compiled c = CompileStep(R"({"id": "c", "type": "create", "entity": "opportunity", "values": {"stage": {"sql": "'new'"}}})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& value = std::get<CreateStep>(c.StepCalled("c").body).values.at(0);
  EXPECT_EQ(value.sql, "'new'");
  EXPECT_EQ(value.entities, (std::vector<std::string>{"contact", "order"}));
  EXPECT_TRUE(c.program->has_results);
  EXPECT_EQ(c.program->table.checks.size(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "create", "entity": "oportunity", "values": {}})").HintAt("/steps/0/entity"), "Did you mean \"opportunity\"?");
  EXPECT_EQ(CompileStep(R"({"type": "create", "entity": "opportunity", "values": {"stage": {"add": 1}}})").MessageAt("/steps/0/values/stage"),
            "\"add\" has no meaning in a new row");
  EXPECT_EQ(CompileStep(R"({"type": "create", "entity": "opportunity", "values": {"stage": {"sql": " "}}})").MessageAt("/steps/0/values/stage/sql"),
            "\"sql\" must be one expression, as a text");
  EXPECT_EQ(CompileStep(R"({"type": "copy", "entity": "opportunity"})").MessageAt("/steps/0/entity"),
            "\"opportunity\" is not available in this workflow: no trigger brings its row");
  EXPECT_EQ(CompileStep(R"({"type": "copy", "entity": "order", "into": "opportunity", "except": ["total"]})").MessageAt("/steps/0/except"),
            "\"opportunity\" has no field \"total\"");
}

TEST(DefinitionActions, TasksGoToTheAttachedTable) {
  const std::string task = R"({"triggers": [{"on": "order.paid"}], "steps": [{"id": "t", "type": "task", "title": "x", "role": "r", "values": {"level": 1}}]})";
  EXPECT_NE(Compile(task).At("/steps/0/values"), nullptr);
  Catalog crm = SmallCrm();
  crm.entities.push_back({.name = "task", .fields = {Column("title", TypeKind::kText), Column("level", TypeKind::kInteger)}, .events = {}});
  EXPECT_EQ(Compile(task, false, {}, crm).MessageAt("/steps/0/role"), "\"task\" has no field \"role\"");
  crm.entities.back().fields.push_back(Column("role", TypeKind::kText));
  Compiled c = Compile(task, false, {}, crm);
  ASSERT_TRUE(c.program) << c.Text();
  const auto& step = std::get<TaskStep>(c.StepCalled("t").body);
  EXPECT_EQ(step.row->values.size(), 3U);
  EXPECT_EQ(step.parts, (std::vector<TaskStep::Part>{TaskStep::Part::kTitle, TaskStep::Part::kRole}));
}

TEST(DefinitionActions, Assignments) {
  Compiled c = CompileStep(R"({"id": "a", "type": "assign", "field": "score", "by": "weighted", "users": {"7": 2, "9": 1}})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& step = std::get<AssignStep>(c.StepCalled("a").body);
  EXPECT_EQ(step.users.at(0).user, "7");
  EXPECT_EQ(step.users.at(0).weight, 2);
  EXPECT_EQ(CompileStep(R"({"type": "assign", "field": "score", "by": "round_robin", "users": ["x"]})").MessageAt("/steps/0/users/0"),
            "\"x\" is no value for \"contact.score\" of type integer");
  EXPECT_EQ(CompileStep(R"({"type": "assign", "field": "note", "by": "round_robin", "users": {"a": 1}})").MessageAt("/steps/0/users"),
            "weights belong to \"weighted\"");
  EXPECT_EQ(CompileStep(R"({"type": "assign", "field": "id", "by": "round_robin", "users": [1]})").MessageAt("/steps/0/field"),
            "\"contact.id\" cannot be changed");
  EXPECT_EQ(CompileStep(R"({"type": "assign", "field": "note", "by": "fair", "users": ["a"]})").At("/steps/0/by") != nullptr, true);
  EXPECT_EQ(CompileStep(R"({"type": "assign", "field": "note", "by": "contact.email"})").MessageAt("/steps/0"), "an assign step needs \"map\"");
}

// Each list goes on after the step, as those of an `if`.
TEST(DefinitionActions, ListsOfAnApproval) {
  Compiled c = CompileSteps(R"([{"id": "ask", "type": "approve", "title": "ok?", "timeout": "1 day", "approved": [{"id": "yes", "type": "tag", "add": ["a"]}]},
    {"id": "after", "type": "stop"}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& approve = std::get<ApproveStep>(c.StepCalled("ask").body);
  EXPECT_EQ(approve.then.approved, c.program->StepIndex("yes"));
  EXPECT_EQ(approve.then.rejected, c.program->StepIndex("after"));
  EXPECT_EQ(approve.then.timed_out, c.program->StepIndex("after"));
  EXPECT_EQ(c.StepCalled("yes").next, c.program->StepIndex("after"));
  EXPECT_NE(CompileStep(R"({"type": "approve", "title": "x", "timed_out": []})").At("/steps/0/timed_out"), nullptr);
}

TEST(DefinitionActions, ResultsOfSteps) {
  Compiled c = CompileSteps(R"([{"id": "s", "type": "call", "function": "f"}, {"type": "stop", "if": {"field": "step.s.a.b", "operator": "=", "value": 1}},
    {"type": "send", "channel": "email", "body": "{{ step.s.name }}"}])");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->table.fields.at(0).scope, Scope::kStep);
  EXPECT_EQ(c.program->table.fields.at(0).name, "s");
  EXPECT_EQ(CompileStep(R"({"type": "send", "channel": "email", "body": "{{ step.s.name }}"})").MessageAt("/steps/0/body"), "there is no step \"s\"");
  EXPECT_EQ(CompileStep(R"({"id": "s", "type": "send", "channel": "email", "body": "{{ step.s.name }}"})").MessageAt("/steps/0/body"),
            "step \"s\" gives no result");
}

TEST(DefinitionActions, Events) {
  EXPECT_EQ(CompileStep(R"({"type": "emit", "event": "paid"})").MessageAt("/steps/0/event"), "\"paid\" is no event name");
  EXPECT_EQ(CompileStep(R"({"type": "emit", "event": "order.paid"})").MessageAt("/steps/0/event", Severity::kWarning),
            "rows of an attached table make \"order.paid\" as well");
  EXPECT_EQ(CompileStep(R"({"type": "enroll"})").MessageAt("/steps/0"), "an enroll step needs \"workflow\"");
  EXPECT_EQ(CompileStep(R"({"type": "enroll", "workflow": "w", "data": []})").MessageAt("/steps/0/data"), "\"data\" must be an object, not array");
  EXPECT_TRUE(CompileTriggers(R"([{"on": "contact.unsubscribed", "filter": {"field": "event.data.campaign", "operator": "=", "value": "news"}}])").program);
}

}  // namespace
}  // namespace workflow::testing
