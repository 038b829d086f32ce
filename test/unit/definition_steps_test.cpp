// Steps that act: send, set, tag, stop; and how they are named.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

// A13, D01: actions in order, the last one ends the workflow.
TEST(DefinitionSteps, A13_D01_StepsFollowEachOther) {
  Compiled c = CompileSteps(
      R"([{"type": "wait", "for": "1 day"}, {"type": "tag", "add": ["buyer"]}, {"type": "stop", "reason": "done"}])");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->steps.size(), 3U);
  EXPECT_EQ(c.program->steps[0].next, 1);
  EXPECT_EQ(c.program->steps[1].next, 2);
  EXPECT_EQ(c.program->steps[2].next, kEndOfSteps);
  EXPECT_STREQ(StepTypeName(c.program->steps[0]), "wait");
  EXPECT_STREQ(StepTypeName(c.program->steps[1]), "tag");
  EXPECT_EQ(c.program->steps[1].path, "/steps/1");
  EXPECT_EQ(std::get<StopStep>(c.program->steps[2].body).reason, "done");
}

// A12: filters on steps as well as on triggers.
TEST(DefinitionSteps, A12_EveryStepMayHaveAFilter) {
  Compiled c = CompileStep(R"({"type": "send", "channel": "email", "template": "welcome",
                               "if": {"field": "order.total", "operator": ">=", "value": 19.99}})");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_TRUE(c.program->steps[0].filter);
  EXPECT_EQ(c.program->steps[0].filter->root.values.at(0), Value(*Decimal::Parse("19.99")));
}

// D02: what the event and the enrollment carry is there in steps.
TEST(DefinitionSteps, D02_FieldsOfSteps) {
  Compiled c = CompileStep(R"({"type": "stop", "if": [
    {"field": "contact.vip", "operator": "=", "value": true}, {"field": "order.total", "operator": ">", "value": 1},
    {"field": "event.data.source", "operator": "=", "value": "ad"}, {"field": "enrollment.data.plan.name", "operator": "=", "value": "pro"},
    {"field": "enrollment.entered_at", "operator": "withinLast", "value": "7 days"}, {"field": "enrollment.version", "operator": "=", "value": 2}]})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->table.fields.size(), 6U);
  EXPECT_EQ(c.program->table.fields[3].path, (std::vector<std::string>{"plan", "name"}));
}

TEST(DefinitionSteps, WhatStepsDoNotKnow) {
  Compiled c = CompileStep(R"({"type": "stop", "if": [
    {"field": "old.status", "operator": "=", "value": "a"}, {"field": "order.status", "operator": "changed"},
    {"field": "opportunity.stage", "operator": "=", "value": "won"}, {"field": "step.call.result", "operator": "notNull"},
    {"field": "workflow.welcome.active", "operator": "=", "value": true}, {"field": "account.name", "operator": "notNull"}]})");
  EXPECT_EQ(c.Errors(), 5U) << c.Text();
  EXPECT_EQ(c.MessageAt("/steps/0/if/3/field"), "there is no step \"call\"");
  EXPECT_EQ(c.MessageAt("/steps/0/if/0/field"), "\"old\" is known only in the filter of a trigger");
  EXPECT_EQ(c.MessageAt("/steps/0/if/1/operator"), "a change is known only in the filter of a trigger");
  EXPECT_EQ(c.HintAt("/steps/0/if/2/field"), "Available are \"contact\", \"order\", \"event\", \"enrollment\", \"message\", \"account\", \"workflow\".");
}

// An entity that only one of the triggers brings may be used, with a warning.
TEST(DefinitionSteps, EntitiesOfSomeTriggers) {
  Compiled c =
      Compile(R"({"triggers": [{"on": "contact.created"}, {"on": "order.paid"}], "settings": {"entry_key": "contact"}, "steps": [
    {"type": "send", "channel": "email", "body": "{{ order.total }} {{ contact.email }}"}]})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_NE(c.MessageAt("/steps/0/body", Severity::kWarning).find("does not come with every trigger"), std::string::npos);
  EXPECT_EQ(c.problems.list().size(), 1U) << c.Text();
}

