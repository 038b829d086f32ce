// The golden-liquid suite as the judge of the template language (definition, "Templates"). The cases are read from the data
// beside the project; what is not met is listed here by name with its reason, and the list is exact both ways.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>

#include "core/base/json.h"
#include "core/message/template.h"

namespace workflow {
namespace {

constexpr char kSilent[] = "part of the condition would be dropped in silence; here it is refused";

const std::map<std::string, std::string>& NotMet() {
  static const std::map<std::string, std::string> cases = {
      {"tags, case, unexpected when token", kSilent},
  };
  return cases;
}

std::filesystem::path CasesFile() {
  const char* shared = std::getenv("WF_SHARED");
  const auto root = std::filesystem::absolute(__FILE__).parent_path().parent_path().parent_path();
  return (shared ? std::filesystem::path(shared) : root / ".." / "shared") / "data" / "golden_liquid.json";
}

class Partials final : public PartialFinder {
 public:
  explicit Partials(const Json* texts) {
    if (texts == nullptr) return;
    for (const auto& [name, text] : texts->object()) {
      auto parsed = Template::Parse(text.string(), nullptr, /*is_partial=*/true);
      EXPECT_TRUE(parsed.ok()) << name;
      if (parsed) by_name_.emplace(name, *std::move(parsed));
    }
  }
  const Template* Find(std::string_view name) const override {
    const auto found = by_name_.find(std::string(name));
    return found == by_name_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::string, Template> by_name_;
};

// Empty where the case is met, else what came out instead.
std::string Judge(const Json& test) {
  const Json* data = test.Find("data");
  const Json nothing = Json::MakeObject();
  const UtcZone utc;
  RenderContext context;
  context.data = data && data->is_object() ? data : &nothing;
  context.zone = &utc;
  const Partials partials(test.Find("templates"));
  context.partials = &partials;
  Problems problems;
  const auto parsed = Template::Parse(test.Find("template")->string(), &problems);
  const auto rendered = parsed ? parsed->Render(context) : Result<std::string>(parsed.failure());
  EXPECT_EQ(parsed.ok(), !problems.HasErrors());
  const Json* invalid = test.Find("invalid");
  if (invalid && invalid->boolean()) return rendered ? "not refused: " + *rendered : "";
  if (!rendered) return "refused: " + rendered.failure().message;
  Json::Array wanted;
  if (const Json* one = test.Find("result")) wanted.push_back(*one);
  if (const Json* any = test.Find("results")) wanted = any->array();
  for (const Json& result : wanted) {
    if (result.string() == *rendered) return "";
  }
  return "rendered: " + *rendered;
}

TEST(GoldenLiquid, EveryCaseIsMetOrListed) {
  std::ifstream file(CasesFile());
  if (!file) {
    std::cerr << "*** " << CasesFile() << " is absent: the template language is NOT judged ***\n";
    GTEST_SKIP() << CasesFile() << " is absent";
  }
  std::stringstream text;
  text << file.rdbuf();
  std::string error;
  const auto suite = Json::Parse(text.str(), &error);
  ASSERT_TRUE(suite) << error;
  size_t met = 0, listed = 0;
  for (const Json& test : suite->Find("tests")->array()) {
    const std::string& name = test.Find("name")->string();
    const std::string verdict = Judge(test);
    const auto known = NotMet().find(name);
    met += verdict.empty();
    listed += known != NotMet().end();
    if (known == NotMet().end()) {
      EXPECT_EQ(verdict, "") << name << "\n  template: " << test.Find("template")->string();
    } else {
      EXPECT_NE(verdict, "") << name << " is met; take it off the list";
    }
  }
  EXPECT_EQ(listed, NotMet().size()) << "a listed name is no case of the suite";
  const size_t total = suite->Find("tests")->array().size();
  std::cout << "golden-liquid: " << met << " of " << total << " met, " << listed << " listed\n";
  EXPECT_GE(met * 100, total * 99);
}

}  // namespace
}  // namespace workflow
