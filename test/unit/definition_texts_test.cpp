// What a definition's texts are made of, checked when it is published (definition, "Templates"): stored templates and their versions, partials,
// names that are not valid for a trigger; and the limits of a definition, which are the caller's.
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

Catalog WithTemplates() {
  Catalog catalog = SmallCrm();
  catalog.templates = {
      {.name = "welcome", .channel = "email", .references = {"contact.first_name"},
       .versions = {{1, {"order.total"}}, {2, {"contact.first_name"}}}},
      {.name = "local", .channel = "email", .references = {}, .versions = {{1, {}}}, .for_everybody = false, .has_default = false},
      {.name = "holed", .channel = "email", .references = {}, .versions = {{1, {}}}, .missing = {"fotter"}},
      {.name = "footer", .channel = "partial", .references = {"contact.email", "sign"}, .binds = {"made"}, .versions = {{1, {}}, {2, {"order.id"}}}},
      {.name = "emailed", .channel = "email", .references = {"order.eta"}, .versions = {{1, {"order.eta"}}}},
  };
  return catalog;
}

Compiled Publish(const std::string& step, const std::string& on = "contact.created", bool publishing = true) {
  return Compile(R"({"triggers": [{"on": ")" + on + R"("}], "steps": [)" + step + "]}", publishing, {}, WithTemplates());
}
Compiled PublishBody(const std::string& body, const std::string& on = "contact.created", bool publishing = true) {
  return Publish(R"({"type": "send", "channel": "email", "body": ")" + body + R"("})", on, publishing);
}

TEST(Texts, AStoredTemplateAndItsVersionMustBeThere) {
  const char* path = "/steps/0/template";
  const Compiled missing = Publish(R"({"type": "send", "channel": "email", "template": "welcom"})");
  EXPECT_EQ(missing.MessageAt(path), "template \"welcom\" does not exist");
  EXPECT_EQ(missing.HintAt(path), "Did you mean \"welcome\"?");
  const Compiled version = Publish(R"({"type": "send", "channel": "email", "template": "welcome@7"})");
  EXPECT_EQ(version.MessageAt(path), "template \"welcome\" has no version 7");
  EXPECT_EQ(version.HintAt(path), "Its newest version is 2.");
  EXPECT_TRUE(Publish(R"({"type": "send", "channel": "email", "template": "welcome@2"})").program.has_value());
  // Before publishing it may still come.
  const Compiled draft = Publish(R"({"type": "send", "channel": "email", "template": "welcome@7"})", "contact.created", false);
  EXPECT_TRUE(draft.program.has_value());
  EXPECT_EQ(draft.MessageAt(path, Severity::kWarning), "template \"welcome\" has no version 7");
}

TEST(Texts, APinnedVersionIsCheckedByWhatItReadsItself) {
  const Compiled old = Publish(R"({"type": "send", "channel": "email", "template": "welcome@1"})");
  EXPECT_EQ(old.MessageAt("/steps/0/template"), "\"order\" is not available in this workflow: no trigger brings its row");
  EXPECT_TRUE(Publish(R"({"type": "send", "channel": "email", "template": "welcome@1"})", "order.paid").program.has_value());
}

TEST(Texts, GapsOfATemplateAreTold) {
  const Compiled local = Publish(R"({"type": "send", "channel": "email", "template": "local"})");
  EXPECT_TRUE(local.program.has_value());
  EXPECT_NE(local.Text().find("only some accounts have a template \"local\""), std::string::npos) << local.Text();
  EXPECT_NE(local.Text().find("template \"local\" has no text without a locale"), std::string::npos) << local.Text();
  const Compiled holed = Publish(R"({"type": "send", "channel": "email", "template": "holed"})");
  EXPECT_EQ(holed.MessageAt("/steps/0/template"), "template \"holed\" renders \"fotter\", which does not exist");
  EXPECT_EQ(holed.HintAt("/steps/0/template"), "Did you mean \"footer\"?");
}

