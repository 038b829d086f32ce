// A definition told to people (functions: describe, diff, diagram, schema): every operator and every type of step has words, what has none is
// told as it is written, and what comes out compiles to the same program.
#include "core/telling/telling.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/condition/operators.h"
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

std::string Describe(std::string_view text) { return DescribeDefinition(ParseJson(text)); }
std::string Condition(std::string_view text) { return DescribeCondition(ParseJson(text)); }
std::string Steps(const std::string& steps) {
  const std::string text = Describe(R"({"steps": [)" + steps + "]}");
  EXPECT_EQ(text.find("Steps\n"), 0U);
  return text.substr(text.find('\n') + 1);
}
std::string Setting(const std::string& key, const std::string& value) {
  const std::string text = Describe(R"({"settings": {")" + key + "\": " + value + "}}");
  return text.empty() ? text : text.substr(text.find('\n') + 3, text.size() - text.find('\n') - 4);
}

TEST(Describe, AWholeWorkflow) {
  EXPECT_EQ(Describe(R"({
    "description": "Welcome new leads",
    "triggers": [{"on": "contact.created", "settle": "2 minutes", "filter": {"combinator": "and", "rules": [
        {"field": "contact.email", "operator": "notNull"}, {"field": "contact.tags", "operator": "contains", "value": "lead"}]}},
      {"on": "date", "field": "contact.birthday", "every": "year", "offset": "-3 days", "at": "09:00"},
      {"on": "schedule", "cron": "0 9 * * 1", "filter": {"field": "contact.vip", "operator": "=", "value": true}}, {"on": "manual"}],
    "settings": {"timezone": "contact", "send_window": [{"days": ["mon","tue","wed","thu","fri"], "from": "09:00", "to": "17:00"}],
      "category": "marketing", "reentry": "after_exit"},
    "goals": [{"id": "bought", "on": "order.paid", "then": "exit", "count_within": "30 days"}],
    "steps": [
      {"id": "hello",  "type": "send", "channel": "email", "template": "welcome"},
      {"id": "pause",  "type": "wait", "for": "3 days", "at": "09:00"},
      {"id": "opened", "type": "if", "if": {"field": "message.hello.opened_at", "operator": "notNull"},
       "then": [{"id": "tag", "type": "tag", "add": ["active reader"]}],
       "else": [{"type": "send", "channel": "email", "template": "welcome-2"}]}]})"),
            R"(Welcome new leads

Enters
- when a contact is created (contact.created), if the contact's email is not empty and the contact's tags contains "lead", looked at after 2 minutes without a change
- every year 3 days before the contact's birthday at 09:00
- on the schedule "0 9 * * 1", all contacts for whom the contact's vip is true
- by hand (enroll)

Settings that are not the defaults
- times are those of the contact's time zone
- messages go out only: Monday to Friday from 09:00 to 17:00
- who has left may enter again

Goals
- "bought" is reached when an order is paid (order.paid); then the enrollment ends; counted within 30 days of entry

Steps
1. hello: send e-mail "welcome"
2. pause: wait 3 days, then until 09:00
3. opened: if message "hello" was opened
   then:
      1. tag: add the tag "active reader"
   otherwise:
      1. send-2: send e-mail "welcome-2"
)");
}

TEST(Describe, EveryOperatorHasWords) {
  for (const std::string& name : OperatorNames()) {
    const std::string words = Condition(R"({"field": "contact.x", "operator": ")" + name + R"(", "value": "3 days"})");
    EXPECT_EQ(words.find("value:"), words.npos) << words;  // told as it is written: it has no words
    EXPECT_EQ(words.find("the contact's x "), 0U) << words;
  }
}

