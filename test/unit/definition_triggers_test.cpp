#include "definition_fixture.h"

namespace workflow::testing {
namespace {

// A23: a trigger, optional filters, then actions.
TEST(DefinitionTriggers, A23_TriggerFilterActions) {
  Compiled c = Compile(R"({"description": "Welcome", "triggers": [{"on": "contact.created",
    "filter": {"field": "contact.email", "operator": "notNull"}}], "steps": [{"type": "send", "channel": "email", "template": "welcome"}]})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->description, "Welcome");
  ASSERT_EQ(c.program->triggers.size(), 1U);
  EXPECT_EQ(c.program->triggers[0].on, "contact.created");
  EXPECT_EQ(c.program->triggers[0].entity, "contact");
  ASSERT_TRUE(c.program->triggers[0].filter);
  EXPECT_EQ(FieldsOf(*c.program->triggers[0].filter), std::vector<uint32_t>{0});
  EXPECT_EQ(c.program->table.fields.at(0).name, "email");
  EXPECT_TRUE(c.problems.list().empty()) << c.Text();
}

// A08: more than one trigger; A10: filters are optional.
TEST(DefinitionTriggers, A08_A10_SeveralTriggersFilterOptional) {
  Compiled c =
      CompileTriggers(R"([{"on": "contact.created"}, {"on": "order.paid"}, {"on": "manual"}, {"on": "cart.abandoned"}])");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->triggers.size(), 4U);
  EXPECT_EQ(c.program->triggers[1].entity, "order");
  EXPECT_EQ(c.program->triggers[2].entity, "");
  EXPECT_EQ(c.program->triggers[3].entity, "");
  for (const Trigger& trigger : c.program->triggers) EXPECT_FALSE(trigger.filter);
}

// A11: several filters on one trigger are joined by "and".
TEST(DefinitionTriggers, A11_ListOfRulesIsAnd) {
  Compiled c = CompileTriggers(R"([{"on": "order.updated", "filter": [
    {"field": "order.status", "operator": "changedTo", "value": "paid"}, {"field": "contact.vip", "operator": "=", "value": true}]}])");
  ASSERT_TRUE(c.program) << c.Text();
  const ConditionNode& root = c.program->triggers[0].filter->root;
  EXPECT_EQ(root.kind, ConditionNode::Kind::kAnd);
  ASSERT_EQ(root.children.size(), 2U);
  ASSERT_TRUE(root.children[0].old_field);
  EXPECT_EQ(c.program->table.fields[*root.children[0].old_field].scope, Scope::kOld);
  EXPECT_EQ(c.program->table.fields[root.children[1].field].entity, "contact");
}

// Semantics 1: old.* is the row before; event.* is the event.
TEST(DefinitionTriggers, Semantics1_OldAndEventAreKnownInFilters) {
  Compiled c = CompileTriggers(R"([{"on": "order.updated", "filter": [
    {"field": "old.status", "operator": "=", "value": "draft"}, {"field": "event.name", "operator": "=", "value": "order.updated"}]},
    {"on": "cart.abandoned", "filter": {"field": "event.data.cart.total", "operator": ">", "value": 10}}])");
  ASSERT_TRUE(c.program) << c.Text();
  const std::vector<Field>& fields = c.program->table.fields;
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[0].scope, Scope::kOld);
  EXPECT_EQ(fields[0].entity, "order");
  EXPECT_TRUE(fields[0].nullable);
  EXPECT_EQ(fields[1].scope, Scope::kEvent);
  EXPECT_EQ(fields[2].name, "data");
  EXPECT_EQ(fields[2].path, (std::vector<std::string>{"cart", "total"}));
}

TEST(DefinitionTriggers, PathsGoIntoJsonOnly) {
  Compiled c = CompileTriggers(R"([{"on": "contact.created", "filter": [
    {"field": "contact.address.city", "operator": "=", "value": "Bandung"}, {"field": "contact.email.domain", "operator": "notNull"},
    {"field": "contact.address..city", "operator": "notNull"}]}])");
  EXPECT_EQ(c.Errors(), 2U) << c.Text();
  EXPECT_NE(c.At("/triggers/0/filter/1/field"), nullptr);
  EXPECT_NE(c.At("/triggers/0/filter/2/field"), nullptr);
}

