// The short form of a workflow: requirements E01 to E18, G1 to G5.
#include "core/definition/automated.h"
#include "core/telling/telling.h"
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

Catalog Shop() {
  Catalog catalog = SmallCrm();
  CatalogEntity& order = catalog.entities[1];
  order.fields.push_back(Column("estimated_delivery_at", TypeKind::kTimestamptz));
  order.fields.push_back(Column("owner", TypeKind::kInteger));
  order.fields.push_back({.name = "lines", .type = {.kind = TypeKind::kJson}, .derived = true});
  order.fields.push_back({.name = "longest_use_days", .type = {.kind = TypeKind::kInteger}, .derived = true});
  order.events.push_back({"order.cancelled"});
  order.events.push_back({"order.received"});
  catalog.templates.push_back({.name = "thanks", .channel = "whatsapp", .references = {"contact.first_name"}});
  return catalog;
}

Compiled CompileAction(const std::string& members, const Catalog& catalog = Shop(), const std::string& beside = "") {
  return Compile(R"({"automated_action": {"name": "Thanks", "template": "thanks")" + members + "}" + beside + "}", true, {}, catalog);
}

const WaitStep& WaitOf(const Compiled& c, const char* id) { return std::get<WaitStep>(c.StepCalled(id).body); }

// E03, E06, E10, E12, E15: an event, calendar days after it at a clock time, a template.
TEST(AutomatedAction, E10_E12_DaysAfterTheEventAtAClockTime) {
  Compiled c = CompileAction(R"(, "on": "order.paid", "active_after_days": 3, "active_time": "09:00")");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->triggers.size(), 1U);
  EXPECT_EQ(c.program->triggers[0].on, "order.paid");
  ASSERT_EQ(c.program->steps.size(), 2U);
  const WaitStep& wait = WaitOf(c, "wait");
  EXPECT_EQ(wait.kind, WaitStep::Kind::kUntilDate);
  EXPECT_EQ(c.program->table.fields[wait.field].scope, Scope::kEvent);  // G1
  EXPECT_EQ(wait.offset, Duration{.days = 3});
  EXPECT_EQ(FormatClockTime(*wait.at), "09:00");
  EXPECT_EQ(c.program->settings.entry_entity, "order");
  const auto& send = std::get<SendStep>(c.StepCalled("message").body);
  EXPECT_EQ(send.channel, "whatsapp");
  EXPECT_EQ(send.template_name, "thanks");
  EXPECT_EQ(send.kind, "message");
}

// G2: by default it goes out at once where its time is past, however late, but not in a backfill; if_past says otherwise.
TEST(AutomatedAction, G2_IfPast) {
  Compiled c = CompileAction(R"(, "on": "contact.created", "active_time": "09:00")");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_FALSE(WaitOf(c, "wait").if_past.policy);
  EXPECT_EQ(WaitOf(c, "wait").if_past.grace.months, 12000);
  for (const auto& [word, policy] : std::map<std::string, IfPast>{{"continue", IfPast::kContinue}, {"next_day", IfPast::kNextDay}, {"skip", IfPast::kSkip}, {"exit", IfPast::kExit}}) {
    c = CompileAction(R"(, "on": "contact.created", "active_time": "09:00", "if_past": ")" + word + '"');
    ASSERT_TRUE(c.program) << c.Text();
    EXPECT_EQ(WaitOf(c, "wait").if_past.policy, policy);
  }
}

