// What message templates promise beyond the suite of their language: D18 and E15 (a message adapted with the customer's data),
// the filters that are ours, what a template refuses, what it reads, and its limits.
#include "core/message/template.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "core/calendar/civil.h"
#include "iana_zone.h"

namespace workflow {
namespace {

class IanaZones final : public ZoneFinder {
 public:
  const Zone* Find(std::string_view name) const override {
    const auto found = zones_.find(std::string(name));
    return found == zones_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, IanaZone> zones_ = [] {
    std::map<std::string, IanaZone> zones;
    for (const char* name : {"Asia/Jakarta", "America/New_York", "Asia/Kathmandu"})
      zones.emplace(name, IanaZone(std::string(name)));
    return zones;
  }();
};

class TemplateTest : public testing::Test {
 protected:
  TemplateTest() {
    context_.zone = &utc_;
    context_.zones = &zones_;
    context_.now = *ParseInstant("2026-01-31T20:15:30Z");
  }

  // The output, or "! " and the sentence that says why there is none.
  std::string Render(std::string_view text, std::string_view data = "{}") {
    std::string error;
    const auto json = Json::Parse(data, &error);
    EXPECT_TRUE(json) << error;
    context_.data = &*json;
    const auto parsed = Template::Parse(text, nullptr);
    const auto rendered = parsed ? parsed->Render(context_) : Result<std::string>(parsed.failure());
    return rendered ? *rendered : "! " + rendered.failure().message;
  }

  static std::vector<std::string> Refused(std::string_view text) {
    Problems problems;
    EXPECT_FALSE(Template::Parse(text, &problems).ok());
    std::vector<std::string> all;
    for (const Problem& problem : problems.list()) {
      EXPECT_EQ(problem.path, "");
      all.push_back(problem.message + (problem.hint.empty() ? "" : " / " + problem.hint));
    }
    return all;
  }

  static std::vector<std::string> References(std::string_view text) {
    const auto parsed = Template::Parse(text, nullptr);
    EXPECT_TRUE(parsed) << parsed.failure().message;
    return parsed ? parsed->references() : std::vector<std::string>();
  }