TEST(Texts, PartialsOfATextOfTheStepsOwn) {
  const char* path = "/steps/0/body";
  EXPECT_TRUE(PublishBody("{% render 'footer', sign: 1 %}").program.has_value());
  EXPECT_EQ(PublishBody("{% render 'footer' %}").MessageAt(path), "\"sign\" is no attached entity");
  EXPECT_EQ(PublishBody("{% render 'foter' %}").MessageAt(path), "there is no template \"foter\" to render");
  EXPECT_EQ(PublishBody("{% render 'foter' %}").HintAt(path), "Did you mean \"footer\"?");
  EXPECT_EQ(PublishBody("{% render 'footer@3' %}").MessageAt(path), "template \"footer\" has no version 3");
  EXPECT_EQ(PublishBody("{% render 'footer@2' %}").MessageAt(path), "\"order\" is not available in this workflow: no trigger brings its row");
  // One of the message's own channel.
  EXPECT_TRUE(PublishBody("{% render 'emailed' %}", "order.paid").program.has_value());
  EXPECT_FALSE(Publish(R"({"type": "send", "channel": "sms", "body": "{% render 'emailed' %}"})", "order.paid").program.has_value());
}

TEST(Texts, WhatAnIncludedPartialBindsIsNotReadFromTheData) {
  EXPECT_TRUE(PublishBody("{% include 'footer', sign: 1 %}{{ made }}").program.has_value());
  EXPECT_EQ(PublishBody("{% render 'footer', sign: 1 %}{{ made }}").MessageAt("/steps/0/body"), "\"made\" is no attached entity");
  // As long as the partial is not known, neither is what it binds.
  const Compiled draft = PublishBody("{% include 'later' %}{{ made }}{{ contact.email }}", "contact.created", false);
  ASSERT_TRUE(draft.program.has_value()) << draft.Text();
  EXPECT_EQ(draft.program->references, (std::vector<std::string>{"contact.email"}));
}

TEST(Texts, NoMessageGoesByTheChannelOfPartials) {
  EXPECT_EQ(Publish(R"({"type": "send", "channel": "partial", "template": "footer"})").MessageAt("/steps/0/channel"),
            "\"partial\" is the channel of templates that are part of others");
}

TEST(Limits, AreTheCallersAndNamedByTheirSettings) {
  const std::string two = R"({"triggers": [{"on": "manual"}], "steps": [{"type": "stop", "if": {"field": "contact.vip", "operator": "=", "value": true}}, {"type": "stop"}]})";
  EXPECT_TRUE(Compile(two).program.has_value());
  const Compiled steps = Compile(two, false, {.steps_max = 1});
  EXPECT_EQ(steps.MessageAt("/steps/1"), "a workflow has at most 1 steps");
  EXPECT_EQ(steps.HintAt("/steps/1"), "The limit is the setting pg_workflow.max_steps.");
  const Compiled bytes = Compile(two, false, {.bytes_max = 100});
  EXPECT_EQ(bytes.MessageAt(""), "the definition has " + std::to_string(ParseJson(two).Dump().size()) + " bytes, more than 100");
  EXPECT_EQ(bytes.HintAt(""), "The limit is the setting pg_workflow.max_definition_bytes.");
  const Compiled depth = Compile(R"({"triggers": [{"on": "manual"}], "steps": [{"type": "if", "if": {"field": "contact.vip", "operator": "=",
                                 "value": true}, "then": [{"type": "stop"}]}]})", false, {.depth_max = 1});
  EXPECT_EQ(depth.HintAt("/steps/0/then"), "The limit is the setting pg_workflow.max_depth.");
  const Compiled triggers = Compile(R"({"triggers": [{"on": "manual"}, {"on": "contact.created"}], "steps": [{"type": "stop"}]})", false, {.triggers_max = 1});
  EXPECT_EQ(triggers.HintAt("/triggers"), "The limit is the setting pg_workflow.max_triggers.");
  // What has been published is not measured again.
  Problems problems;
  EXPECT_TRUE(CompileDefinition(ParseJson(two), SmallCrm(), false, &problems, CompileLimits::None()).has_value());
}

}  // namespace
}  // namespace workflow::testing
