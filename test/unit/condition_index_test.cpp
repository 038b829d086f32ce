// Candidates among many conditions (P1): whoever the index leaves out is false or null whatever is not known; what it finds stands in order.
#include <random>

#include "condition_answer.h"
#include "core/condition/index.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above

class Many {
 public:
  void Add(std::string_view text) {
    Problems problems;
    conditions_.push_back(CompileCondition(*Json::Parse(text, nullptr), "", scope_, &problems));
    ASSERT_TRUE(conditions_.back()) << text;
  }
  // The values of `row` are known, all others are not.
  void Index(Row row) {
    row_ = std::move(row);
    facts_.clear();
    for (const Field& field : scope_.table.fields) {
      std::string name = (field.scope == Scope::kOld ? "old." : "") + field.entity + "." + field.name;
      for (const std::string& key : field.path) name += "." + key;
      const auto found = row_.find(name);
      facts_.push_back(found == row_.end() ? nullptr : &found->second);
    }
    index_ = ConditionIndex();
    for (const auto& condition : conditions_) index_.Add(&*condition, facts_);
  }
  Value& Of(const std::string& field) { return row_.at(field); }
  std::vector<uint32_t> Candidates() const {
    std::vector<uint32_t> found;
    EXPECT_TRUE(index_.EachCandidate([&](uint32_t number) {
      found.push_back(number);
      return true;
    }));
    return found;
  }
  Outcome Ask(uint32_t number) const { return Evaluate(*conditions_[number], facts_, Clock().now, &kUtc); }
  uint32_t count() const { return static_cast<uint32_t>(conditions_.size()); }

 private:
  TestScope scope_;
  std::vector<std::optional<Condition>> conditions_;
  Row row_;
  std::vector<const Value*> facts_;
  ConditionIndex index_;
};

TEST(ConditionIndex, LooksUpEqualityAndBounds) {
  Many many;
  many.Add(RuleOf("contact.email", "=", R"("a")"));
  many.Add(RuleOf("contact.email", "=", R"("b")"));
  many.Add(RuleOf("contact.email", "in", R"(["b", "c"])"));
  many.Add(RuleOf("order.lines", ">", "10"));
  many.Add(RuleOf("order.lines", "<=", "5"));
  many.Add(RuleOf("order.lines", "=", "7"));
  many.Add(RuleOf("contact.tags", "contains", R"("vip")"));
  many.Add(RuleOf("contact.tags", "containsAny", R"(["vip", "lead"])"));
  many.Index({{"contact.email", Text("b")}, {"order.lines", Value(int64_t{7})}, {"contact.tags", Value::OfList({Text("vip"), Text("lead")})}});
  EXPECT_EQ(many.Candidates(), (std::vector<uint32_t>{1, 2, 5, 6, 7}));
  many.Of("order.lines") = Value(int64_t{11});
  many.Of("contact.email") = Value();
  many.Of("contact.tags") = Value::OfList({Text("other")});
  EXPECT_EQ(many.Candidates(), (std::vector<uint32_t>{3}));
}

TEST(ConditionIndex, GoesByOneNecessaryRuleOfAGroup) {
  Many many;
  many.Add(R"({"combinator": "and", "rules": [)" + RuleOf("order.lines", ">", "1") + "," + RuleOf("contact.email", "=", R"("a")") + "]}");
  many.Add(R"({"combinator": "or", "rules": [)" + RuleOf("order.lines", ">", "1") + "," + RuleOf("contact.email", "=", R"("a")") + "]}");
  many.Add(R"({"combinator": "and", "not": true, "rules": [)" + RuleOf("contact.email", "=", R"("a")") + "]}");
  many.Index({{"contact.email", Text("z")}, {"order.lines", Value(int64_t{7})}});
  EXPECT_EQ(many.Candidates(), (std::vector<uint32_t>{1, 2}));
  many.Index({{"order.lines", Value(int64_t{0})}});  // what is not known cannot rule out anything
  EXPECT_EQ(many.Candidates(), (std::vector<uint32_t>{1, 2}));
  many.Of("order.lines") = Value(int64_t{2});
  EXPECT_EQ(many.Candidates(), (std::vector<uint32_t>{0, 1, 2}));
}

// Over random conditions and rows: nobody who might be true is left out.
TEST(ConditionIndex, LeavesOutNobodyWhoMayBeTrue) {
  std::mt19937 random(20260101);  // NOLINT: the same every time
  const auto one_of = [&](std::vector<std::string> all) { return all[random() % all.size()]; };
  const auto rule = [&]() -> std::string {
    const std::string letter = one_of({R"("a")", R"("b")", R"("c")"}), number = one_of({"1", "2", "3", "2.5"});
    switch (random() % 6) {
      case 0: return RuleOf("contact.email", one_of({"=", "!=", "beginsWith"}), letter);
      case 1: return RuleOf("contact.email", "in", "[" + letter + R"(, "d"])");
      case 2: return RuleOf("order.lines", one_of({"=", "<", "<=", ">", ">=", "!="}), number);
      case 3: return RuleOf("order.lines", one_of({"between", "notBetween"}), "[1, " + number + "]");
      case 4: return RuleOf("contact.tags", one_of({"contains", "doesNotContain"}), letter);
      default: return RuleOf("contact.email", one_of({"changedTo", "changedFrom"}), letter);
    }
  };
  size_t left_out = 0;
  for (int round = 0; round < 200; ++round) {
    Many many;
    for (int i = 0; i < 20; ++i) {
      std::string group = rule();
      for (int j = random() % 3; j > 0; --j) {
        group = R"({"combinator": ")" + one_of({"and", "and", "or"}) + R"(", "not": )" + one_of({"true", "false", "false"}) +
                R"(, "rules": [)" + group + "," + rule() + "]}";
      }
      many.Add(group);
    }
    const auto text = [&] { return random() % 4 == 0 ? Value() : Text(one_of({"a", "b", "c", "d"})); };
    Row row = {{"contact.email", text()}, {"order.lines", random() % 4 == 0 ? Value() : Value(static_cast<int64_t>(random() % 5))},
               {"contact.tags", Value::OfList({text(), text()})}, {"old.contact.email", text()}};
    if (random() % 3 == 0) row.erase("order.lines");
    if (random() % 3 == 0) row.erase("old.contact.email");
    many.Index(row);
    const std::vector<uint32_t> candidates = many.Candidates();
    EXPECT_TRUE(std::is_sorted(candidates.begin(), candidates.end()));
    for (uint32_t number = 0; number < many.count(); ++number) {
      if (std::find(candidates.begin(), candidates.end(), number) != candidates.end()) continue;
      ++left_out;
      // With a part unknown the condition may come out as deferred, although it cannot become true.
      EXPECT_NE(many.Ask(number), Outcome::kTrue);
      if (row.contains("order.lines") && row.contains("old.contact.email")) {
        EXPECT_NE(many.Ask(number), Outcome::kDeferred);
      }
    }
  }
  EXPECT_GT(left_out, 500U);
}

}  // namespace
}  // namespace workflow