TEST(Describe, ConditionsInWords) {
  EXPECT_EQ(Condition(R"([{"field": "order.total", "operator": ">=", "value": 19.90}, {"field": "order.eta", "operator": "<", "value": "2026-01-31"}])"),
            "the order's total is at least 19.90 and the order's eta is before \"2026-01-31\"");
  EXPECT_EQ(Condition(R"({"combinator": "or", "not": true, "rules": [{"field": "contact.first_name", "operator": "in", "value": "Ann, Bob"},
              {"combinator": "and", "rules": [{"field": "contact.score", "operator": "between", "value": [1, 9]},
                                              {"field": "old.stage", "operator": "null"}]}]})"),
            "it is not so that (the contact's first name is one of \"Ann\" or \"Bob\" or (the contact's score is between 1 and 9 and "
            "the stage before the change is empty))");
  EXPECT_EQ(Condition(R"({"field": "order.email", "operator": "!=", "valueSource": "field", "value": "contact.email"})"),
            "the order's email is not the contact's email");
  EXPECT_EQ(Condition(R"({"field": "message.hello.bounced_at", "operator": "null"})"), "message \"hello\" did not bounce");
  EXPECT_EQ(Condition(R"({"field": "message.hello.opened_at", "operator": "withinLast", "value": "2 days"})"),
            "message \"hello\" was opened within the last 2 days");
  EXPECT_EQ(Condition(R"({"field": "message.hello.outcome", "operator": "=", "value": "dead"})"), "the outcome of message \"hello\" is \"dead\"");
  EXPECT_EQ(Condition(R"({"field": "workflow.nurture.active", "operator": "=", "value": false})"), "the contact is not in workflow \"nurture\"");
  EXPECT_EQ(Condition(R"({"field": "step.ask.answer.code", "operator": "=", "value": 7})"), "the result of step \"ask\", answer.code is 7");
  EXPECT_EQ(Condition(R"({"sql": "contact.score > 3"})"), "the SQL expression (contact.score > 3) is true");
  EXPECT_EQ(Condition(R"([{"field": "contact.a", "operator": "null"}, {"field": "contact.b", "operator": "null", "muted": true}])"), "the contact's a is empty");
  EXPECT_EQ(Condition(R"({"field": "contact.a", "operator": "soundsLike", "value": "x", "weight": 2})"),
            "the contact's a soundsLike (value: \"x\"; weight: 2)");
}

