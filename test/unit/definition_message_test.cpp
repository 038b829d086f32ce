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
