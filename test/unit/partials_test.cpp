// Texts that are made of other texts (definition, "Templates": partials): what a partial sees and leaves behind, what it reads, circles, and
// which bodies are HTML.
#include "core/message/partials.h"

#include <gtest/gtest.h>

#include <map>

namespace workflow {
namespace {

using Strings = std::vector<std::string>;

class Stored final : public PartialFinder {
 public:
  explicit Stored(const std::map<std::string, std::string>& texts) {
    for (const auto& [name, text] : texts) {
      Problems problems;
      auto parsed = Template::Parse(text, &problems, /*is_partial=*/true);
      EXPECT_TRUE(parsed.ok()) << text;
      by_name_.emplace(name, *std::move(parsed));
    }
  }
  const Template* Find(std::string_view name) const override {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Template, std::less<>> by_name_;
};

// The output, or "! " and the sentence that says why there is none.
std::string Render(std::string_view text, const std::map<std::string, std::string>& partials, std::string_view data = "{}", bool html = false) {
  const auto json = Json::Parse(data, nullptr);
  const UtcZone utc;
  const Stored stored(partials);
  RenderContext context;
  context.data = &*json;
  context.zone = &utc;
  context.partials = &stored;
  context.escape_html = html;
  const auto parsed = Template::Parse(text, nullptr);
  const auto rendered = parsed ? parsed->Render(context) : Result<std::string>(parsed.failure());
  return rendered ? *rendered : "! " + rendered.failure().message;
}

TEST(Partials, APartialSeesTheDataAndWhatItIsGiven) {
  const std::map<std::string, std::string> partials = {{"footer", "-- {{ account.data.name }}{{ sign }}{{ mine }}"}};
  const char* data = R"({"account": {"data": {"name": "Acme"}}})";
  EXPECT_EQ(Render("{% assign mine = 1 %}{% render 'footer', sign: '!' %}", partials, data), "-- Acme!");
  EXPECT_EQ(Render("{% assign mine = 1 %}{% include 'footer', sign: '!' %}", partials, data), "-- Acme!1");
}

TEST(Partials, OnceForEach) {
  const std::map<std::string, std::string> partials = {{"line", "{{ forloop.index }}/{{ forloop.length }} {{ line.name }}{% break %}never;"}};
  EXPECT_EQ(Render("{% render 'line' for order.lines %}", partials, R"({"order": {"lines": [{"name": "a"}, {"name": "b"}]}})"), "1/2 a2/2 b");
  EXPECT_EQ(Render("{% render 'line' for order.lines as line %}", partials, R"({"order": {"lines": []}})"), "");
  // An included partial leaves the loop around it.
  EXPECT_EQ(Render("{% for line in order.lines %}{% include 'line' %}{% endfor %}.", partials,
                   R"({"order": {"lines": [{"name": "a"}, {"name": "b"}]}})"), "1/2 a.");
}

TEST(Partials, OneThatIsMissingOrRendersItselfIsAnError) {
  EXPECT_EQ(Render("a\n{% render 'none' %}", {}), "! line 2: there is no template \"none\" to render");
  EXPECT_EQ(Render("{% render 'a' %}", {{"a", "\n{% render 'b' %}"}, {"b", "{% include 'a' %}"}}),
            "! line 1: in \"a\", line 2: in \"b\", line 1: template \"a\" renders itself");
  std::map<std::string, std::string> deep;
  for (int i = 0; i < 17; ++i) deep["p" + std::to_string(i)] = "{% render 'p" + std::to_string(i + 1) + "' %}";
  deep["p17"] = "x";
  const std::string message = Render("{% render 'p0' %}", deep);
  EXPECT_NE(message.find("templates are rendered more than 16 deep"), message.npos) << message;
  EXPECT_EQ(Render("{% render 'p2' %}", deep), "x");
}

TEST(Partials, TheNameIsATextThatCanBeToldBeforehand) {
  for (const char* text : {"{% render name %}", "{% include 'a' | upcase %}", "{% render '' %}", "{% render 'a' with %}", "{% render 'a', b %}"}) {
    EXPECT_FALSE(Template::Parse(text, nullptr).ok()) << text;
  }
  EXPECT_EQ(Template::Parse("{% render 'a', b: 1 c: 2, %}", nullptr).ok(), true);
}

TEST(Partials, StepsAndOutputCountOverAllOfThem) {
  std::map<std::string, std::string> partials;
  for (int i = 0; i < 12; ++i) {
    const std::string next = "{% render 'p" + std::to_string(i + 1) + "' %}";
    partials["p" + std::to_string(i)] = next + next + next + next + next + next + next + next;
  }
  partials["p12"] = "";
  EXPECT_EQ(Render("{% render 'p0' %}", partials).find("! line 1: in \"p0\""), 0U);  // too many steps, not for ever
}

Strings Reads(std::string_view text, const std::map<std::string, std::string>& partials) {
  const auto parsed = Template::Parse(text, nullptr);
  EXPECT_TRUE(parsed.ok());
  return ReadsOf(*parsed, Stored(partials)).references;
}

TEST(Partials, WhatATemplateReadsByWayOfThem) {
  const std::map<std::string, std::string> partials = {
      {"line", "{{ line.name }} {{ contact.email }} {{ forloop.index }}"},
      {"outer", "{% render 'line' for order.lines %}{{ given }}"},
      {"sets", "{% assign greeting = contact.name %}"},
      {"self", "{{ a.b }}{% render 'self' %}"},
  };
  EXPECT_EQ(Reads("{% render 'outer', given: event.data.x %}", partials), (Strings{"contact.email", "event.data.x", "order.lines"}));
  EXPECT_EQ(Reads("{% render 'outer' %}", partials), (Strings{"contact.email", "given", "order.lines"}));
  EXPECT_EQ(Reads("{% include 'sets' %}{{ greeting }}", partials), (Strings{"contact.name"}));
  EXPECT_EQ(Reads("{% render 'sets' %}{{ greeting }}", partials), (Strings{"contact.name", "greeting"}));
  EXPECT_EQ(Reads("{% assign given = 1 %}{% include 'outer' %}", partials), (Strings{"contact.email", "order.lines"}));
  EXPECT_EQ(Reads("{% render 'self' %}{% render 'none' %}", partials), (Strings{"a.b"}));
}

TEST(Partials, CirclesAreFoundByTheirWay) {
  const std::map<std::string, Strings> uses = {{"a", {"b", "c"}}, {"b", {"d"}}, {"c", {"d", "a"}}, {"d", {}}, {"e", {"a"}}};
  const auto of = [&](const std::string& name) { return uses.contains(name) ? uses.at(name) : Strings(); };
  EXPECT_EQ(FindCircle("a", of), (Strings{"a", "c", "a"}));
  EXPECT_EQ(FindCircle("e", of), Strings());  // it leads into one, and is none itself
  EXPECT_EQ(FindCircle("b", of), Strings());
}

TEST(Partials, NamesMayPinAVersion) {
  EXPECT_EQ(SplitTemplateName("footer@2").name, "footer");
  EXPECT_EQ(SplitTemplateName("footer@2").version, 2);
  EXPECT_EQ(SplitTemplateName("footer@x").name, "footer@x");
  EXPECT_FALSE(SplitTemplateName("footer").version.has_value());
}

// What is HTML is escaped, partials included, but for what says that it is HTML already.
TEST(Partials, BodiesOfEMailsAreHtmlWhereTheySaySo) {
  const auto is_html = [](const char* channel, const char* body, const char* data) {
    const auto json = Json::Parse(data, nullptr);
    return IsHtmlBody(channel, *Template::Parse(body, nullptr), json ? &*json : nullptr);
  };
  EXPECT_TRUE(is_html("email", "\n <p>Hello", ""));
  EXPECT_TRUE(is_html("email", "<!DOCTYPE html>", "{}"));
  EXPECT_FALSE(is_html("email", "Hello <b>", ""));
  EXPECT_FALSE(is_html("email", "< 3 days", ""));
  EXPECT_FALSE(is_html("email", "<p>Hello", R"({"format": "text"})"));
  EXPECT_TRUE(is_html("email", "{% render 'header' %}", R"({"format": "html"})"));
  EXPECT_FALSE(is_html("sms", "<p>Hello", ""));
  EXPECT_TRUE(is_html("in_app", "Hello", R"({"format": "html"})"));
  const std::map<std::string, std::string> partials = {{"name", "<b>{{ contact.name }}</b>"}};
  EXPECT_EQ(Render("<p>{% render 'name' %}{{ contact.name | safe }}{{ contact.name | raw }}", partials, R"({"contact": {"name": "<i>"}})", true),
            "<p><b>&lt;i&gt;</b><i><i>");
}

}  // namespace
}  // namespace workflow