TEST(Describe, StepsInWords) {
  const std::vector<std::pair<std::string, std::string>> steps = {
      {R"({"type": "send", "channel": "sms", "template": "hi@3", "to": "owner", "kind": "reminder"})", "send-1: send SMS \"hi\" in its version 3 to the owner, as a reminder"},
      {R"({"type": "send", "channel": "email", "subject": "S", "body": "B", "if": {"field": "contact.vip", "operator": "=", "value": true}})",
       "send-1: only if the contact's vip is true: send e-mail with the subject \"S\" and the text \"B\""},
      {R"({"type": "notify", "to": "team:sales", "channel": "email", "template": "won"})", "notify-1: notify team \"sales\" by e-mail \"won\""},
      {R"({"type": "webhook", "url": "https://x.test", "method": "PUT", "body": {"a": 1}})", "webhook-1: call the web address \"https://x.test\" by PUT (body: {\"a\":1})"},
      {R"({"type": "wait", "for": "0 days", "at": "09:00", "if_past": "exit"})", "wait-1: wait until 09:00 of the same day; where the end of a wait is past, the enrollment ends"},
      {R"({"type": "wait", "until_date": {"field": "order.eta", "offset": "-3 days"}, "at": "08:00", "on_null": "continue"})",
       "wait-1: wait until 3 days before the order's eta, at 08:00; without a date it goes on"},
      {R"({"type": "wait", "until_time": "10:00"})", "wait-1: wait until 10:00"},
      {R"({"type": "wait", "until_event": {"on": "order.paid", "filter": {"field": "order.total", "operator": ">", "value": 5}}, "timeout": "7 days", "lookback": "none"})",
       "wait-1: wait until an order is paid (order.paid) and the order's total is more than 5, for at most 7 days; what came before does not count"},
      {R"({"type": "wait", "until": {"field": "contact.vip", "operator": "=", "value": true}, "forever": true})",
       "wait-1: wait until the contact's vip is true, however long it takes"},
      {R"({"type": "set", "values": {"contact.stage": "warm", "contact.score": {"add": -2}, "contact.note": null}})",
       "set-1: set the contact's stage to \"warm\", take 2 from the contact's score and empty the contact's note"},
      {R"x({"type": "set", "order": {"status": {"sql": "now()"}}})x", "set-1: set the order's status to the SQL expression (now())"},
      {R"({"type": "tag", "add": ["a", "b"], "remove": ["c"], "entity": "order"})", "tag-1: add the tags \"a\" and \"b\", remove the tag \"c\" of the order"},
      {R"({"type": "subscribe", "campaign": "news"})", "subscribe-1: subscribe the contact to campaign \"news\""},
      {R"({"type": "unsubscribe"})", "unsubscribe-1: unsubscribe the contact from all mail"},
      {R"({"type": "create", "entity": "task", "values": {"title": "x", "done": false}})", "create-1: create a row of \"task\" with title \"x\", done false"},
      {R"({"type": "copy", "entity": "order", "deep": true})", "copy-1: step of type \"copy\" (entity: \"order\"; deep: true)"},
      {R"({"type": "task", "title": "Call", "assignee": "owner", "due": "2 days"})", "task-1: task \"Call\" for the owner, due 2 days"},
      {R"({"type": "assign", "by": "round_robin", "among": ["ann", "bob"]})", "assign-1: assign an owner (by: \"round_robin\"; among: \"ann\" and \"bob\")"},
      {R"({"type": "approve", "assignee": "user:ann", "timeout": "1 day"})", "approve-1: wait for approval by user \"ann\", for at most 1 day"},
      {R"({"type": "call", "function": "crm.f", "args": [1]})", "call-1: call the function \"crm.f\" (args: 1)"},
      {R"({"type": "enroll", "workflow": "next", "data": {"a": 1}})", "enroll-1: enroll the contact in workflow \"next\" (data: {\"a\":1})"},
      {R"({"type": "unenroll", "workflow": "other"})", "unenroll-1: end the contact's enrollment in workflow \"other\""},
      {R"({"type": "emit", "event": "a.b"})", "emit-1: emit the event \"a.b\""},
      {R"({"type": "goto", "step": "hello"})", "goto-1: go on at step \"hello\""},
      {R"({"type": "goal", "goal": "bought", "timeout": "3 days"})", "goal-1: goal \"bought\": wait for it, or come here when it is reached, for at most 3 days"},
      {R"({"type": "stop", "reason": "done"})", "stop-1: stop: \"done\""},
      {R"({"type": "dance", "how": "slowly"})", "dance-1: step of type \"dance\" (how: \"slowly\")"},
  };
  for (const auto& [step, words] : steps) EXPECT_EQ(Steps(step), "1. " + words + '\n') << step;
}

TEST(Describe, ListsOfStepsAreIndentedUnderWhatLeadsToThem) {
  EXPECT_EQ(Steps(R"({"id": "b", "type": "branch", "branches": [{"name": "vip", "if": {"field": "contact.vip", "operator": "=", "value": true},
                      "steps": [{"id": "s", "type": "stop"}]}], "else": []},
                     {"id": "x", "type": "split", "paths": [{"name": "a", "weight": 90, "steps": [{"id": "t", "type": "stop"}]},
                      {"weight": 10, "holdout": true, "steps": []}]},
                     {"id": "w", "type": "wait", "until_event": "order.paid", "timeout": "1 day", "on_timeout": [{"id": "u", "type": "stop"}]},
                     {"id": "d", "type": "dance", "encore": [{"id": "v", "type": "stop"}], "rounds": [{"steps": [{"id": "y", "type": "stop"}], "n": 2}]})"),
            R"(1. b: the first branch whose condition holds
   branch "vip", if the contact's vip is true:
      1. s: stop
   otherwise:
      nothing
2. x: split by chance, the same contact always the same way
   path "a", weight 90:
      1. t: stop
   path 2, weight 10, a control group:
      nothing
3. w: wait until an order is paid (order.paid), for at most 1 day
   if the time runs out:
      1. u: stop
4. d: step of type "dance"
   encore:
      1. v: stop
   rounds 1 (n: 2):
      1. y: stop
)");
}

