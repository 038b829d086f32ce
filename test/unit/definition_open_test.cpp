// What a definition says about events that a live enrollment waits for: open waits, goals, exits, responses; and split and goto.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

const WaitStep& WaitAt(const Compiled& c, std::string_view id) { return std::get<WaitStep>(c.StepCalled(id).body); }
const Listener& ListenerAt(const Compiled& c, size_t index) { return c.program->listeners.at(index); }

// C27: conditions on messages are looked at when receipts come, once for each kind; what no event tells is looked at by the hour.
TEST(DefinitionOpenWait, C27_ConditionsOnMessagesListen) {
  Compiled c = CompileSteps(R"([{"id": "s", "type": "send", "channel": "email", "template": "welcome"},
      {"id": "w", "type": "wait", "until": [{"field": "message.s.opened_at", "operator": "notNull"}, {"field": "message.s.machine_opened_at", "operator": "null"}], "timeout": "3 days"},
      {"id": "v", "type": "wait", "until": {"field": "message.s.outcome", "operator": "=", "value": "sent"}, "timeout": "3 days"}])",
                            "contact.created");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->listeners.size(), 1U);
  EXPECT_EQ(ListenerAt(c, 0).kind, Listener::Kind::kLook);
  EXPECT_EQ(ListenerAt(c, 0).on, "message.opened");
  EXPECT_FALSE(WaitAt(c, "w").hourly);
  EXPECT_TRUE(WaitAt(c, "v").hourly);
}

// Semantics 18: an event by name or with a filter, a timeout and what follows it.
TEST(DefinitionOpenWait, Semantics18_UntilEvent) {
  Compiled c = CompileSteps(R"([{"id": "w", "type": "wait", "until_event": {"on": "order.paid", "filter":
      {"field": "order.total", "operator": ">", "value": 10}}, "timeout": "3 days", "lookback": "since_step",
      "on_timeout": [{"id": "late", "type": "tag", "add": ["slow"]}]}, {"id": "end", "type": "stop"}])",
                            "contact.created");
  ASSERT_TRUE(c.program) << c.Text();
  const WaitStep& wait = WaitAt(c, "w");
  EXPECT_EQ(wait.kind, WaitStep::Kind::kUntilEvent);
  EXPECT_EQ(wait.lookback, Lookback::kSinceStep);
  EXPECT_EQ(wait.timeout, Duration{.days = 3});
  EXPECT_EQ(wait.on_timeout, c.program->StepIndex("late"));
  EXPECT_EQ(c.StepCalled("late").next, c.program->StepIndex("end"));
  const Listener& listener = ListenerAt(c, static_cast<size_t>(wait.listener));
  EXPECT_EQ(listener.kind, Listener::Kind::kWait);
  EXPECT_EQ(listener.index, c.program->StepIndex("w"));
  EXPECT_EQ(listener.on, "order.paid");
  EXPECT_EQ(listener.entity, "order");
  EXPECT_TRUE(listener.filter);
  Compiled plain = CompileStep(R"({"id": "w", "type": "wait", "until_event": "cart.opened", "forever": true})");
  ASSERT_TRUE(plain.program) << plain.Text();
  EXPECT_EQ(WaitAt(plain, "w").on_timeout, kEndOfSteps);
  EXPECT_FALSE(WaitAt(plain, "w").timeout);
  EXPECT_EQ(WaitAt(plain, "w").lookback, Lookback::kSinceEntry);
}

TEST(DefinitionOpenWait, Semantics18_UntilACondition) {
  Compiled c = CompileStep(R"({"id": "w", "type": "wait", "until": {"field": "contact.vip", "operator": "=", "value": true}, "timeout": "1 day"})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(WaitAt(c, "w").kind, WaitStep::Kind::kUntilCondition);
  EXPECT_TRUE(WaitAt(c, "w").condition);
  EXPECT_FALSE(WaitAt(c, "w").hourly);
  Catalog crm = SmallCrm();
  crm.entities[0].fields[9].derived = true;  // vip, given by a query: no event tells of it
  Compiled hourly = Compile(R"({"triggers": [{"on": "manual"}], "steps": [{"id": "w", "type": "wait", "forever": true,
      "until": {"field": "contact.vip", "operator": "=", "value": true}}]})", false, {}, crm);
  ASSERT_TRUE(hourly.program) << hourly.Text();
  EXPECT_TRUE(WaitAt(hourly, "w").hourly);
}

struct Wrong {
  const char* text;
  const char* path;
  const char* message;
};

