// Steps that decide or let time pass: if, branch, wait.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

const char* const kVip = R"({"field": "contact.vip", "operator": "=", "value": true})";

// C28, D03: a yes path and a no path; both go on after the step.
TEST(DefinitionBranch, C28_D03_IfHasTwoWays) {
  Compiled c = CompileSteps(R"([{"id": "q", "type": "if", "if": )" + std::string(kVip) +
                            R"(, "then": [{"id": "y1", "type": "tag", "add": ["a"]},
    {"id": "y2", "type": "tag", "add": ["b"]}], "else": [{"id": "n", "type": "tag", "add": ["c"]}]}, {"id": "end", "type": "stop"}])");
  ASSERT_TRUE(c.program) << c.Text();
  const Program& p = *c.program;
  const auto& q = std::get<BranchStep>(c.StepCalled("q").body);
  ASSERT_EQ(q.branches.size(), 1U);
  EXPECT_EQ(q.branches[0].name, "then");
  EXPECT_EQ(q.branches[0].target, p.StepIndex("y1"));
  EXPECT_EQ(q.otherwise, p.StepIndex("n"));
  EXPECT_EQ(c.StepCalled("y1").next, p.StepIndex("y2"));
  EXPECT_EQ(c.StepCalled("y2").next, p.StepIndex("end"));
  EXPECT_EQ(c.StepCalled("n").next, p.StepIndex("end"));
  EXPECT_EQ(c.StepCalled("q").next, p.StepIndex("end"));
  EXPECT_FALSE(c.StepCalled("q").filter);
  EXPECT_STREQ(StepTypeName(c.StepCalled("q")), "branch");
}

// A24: several branches by condition, in order. G11: who matches none goes to else.
TEST(DefinitionBranch, A24_G11_BranchesInOrderAndElse) {
  Compiled c = CompileSteps(R"([{"id": "b", "type": "branch", "if": )" + std::string(kVip) + R"(, "branches": [
    {"name": "big", "if": {"field": "order.total", "operator": ">", "value": 100}, "steps": [{"id": "x", "type": "tag", "add": ["a"]}]},
    {"if": {"field": "order.total", "operator": ">", "value": 10}, "steps": []}], "else": [{"id": "z", "type": "tag", "add": ["c"]}]}])");
  ASSERT_TRUE(c.program) << c.Text();
  const auto& b = std::get<BranchStep>(c.StepCalled("b").body);
  ASSERT_EQ(b.branches.size(), 2U);
  EXPECT_EQ(b.branches[0].name, "big");
  EXPECT_EQ(b.branches[0].target, c.program->StepIndex("x"));
  EXPECT_EQ(b.branches[1].name, "branch-2");
  EXPECT_EQ(b.branches[1].target, kEndOfSteps);
  EXPECT_EQ(b.otherwise, c.program->StepIndex("z"));
  EXPECT_TRUE(c.StepCalled("b").filter);
  EXPECT_EQ(c.StepCalled("z").next, kEndOfSteps);
}

// G11: a branch step without else is told.
TEST(DefinitionBranch, G11_MissingElseIsTold) {
  const std::string branch = R"({"type": "branch", "branches": [{"if": )" + std::string(kVip) + R"(, "steps": []}])";
  EXPECT_NE(CompileStep(branch + "}").At("/steps/0", Severity::kWarning), nullptr);
  EXPECT_TRUE(CompileStep(branch + R"(, "else": []})").problems.list().empty());
}

// Lists inside lists go on where the outermost one does; an empty list leads straight there.
TEST(DefinitionBranch, NestedListsGoOnAfterTheirStep) {
  const std::string vip = kVip;
  Compiled c =
      CompileSteps(R"([{"id": "a", "type": "if", "if": )" + vip + R"(, "then": [{"id": "b", "type": "if", "if": )" + vip +
                   R"(, "then": [], "else": [{"id": "c", "type": "if", "if": )" + vip + R"(, "then": [{"id": "d", "type": "tag",
                            "add": ["x"]}]}]}]}, {"id": "e", "type": "stop"}])");
  ASSERT_TRUE(c.program) << c.Text();
  int32_t e = c.program->StepIndex("e");
  for (const char* id : {"a", "b", "c", "d"}) EXPECT_EQ(c.StepCalled(id).next, e) << id;
  EXPECT_EQ(std::get<BranchStep>(c.StepCalled("a").body).otherwise, e);
  EXPECT_EQ(std::get<BranchStep>(c.StepCalled("b").body).branches[0].target, e);
  EXPECT_EQ(std::get<BranchStep>(c.StepCalled("c").body).otherwise, e);
  EXPECT_EQ(c.StepCalled("d").path, "/steps/0/then/0/else/0/then/0");
}

