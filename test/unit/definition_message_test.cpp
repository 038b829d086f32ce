// message.<step>: what a definition may ask about the messages of its own steps.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

Compiled WithCondition(const std::string& field) {
  return Compile(R"({"triggers": [{"on": "manual"}], "steps": [{"id": "hello", "type": "send", "channel": "email", "body": "b"},
    {"id": "w", "type": "wait", "for": "1 day"}, {"id": "c", "type": "if", "if": {"field": ")" + field + R"(", "operator": "notNull"}, "then": [{"type": "stop"}]}]})");
}

TEST(DefinitionMessages, FieldsOfASendStep) {
  for (const char* name : {"sent_at", "delivered_at", "opened_at", "clicked_at", "replied_at", "bounced_at", "machine_opened_at", "machine_clicked_at", "outcome"}) {
    Compiled c = WithCondition(std::string("message.hello.") + name);
    ASSERT_TRUE(c.program) << name << c.Text();
    ASSERT_EQ(c.program->table.fields.size(), 1U);
    const Field& field = c.program->table.fields[0];
    EXPECT_EQ(field.scope, Scope::kMessage);
    EXPECT_EQ(field.entity, "hello");
    EXPECT_EQ(field.name, name);
    EXPECT_EQ(field.type.kind, std::string(name) == "outcome" ? TypeKind::kText : TypeKind::kTimestamptz);
  }
}

std::vector<std::string> LooksAt(const std::string& field) {
  Compiled c = Compile(R"({"triggers": [{"on": "manual"}], "steps": [{"id": "hello", "type": "send", "channel": "email", "body": "b"},
    {"id": "w", "type": "wait", "forever": true, "until": {"field": ")" + field + R"(", "operator": "notNull"}}]})");
  std::vector<std::string> events;
  if (!c.program) return {c.Text()};
  for (const Listener& listener : c.program->listeners) {
    EXPECT_EQ(listener.kind, Listener::Kind::kLook);
    events.push_back(listener.on);
  }
  const auto& wait = std::get<WaitStep>(c.program->steps[1].body);
  EXPECT_EQ(wait.hourly, events.empty());
  return events;
}

TEST(DefinitionMessages, Semantics18_TheEventsThatChangeAField) {
  EXPECT_EQ(LooksAt("message.hello.opened_at"), std::vector<std::string>{"message.opened"});
  EXPECT_EQ(LooksAt("message.hello.machine_clicked_at"), std::vector<std::string>{"message.clicked"});
  EXPECT_TRUE(LooksAt("message.hello.sent_at").empty());  // every hour
  EXPECT_TRUE(LooksAt("message.hello.outcome").empty());
  EXPECT_TRUE(WithCondition("message.hello.opened_at").program->listeners.empty());  // read only when the step is taken
}

TEST(DefinitionMessages, WhatThereIsNot) {
  const std::string at = "/steps/2/if/field";
  EXPECT_EQ(WithCondition("message.helo.opened_at").MessageAt(at), "no step \"helo\" sends a message");
  EXPECT_EQ(WithCondition("message.helo.opened_at").HintAt(at), "Did you mean \"message.hello\"?");
  EXPECT_EQ(WithCondition("message.w.opened_at").MessageAt(at), "no step \"w\" sends a message");
  EXPECT_EQ(WithCondition("message.hello.opend_at").HintAt(at), "Did you mean \"message.hello.opened_at\"?");
  EXPECT_EQ(WithCondition("message.hello").MessageAt(at), "\"message.hello\" is not known");
}

}  // namespace
}  // namespace workflow::testing