TEST(Describe, SettingsThatAreNotTheDefaults) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
           {"timezone", "\"account\""}, {"send_window", "\"any\""}, {"while_live", "\"ignore\""}, {"reentry_after_response", "false"},
           {"stop_on_response", "\"off\""}, {"mark_as_read", "false"}, {"category", "\"marketing\""}, {"on_resume", "\"freeze\""},
           {"frequency_cap", "[]"}, {"exit_on_unsubscribe", "true"}, {"on_error", "{\"retry\": 5, \"then\": \"exit\"}"}}) {
    EXPECT_EQ(Setting(key, value), "") << key;
  }
  EXPECT_EQ(Setting("timezone", "\"Asia/Jakarta\""), "times are those of Asia/Jakarta");
  EXPECT_EQ(Setting("send_window", R"([{"days": ["mon", "sun"], "to": "12:00"}, {"except": ["2026-12-25"]}])"),
            "messages go out only: Monday and Sunday until 12:00 and not on \"2026-12-25\"");
  EXPECT_EQ(Setting("sender", R"({"name": "Acme", "email": "a@b.test", "phone": "1"})"), "messages come from Acme <a@b.test> (phone: \"1\")");
  EXPECT_EQ(Setting("entry_key", R"(["order.id"])"), "one enrollment at a time for each value of the order's id");
  EXPECT_EQ(Setting("cooldown", "\"3 days\""), "enters again 3 days after the last end at the earliest");
  EXPECT_EQ(Setting("stop_on_response", R"({"scope": "workflow", "channels": ["sms"]})"),
            "an answer ends all of the contact's enrollments in this workflow (channels: \"sms\")");
  EXPECT_EQ(Setting("exit", R"([{"field": "contact.vip", "operator": "=", "value": true}, {"on": "order.paid"}])"),
            "leaves when the contact's vip is true or an order is paid (order.paid)");
  EXPECT_EQ(Setting("exit_on_unsubscribe", "false"), "who unsubscribes stays inside");
  EXPECT_EQ(Setting("frequency_cap", R"([{"channel": "email", "max": 2, "per": "1 week", "on_cap": "defer"}])"),
            "at most 2 messages by \"email\" in 1 week, later ones wait");
  EXPECT_EQ(Setting("on_error", R"({"retry": 2, "then": "suspend"})"), "a step that fails is tried again 2 times, then it suspends the workflow");
  EXPECT_EQ(Setting("on_error", R"({"backoff": ["5 minutes", "1 hour"], "then": "skip"})"),
            "a step that fails is tried again after 5 minutes and 1 hour, then it is passed over");
  EXPECT_EQ(Setting("if_past", R"({"policy": "skip", "grace": "2 days"})"), "where the end of a wait is past: {\"policy\":\"skip\",\"grace\":\"2 days\"}");
  EXPECT_EQ(Setting("brand_new", "[1, \"x\"]"), "brand_new: 1 and \"x\"");
}

TEST(Describe, WhatIsNoDefinitionIsToldAsItIs) {
  EXPECT_EQ(Describe("[1]"), "1\n");
  EXPECT_EQ(Describe(R"({"triggers": 1, "settings": [], "goals": "x", "steps": {"a": 1}})"),
            "Enters\n- 1\n\nSettings that are not the defaults\n- none\n\nGoals\n- \"x\"\n\nSteps\n{\"a\":1}\n");
  EXPECT_EQ(Describe(R"({"steps": [1, {"then": [{"if": 2}]}, {"type": "branch", "branches": [3, {"steps": 4}]}]})"),
            "Steps\n1. : 1\n2. step-1: a step without a type\n   then:\n      1. step-2: only if 2: a step without a type\n"
            "3. branch-1: the first branch whose condition holds\n");
}

std::string Diff(const std::string& from, const std::string& to) { return DiffDefinitions(ParseJson(from), ParseJson(to)); }