TEST(DefinitionOpenWait, WrongShapes) {
  const Wrong wrongs[] = {
      {R"("until_event": "order.paid")", "/steps/0", "this wait may never end"},
      {R"("until_event": "order.paid", "timeout": "1 day", "forever": true)", "/steps/0/forever", "a wait with a timeout does not last for ever"},
      {R"("until_event": "order.paid", "forever": true, "on_timeout": [])", "/steps/0/on_timeout",
       "\"on_timeout\" is never reached: the wait lasts for ever"},
      {R"("until_event": "order.paid", "timeout": "0 days")", "/steps/0/timeout", "\"timeout\" must be longer than nothing"},
      {R"("until_event": "order.payed", "timeout": "1 day")", "/steps/0/until_event", "\"order\" has no event \"order.payed\""},
      {R"("until_event": {"filter": []}, "timeout": "1 day")", "/steps/0/until_event", "until_event needs \"on\""},
      {R"("until_event": "manual", "timeout": "1 day")", "/steps/0/until_event", "\"manual\" is no event that happens to somebody who is in"},
      {R"("until_event": "message.openend", "timeout": "1 day")", "/steps/0/until_event", "\"message.openend\" is no event of a message"},
      {R"("until_event": "order.paid", "timeout": "1 day", "at": "09:00")", "/steps/0/at", "\"at\" has no place in a wait for something to happen"},
      {R"("until_event": "order.paid", "timeout": "1 day", "lookback": 1)", "/steps/0/lookback", "\"lookback\" must be one of the known words, not \"1\""},
      {R"("until": {"field": "contact.vip", "operator": "=", "value": true}, "timeout": "1 day", "lookback": "none")", "/steps/0/lookback",
       "\"lookback\" belongs to \"until_event\""},
      {R"("for": "1 day", "timeout": "1 day")", "/steps/0/timeout", "\"timeout\" belongs to \"until_event\" and \"until\""},
      {R"("for": "1 day", "forever": true)", "/steps/0/forever", "\"forever\" belongs to \"until_event\" and \"until\""},
      {R"("for": "1 day", "until_event": "order.paid")", "/steps/0", "a wait step says in more than one way how long"},
  };
  for (const Wrong& wrong : wrongs) {
    Compiled c = CompileStep(R"({"type": "wait", )" + std::string(wrong.text) + "}");
    EXPECT_EQ(c.Errors(), 1U) << wrong.text << "\n" << c.Text();
    ASSERT_NE(c.At(wrong.path), nullptr) << wrong.text << "\n" << c.Text();
    EXPECT_EQ(c.MessageAt(wrong.path), wrong.message);
  }
  EXPECT_EQ(CompileStep(R"({"type": "wait", "until_event": "message.openend", "timeout": "1 day"})").HintAt("/steps/0/until_event"),
            "Did you mean \"message.opened\"?");
}

Compiled WithGoals(const std::string& goals, const std::string& steps = R"([{"type": "stop"}])") {
  return Compile(R"({"triggers": [{"on": "contact.created"}], "goals": )" + goals + R"(, "steps": )" + steps + "}");
}

// Semantics 19: goals by an event and by a condition, and what reaching them does.
TEST(DefinitionGoals, Semantics19_Goals) {
  Compiled c = WithGoals(R"([{"id": "bought", "on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 1},
      "then": "jump", "count_within": "30 days", "count_after_exit": "7 days"},
      {"id": "vip", "if": {"field": "contact.vip", "operator": "=", "value": true}, "then": "count", "met_at_entry": "enter"},
      {"id": "met", "on": "call.made"}])",
                         R"([{"type": "wait", "for": "1 day"}, {"id": "g", "type": "goal", "goal": "bought", "timeout": "30 days",
      "on_timeout": [{"id": "no", "type": "stop"}]}])");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->goals.size(), 3U);
  const Goal& bought = c.program->goals[0];
  EXPECT_EQ(bought.then, GoalThen::kJump);
  EXPECT_EQ(bought.count_within, Duration{.days = 30});
  EXPECT_EQ(bought.count_after_exit, Duration{.days = 7});
  EXPECT_TRUE(c.program->goals[1].condition);
  EXPECT_TRUE(c.program->goals[1].enter_when_met);
  EXPECT_EQ(c.program->goals[2].then, GoalThen::kExit);
  ASSERT_EQ(c.program->listeners.size(), 2U);
  EXPECT_EQ(ListenerAt(c, 1).kind, Listener::Kind::kGoal);
  EXPECT_EQ(ListenerAt(c, 1).index, 2);
  EXPECT_EQ(WaitAt(c, "g").kind, WaitStep::Kind::kUntilGoal);
  EXPECT_EQ(WaitAt(c, "g").goal, 0);
  EXPECT_EQ(WaitAt(c, "g").on_timeout, c.program->StepIndex("no"));
  EXPECT_STREQ(StepTypeName(c.StepCalled("g")), "goal");
}