// G1: the base may be another date of the row.
TEST(AutomatedAction, G1_BaseField) {
  for (const char* name : {"order.paid_at", "paid_at"}) {
    Compiled c = CompileAction(R"(, "on": "order.delivery", "active_after_days": 1, "active_time": "09:00", "base_field": ")" + std::string(name) + '"');
    ASSERT_TRUE(c.program) << c.Text();
    EXPECT_EQ(c.program->table.fields[WaitOf(c, "wait").field].name, "paid_at");
  }
  Compiled wrong = CompileAction(R"(, "on": "order.delivery", "active_time": "09:00", "base_field": "order.padi_at")");
  EXPECT_EQ(wrong.HintAt("/automated_action/base_field"), "Did you mean \"order.paid_at\"?");
  wrong = CompileAction(R"(, "on": "order.delivery", "active_time": "09:00", "base_field": "order.status")");
  EXPECT_EQ(wrong.Errors(), 1U) << wrong.Text();
  EXPECT_NE(wrong.At("/automated_action/base_field"), nullptr);
}

// E05, G4: by the estimated delivery date, which the wait follows; a cancelled order cancels.
TEST(AutomatedAction, E05_G4_FollowUpGoesByTheEstimatedDate) {
  Compiled c = CompileAction(R"(, "on": "order.followup_delivery", "active_time": "10:00")");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->triggers.size(), 2U);
  EXPECT_EQ(c.program->triggers[0].on, "order.created");
  EXPECT_EQ(c.program->triggers[1].on, "order.updated");
  EXPECT_TRUE(c.program->triggers[0].filter && c.program->triggers[1].filter);
  const WaitStep& wait = WaitOf(c, "wait");
  EXPECT_EQ(c.program->table.fields[wait.field].name, "estimated_delivery_at");
  EXPECT_TRUE(wait.offset.is_zero());
  EXPECT_EQ(wait.on_null, OnNull::kExit);
  ASSERT_EQ(c.program->listeners.size(), 1U);
  EXPECT_EQ(c.program->listeners[0].on, "order.cancelled");
  EXPECT_EQ(c.program->listeners[0].kind, Listener::Kind::kExit);
  Catalog declared = Shop();
  declared.entities[1].events.push_back({"order.followup_delivery"});
  c = CompileAction(R"(, "on": "order.followup_delivery", "active_time": "10:00", "base_field": "eta")", declared);
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->triggers.size(), 1U);
  EXPECT_EQ(c.program->triggers[0].on, "order.followup_delivery");
  EXPECT_EQ(c.program->table.fields[WaitOf(c, "wait").field].name, "eta");
  EXPECT_EQ(CompileAction(R"(, "on": "order.followup_delivery", "active_time": "10:00")", SmallCrm()).MessageAt("/automated_action/on"),
            "\"order\" has no field \"estimated_delivery_at\"");
}

// E11: days after the event are for events that have no date of their own.
TEST(AutomatedAction, E11_ActiveAfterIsNotApplicable) {
  Compiled c = CompileAction(R"(, "on": "order.followup_delivery", "active_time": "10:00", "active_after_days": 0)");
  EXPECT_EQ(c.Errors(), 1U) << c.Text();
  EXPECT_EQ(c.MessageAt("/automated_action/active_after_days"), "\"active_after_days\" does not apply to \"order.followup_delivery\"");
  EXPECT_EQ(c.HintAt("/automated_action/active_after_days"), "It goes by the estimated delivery date.");
  c = CompileAction(R"(, "on": "order.received", "active_time": "10:00", "active_after_days": 2)");
  EXPECT_EQ(c.MessageAt("/automated_action/active_after_days"), "\"active_after_days\" does not apply to \"order.received\"");
  EXPECT_EQ(c.HintAt("/automated_action/active_after_days"), "It goes by the product's days of use.");
  EXPECT_EQ(CompileAction(R"(, "on": "order.paid", "active_time": "10:00", "per": "line")").MessageAt("/automated_action/per"), "\"per\" belongs to \"order.received\"");
  EXPECT_EQ(CompileAction(R"(, "on": "order.received", "active_time": "10:00")").MessageAt("/automated_action/on"), "the binding of \"order\" has no lines with days of use");
}