TEST(Diff, StepsAddedRemovedChangedMoved) {
  const std::string old_steps = R"({"steps": [{"id": "a", "type": "stop"}, {"id": "b", "type": "wait", "for": "3 days"}, {"id": "c", "type": "stop"},
    {"id": "d", "type": "if", "if": {"field": "contact.vip", "operator": "=", "value": true}, "then": [{"id": "e", "type": "tag", "add": ["x"]}]}]})";
  EXPECT_EQ(Diff(old_steps, old_steps), "");
  EXPECT_EQ(Diff(old_steps, R"({"steps": [{"id": "b", "type": "wait", "for": "5 days", "at": "09:00"}, {"id": "a", "type": "stop"},
    {"id": "n", "type": "tag", "add": ["y"]},
    {"id": "d", "type": "if", "if": {"field": "contact.vip", "operator": "=", "value": false}, "then": [], "else": [{"id": "e", "type": "tag", "add": ["x"]}]}]})"),
            R"(step "c" is removed: stop
step "b" is changed: for: "3 days" -> "5 days"
step "b" is changed: at: nothing -> "09:00"
step "a" is moved: now after "b"
step "n" is added after "a": add the tag "y"
step "d" is changed: if: the contact's vip is true -> the contact's vip is false
step "e" is moved: now at the beginning in "d", else
)");
}

TEST(Diff, TriggersSettingsGoalsAndTheRest) {
  EXPECT_EQ(Diff(R"({"description": "a", "triggers": [{"on": "contact.created"}, {"on": "order.paid", "settle": "1 minute"}],
                     "settings": {"timezone": "contact", "on_error": {"retry": 1}}, "goals": [{"id": "g", "on": "order.paid"}], "steps": []})",
                 R"({"description": "b", "triggers": [{"on": "order.paid", "settle": "2 minutes"}, {"on": "manual"}],
                     "settings": {"on_error": {"retry": 2}, "category": "informational"}, "goals": [{"id": "g", "on": "order.created"}], "steps": []})"),
            R"(trigger "order.paid" is changed: settle: "1 minute" -> "2 minutes"
trigger is added: by hand (enroll)
trigger is removed: when a contact is created (contact.created)
goal "g" is changed: on: "order.paid" -> "order.created"
setting timezone: "contact" -> nothing
setting on_error/retry: 1 -> 2
setting category: nothing -> "informational"
description: "a" -> "b"
)");
}

TEST(Diff, WhereWordsMakeNoDifferenceTheDocumentDoes) {
  EXPECT_EQ(Diff(R"({"steps": [{"id": "a", "type": "stop", "if": {"field": "contact.x", "operator": "null"}}]})",
                 R"({"steps": [{"id": "a", "type": "stop", "if": {"field": "contact.x", "operator": "null", "id": "r1"}}]})"),
            "step \"a\" is changed: if: {\"field\":\"contact.x\",\"operator\":\"null\"} -> {\"field\":\"contact.x\",\"operator\":\"null\",\"id\":\"r1\"}\n");
  // A step without an id has the one that compiling gives it.
  EXPECT_EQ(Diff(R"({"steps": [{"type": "stop"}]})", R"({"steps": [{"id": "stop-1", "type": "stop"}]})"), "");
}

TEST(Diagram, StepsAndTheWaysBetweenThem) {
  const Json definition = ParseJson(R"({"triggers": [{"on": "manual"}], "steps": [
      {"id": "a", "type": "if", "if": {"field": "contact.x", "operator": "=", "value": "\"<"}, "then": [{"id": "b", "type": "stop"}]},
      {"id": "w", "type": "wait", "until_event": "order.paid", "timeout": "1 day", "on_timeout": [{"id": "g", "type": "goto", "step": "a"}]}]})");
  EXPECT_EQ(DrawDefinition(definition, DiagramFormat::kMermaid), R"x(flowchart TD
  start(["by hand (enroll)"])
  s1{"a: if the contact's x is #quot;#quot;#lt;#quot;"}
  s2["b: stop"]
  s3{"w: wait until an order is paid (order.paid), for at most 1 day"}
  s4["g: go on at step #quot;a#quot;"]
  finish(["end"])
  start --> s1
  s1 -->|"yes"| s2
  s2 --> finish
  s1 -->|"no"| s3
  s3 -->|"if the time runs out"| s4
  s3 --> finish
  s4 -.-> s1
)x");
  const std::string dot = DrawDefinition(definition, DiagramFormat::kDot);
  EXPECT_NE(dot.find("  s1 [shape=diamond, label=\"a: if the contact's x is \\\"\\\"<\\\"\"];\n"), dot.npos) << dot;
  EXPECT_NE(dot.find("  s4 -> s1 [style=dashed];\n"), dot.npos) << dot;
  EXPECT_EQ(FindDiagramFormat("png"), std::nullopt);
}

