// Triggers that no row change makes, thresholds, and quiet before a look (definition: triggers; D10, D13, C36, C37, A42).
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

Compiled CompileTrigger(const std::string& trigger) { return Compile(R"({"triggers": [)" + trigger + R"(], "steps": [{"type": "stop"}]})"); }

TEST(DefinitionTimes, C36_ADateOfTheRecord) {
  Compiled c = CompileTrigger(R"({"on": "date", "field": "contact.birthday", "every": "year", "offset": "-3 days", "at": "09:00",
    "filter": {"field": "contact.vip", "operator": "=", "value": true}})");
  ASSERT_TRUE(c.program) << c.Text();
  const Trigger& trigger = c.program->triggers[0];
  ASSERT_TRUE(trigger.date);
  EXPECT_EQ(c.program->table.fields[trigger.date->field].name, "birthday");
  EXPECT_EQ(trigger.date->rule.every, Every::kYear);
  EXPECT_EQ(trigger.date->rule.offset.days, -3);
  EXPECT_EQ(trigger.date->rule.at->minutes, 540);
  EXPECT_FALSE(trigger.date->rule.timed);
  EXPECT_EQ(trigger.entity, "contact");
  EXPECT_TRUE(trigger.filter);
  EXPECT_EQ(c.program->settings.reentry, Reentry::kAfterExit) << "settings: recurring dates enter again";
}

TEST(DefinitionTimes, ADateOfAnotherEntity) {
  Compiled c = CompileTrigger(R"({"on": "date", "field": "order.paid_at", "offset": "2 hours"})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->triggers[0].entity, "order");
  EXPECT_EQ(c.program->triggers[0].date->rule.every, Every::kOnce);
  EXPECT_TRUE(c.program->triggers[0].date->rule.timed);
  EXPECT_EQ(c.program->settings.entry_entity, "order");
  Compiled once = CompileTrigger(R"({"on": "date", "field": "contact.birthday"})");
  ASSERT_TRUE(once.program) << once.Text();
  EXPECT_EQ(once.program->settings.reentry, Reentry::kNever) << "it does not recur";
}

TEST(DefinitionTimes, WrongDates) {
  EXPECT_EQ(CompileTrigger(R"({"on": "date"})").MessageAt("/triggers/0"), "a trigger needs \"field\"");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "contact.email"})").MessageAt("/triggers/0/field"), "\"contact.email\" is no date but of type text");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "contact.birthdya"})").HintAt("/triggers/0/field"), "Did you mean \"contact.birthday\"?");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "invoice.due"})").MessageAt("/triggers/0/field"), "\"invoice\" is no attached entity");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "contact.birthday", "every": "day"})").HintAt("/triggers/0/every"),
            "Known are \"none\", \"week\", \"month\", \"year\".");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "contact.birthday", "offset": "11 years"})").MessageAt("/triggers/0/offset"), "an offset is at most ten years");
  Compiled change = CompileTrigger(R"({"on": "date", "field": "contact.birthday", "filter": {"field": "contact.email", "operator": "changed"}})");
  EXPECT_EQ(change.HintAt("/triggers/0/filter/operator"), "No row makes this trigger's event.");
  EXPECT_EQ(CompileTrigger(R"({"on": "date", "field": "contact.birthday", "settle": "1 minute"})").MessageAt("/triggers/0/settle"), "\"settle\" is no key of a trigger");
}

