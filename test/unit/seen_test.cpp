// A condition told as it was decided, and the sentences of refusals and of the history (A36, semantics 5).
#include "core/condition/seen.h"

#include <array>
#include <set>

#include "core/enrollment/enrollment.h"
#include "core/telling/reasons.h"
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

// One filter over the small CRM, and what its fields are.
struct Told {
  explicit Told(std::string_view filter, std::vector<Value> given) : values(std::move(given)) {
    std::string error;
    const auto json = Json::Parse(filter, &error);
    EXPECT_TRUE(json) << error;
    if (json) compiled = CompileFilter(*json, SmallCrm(), "contact", &problems);
    EXPECT_TRUE(compiled) << (problems.list().empty() ? "" : problems.list().front().message);
  }
  std::vector<const Value*> Facts() const {
    std::vector<const Value*> facts;
    for (const Value& value : values) facts.push_back(&value);
    return facts;
  }
  std::string Text() const {
    static const UtcZone utc;
    return SeenText(compiled->condition, compiled->table, Facts(), Instant{0}, &utc);
  }
  std::vector<Value> values;
  Problems problems;
  std::optional<Filter> compiled;
};

TEST(Seen, TheRulesThatMadeItTrue) {
  const Told both(R"([{"field": "contact.score", "operator": ">=", "value": 50}, {"field": "contact.email", "operator": "notNull"}])",
                  {Value(int64_t{72}), Value(std::string("a@b.test"))});
  EXPECT_EQ(both.Text(), R"(contact.score >= 50 (it is 72); contact.email notNull (it is "a@b.test"))");
}

TEST(Seen, OnlyThoseThatMadeItNotTrue) {
  const Told one(R"([{"field": "contact.score", "operator": ">=", "value": 50}, {"field": "contact.email", "operator": "notNull"}])",
                 {Value(int64_t{72}), Value()});
  EXPECT_EQ(one.Text(), "contact.email notNull (it is empty)");
  const Told null(R"({"field": "contact.score", "operator": "between", "value": [1, 5]})", {Value()});
  EXPECT_EQ(null.Text(), "contact.score between 1, 5 (it is empty)");
}

TEST(Seen, ANegatedGroupTellsAll) {
  const Told turned(R"({"combinator": "and", "not": true, "rules": [{"field": "contact.score", "operator": "<", "value": 5}]})", {Value(int64_t{9})});
  EXPECT_EQ(turned.Text(), "contact.score < 5 (it is 9)");
}

TEST(Seen, OfAChangeBothValues) {
  const Told change(R"({"field": "contact.first_name", "operator": "changedTo", "value": "Ana"})", {Value(std::string("Ana")), Value(std::string("Bo"))});
  EXPECT_EQ(change.Text(), R"(contact.first_name changedTo "Ana" (it is "Ana", before "Bo"))");
}

TEST(Seen, ItIsOneLineOfBoundedLength) {
  const Told lines(R"({"field": "contact.first_name", "operator": "=", "value": "x"})", {Value("a\nb" + std::string(5000, 'x'))});
  EXPECT_LT(lines.Text().size(), 450U);
  EXPECT_EQ(lines.Text().find('\n'), std::string::npos);
  // A character of several bytes is left whole.
  const Told wide(R"({"field": "contact.first_name", "operator": "=", "value": "x"})", {Value("a" + std::string("é") + std::string(77, 'x') + "éé")});
  EXPECT_NE(wide.Text().find("x…"), std::string::npos);
}

TEST(Seen, EveryRuleWithItsPlaceAndOutcome) {
  const Told rules(R"({"combinator": "or", "rules": [{"field": "contact.score", "operator": "<", "value": 5}, {"field": "contact.email", "operator": "null"}]})",
                   {Value(int64_t{9}), Value()});
  static const UtcZone utc;
  const auto seen = RulesSeen(rules.compiled->condition, rules.compiled->table, rules.Facts(), Instant{0}, &utc);
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].path, "/rules/0");
  EXPECT_EQ(seen[0].outcome, Outcome::kFalse);
  EXPECT_EQ(seen[1].rule, "contact.email null");
  EXPECT_EQ(seen[1].outcome, Outcome::kTrue);
}

// Semantics 5: no two reasons read alike.
TEST(Reasons, Semantics5_EveryRefusalHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (int i = 1; i <= static_cast<int>(Refusal::kGoalMet); ++i) {
    const std::string name = RefusalName(static_cast<Refusal>(i));
    EXPECT_NE(RefusalSentence(name), name);
    EXPECT_TRUE(sentences.insert(RefusalSentence(name)).second) << name;
  }
  EXPECT_EQ(RefusalSentence("of tomorrow"), "of tomorrow");
}

TEST(Reasons, Semantics23_EveryEndHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  for (int i = 1; i <= static_cast<int>(EndReason::kStopped); ++i) {
    const std::string name = EndReasonName(static_cast<EndReason>(i));
    EXPECT_NE(EndSentence(name), name);
    EXPECT_TRUE(sentences.insert(EndSentence(name)).second) << name;
  }
  EXPECT_EQ(EndSentence("goal: bought"), "it has reached a goal: bought");
  EXPECT_EQ(HappeningSentence("ended", "stopped: enough"), "a stop step ended it: enough");
}

TEST(Reasons, LinesOfTheHistory) {
  EXPECT_EQ(HappeningSentence("waiting", "until 2031"), "it waits until 2031");
  EXPECT_EQ(HappeningSentence("branch", "hot"), "the branch taken is hot");
  EXPECT_EQ(HappeningSentence("suppressed", "bounce"), "the message was written but does not go out: bounce");
  EXPECT_EQ(HappeningSentence("approved", ""), "it was approved");
  EXPECT_EQ(HappeningSentence("of tomorrow", "x"), "x");
  for (const char* what : {"called", "emitted", "enrolled", "unenrolled", "settle"}) EXPECT_FALSE(NotPlayedSentence(what).empty()) << what;
  for (const char* what : {"sent", "changed", "waiting", "of tomorrow"}) EXPECT_EQ(NotPlayedSentence(what), "") << what;
}

}  // namespace
}  // namespace workflow::testing