TEST(DefinitionGoals, WrongShapes) {
  EXPECT_EQ(WithGoals(R"({})").MessageAt("/goals"), "\"goals\" must be an array, not object");
  Compiled c = WithGoals(R"([{"on": "order.paid"}, {"id": "b"}, {"id": "c", "on": "order.paid", "if": []}, {"id": "c", "on": "order.paid"},
      {"id": "d", "on": "order.paid", "then": "jump"}, {"id": "e", "on": "order.paid", "met_at_entry": "skip"},
      {"id": "f", "if": {"field": "contact.vip", "operator": "=", "value": true}, "count_after_exit": "1 day"}, {"id": "g h", "on": "order.paid"}])");
  EXPECT_EQ(c.MessageAt("/goals/0"), "a goal needs \"id\"") << c.Text();
  EXPECT_EQ(c.MessageAt("/goals/1"), "a goal does not say when it is reached");
  EXPECT_EQ(c.MessageAt("/goals/2"), "a goal is reached by an event or by a condition, not by both");
  EXPECT_EQ(c.MessageAt("/goals/3/id"), "the id \"c\" is used twice");
  EXPECT_EQ(c.MessageAt("/goals/4/then"), "the goal \"d\" has no step to jump to");
  EXPECT_EQ(c.MessageAt("/goals/5/met_at_entry"), "\"met_at_entry\" belongs to a goal with \"if\"");
  EXPECT_EQ(c.MessageAt("/goals/6/count_after_exit"), "\"count_after_exit\" belongs to a goal with \"on\"");
  EXPECT_EQ(c.MessageAt("/goals/7/id"), "\"g h\" is no id of a goal");
  Compiled unknown = WithGoals(R"([{"id": "bought", "on": "order.paid"}])", R"([{"type": "goal", "goal": "bouhgt", "timeout": "1 day"}])");
  EXPECT_EQ(unknown.HintAt("/steps/0/goal"), "Did you mean \"bought\"?") << unknown.Text();
}

// definition: exit is a condition, an event, or a list of alternatives.
TEST(DefinitionSettings, Exits) {
  Compiled one = CompileSettings(R"({"exit": {"field": "contact.vip", "operator": "=", "value": true}})");
  ASSERT_TRUE(one.program) << one.Text();
  EXPECT_EQ(one.program->settings.exits.size(), 1U);
  Compiled list = CompileSettings(R"({"exit": [{"on": "order.paid"}, "cart.closed", {"field": "contact.vip", "operator": "=", "value": true}]})");
  ASSERT_TRUE(list.program) << list.Text();
  EXPECT_EQ(list.program->settings.exits.size(), 1U);
  ASSERT_EQ(list.program->listeners.size(), 2U);
  EXPECT_EQ(ListenerAt(list, 1).kind, Listener::Kind::kExit);
  EXPECT_EQ(ListenerAt(list, 1).on, "cart.closed");
  EXPECT_EQ(CompileSettings(R"({"exit": []})").MessageAt("/settings/exit"), "the list of exits is empty");
  EXPECT_NE(CompileSettings(R"({"exit": {"on": "order.payed"}})").At("/settings/exit/on"), nullptr);
}

// Semantics 4, 11, 20: how entries meet each other, how a pause ends, what a response ends.
TEST(DefinitionSettings, FlowSettings) {
  Compiled c = CompileSettings(R"({"while_live": "restart", "exclusive_group": "nurture", "reentry": "after_exit", "reentry_after_response": true,
      "on_resume": "restart_delay", "stop_on_response": {"scope": "workflow", "auto_replies": true, "channels": ["email"]}})");
  ASSERT_TRUE(c.program) << c.Text();
  const Settings& settings = c.program->settings;
  EXPECT_TRUE(settings.restart);
  EXPECT_EQ(settings.exclusive_group, "nurture");
  EXPECT_TRUE(settings.reentry_after_response);
  EXPECT_EQ(settings.on_resume, OnResume::kRestartDelay);
  EXPECT_EQ(settings.response.scope, ResponseScope::kWorkflow);
  EXPECT_TRUE(settings.response.auto_replies);
  EXPECT_EQ(settings.response.channels, std::vector<std::string>{"email"});
  ASSERT_EQ(c.program->listeners.size(), 1U);
  EXPECT_EQ(ListenerAt(c, 0).on, "message.replied");
  EXPECT_TRUE(CompileSettings(R"({"stop_on_response": "off"})").program->listeners.empty());
  EXPECT_NE(CompileSettings(R"({"stop_on_response": "contact"})").At("/settings/stop_on_response"), nullptr);
  EXPECT_NE(CompileSettings(R"({"stop_on_response": {}})").At("/settings/stop_on_response"), nullptr);
  EXPECT_NE(CompileSettings(R"({"reentry_after_response": true})").At("/settings/reentry_after_response", Severity::kWarning), nullptr);
}