// What a filter may not name: other entities, what does not exist before entering, what is not built.
TEST(DefinitionTriggers, UnknownNamesInFilters) {
  Compiled c = CompileTriggers(R"([{"on": "contact.created", "filter": [
    {"field": "order.status", "operator": "notNull"}, {"field": "enrollment.version", "operator": "=", "value": 1},
    {"field": "message.hello.opened_at", "operator": "notNull"}, {"field": "email", "operator": "notNull"},
    {"field": "event.nmae", "operator": "notNull"}, {"field": "contcat.email", "operator": "notNull"}]}])");
  EXPECT_EQ(c.Errors(), 6U) << c.Text();
  const std::string rules = "/triggers/0/filter/";
  EXPECT_NE(c.MessageAt(rules + "0/field").find("not available"), std::string::npos);
  EXPECT_NE(c.HintAt(rules + "0/field").find("\"contact\", \"event\", \"old\""), std::string::npos);
  EXPECT_NE(c.MessageAt(rules + "1/field").find("only in steps"), std::string::npos);
  EXPECT_EQ(c.MessageAt(rules + "2/field"), "\"message\" is known only in steps");
  EXPECT_EQ(c.HintAt(rules + "3/field"), "Did you mean \"contact.email\"?");
  EXPECT_EQ(c.HintAt(rules + "4/field"), "Did you mean \"event.name\"?");
  EXPECT_EQ(c.HintAt(rules + "5/field"), "Did you mean \"contact\"?");
}

TEST(DefinitionTriggers, ChangesAreKnownForTheRowOfTheEventOnly) {
  Compiled c = CompileTriggers(R"([
    {"on": "order.updated", "filter": {"field": "contact.email", "operator": "changed"}},
    {"on": "cart.abandoned", "filter": {"field": "contact.email", "operator": "becameNull"}},
    {"on": "cart.abandoned", "filter": {"field": "old.email", "operator": "null"}},
    {"on": "order.updated", "filter": {"field": "old.status", "operator": "changed"}}])");
  EXPECT_EQ(c.Errors(), 4U) << c.Text();
  EXPECT_EQ(c.HintAt("/triggers/0/filter/operator"), "They are known for fields of \"order\".");
  EXPECT_NE(c.At("/triggers/2/filter/field"), nullptr);
}

TEST(DefinitionTriggers, WrongEvents) {
  Compiled c = CompileTriggers(R"([{"on": "order.payed"}, {"on": "created"}, {"on": "message.openend"}, {"on": "score.lost"},
    {"on": "workflow.ended"}, {"on": "campaign.exitde"}, {"filter": []}, {"on": "manual", "filter": {"field": "contact.vip", "operator": "notNull"}},
    {"on": "a b.c"}, {"on": 1}, "contact.created", {"on": ".x"}])");
  EXPECT_EQ(c.HintAt("/triggers/0/on"), "Did you mean \"order.paid\"?");
  EXPECT_EQ(c.HintAt("/triggers/2/on"), "Did you mean \"message.opened\"?");
  EXPECT_EQ(c.MessageAt("/triggers/3/on"), "\"score.lost\" is no event of a score");
  EXPECT_EQ(c.MessageAt("/triggers/4/on"), "\"workflow.ended\" is no event of a workflow");
  EXPECT_EQ(c.HintAt("/triggers/5/on"), "Did you mean \"campaign.exited\"?");
  EXPECT_EQ(c.MessageAt("/triggers/6"), "a trigger needs \"on\"");
  EXPECT_EQ(c.MessageAt("/triggers/7/filter"), "a manual trigger has no filter");
  EXPECT_EQ(c.MessageAt("/triggers/10"), "a trigger must be an object, not \"contact.created\"");
  EXPECT_EQ(c.Errors(), 12U) << c.Text();
}

// A name by emit() is accepted, but a slip of the hand is told.
TEST(DefinitionTriggers, CustomEventsThatLookLikeASlip) {
  Compiled c = CompileTriggers(R"([{"on": "contcat.created"}])");
  EXPECT_TRUE(c.program);
  EXPECT_EQ(c.HintAt("/triggers/0/on", Severity::kWarning), "Did you mean \"contact.created\"?");
  EXPECT_TRUE(CompileTriggers(R"([{"on": "cart.abandoned"}])").problems.list().empty());
}

// A trigger that cannot be read is one problem; what it would have brought is not missed elsewhere.
TEST(DefinitionTriggers, OneMistakeIsOneProblem) {
  Compiled c = Compile(R"({"triggers": [{"on": "paid"}], "settings": {"entry_key": "order"}, "steps": [
    {"type": "send", "channel": "email", "body": "{{ order.total }}", "if": {"field": "order.total", "operator": ">", "value": 10}}]})");
  EXPECT_EQ(c.Errors(), 1U) << c.Text();
  EXPECT_EQ(c.problems.list().size(), 1U) << c.Text();
}

// An attached table called like a name of the language is meant where it is named.
TEST(DefinitionTriggers, AttachedTableNamedAccount) {
  Catalog catalog = SmallCrm();
  catalog.entities.push_back({.name = "account", .fields = {Column("plan", TypeKind::kText)}, .events = {{"account.created"}}});
  Compiled c =
      Compile(R"({"triggers": [{"on": "account.created", "filter": {"field": "account.plan", "operator": "=", "value": "pro"}}],
    "steps": [{"type": "send", "channel": "email", "body": "{{ account.plan }}"}]})",
              false, {}, catalog);
  EXPECT_TRUE(c.program) << c.Text();
}

}  // namespace
}  // namespace workflow::testing