TEST(DefinitionSteps, IdsAreGivenAndUnique) {
  Compiled c = CompileSteps(R"([{"type": "stop", "id": "send-1"}, {"type": "send", "channel": "email", "template": "welcome"},
    {"type": "send", "channel": "email", "template": "welcome", "id": "x"}, {"type": "send", "channel": "email", "template": "welcome"},
    {"type": "if", "if": {"field": "contact.vip", "operator": "=", "value": true}, "then": [{"type": "stop"}]}])");
  ASSERT_TRUE(c.program) << c.Text();
  std::vector<std::string> ids;
  for (const Step& step : c.program->steps) ids.push_back(step.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"send-1", "send-2", "x", "send-3", "if-1", "stop-2"}));
  EXPECT_EQ(c.program->StepIndex("send-3"), 3);
  EXPECT_EQ(c.program->StepIndex("nobody"), kEndOfSteps);
  Compiled wrong =
      CompileSteps(R"([{"type": "stop", "id": "a.b"}, {"type": "stop", "id": ""}, {"type": "stop", "id": 1}, {"id": "q"}, 7])");
  EXPECT_EQ(wrong.Errors(), 5U) << wrong.Text();
  EXPECT_EQ(wrong.MessageAt("/steps/3"), "a step needs \"type\"");
}

TEST(DefinitionSteps, StepsAfterAStopAreTold) {
  Compiled c = CompileSteps(R"([{"type": "stop"}, {"type": "tag", "add": ["a"]}])");
  EXPECT_NE(c.At("/steps/1", Severity::kWarning), nullptr);
}

TEST(DefinitionSend, StoredTemplates) {
  Compiled c = CompileSteps(R"([{"type": "send", "id": "a", "channel": "email", "template": "receipt@3", "kind": "reminder"},
                                {"type": "send", "id": "b", "channel": "email", "template": "welcome", "to": "contact"}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& a = std::get<SendStep>(c.StepCalled("a").body);
  EXPECT_EQ(a.template_name, "receipt");
  EXPECT_EQ(a.template_version, 3);
  EXPECT_EQ(a.kind, "reminder");
  const auto& b = std::get<SendStep>(c.StepCalled("b").body);
  EXPECT_FALSE(b.template_version);
  EXPECT_FALSE(b.to);
  EXPECT_EQ(b.kind, "message");
  // Stored templates may change after publishing, so what they read is no part of the program.
  EXPECT_TRUE(c.program->references.empty());
  for (const char* wrong : {"welcome@", "welcome@0", "welcome@x", "@3", "", "welcome@99999999999"}) {
    EXPECT_EQ(CompileStep(R"({"type": "send", "channel": "email", "template": ")" + std::string(wrong) + "\"}").Errors(), 1U)
        << wrong;
  }
}

TEST(DefinitionSend, UnknownTemplatesAreErrorsWhenPublished) {
  const char* text =
      R"({"triggers": [{"on": "contact.created"}], "steps": [{"type": "send", "channel": "email", "template": "welcom"},
                         {"type": "send", "channel": "sms", "template": "welcome"}]})";
  Compiled draft = Compile(text);
  EXPECT_TRUE(draft.program);
  EXPECT_EQ(draft.HintAt("/steps/0/template", Severity::kWarning), "Did you mean \"welcome\"?");
  EXPECT_EQ(draft.MessageAt("/steps/1/template", Severity::kWarning), "template \"welcome\" has no text for channel \"sms\"");
  EXPECT_EQ(Compile(text, true).Errors(), 2U);
}