TEST(DefinitionSplit, PathsWithWeights) {
  Compiled c = CompileSteps(R"([{"id": "s", "type": "split", "paths": [{"name": "a", "weight": 45, "steps": [{"id": "x", "type": "tag", "add": ["a"]}]},
      {"weight": 45, "steps": []}, {"name": "none", "weight": 10, "holdout": true}]}, {"id": "end", "type": "stop"}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& split = std::get<SplitStep>(c.StepCalled("s").body);
  ASSERT_EQ(split.paths.size(), 3U);
  EXPECT_EQ(split.paths[0].target, c.program->StepIndex("x"));
  EXPECT_EQ(c.StepCalled("x").next, c.program->StepIndex("end"));
  EXPECT_EQ(split.paths[1].name, "path-2");
  EXPECT_EQ(split.paths[1].target, c.program->StepIndex("end"));
  EXPECT_TRUE(split.paths[2].holdout);
  EXPECT_EQ(split.paths[2].weight, 10);
}

TEST(DefinitionSplit, WrongShapes) {
  auto split = [](const std::string& paths) { return CompileStep(R"({"type": "split", "paths": )" + paths + "}"); };
  EXPECT_EQ(split("[]").MessageAt("/steps/0/paths"), "the list of paths is empty");
  EXPECT_EQ(split(R"([{"steps": []}])").MessageAt("/steps/0/paths"), "a split has at least two paths");
  EXPECT_EQ(split(R"([{"steps": []}, {"weight": 3, "steps": []}])").MessageAt("/steps/0/paths/0"),
            "this path has no \"weight\", though another has");
  EXPECT_EQ(split(R"([{"name": "a", "steps": []}, {"name": "a", "steps": []}])").MessageAt("/steps/0/paths/1"), "two paths are named \"a\"");
  EXPECT_EQ(split(R"([{"weight": 0, "steps": []}, {"weight": 0, "steps": []}])").MessageAt("/steps/0/paths"),
            "all paths have the weight 0, so nobody could take one");
  EXPECT_EQ(split(R"([{"steps": []}, {"name": "b"}])").MessageAt("/steps/0/paths/1"), "a path needs \"steps\"");
  EXPECT_EQ(split(R"([{"steps": []}, {"holdout": true, "steps": [{"type": "if", "if": {"field": "contact.vip", "operator": "=", "value": true},
      "then": [{"type": "send", "channel": "email", "body": "x"}]}]}])").MessageAt("/steps/0/paths/1/steps/0/then/0"),
            "a control group gets no messages");
}

TEST(DefinitionGoto, ByIdForwardAndBack) {
  Compiled c = CompileSteps(R"([{"id": "top", "type": "wait", "for": "1 day"}, {"id": "again", "type": "goto", "step": "top",
      "if": {"field": "contact.vip", "operator": "=", "value": true}}, {"id": "on", "type": "goto", "step": "end"}, {"id": "end", "type": "stop"}])");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_TRUE(c.problems.list().empty()) << c.Text();
  EXPECT_EQ(std::get<GotoStep>(c.StepCalled("again").body).target, 0);
  EXPECT_EQ(std::get<GotoStep>(c.StepCalled("on").body).target, c.program->StepIndex("end"));
  Compiled unknown = CompileSteps(R"([{"id": "top", "type": "stop"}, {"type": "goto", "step": "tpo"}])");
  EXPECT_EQ(unknown.MessageAt("/steps/1/step"), "there is no step \"tpo\"");
  EXPECT_EQ(unknown.HintAt("/steps/1/step"), "Did you mean \"top\"?");
  EXPECT_EQ(CompileStep(R"({"type": "goto"})").MessageAt("/steps/0"), "a goto step needs \"step\"");
}

TEST(DefinitionGoto, ACircleWithoutAWaitIsTold) {
  Compiled c = CompileSteps(R"([{"id": "top", "type": "tag", "add": ["a"]}, {"type": "goto", "step": "top"}])");
  EXPECT_EQ(c.MessageAt("/steps/1/step", Severity::kWarning), "this goto can come back to itself without a wait in between") << c.Text();
}

}  // namespace
}  // namespace workflow::testing
