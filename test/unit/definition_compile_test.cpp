// What is true of the whole document: every problem at once, what is not built is refused, any JSON is survived.
#include <set>

#include "definition_fixture.h"

namespace workflow::testing {
namespace {

// definition.md, "Errors": every problem at once, each with its place, a sentence and a hint.
TEST(DefinitionCompile, TenMistakesGiveTenProblems) {
  Compiled c = Compile(R"({
    "trigers": [],
    "triggers": [
      {"on": "contact.craeted"},
      {"on": "contact.updated", "filter": {"field": "contact.emial", "operator": "notNull"}}
    ],
    "settings": {"timezone": "contcat", "categroy": "marketing", "reentry": "after-exit", "grace": "one day"},
    "steps": [
      {"id": "hello", "type": "sned", "channel": "email", "template": "welcome"},
      {"id": "pause", "type": "wait", "for": "3 days", "at": "9:00"},
      {"id": "pause", "type": "tag", "add": ["lead"]}
    ]
  })");
  const std::set<std::string> places = {"/trigers",           "/triggers/0/on",     "/triggers/1/filter/field",
                                        "/settings/timezone", "/settings/categroy", "/settings/reentry",
                                        "/settings/grace",    "/steps/0/type",      "/steps/1/at",
                                        "/steps/2/id"};
  std::set<std::string> found;
  for (const Problem& problem : c.problems.list()) {
    EXPECT_EQ(problem.severity, Severity::kError);
    EXPECT_FALSE(problem.message.empty());
    EXPECT_FALSE(problem.hint.empty()) << problem.path;
    found.insert(problem.path);
  }
  EXPECT_EQ(found, places) << c.Text();
  EXPECT_EQ(c.Errors(), 10U) << c.Text();
  EXPECT_EQ(c.HintAt("/trigers"), "Did you mean \"triggers\"?");
  EXPECT_EQ(c.HintAt("/triggers/0/on"), "Did you mean \"contact.created\"?");
  EXPECT_EQ(c.HintAt("/triggers/1/filter/field"), "Did you mean \"contact.email\"?");
  EXPECT_EQ(c.HintAt("/settings/timezone"), "Did you mean \"contact\"?");
  EXPECT_EQ(c.HintAt("/settings/categroy"), "Did you mean \"category\"?");
  EXPECT_EQ(c.HintAt("/settings/reentry"), "Did you mean \"after_exit\"?");
  EXPECT_EQ(c.HintAt("/steps/0/type"), "Did you mean \"send\"?");
  EXPECT_EQ(c.HintAt("/steps/2/id"), "The other is at /steps/1.");
}

TEST(DefinitionCompile, SaysWhatIsMissing) {
  Compiled c = Compile("{}");
  EXPECT_EQ(c.Errors(), 2U) << c.Text();
  EXPECT_EQ(c.problems.list()[0].message, "a definition needs \"triggers\"");
  EXPECT_EQ(c.problems.list()[1].message, "a definition needs \"steps\"");
  EXPECT_EQ(Compile("[]").MessageAt(""), "a definition must be an object, not an array");
  EXPECT_NE(Compile(R"({"triggers": [], "steps": []})").At("/triggers"), nullptr);
  EXPECT_NE(Compile(R"({"triggers": [], "steps": []})").At("/steps"), nullptr);
  EXPECT_NE(Compile(R"({"triggers": 1, "steps": 2, "settings": 3, "description": 4})").At("/steps"), nullptr);
  EXPECT_EQ(Compile(R"({"triggers": 1, "steps": 2, "settings": 3, "description": 4})").Errors(), 4U);
}

// Settings that say the default ask for nothing that is not built.
TEST(DefinitionCompile, AcceptsStatedDefaultsOfWhatIsNotBuilt) {
  Compiled c = Compile(R"({"triggers": [{"on": "manual"}], "goals": [], "steps": [{"type": "stop"}], "settings": {
    "on_resume": "freeze", "stop_on_response": "off", "exit_on_unsubscribe": false, "while_live": "ignore",
    "reentry_after_response": false, "frequency_cap": [], "on_error": {"retry": 3, "then": "exit"}}})");
  EXPECT_TRUE(c.problems.list().empty()) << c.Text();
}