// D18, "which names are valid for which trigger is checked": a stored template's names count where it is used.
TEST(DefinitionSend, NamesOfStoredTemplatesAreChecked) {
  EXPECT_EQ(CompileStep(R"({"type": "send", "channel": "email", "template": "broken"})").HintAt("/steps/0/template"),
            "Did you mean \"contact.first_name\"?");
  EXPECT_NE(
      CompileStep(R"({"type": "send", "channel": "email", "template": "receipt"})", "contact.created").At("/steps/0/template"),
      nullptr);
}

TEST(DefinitionSend, InlineTexts) {
  Compiled c =
      CompileStep(R"({"type": "send", "channel": "push", "subject": "Hi {{ contact.first_name }}", "body": "{{ order.total }}",
    "data": {"n": 1, "list": ["a {{ event.data.x.y }}", {"deep": "{{ enrollment.data.z }}"}]}, "to": "{{ contact.email }}"})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& send = std::get<SendStep>(c.program->steps[0].body);
  EXPECT_TRUE(send.subject && send.body && send.data && send.to);
  EXPECT_EQ(send.data_texts.size(), 2U);
  EXPECT_EQ(c.program->references,
            (std::vector<std::string>{"contact.email", "contact.first_name", "enrollment.data", "event.data", "order.total"}));
}

TEST(DefinitionSend, WrongNamesInTexts) {
  Compiled c = CompileStep(R"({"type": "send", "channel": "email", "subject": "{{ contact.frist_name }}",
    "body": "{{ first_name }} {{ workflow.name }}", "data": {"a/b": ["{{ oder.total }}", "{% nonsense %}"]}, "to": "{{ opportunity.stage }}"})");
  EXPECT_EQ(c.Errors(), 5U) << c.Text();
  EXPECT_EQ(c.HintAt("/steps/0/subject"), "Did you mean \"contact.first_name\"?");
  EXPECT_EQ(c.HintAt("/steps/0/body"), "Did you mean \"contact.first_name\"?");
  EXPECT_EQ(c.HintAt("/steps/0/data/a~1b/0"), "Did you mean \"order\"?");
  EXPECT_NE(c.At("/steps/0/data/a~1b/1"), nullptr);
  EXPECT_NE(c.At("/steps/0/to"), nullptr);
}

TEST(DefinitionSend, WrongShapes) {
  Compiled c = CompileSteps(R"([{"type": "send", "channel": "email"}, {"type": "send", "template": "welcome"},
    {"type": "send", "channel": "email", "template": "welcome", "body": "x"}, {"type": "send", "channel": "e mail", "body": "x"},
    {"type": "send", "channel": "email", "body": 1}, {"type": "send", "channel": "email", "data": []},
    {"type": "send", "channel": "email", "body": "x", "to": "owner"}, {"type": "send", "channel": "email", "body": "x", "to": "team:sales"},
    {"type": "send", "channel": "email", "body": "x", "kind": "messge"}, {"type": "send", "channel": "email", "body": "x", "sender": {}},
    {"type": "send", "chanel": "email", "body": "x"}])");
  EXPECT_EQ(c.Errors(), 11U) << c.Text();
  EXPECT_EQ(c.MessageAt("/steps/1"), "a send step needs \"channel\"");
  EXPECT_NE(c.MessageAt("/steps/6/to").find("nobody knows the owner"), std::string::npos);
  EXPECT_EQ(c.HintAt("/steps/8/kind"), "Did you mean \"message\"?");
  EXPECT_EQ(c.HintAt("/steps/10/chanel"), "Did you mean \"channel\"?");
}