// The step at a JSON Pointer.
const Json* At(const Json& json, std::string_view pointer) {
  const Json* at = &json;
  while (at != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string key(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(key.size());
    at = at->is_array() ? &at->array()[static_cast<size_t>(std::stoul(key))] : at->Find(key);
  }
  return at;
}

// "What comes out publishes as the same program": beyond the ids nothing is changed, and they are those that the program has.
void IsSameProgram(const Json& definition, const Program& program) {
  const Json normal = NormalDefinition(definition);
  EXPECT_EQ(NormalDefinition(normal), normal);
  Json stripped = normal;
  const bool is_short = definition.Find("automated_action") != nullptr;  // it stays as it was written: its steps stand nowhere in it
  for (const Step& step : is_short ? std::vector<Step>() : program.steps) {
    const Json* told = At(normal, step.path);
    ASSERT_NE(told, nullptr) << step.path;
    ASSERT_NE(told->Find("id"), nullptr) << step.path;
    EXPECT_EQ(told->Find("id")->string(), step.id) << step.path;
    if (At(definition, step.path)->Find("id") != nullptr) continue;
    auto& members = const_cast<Json*>(At(stripped, step.path))->object();
    members.erase(std::find_if(members.begin(), members.end(), [](const Json::Member& member) { return member.first == "id"; }));
  }
  EXPECT_EQ(stripped, definition);
  Problems problems;
  const auto again = CompileDefinition(normal, SmallCrm(), false, &problems);
  ASSERT_TRUE(again.has_value());
  ASSERT_EQ(again->steps.size(), program.steps.size());
  for (size_t i = 0; i < program.steps.size(); ++i) {
    EXPECT_EQ(again->steps[i].id, program.steps[i].id);
    EXPECT_EQ(again->steps[i].path, program.steps[i].path);
    EXPECT_EQ(again->steps[i].next, program.steps[i].next);
    EXPECT_EQ(again->steps[i].body.index(), program.steps[i].body.index());
    EXPECT_EQ(again->steps[i].filter.has_value(), program.steps[i].filter.has_value());
  }
  EXPECT_EQ(again->triggers.size(), program.triggers.size());
  EXPECT_EQ(again->table.fields.size(), program.table.fields.size());
  EXPECT_EQ(again->references, program.references);
}

TEST(Normal, EveryAcceptedDefinitionStaysTheSameProgram) {
  const auto folder = std::filesystem::absolute(__FILE__).parent_path().parent_path() / "corpus" / "definition" / "accepted";
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    std::stringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    const Json definition = ParseJson(text.str());
    Problems problems;
    const auto program = CompileDefinition(definition, SmallCrm(), false, &problems);
    ASSERT_TRUE(program.has_value());
    IsSameProgram(definition, *program);
    EXPECT_FALSE(DescribeDefinition(definition).empty());
    EXPECT_EQ(DiffDefinitions(definition, NormalDefinition(definition)), "");
    ++count;
  }
  EXPECT_GE(count, 10U);
}

TEST(Normal, StepsAreNumberedAsTheCompilerNumbersThem) {
  const Json definition = ParseJson(R"({"triggers": [{"on": "manual"}], "steps": [
      {"else": [{"type": "stop"}], "then": [{"type": "stop"}, {"type": "stop", "id": "stop-2"}], "type": "if",
       "if": {"field": "contact.vip", "operator": "=", "value": true}},
      {"type": "branch", "else": [{"type": "stop"}], "branches": [{"steps": [{"type": "stop"}], "if": {"field": "contact.vip", "operator": "=", "value": true}}]}]})");
  Problems problems;
  const auto program = CompileDefinition(definition, SmallCrm(), false, &problems);
  ASSERT_TRUE(program.has_value());
  IsSameProgram(definition, *program);
}

}  // namespace
}  // namespace workflow::testing
