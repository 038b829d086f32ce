#include "definition_fixture.h"

namespace workflow::testing {
namespace {

// B09: every workflow has its own settings; these are the defaults of definition.md.
TEST(DefinitionSettings, B09_Defaults) {
  Compiled c = Compile(R"({"triggers": [{"on": "contact.created"}], "steps": [{"type": "stop"}]})");
  ASSERT_TRUE(c.program) << c.Text();
  const Settings& s = c.program->settings;
  EXPECT_EQ(s.timezone, ZoneSource::kAccount);
  EXPECT_TRUE(s.send_window.windows.empty());
  EXPECT_FALSE(s.sender);
  EXPECT_TRUE(s.entry_key.empty());
  EXPECT_EQ(s.entry_entity, "contact");
  EXPECT_EQ(s.reentry, Reentry::kNever);
  EXPECT_FALSE(s.cooldown);
  EXPECT_FALSE(s.mark_as_read);
  EXPECT_EQ(s.category, Category::kMarketing);
  EXPECT_FALSE(s.if_past.policy);
  EXPECT_EQ(s.if_past.grace, Duration{.days = 1});
  EXPECT_FALSE(s.expires_after);
  EXPECT_EQ(s.retry_max, 5);
}

// B10, semantics 9: a program holds its settings itself, so an enrollment keeps those it entered with.
TEST(DefinitionSettings, B10_Semantics9_ProgramOwnsItsSettings) {
  Json json = ParseJson(
      R"({"triggers": [{"on": "contact.created"}], "settings": {"reentry": "after_exit"}, "steps": [{"type": "stop"}]})");
  Problems problems;
  std::optional<Program> first = CompileDefinition(json, SmallCrm(), false, &problems);
  json.Set("settings", ParseJson(R"({"reentry": "every_event"})"));
  std::optional<Program> second = CompileDefinition(json, SmallCrm(), false, &problems);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->settings.reentry, Reentry::kAfterExit);
  EXPECT_EQ(second->settings.reentry, Reentry::kEveryEvent);
}

// B01: any time or specific time. B02, B11, semantics 15: days and hours; over midnight; exceptions.
TEST(DefinitionSettings, B01_B02_B11_SendWindow) {
  EXPECT_TRUE(CompileSettings(R"({"send_window": "any"})").program->settings.send_window.windows.empty());
  Compiled c = CompileSettings(R"({"send_window": [
    {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}, {"days": ["sat"], "from": "22:00", "to": "02:00"},
    {"from": "08:00", "to": "24:00"}, {"days": ["sun"]}, {"except": ["2026-12-25", "2026-01-01", "2026-12-25"]}]})");
  ASSERT_TRUE(c.program) << c.Text();
  const SendWindow& window = c.program->settings.send_window;
  ASSERT_EQ(window.windows.size(), 4U);
  EXPECT_EQ(window.windows[0].days, 0x1f);
  EXPECT_EQ(window.windows[0].from.minutes, 9 * 60);
  EXPECT_EQ(window.windows[0].to.minutes, 17 * 60);
  EXPECT_EQ(window.windows[1].days, 0x20);
  EXPECT_EQ(window.windows[1].to.minutes, 2 * 60);
  EXPECT_EQ(window.windows[2].days, 0x7f);
  EXPECT_EQ(window.windows[2].to.minutes, 0);
  EXPECT_EQ(window.windows[3].from, window.windows[3].to);
  EXPECT_EQ(window.except, (std::vector<Date>{*ParseDate("2026-01-01"), *ParseDate("2026-12-25")}));
}