// E07, G5: by the days of use of each product, or the longest of the order.
TEST(AutomatedAction, E07_G5_ReceivedGoesByTheLines) {
  Catalog catalog = Shop();
  catalog.entities[1].has_lines = true;
  Compiled c = CompileAction(R"(, "on": "order.received", "active_time": "10:00")", catalog);
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_TRUE(c.program->settings.by_line);
  EXPECT_EQ(c.program->settings.entry_entity, "order");
  EXPECT_EQ(c.program->settings.reentry, Reentry::kNever);
  ASSERT_TRUE(WaitOf(c, "wait").days);
  EXPECT_EQ(c.program->table.fields[*WaitOf(c, "wait").days].scope, Scope::kLine);
  EXPECT_TRUE(WaitOf(c, "wait").daily);
  c = CompileAction(R"(, "on": "order.received", "active_time": "10:00", "per": "order", "reminder_time": "09:00")", catalog);
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_FALSE(c.program->settings.by_line);
  EXPECT_EQ(c.program->table.fields[*WaitOf(c, "reminder_wait").days].name, "longest_use_days");
  EXPECT_TRUE(WaitOf(c, "wait").daily);
}

// entry_key "line" of other workflows, and what its lines are called.
TEST(AutomatedAction, LinesOfOtherWorkflows) {
  Catalog catalog = Shop();
  catalog.entities[1].has_lines = true;
  const auto compile = [&](const std::string& on, const std::string& field) {
    return Compile(R"({"triggers": [{"on": ")" + on + R"("}], "settings": {"entry_key": "line"}, "steps": [{"type": "stop", "if": {"field": ")" + field +
                   R"(", "operator": "notNull"}}]})", false, {}, catalog);
  };
  EXPECT_TRUE(compile("order.paid", "line.product.name").program);
  EXPECT_FALSE(compile("order.paid", "line.").program);
  EXPECT_EQ(compile("contact.created", "contact.email").Errors(), 1U);
  EXPECT_EQ(compile("shop.visited", "contact.email").Errors(), 1U);
  EXPECT_NE(CompileStep(R"({"type": "stop", "if": {"field": "line.qty", "operator": "notNull"}})").Errors(), 0U) << "without that key there is no line";
}

// E13, G3: the reminder is a message of its own, earlier on the same day; one whose time is past is passed over.
TEST(AutomatedAction, E13_G3_Reminder) {
  Compiled c = CompileAction(R"(, "task_name": "Say thanks", "on": "order.paid", "active_after_days": 1, "active_time": "09:00", "reminder_time": "08:00", "tag": "vip")");
  ASSERT_TRUE(c.program) << c.Text();
  ASSERT_EQ(c.program->steps.size(), 4U);
  const WaitStep& first = WaitOf(c, "reminder_wait");
  EXPECT_EQ(c.program->steps[0].id, "reminder_wait");
  EXPECT_EQ(FormatClockTime(*first.at), "08:00");
  EXPECT_EQ(first.if_past.policy, IfPast::kSkip);
  const auto& reminder = std::get<SendStep>(c.StepCalled("reminder").body);
  EXPECT_EQ(reminder.kind, "reminder");
  EXPECT_EQ(reminder.receiver, Receiver::kOwner);
  EXPECT_EQ(WaitOf(c, "wait").rewind, 0);
  c = CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "reminder_time": "08:00", "reminder_to": "customer", "reminder_template": "welcome", "reminder_channel": "email")");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(std::get<SendStep>(c.StepCalled("reminder").body).template_name, "welcome");
  EXPECT_EQ(std::get<SendStep>(c.StepCalled("reminder").body).receiver, Receiver::kContact);
  for (const char* time : {"09:00", "10:00"}) {
    EXPECT_EQ(CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "reminder_time": ")" + std::string(time) + '"').MessageAt("/automated_action/reminder_time"),
              "\"reminder_time\" must be earlier than \"active_time\"");
  }
  EXPECT_NE(CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "reminder_to": "owner")").At("/automated_action/reminder_to"), nullptr);
}