  IanaZones zones_;
  UtcZone utc_;
  RenderContext context_;
};

using Strings = std::vector<std::string>;

TEST_F(TemplateTest, D18_E15_AMessageTakesWhatIsKnownOfTheCustomer) {
  EXPECT_EQ(
      Render(
          "Halo {{ contact.first_name | default: \"Kak\" }}, pesanan #{{ order.id }} sebesar {{ order.total | money: \"IDR\" }}"
          "{% if order.lines.size > 1 %} untuk {{ order.lines | map: \"name\" | join: \", \" }}{% endif %}.",
          R"({"contact": {"first_name": "Sari"}, "order": {"id": 7, "total": 1250000.00,
                       "lines": [{"name": "kopi"}, {"name": "teh"}]}})"),
      "Halo Sari, pesanan #7 sebesar Rp 1.250.000 untuk kopi, teh.");
}

TEST_F(TemplateTest, MissingValueIsEmptyAndNeverAnError) {
  for (const char* filters :
       {"upcase", "money: \"IDR\"", "date: \"%d\"", "round", "split: \",\" | first", "sort | join", "truncate: 5", "escape",
        "url_encode", "newline_to_br", "where: \"a\"", "map: \"a\" | join", "strip_html", "base64_decode"}) {
    const std::string expected = std::string(filters) == "round" ? "0" : "";
    EXPECT_EQ(Render("{{ contact.nobody.knows | " + std::string(filters) + " }}"), expected) << filters;
  }
  EXPECT_EQ(
      Render("[{{ a }}{{ a.b.c }}{{ a[0] }}{{ a | money: a }}{% for x in a %}{{ x }}{% endfor %}{% if a > 3 %}no{% endif %}]"),
      "[]");
}

TEST_F(TemplateTest, MoneyIsWrittenAsItsCountryWritesIt) {
  const std::map<std::string, std::string> forms = {
      {"1250000 | money: 'IDR'", "Rp 1.250.000"},
      {"1250 | money: 'USD'", "$1,250.00"},
      {"1250 | money: 'EUR'", "€1,250.00"},
      {"1250.5 | money: 'JPY'", "¥1,251"},
      {"1250 | money: 'XTS'", "1,250.00 XTS"},
      {"12500000 | money: 'INR'", "₹1,25,00,000.00"},
      {"-1250 | money: 'USD'", "-$1,250.00"},
      {"-0.4 | money: 'IDR'", "Rp 0"},
      {"0 | money: 'USD'", "$0.00"},
      {"999 | money: 'IDR'", "Rp 999"},
      {"'1250000.50' | money: 'idr'", "Rp 1.250.001"},
      {"1250000 | money: 'VND'", "1.250.000\u00a0₫"},
      {"1250000 | money: 'IDR', 'code'", "1,250,000 IDR"},
      {"1250000 | money: 'IDR', 'plain'", "1250000"},
      {"0.005 | money: 'USD'", "$0.01"},
      {"1.5 | money: 'KWD'", "KWD 1.500"},
  };
  for (const auto& [expression, expected] : forms) EXPECT_EQ(Render("{{ " + expression + " }}"), expected) << expression;
  // Exact far beyond what a double holds.
  EXPECT_EQ(Render("{{ x | money: 'USD' }}", R"({"x": 12345678901234567890.125})"), "$12,345,678,901,234,567,890.13");
  EXPECT_EQ(Render("a\n{{ 'much' | money: 'IDR' }}"), "! line 2: money: \"much\" is not an amount");
  EXPECT_EQ(Render("{{ 1 | money: 'rupiah' }}"), "! line 1: money: \"rupiah\" is not a currency");
  EXPECT_EQ(Render("{{ 1 | money: 'IDR', 'fancy' }}"), "! line 1: money: unknown form \"fancy\"");
}

TEST_F(TemplateTest, NumbersAreExactAndShownAsWritten) {
  EXPECT_EQ(Render("{{ x }} {{ y }} {{ x | plus: 0.2 }} {{ 0.1 | plus: 0.2 }}", R"({"x": 12.50, "y": 1e3})"),
            "12.50 1000 12.70 0.3");
  EXPECT_EQ(
      Render("{{ -7 | divided_by: 2 }} {{ -7 | modulo: 3 }} {{ 7 | divided_by: 2.0 }} {{ 2.5 | round }} {{ -2.5 | round }}"),
      "-4 2 3.5 3 -3");
  EXPECT_EQ(Render("{{ 1 | divided_by: 0 }}"), "! line 1: divided_by: division by zero");
}

TEST_F(TemplateTest, DatesAreShownInTheirZone) {
  const std::string data = R"({"at": "2026-01-31T20:15:30Z", "day": "2026-01-31", "local": "2026-01-31T20:15:00"})";
  EXPECT_EQ(Render(R"({{ at | date: "%d %B %Y", "Asia/Jakarta" }})", data), "01 February 2026");
  EXPECT_EQ(Render(R"({{ at | date: "%d %B %Y %H:%M %z" }})", data), "31 January 2026 20:15 +0000");
  EXPECT_EQ(Render(R"({{ at | date: "%Y-%m-%d %H:%M %:z", "Asia/Kathmandu" }})", data), "2026-02-01 02:00 +05:45");
  EXPECT_EQ(Render(R"({{ "2026-07-01T00:30:00+07:00" | date: "%d %H:%M %Z", "America/New_York" }})", data),
            "30 13:30 America/New_York");
  // A date is a date in every zone, and what a wall clock shows is shown.
  EXPECT_EQ(Render(R"({{ day | date: "%d %H:%M", "America/New_York" }} {{ local | date: "%d %H:%M", "Asia/Jakarta" }})", data),
            "31 00:00 31 20:15");
  EXPECT_EQ(Render(R"({{ "now" | date: "%F %T", "Asia/Jakarta" }} {{ "today" | date: "%F" }})"),
            "2026-02-01 03:15:30 2026-01-31");
  EXPECT_EQ(Render(R"({{ 0 | date: "%F" }} {{ "0" | date: "%F" }} {{ "soon" | date: "%F" }})"), "1970-01-01 1970-01-01 soon");
  IanaZone jakarta("Asia/Jakarta");
  context_.zone = &jakarta;
  EXPECT_EQ(Render(R"({{ at | date: "%d" }} {{ day | date: "%s" }})", data), "01 1769792400");
  EXPECT_EQ(Render(R"({{ at | date: "%d", "Asia/Djakarta" }})", data), "! line 1: date: unknown time zone \"Asia/Djakarta\"");
  context_.zones = nullptr;
  EXPECT_EQ(Render(R"({{ at | date: "%d", "Asia/Jakarta" }})", data), "! line 1: date: unknown time zone \"Asia/Jakarta\"");
}

TEST_F(TemplateTest, DateDirectives) {
  EXPECT_EQ(
      Render(
          R"({{ "2026-01-04T09:05:07.120Z" | date: "%a %A %b %^b %e %-d %j %I %l %p %P %y %C %u %w %U %W %V %G %L %3N %%" }})"),
      "Sun Sunday Jan JAN  4 4 004 09  9 AM am 26 20 7 0 01 00 01 2026 120 120 %");
  EXPECT_EQ(Render(R"({{ "2027-01-01" | date: "%G-W%V %D %R %r %c %Q %5d %_m %10A" }})"),
            "2026-W53 01/01/27 00:00 12:00:00 AM Fri Jan  1 00:00:00 2027 %Q 00001  1     Friday");
}

TEST_F(TemplateTest, TextIsCharactersNotBytes) {
  EXPECT_EQ(Render(R"({{ "žluťoučký" | upcase }} {{ "ÉCOLE" | capitalize }} {{ "naïve" | size }} {{ "naïve" | slice: 2, 2 }})"),
            "ŽLUŤOUČKÝ École 5 ïv");
  EXPECT_EQ(Render(R"({{ "日本語テキスト" | truncate: 5 }} {{ "héé" | split: "" | join: "-" }} {{ "añ" | last }})"),
            "日本... h-é-é ñ");
  EXPECT_EQ(Render(R"({{ "%00" | url_decode }})"), "! line 1: url_decode: what was decoded is not text");
  EXPECT_EQ(Render(R"({{ "%ff" | url_decode }})"), "! line 1: url_decode: what was decoded is not text");
}

TEST_F(TemplateTest, HtmlIsEscapedOnceUnlessRaw) {
  context_.escape_html = true;
  const std::string data = R"({"x": "<b>&", "y": "a\n<"})";
  EXPECT_EQ(Render("<i>{{ x }}</i>{{ x | raw }}{{ x | escape }}{% echo x %}{% cycle x %}", data),
            "<i>&lt;b&gt;&amp;</i><b>&&lt;b&gt;&amp;&lt;b&gt;&amp;&lt;b&gt;&amp;");
  EXPECT_EQ(Render("{% capture c %}<i>{{ x }}</i>{% endcapture %}{{ c }}", data), "<i>&lt;b&gt;&amp;</i>");
  EXPECT_EQ(Render("{{ y | newline_to_br }}", data), "a<br />\n&lt;");
  EXPECT_EQ(Render("{{ x | raw | upcase }}", data), "&lt;B&gt;&amp;");  // what is changed after it is text again
  context_.escape_html = false;
  EXPECT_EQ(Render("{{ x }}", data), "<b>&");
}

TEST_F(TemplateTest, EveryProblemHasItsLineAndIsReportedAtOnce) {
  EXPECT_EQ(Refused("Hi {{ name | upcas }}\n{% iff x %}\n{% if a = b %}\n{{ x y }}\n{% endif %}\n{% for x of y %}{% endfor %}"),
            (Strings{"line 1: unknown filter \"upcas\" / Did you mean \"upcase\"?",
                     "line 2: unknown tag \"iff\" / Did you mean \"if\"?", "line 3: unexpected \"=\"", "line 4: unexpected \"y\"",
                     "line 6: unexpected \"of\", expected \"in\""}));
  EXPECT_EQ(Refused("{% if x %}\n{% for y in x %}\n{% endif %}"),
            (Strings{"line 3: \"endif\" closes nothing that is open / \"for\" of line 2 is to be closed first.",
                     "line 2: \"for\" is not closed / Close it with {% endfor %}.",
                     "line 1: \"if\" is not closed / Close it with {% endif %}."}));
  EXPECT_EQ(Refused("\n\n{{ x"), (Strings{"line 3: output is not closed / Close it with \"}}\"."}));
  EXPECT_EQ(Refused("{{ “x” }}"), (Strings{"line 1: unexpected \"“\", expected a value / Use the straight quotes \" or '."}));
  EXPECT_EQ(Refused("{{ a |\n\n nope: 1 }}"), (Strings{"line 3: unknown filter \"nope\""}));
  EXPECT_EQ(Refused("{{ }}"), (Strings{"line 1: unexpected end, expected a value"}));
}

TEST_F(TemplateTest, WhatIsNotBuiltIsRefused) {
  EXPECT_EQ(Refused("\n{% render x %}"), (Strings{"line 2: unexpected \"x\", expected the name of a template in quotes"}));
  EXPECT_EQ(Refused("{% section x %}..{% endsection %}"), (Strings{"line 1: unknown tag \"section\""}));
  EXPECT_EQ(Refused("{{ x | append: 1, 2 }}"), (Strings{"line 1: filter \"append\" takes 1 argument, not 2"}));
  EXPECT_EQ(Refused("{{ x | default: 1, allow: true }}"),
            (Strings{"line 1: filter \"default\" takes no argument named \"allow\""}));
  EXPECT_EQ(Refused("{% break %}"), (Strings{"line 1: \"break\" stands outside of a loop"}));
  EXPECT_EQ(Refused("{% for x in y limt: 2 %}{% endfor %}"),
            (Strings{"line 1: unknown option \"limt\" / Did you mean \"limit\"?"}));
  EXPECT_EQ(Refused("{% case x %}lost{% when 1 %}{% endcase %}"),
            (Strings{"line 1: what stands between \"case\" and its first \"when\" is never shown"}));
}

TEST_F(TemplateTest, ReferencesAreTheGlobalNamesThatAreRead) {
  EXPECT_EQ(References("{{ contact.first_name }}{{ order.lines[0].sku }}{{ contact['e-mail'].x }}{{ a[b.c].d }}{{ a }}"),
            (Strings{"a", "b.c", "contact.e-mail.x", "contact.first_name", "order.lines"}));
  EXPECT_EQ(
      References("{% assign x = contact.x %}{{ x.y }}{% capture z %}{{ deep }}{% endcapture %}{{ z }}{% increment n %}{{ n }}"),
      (Strings{"contact.x", "deep"}));
  EXPECT_EQ(
      References(
          "{% for line in order.lines %}{{ line.sku }}{{ forloop.index }}{{ last }}{% assign last = line %}{% else %}{{ none }}"
          "{% endfor %}{{ line }}{{ forloop }}"),
      (Strings{"forloop", "line", "none", "order.lines"}));
  EXPECT_EQ(References("{% assign name = name | default: other, allow_false: flag %}{{ name }}"),
            (Strings{"flag", "name", "other"}));
  EXPECT_EQ(
      References("{% if a.b == c and d contains e %}{% elsif f %}{% endif %}{% case g %}{% when h %}{% endcase %}"
                 "{% comment %}{{ i }}{% endcomment %}{% raw %}{{ j }}{% endraw %}{% for k in (l..m) limit: n %}{% endfor %}"),
      (Strings{"a.b", "c", "d", "e", "f", "g", "h", "l", "m", "n"}));
  EXPECT_EQ(References("{{ 'text' }}{{ true }}{{ empty }}{{ nil }}"), Strings{});
}

TEST_F(TemplateTest, LimitsEndARenderWithAnErrorAndNothingElse) {
  context_.limits = {1000, 5000};
  EXPECT_EQ(Render("{% for i in (1..100000) %}{% endfor %}"), "! line 1: the template takes too many steps");
  EXPECT_EQ(Render("{% for i in (1..4) %}\n{% for j in (1..9000000000000000000) %}x{% assign y = j %}{% endfor %}{% endfor %}")
                .substr(0, 8),
            "! line 2");
  EXPECT_EQ(Render("{% for i in (1..600) %}xx{% endfor %}"), "! line 1: the template's output is too long");
  EXPECT_EQ(Render("{% assign x = 'ab' %}{% for i in (1..99) %}{% assign x = x | append: x %}{% endfor %}"),
            "! line 1: the template's output is too long");
  EXPECT_EQ(Render("{% assign x = '1' | split: ',' %}{% for i in (1..99) %}{% assign x = x | concat: x %}{% endfor %}"),
            "! line 1: the template takes too many steps");
  EXPECT_EQ(Render("{{ (1..9000000000000000000) | join }}"), "! line 1: the template takes too many steps");
  EXPECT_EQ(Render("{% assign x = 9 %}{% for i in (1..99) %}{% assign x = x | times: x %}{% endfor %}"),
            "! line 1: times: the number has too many digits");
  EXPECT_EQ(Render("{{ 'abc' | replace: '', x }}", R"({"x": ")" + std::string(600, 'y') + R"("})"),
            "! line 1: the template's output is too long");
  EXPECT_EQ(Render("{% capture c %}{% for i in (1..600) %}xx{% endfor %}{% endcapture %}"),
            "! line 1: the template's output is too long");
  EXPECT_EQ(Render("{% for i in (1..400) %}xx{% endfor %}").size(), 800U);
}

TEST_F(TemplateTest, NothingNestsTooDeep) {
  const auto repeat = [](const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  EXPECT_EQ(Refused(repeat("{% if x %}", 100000)), (Strings{"line 1: blocks are nested too deep"}));
  EXPECT_EQ(Refused("{{ " + repeat("a[", 100000) + "1" + repeat("]", 100000) + " }}"),
            (Strings{"line 1: brackets are nested too deep"}));
  EXPECT_EQ(Refused("{{ " + repeat("(", 100000) + " }}"), (Strings{"line 1: brackets are nested too deep"}));
  EXPECT_EQ(Refused("{{ a" + repeat(".b", 100000) + " }}"), (Strings{"line 1: path has too many parts"}));
  EXPECT_EQ(Refused("{% liquid " + repeat("liquid ", 100000) + "nope %}"), (Strings{"line 1: unknown tag \"nope\""}));
  EXPECT_EQ(Render("{% if " + repeat("true and ", 20000) + "true %}yes{% endif %}"), "yes");
  EXPECT_EQ(Render("{{ 'x'" + repeat(" | upcase", 20000) + " }}"), "X");
  EXPECT_EQ(Render(repeat("{% if true %}", 100) + "x" + repeat("{% endif %}", 100)), "x");
  EXPECT_EQ(Refused(repeat("{% nope %}", 1000)).size(), 50U);
}

TEST_F(TemplateTest, RendersAreIndependent) {
  const auto parsed = Template::Parse("{% increment n %}{% cycle 'a', 'b' %}{{ x }}{% assign x = 1 %}", nullptr);
  ASSERT_TRUE(parsed);
  const Json nothing = Json::MakeObject();
  context_.data = &nothing;
  EXPECT_EQ(*parsed->Render(context_), "0a");
  EXPECT_EQ(*parsed->Render(context_), "0a");
}

}  // namespace
}  // namespace workflow