// With exceptions only, every other day is open all day.
TEST(DefinitionSettings, B02_ExceptionsAlone) {
  Compiled c = CompileSettings(R"({"send_window": [{"except": ["2026-12-25"]}]})");
  ASSERT_TRUE(c.program) << c.Text();
  const SendWindow& window = c.program->settings.send_window;
  UtcZone utc;
  EXPECT_EQ(NextOpen(window, *ParseInstant("2026-12-24T23:59:00Z"), utc), *ParseInstant("2026-12-24T23:59:00Z"));
  EXPECT_EQ(NextOpen(window, *ParseInstant("2026-12-25T10:00:00Z"), utc), *ParseInstant("2026-12-26T00:00:00Z"));
}

TEST(DefinitionSettings, WrongSendWindows) {
  for (const char* wrong :
       {"\"never\"", "[]", "{}", "[{}]", "[1]", R"([{"days": [], "from": "09:00", "to": "17:00"}])",
        R"([{"days": ["monday"], "from": "09:00", "to": "17:00"}])", R"([{"from": "9", "to": "17:00"}])",
        R"([{"from": "09:00", "to": "09:00"}])", R"([{"except": ["2026-02-30"]}])", R"([{"form": "09:00", "to": "17:00"}])"}) {
    EXPECT_GE(CompileSettings(R"({"send_window": )" + std::string(wrong) + "}").Errors(), 1U) << wrong;
  }
  Compiled c = CompileSettings(R"({"send_window": [{"days": ["mon", "teu"], "from": "09:00", "to": "25:00"}]})");
  EXPECT_EQ(c.HintAt("/settings/send_window/0/days/1"), "Did you mean \"tue\"?");
  EXPECT_NE(c.At("/settings/send_window/0/to"), nullptr);
}

// B03: the account's zone, the contact's, or a named one.
TEST(DefinitionSettings, B03_Timezone) {
  EXPECT_EQ(CompileSettings(R"({"timezone": "account"})").program->settings.timezone, ZoneSource::kAccount);
  EXPECT_EQ(CompileSettings(R"({"timezone": "contact"})").program->settings.timezone, ZoneSource::kContact);
  Compiled named = CompileSettings(R"({"timezone": "America/Argentina/Buenos_Aires"})");
  EXPECT_EQ(named.program->settings.timezone, ZoneSource::kNamed);
  EXPECT_EQ(named.program->settings.zone_name, "America/Argentina/Buenos_Aires");
  EXPECT_EQ(CompileSettings(R"({"timezone": "acount"})").HintAt("/settings/timezone"), "Did you mean \"account\"?");
  EXPECT_EQ(CompileSettings(R"({"timezone": "Asia/Ja karta"})").Errors(), 1U);
}