// E14: only contacts with the tag, on entering and when the message is written.
TEST(AutomatedAction, E14_Tag) {
  Compiled c = CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "tag": "reseller")");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_TRUE(c.program->triggers[0].filter);
  EXPECT_TRUE(c.StepCalled("message").filter);
  Catalog tagless = Shop();
  tagless.entities[0].has_tags = false;
  EXPECT_EQ(CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "tag": "reseller")", tagless).MessageAt("/automated_action/tag"), "the contacts have no tags");
  tagless.entities[0].has_tags = true;
  tagless.entities[0].tags = "labels";
  tagless.entities[0].fields[2].name = "labels";
  EXPECT_TRUE(CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "tag": "reseller")", tagless).program);
}

// E16, D24: what is missing or wrong is told by the keys of the short form.
TEST(AutomatedAction, E16_Problems) {
  Compiled c = Compile(R"({"automated_action": {}})");
  EXPECT_EQ(c.Errors(), 4U) << c.Text();
  c = CompileAction(R"(, "on": "order.padi", "active_time": "9:00", "active_after_days": -1, "chanel": "sms", "timezone": 7)");
  EXPECT_EQ(c.HintAt("/automated_action/on"), "Did you mean \"order.paid\"?");
  EXPECT_NE(c.At("/automated_action/active_time"), nullptr);
  EXPECT_NE(c.At("/automated_action/active_after_days"), nullptr);
  EXPECT_EQ(c.HintAt("/automated_action/chanel"), "Did you mean \"channel\"?");
  EXPECT_EQ(c.Errors(), 5U) << c.Text();
  c = CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "channel": "sms")");
  EXPECT_EQ(c.MessageAt("/automated_action/template"), "template \"thanks\" has no text for channel \"sms\"");
  EXPECT_NE(CompileAction(R"(, "on": "manual", "active_time": "09:00")").At("/automated_action/on"), nullptr);
  EXPECT_NE(CompileAction(R"(, "on": "order.paid", "active_time": "09:00")", Shop(), R"(, "steps": [])").At("/steps"), nullptr);
  EXPECT_NE(Compile(R"({"automated_action": 7})").At("/automated_action"), nullptr);
}

// Settings beside it are the workflow's; they keep their place in messages.
TEST(AutomatedAction, SettingsBesideIt) {
  Compiled c = CompileAction(R"(, "on": "order.paid", "active_time": "09:00", "timezone": "Asia/Jakarta", "category": "transactional")", Shop(),
                             R"(, "settings": {"exit": "order.delivery", "mark_as_read": true})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->settings.zone_name, "Asia/Jakarta");
  EXPECT_EQ(c.program->settings.category, Category::kTransactional);
  EXPECT_TRUE(c.program->settings.mark_as_read);
  EXPECT_EQ(c.program->listeners.size(), 2U);
  EXPECT_NE(CompileAction(R"(, "on": "order.paid", "active_time": "09:00")", Shop(), R"(, "settings": {"reentri": 1})").At("/settings/reentri"), nullptr);
}

// D29: told as it is called, and as what it does.
TEST(AutomatedAction, D29_Described) {
  const Json action = ParseJson(R"({"automated_action": {"name": "Usage", "task_name": "Usage follow-up", "on": "order.paid", "active_after_days": 2,
    "active_time": "09:00", "reminder_time": "08:00", "template": "usage"}})");
  const std::string text = DescribeDefinition(action);
  EXPECT_NE(text.find("Automated action \"Usage\", task \"Usage follow-up\""), std::string::npos) << text;
  EXPECT_NE(text.find("3. wait: wait until 2 days after"), std::string::npos) << text;
  EXPECT_NE(DrawDefinition(action, DiagramFormat::kMermaid).find("usage"), std::string::npos);
  EXPECT_EQ(NormalDefinition(action), action);
  EXPECT_FALSE(DescribeDefinition(ParseJson(R"({"automated_action": {"on": 7}})")).empty());
}

}  // namespace
}  // namespace workflow::testing