// A17: update a contact's field: literals, texts, null, sums.
TEST(DefinitionSet, A17_Values) {
  Compiled c =
      CompileStep(R"({"type": "set", "values": {"contact.stage": "warm", "contact.score": {"add": 10}, "contact.email": null,
    "contact.note": "Hi {{ contact.first_name }}", "contact.tags": ["a"], "contact.balance": 19.99, "contact.fee": "12.00", "contact.vip": true}})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& set = std::get<SetStep>(c.program->steps[0].body);
  EXPECT_EQ(set.entity, "contact");
  ASSERT_EQ(set.assignments.size(), 8U);
  EXPECT_EQ(set.assignments[0].column, "stage");
  EXPECT_EQ(set.assignments[0].value, Value(std::string("warm")));
  EXPECT_EQ(set.assignments[1].add, Decimal(10));
  ASSERT_TRUE(set.assignments[2].value);
  EXPECT_TRUE(set.assignments[2].value->is_null());
  EXPECT_TRUE(set.assignments[3].text);
  EXPECT_EQ(set.assignments[5].value, Value(*Decimal::Parse("19.99")));
  EXPECT_TRUE(set.assignments[6].text);
  EXPECT_EQ(c.program->references, std::vector<std::string>{"contact.first_name"});
}

TEST(DefinitionSet, A17_ShortForm) {
  Compiled c = CompileStep(R"({"type": "set", "order": {"status": "thanked"}})");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& set = std::get<SetStep>(c.program->steps[0].body);
  EXPECT_EQ(set.entity, "order");
  EXPECT_EQ(set.assignments.at(0).column, "status");
}

TEST(DefinitionSet, WrongValues) {
  Compiled c = CompileStep(
      R"({"type": "set", "values": {"contact.stage": "wram", "contact.note": null, "contact.id": 5, "contact.scroe": 1,
    "contact.email": {"add": 1}, "contact.score": {"add": 1.5}, "contact.balance": {"add": "x"}, "contact.first_name": {"sql": "current_date"},
    "contact.vip": "maybe", "order.status": "x", "stage": "warm", "opportunity.stage": "won"}})");
  EXPECT_EQ(c.Errors(), 11U) << c.Text();
  EXPECT_EQ(c.HintAt("/steps/0/values/contact.stage"), "Did you mean \"warm\"?");
  EXPECT_EQ(c.HintAt("/steps/0/values/contact.scroe"), "Did you mean \"contact.score\"?");
  EXPECT_EQ(c.HintAt("/steps/0/values/order.status"), "Use two steps.");
  EXPECT_NE(c.At("/steps/0/values/contact.score/add"), nullptr);
  EXPECT_EQ(CompileStep(R"({"type": "set"})").Errors(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "set", "values": {}})").Errors(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "set", "contact": {"stage": "warm"}, "order": {"status": "x"}})").Errors(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "set", "contact": {"stage": "warm"}, "values": {"contact.stage": "cold"}})").Errors(), 1U);
  EXPECT_EQ(CompileStep(R"({"type": "set", "contcat": {"stage": "warm"}})").Errors(), 2U);
}

// C16: tags are added and removed.
TEST(DefinitionTag, C16_AddAndRemove) {
  Compiled c = CompileSteps(R"([{"type": "tag", "add": ["buyer", "active reader"], "remove": ["lead"]}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& tag = std::get<TagStep>(c.program->steps[0].body);
  EXPECT_EQ(tag.entity, "contact");
  EXPECT_EQ(tag.add, (std::vector<std::string>{"buyer", "active reader"}));
  EXPECT_EQ(tag.remove, std::vector<std::string>{"lead"});
  EXPECT_TRUE(CompileStep(R"({"type": "tag", "entity": "opportunity", "add": ["hot"]})", "opportunity.created").program);
  for (const char* wrong :
       {R"("x": 1)", R"("add": [])", R"("add": "lead")", R"("add": [1])", R"("add": [""])", R"("add": ["a"], "remove": ["a"])",
        R"("add": ["a"], "entity": "order")", R"("add": ["{{ contact.email }}"])", R"("add": ["a"], "entity": "opportunity")"}) {
    EXPECT_GE(CompileStep(R"({"type": "tag", )" + std::string(wrong) + "}").Errors(), 1U) << wrong;
  }
}

}  // namespace
}  // namespace workflow::testing