// B04: the workflow's default sender.
TEST(DefinitionSettings, B04_Sender) {
  Compiled c = CompileSettings(R"({"sender": {"name": "Acme", "email": "hello@acme.test", "reply_to": "help@acme.test"}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->settings.sender->json.Find("email")->string(), "hello@acme.test");
  EXPECT_EQ(CompileSettings(R"({"sender": {"emial": "a@b"}})").HintAt("/settings/sender/emial"), "Did you mean \"email\"?");
  EXPECT_TRUE(CompileSettings(R"({"sender": {"email": {"email": "a@b"}}})").program) << "by channel";
  EXPECT_TRUE(CompileSettings(R"({"sender": {"name": "{{ contact.first_name }}"}})").program);
  EXPECT_EQ(CompileSettings(R"({"sender": {"name": "{{ contact.frist_name }}"}})").HintAt("/settings/sender/name"), "Did you mean \"contact.first_name\"?");
  EXPECT_EQ(CompileSettings(R"({"sender": {"sms": {"phoen": "1"}}})").HintAt("/settings/sender/sms/phoen"), "Did you mean \"phone\"?");
  EXPECT_EQ(CompileSettings(R"({"sender": {}})").Errors(), 1U);
}

// B05, semantics 4: the contact enters once unless the workflow allows more; other keys enter again after they ended.
TEST(DefinitionSettings, B05_ReentryFollowsTheKey) {
  EXPECT_EQ(CompileSettings("{}").program->settings.reentry, Reentry::kNever);
  EXPECT_EQ(CompileSettings("{}", "order.paid").program->settings.reentry, Reentry::kAfterExit);
  EXPECT_EQ(CompileSettings(R"({"entry_key": "contact"})", "order.paid").program->settings.reentry, Reentry::kNever);
  EXPECT_EQ(CompileSettings(R"({"entry_key": ["contact.email"]})").program->settings.reentry, Reentry::kAfterExit);
  Compiled c = CompileSettings(R"({"reentry": "after_exit", "cooldown": "30 days"})");
  EXPECT_EQ(c.program->settings.reentry, Reentry::kAfterExit);
  EXPECT_EQ(c.program->settings.cooldown, Duration{.days = 30});
  EXPECT_NE(CompileSettings(R"({"cooldown": "30 days"})").At("/settings/cooldown", Severity::kWarning), nullptr);
  EXPECT_EQ(CompileSettings(R"({"reentry": "after_exit", "cooldown": "0 days"})").Errors(), 1U);
}

// B06: one live enrollment per opportunity.
TEST(DefinitionSettings, B06_EntryKeyByEntity) {
  Compiled c = CompileSettings("{}", "opportunity.stage_changed");
  EXPECT_EQ(c.program->settings.entry_entity, "opportunity");
  EXPECT_EQ(CompileSettings(R"({"entry_key": "opportunity"})", "opportunity.created").program->settings.entry_entity,
            "opportunity");
  EXPECT_NE(CompileSettings(R"({"entry_key": "opportunity"})", "order.paid").At("/settings/entry_key"), nullptr);
  EXPECT_EQ(CompileSettings(R"({"entry_key": "oder"})", "order.paid").HintAt("/settings/entry_key"), "Did you mean \"order\"?");
}

TEST(DefinitionSettings, B06_EntryKeyByFields) {
  Compiled c = CompileSettings(R"({"entry_key": ["order.email", "event.data.shop"]})", "order.paid");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->settings.entry_key, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(c.program->table.fields[0].name, "email");
  for (const char* wrong : {"[]", "\"order.email\"", "[\"order.emial\"]", "[\"enrollment.version\"]", "[\"old.email\"]",
                            "[\"contact.tags\"]", "[\"contact.address\"]", "[1]", "1"}) {
    EXPECT_EQ(CompileSettings(R"({"entry_key": )" + std::string(wrong) + "}", "order.paid").Errors(), 1U) << wrong;
  }
}

// definition.md: the key is stated when the triggers differ; it must be known for every entry.
TEST(DefinitionSettings, EntryKeyWhenTriggersDiffer) {
  const std::string both =
      R"({"triggers": [{"on": "contact.created"}, {"on": "order.paid"}], "steps": [{"type": "stop"}], "settings": )";
  EXPECT_NE(Compile(both + "{}}").MessageAt("/settings").find("\"entry_key\" must say"), std::string::npos);
  EXPECT_TRUE(Compile(both + R"({"entry_key": "contact"}})").program);
  EXPECT_NE(Compile(both + R"({"entry_key": "order"}})").At("/settings/entry_key"), nullptr);
  EXPECT_NE(Compile(both + R"({"entry_key": ["order.email"]}})").At("/settings/entry_key/0"), nullptr);
  EXPECT_EQ(
      Compile(
          R"({"triggers": [{"on": "manual"}, {"on": "cart.abandoned"}, {"on": "contact.created"}], "steps": [{"type": "stop"}]})")
          .program->settings.entry_entity,
      "contact");
}

// B08: messages of the workflow are marked as read. Category, expiry and retries are settings too.
TEST(DefinitionSettings, B08_MarkAsReadAndOthers) {
  Compiled c = CompileSettings(
      R"({"mark_as_read": true, "category": "transactional", "expires_after": "2 hours", "on_error": {"retry": 0}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_TRUE(c.program->settings.mark_as_read);
  EXPECT_EQ(c.program->settings.category, Category::kTransactional);
  EXPECT_EQ(c.program->settings.expires_after, Duration{.us = 2 * kHour});
  EXPECT_EQ(c.program->settings.retry_max, 0);
  Compiled wrong = CompileSettings(R"({"mark_as_read": "yes", "category": "news", "expires_after": "-1 hour",
    "on_error": {"retry": 1.5, "then": "suspend", "backoff": "1 minute"}})");
  EXPECT_EQ(wrong.Errors(), 4U) << wrong.Text();
}

// D28: what becomes of a step that goes on failing.
TEST(DefinitionSettings, D28_OnError) {
  Compiled c = CompileSettings(R"({"on_error": {"retry": 3, "backoff": "10 minutes", "then": "skip"}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->settings.on_error, OnError::kSkip);
  EXPECT_FALSE(c.program->settings.backoff.is_list);
  EXPECT_EQ(c.program->settings.backoff.pauses, std::vector<Duration>{{.us = 10 * kMinute}});
  c = CompileSettings(R"({"on_error": {"backoff": ["1 minute", "1 day"], "then": "suspend"}})");
  ASSERT_TRUE(c.program) << c.Text();
  EXPECT_EQ(c.program->settings.on_error, OnError::kSuspend);
  EXPECT_TRUE(c.program->settings.backoff.is_list);
  EXPECT_EQ(c.program->settings.backoff.pauses.size(), 2U);
  for (const char* backoff : {"[]", "\"0 minutes\"", "5", "[\"-1 day\"]", "[1]"}) {
    EXPECT_EQ(CompileSettings(R"({"on_error": {"backoff": )" + std::string(backoff) + "}}").Errors(), 1U) << backoff;
  }
  EXPECT_EQ(CompileSettings(R"({"on_error": {"then": "suspnd"}})").HintAt("/settings/on_error/then"), "Did you mean \"suspend\"?");
  EXPECT_NE(CompileSettings(R"({"on_error": {"retry": 0, "backoff": "1 hour"}})").At("/settings/on_error/backoff", Severity::kWarning), nullptr);
}

// G2, semantics 14: what happens where the time of a wait is past.
TEST(DefinitionSettings, G2_IfPast) {
  EXPECT_EQ(CompileSettings(R"({"if_past": "next_day"})").program->settings.if_past.policy, IfPast::kNextDay);
  Compiled grace = CompileSettings(R"({"if_past": {"grace": "2 hours"}})");
  EXPECT_FALSE(grace.program->settings.if_past.policy);
  EXPECT_EQ(grace.program->settings.if_past.grace, Duration{.us = 2 * kHour});
  EXPECT_EQ(CompileSettings(R"({"grace": "3 days"})").program->settings.if_past.grace, Duration{.days = 3});
  EXPECT_NE(CompileSettings(R"({"if_past": "exit", "grace": "3 days"})").At("/settings/grace", Severity::kWarning), nullptr);
  EXPECT_EQ(CompileSettings(R"({"if_past": {"grace": "2 hours"}, "grace": "3 days"})").Errors(), 1U);
  EXPECT_EQ(CompileSettings(R"({"if_past": {}})").Errors(), 1U);
  EXPECT_EQ(CompileSettings(R"({"grace": "-3 days"})").Errors(), 1U);
  EXPECT_EQ(CompileSettings(R"({"if_past": "skpi"})").HintAt("/settings/if_past"), "Did you mean \"skip\"?");
}

// D24: own rules per business; a key that does not exist is told with its neighbour.
TEST(DefinitionSettings, D24_UnknownKeys) {
  EXPECT_EQ(CompileSettings(R"({"send_windows": "any"})").HintAt("/settings/send_windows"), "Did you mean \"send_window\"?");
  EXPECT_NE(CompileSettings(R"({"zzz": 1})").HintAt("/settings/zzz").find("Known keys are \"timezone\""), std::string::npos);
}

}  // namespace
}  // namespace workflow::testing