TEST(DefinitionTimes, D13_ASchedule) {
  Compiled c = CompileTrigger(R"({"on": "schedule", "cron": "0 9 * * mon", "filter": {"field": "contact.score", "operator": "<", "value": 5}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->triggers[0].schedule, *ParseCron("0 9 * * 1"));
  EXPECT_EQ(c.program->triggers[0].entity, "contact");
  EXPECT_EQ(c.program->settings.reentry, Reentry::kAfterExit);
  Compiled of_orders = CompileTrigger(R"({"on": "schedule", "cron": "@daily", "entity": "order"})");
  ASSERT_TRUE(of_orders.program) << of_orders.Text();
  EXPECT_EQ(of_orders.program->settings.entry_entity, "order");
}

TEST(DefinitionTimes, WrongSchedules) {
  EXPECT_EQ(CompileTrigger(R"({"on": "schedule"})").MessageAt("/triggers/0"), "a trigger needs \"cron\"");
  EXPECT_EQ(CompileTrigger(R"({"on": "schedule", "cron": "0 25 * * *"})").MessageAt("/triggers/0/cron"), "\"25\" is no hour of a schedule");
  EXPECT_EQ(CompileTrigger(R"({"on": "schedule", "cron": "hourly"})").MessageAt("/triggers/0/cron"), "a schedule has five fields, not 1");
  EXPECT_EQ(CompileTrigger(R"({"on": "schedule", "cron": "@daily", "entity": "invoice"})").MessageAt("/triggers/0/entity"), "\"invoice\" is no attached entity");
}

TEST(DefinitionTimes, D10_A42_AScoreIsReached) {
  Compiled c = CompileTrigger(R"({"on": "score.reached", "field": "contact.balance", "value": 99.5, "filter": {"field": "contact.vip", "operator": "=", "value": true}})");
  ASSERT_TRUE(c.program) << c.Text();
  const Trigger& trigger = c.program->triggers[0];
  EXPECT_EQ(trigger.entity, "contact");
  ASSERT_TRUE(trigger.filter);
  const FieldTable& table = c.program->table;
  std::vector<Value> values(table.fields.size());
  const auto outcome = [&](const Value& old, const Value& now, bool vip) {
    std::vector<const Value*> facts;
    for (size_t i = 0; i < table.fields.size(); ++i) {
      values[i] = table.fields[i].scope == Scope::kOld ? old : table.fields[i].name == "vip" ? Value(vip) : now;
    }
    for (const Value& value : values) facts.push_back(&value);
    return Evaluate(*trigger.filter, facts, {}, nullptr);
  };
  const auto number = [](const char* text) { return Value(*Decimal::Parse(text)); };
  EXPECT_EQ(outcome(number("99.4"), number("99.5"), true), Outcome::kTrue);
  EXPECT_EQ(outcome(Value(), number("120"), true), Outcome::kTrue) << "it was not there before";
  EXPECT_EQ(outcome(number("99.4"), number("99.5"), false), Outcome::kFalse) << "and the filter";
  EXPECT_EQ(outcome(number("99.5"), number("120"), true), Outcome::kFalse) << "it was there already";
  EXPECT_EQ(outcome(number("120"), number("99"), true), Outcome::kFalse) << "it falls";
  EXPECT_EQ(outcome(number("99"), Value(), true), Outcome::kNull);
  Compiled short_form = CompileTrigger(R"({"on": "score.reached", "value": 50})");
  ASSERT_TRUE(short_form.program) << short_form.Text();
  EXPECT_EQ(short_form.program->table.fields[0].name, "score") << "the contact's score";
  Compiled by_hand = CompileTrigger(R"({"on": "score.reached", "filter": {"field": "event.data.score", "operator": ">", "value": 50}})");
  ASSERT_TRUE(by_hand.program) << by_hand.Text();
  EXPECT_EQ(by_hand.program->triggers[0].entity, "") << "emit() makes it";
}

TEST(DefinitionTimes, WrongScores) {
  EXPECT_EQ(CompileTrigger(R"({"on": "score.reached", "field": "contact.score"})").MessageAt("/triggers/0"), "a trigger needs \"value\"");
  EXPECT_EQ(CompileTrigger(R"({"on": "score.reached", "value": "fifty"})").MessageAt("/triggers/0/value"), "the value of a score must be a number");
  EXPECT_EQ(CompileTrigger(R"({"on": "score.reached", "field": "contact.email", "value": 5})").MessageAt("/triggers/0/field"), "\"contact.email\" is no number but of type text");
  EXPECT_EQ(CompileTrigger(R"({"on": "score.reached", "field": "contact.scoer", "value": 5})").HintAt("/triggers/0/field"), "Did you mean \"contact.score\"?");
  EXPECT_EQ(CompileTrigger(R"({"on": "contact.updated", "value": 5})").MessageAt("/triggers/0/value"), "\"value\" is no key of a trigger");
}

TEST(DefinitionTimes, AScoreIsWaitedForAndAGoal) {
  Compiled c = Compile(R"({"triggers": [{"on": "contact.created"}], "goals": [{"id": "hot", "on": "score.reached", "value": 80}],
    "settings": {"exit": {"on": "score.reached", "field": "contact.score", "value": 100}}, "steps": [
    {"type": "wait", "until_event": {"on": "score.reached", "value": 50}, "timeout": "1 day"}]})");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->listeners.size(), 3U);
  for (const Listener& listener : c.program->listeners) {
    EXPECT_EQ(listener.entity, "contact");
    EXPECT_TRUE(listener.filter);
  }
}

TEST(DefinitionTimes, SettleWaitsForQuiet) {
  Compiled c = CompileTrigger(R"({"on": "contact.created", "settle": "2 minutes", "filter": {"field": "contact.tags", "operator": "contains", "value": "lead"}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->triggers[0].settle_us, 2 * kMinute);
  EXPECT_EQ(CompileTrigger(R"({"on": "cart.updated", "settle": "1 day"})").program->triggers[0].settle_us, kDay);
  for (const char* settle : {"0 minutes", "-1 minute", "31 days", "1 month"}) {
    EXPECT_EQ(CompileTrigger(std::string(R"({"on": "contact.created", "settle": ")") + settle + "\"}").MessageAt("/triggers/0/settle"),
              "\"settle\" must be longer than nothing and at most 30 days") << settle;
  }
  EXPECT_EQ(CompileTrigger(R"({"on": "manual", "settle": "1 minute"})").MessageAt("/triggers/0/settle"), "a manual trigger has nothing to settle");
  EXPECT_EQ(CompileTrigger(R"({"on": "contact.deleted", "settle": "1 minute"})").MessageAt("/triggers/0/settle"), "a deleted row cannot be looked at once more");
}

// Semantics 8: what enroll_existing adds.
TEST(DefinitionTimes, Semantics8_OneTriggerMore) {
  const Json definition = ParseJson(R"({"triggers": [{"on": "order.paid"}], "steps": [{"type": "stop"}]})");
  Problems problems;
  const auto program = CompileWithFilter(definition, SmallCrm(), ParseJson(R"({"field": "order.total", "operator": ">", "value": 10})"), "order", &problems);
  ASSERT_TRUE(program);
  ASSERT_EQ(program->triggers.size(), 2U);
  EXPECT_EQ(program->triggers[1].entity, "order");
  EXPECT_TRUE(program->triggers[1].filter);
  EXPECT_EQ(EntityOfEntry(*program), "order");
  EXPECT_FALSE(CompileWithFilter(definition, SmallCrm(), ParseJson(R"({"field": "order.totla", "operator": ">", "value": 10})"), "order", &problems));
  ASSERT_EQ(problems.list().size(), 1U);
  EXPECT_EQ(problems.list()[0].path, "/field");
}

}  // namespace
}  // namespace workflow::testing