TEST(DefinitionCompile, LimitsAreNamed) {
  CompileLimits limits = {.steps_max = 3, .depth_max = 2, .triggers_max = 1};
  Compiled c = Compile(R"({"triggers": [{"on": "manual"}, {"on": "manual"}], "steps": [
    {"type": "if", "if": {"field": "contact.vip", "operator": "=", "value": true}, "then": [
      {"type": "if", "if": {"field": "contact.vip", "operator": "=", "value": true}, "then": [{"type": "stop"}]}]},
    {"type": "stop"}, {"type": "stop"}, {"type": "stop"}]})",
                       false, limits);
  EXPECT_EQ(c.MessageAt("/triggers"), "a workflow has at most 1 triggers, not 2");
  EXPECT_EQ(c.MessageAt("/steps/0/then/0/then"), "steps are nested more than 2 levels deep");
  EXPECT_EQ(c.MessageAt("/steps/2"), "a workflow has at most 3 steps");
  EXPECT_EQ(c.Errors(), 3U) << c.Text();
}

TEST(DefinitionCompile, ProblemsOfOtherDocumentsDoNotCount) {
  Problems problems;
  problems.Error("", "of another document");
  Json json = ParseJson(R"({"triggers": [{"on": "manual"}], "steps": [{"type": "stop"}]})");
  EXPECT_TRUE(CompileDefinition(json, SmallCrm(), false, &problems).has_value());
  EXPECT_EQ(problems.list().size(), 1U);
}

TEST(DefinitionCompile, NothingAttachedYet) {
  Compiled c = Compile(R"({"triggers": [{"on": "contact.created", "filter": {"field": "contact.email", "operator": "notNull"}}],
                           "steps": [{"type": "send", "channel": "email", "body": "Hi {{ contact.email }}"}]})",
                       false, {}, Catalog{});
  EXPECT_EQ(c.MessageAt("/triggers/0/on"), "no table is attached as \"contact\"");
  EXPECT_EQ(c.MessageAt("/steps/0/body"), "no table is attached as \"contact\"");
}

// Texts of a document go into messages cut short and without control characters.
TEST(DefinitionCompile, MessagesQuoteSafely) {
  std::string longest(5000, 'x');
  Compiled c = Compile(R"({"triggers": [{"on": "a\u0007\n"}], "steps": [{"type": ")" + longest + "\"}]}");
  EXPECT_EQ(c.MessageAt("/triggers/0/on"), "\"a??\" is no event name");
  EXPECT_LT(c.MessageAt("/steps/0/type").size(), 200U);
  Compiled umlauts = Compile(R"({"triggers": [{"on": "manual"}], "steps": [{"type": "a)" + std::string(79, 'x') + "ä\"}]}");
  EXPECT_NE(umlauts.MessageAt("/steps/0/type").find("xx...\""), std::string::npos) << umlauts.Text();
}

TEST(DefinitionCompile, OneHundredKindsOfNonsenseAreSurvived) {
  const std::vector<std::string> scraps = {"null", "true", "0",    "-1e99", "\"\"",           "\"x\"",
                                           "[]",   "{}",   "[[]]", "[{}]",  R"({"type": {}})"};
  for (const std::string& a : scraps) {
    for (const std::string& b : scraps) {
      Compile(R"({"triggers": [{"on": )" + a + R"(, "filter": )" + b + R"(}], "settings": {"send_window": )" + a +
              R"(, "entry_key": )" + b + R"(, "if_past": )" + a + R"(, "on_error": )" + b + R"(, "sender": )" + a +
              R"(}, "steps": [{"type": "send", "channel": )" + a + R"(, "data": )" + b + R"(}, {"type": "wait", "until_date": )" +
              a + R"(, "if": )" + b + R"(}, {"type": "set", "values": )" + a + R"(, "contact": )" + b +
              R"(}, {"type": "tag", "add": )" + a + R"(, "entity": )" + b + R"(}, {"type": "branch", "branches": [)" + a +
              R"(, {"if": )" + b + R"(, "steps": )" + a + R"(}], "else": )" + b + R"(}, )" + a + "]}");
    }
    EXPECT_FALSE(Compile(a).program.has_value());
  }
}

}  // namespace
}  // namespace workflow::testing