TEST(DefinitionBranch, WrongShapes) {
  Compiled c = CompileSteps(
      R"([{"type": "if", "then": []}, {"type": "if", "if": )" + std::string(kVip) + R"(}, {"type": "if", "if": )" + kVip +
      R"(, "then": {}}, {"type": "branch"}, {"type": "branch", "branches": [], "else": []}, {"type": "branch",
                            "branches": [{"name": "a", "if": )" +
      kVip + R"(, "steps": []}, {"name": "a", "if": )" + kVip +
      R"(, "steps": []}, {"name": "b"}], "else": []}, {"type": "if", "if": )" + kVip + R"(, "than": []}])");
  EXPECT_EQ(c.Errors(), 10U) << c.Text();
  EXPECT_EQ(c.MessageAt("/steps/0"), "an if step needs \"if\"");
  EXPECT_EQ(c.HintAt("/steps/6/than"), "Did you mean \"then\"?");
}

const WaitStep& WaitOf(const Compiled& c) { return std::get<WaitStep>(c.program->steps.at(0).body); }

// C26, E10: a delay in days; with a clock time; zero days is the same day.
TEST(DefinitionWait, C26_E10_For) {
  Compiled c = CompileStep(R"({"type": "wait", "for": "3 days"})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(WaitOf(c).kind, WaitStep::Kind::kFor);
  EXPECT_EQ(WaitOf(c).offset, Duration{.days = 3});
  EXPECT_FALSE(WaitOf(c).at);
  Compiled same_day = CompileStep(R"({"type": "wait", "for": "0 days", "at": "09:00", "if_past": "next_day"})");
  ASSERT_TRUE(same_day.program) << same_day.Text();
  EXPECT_TRUE(WaitOf(same_day).offset.is_zero());
  EXPECT_EQ(WaitOf(same_day).at, ClockTime{9 * 60});
  EXPECT_EQ(WaitOf(same_day).if_past.policy, IfPast::kNextDay);
}

// Semantics 16: a wait on a date field; with an offset; the name alone; inside json.
TEST(DefinitionWait, Semantics16_UntilDate) {
  Compiled c = CompileStep(
      R"({"type": "wait", "until_date": {"field": "order.eta", "offset": "-3 days"}, "at": "08:30", "on_null": "continue"})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(WaitOf(c).kind, WaitStep::Kind::kUntilDate);
  EXPECT_EQ(c.program->table.fields.at(WaitOf(c).field).name, "eta");
  EXPECT_EQ(WaitOf(c).offset, Duration{.days = -3});
  EXPECT_EQ(WaitOf(c).on_null, OnNull::kContinue);
  Compiled shorter = CompileStep(R"({"type": "wait", "until_date": "contact.birthday"})");
  ASSERT_TRUE(shorter.program) << shorter.Text();
  EXPECT_EQ(WaitOf(shorter).on_null, OnNull::kExit);
  EXPECT_TRUE(CompileStep(R"({"type": "wait", "until_date": "event.data.starts_at"})").program);
  EXPECT_NE(CompileStep(R"({"type": "wait", "until_date": "contact.email"})").At("/steps/0/until_date"), nullptr);
  EXPECT_EQ(CompileStep(R"({"type": "wait", "until_date": {"field": "order.etta"}})").HintAt("/steps/0/until_date/field"),
            "Did you mean \"order.eta\"?");
}

// Semantics 14: until a clock time.
TEST(DefinitionWait, Semantics14_UntilTime) {
  Compiled c = CompileStep(R"({"type": "wait", "until_time": "17:45"})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(WaitOf(c).kind, WaitStep::Kind::kUntilTime);
  EXPECT_EQ(WaitOf(c).at, ClockTime{17 * 60 + 45});
}

// G2: a step's own policy goes before the workflow's.
TEST(DefinitionWait, G2_PolicyOfStepOrWorkflow) {
  Compiled c = Compile(R"({"triggers": [{"on": "contact.created"}], "settings": {"if_past": "exit"}, "steps": [
    {"type": "wait", "for": "1 day"}, {"type": "wait", "for": "1 day", "if_past": "skip"}]})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(std::get<WaitStep>(c.program->steps[0].body).if_past.policy, IfPast::kExit);
  EXPECT_EQ(std::get<WaitStep>(c.program->steps[1].body).if_past.policy, IfPast::kSkip);
  Compiled grace = Compile(R"({"triggers": [{"on": "contact.created"}], "settings": {"grace": "2 days"}, "steps": [
    {"type": "wait", "for": "1 day"}, {"type": "wait", "for": "1 day", "grace": "1 hour"}]})");
  EXPECT_EQ(std::get<WaitStep>(grace.program->steps[0].body).if_past.grace, Duration{.days = 2});
  EXPECT_EQ(std::get<WaitStep>(grace.program->steps[1].body).if_past.grace, Duration{.us = kHour});
}

TEST(DefinitionWait, WrongShapes) {
  for (const char* wrong :
       {R"("x": 1)", R"("for": "3 days", "until_time": "09:00")", R"("for": "-1 day")", R"("for": 3)",
        R"("until_time": "09:00", "at": "10:00")", R"("for": "1 day", "on_null": "exit")",
        R"("for": "1 day", "if_past": "next_day")", R"("until_date": {})", R"("until_date": 1)", R"("at": "09:00")"}) {
    Compiled c = CompileStep(R"({"type": "wait", )" + std::string(wrong) + "}");
    EXPECT_GE(c.Errors(), 1U) << wrong;
    EXPECT_LE(c.Errors(), 2U) << wrong << c.Text();
  }
}

}  // namespace
}  // namespace workflow::testing
