// What conditions mean: SQL's three-valued logic, answers that need no other row, and the operators (definition.md, "Conditions";
// A11: filters of one trigger combine; A24: the branch that is true for the contact).
#include <algorithm>
#include <array>

#include "condition_answer.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above
using enum Outcome;

static_assert(noexcept(Evaluate(std::declval<const Condition&>(), Facts(), Instant(), nullptr)));

// A rule for each outcome, over three fields: known true, known false, null, unknown.
class Logic : public ::testing::Test {
 protected:
  static constexpr std::array<Outcome, 4> kAll = {kFalse, kNull, kDeferred, kTrue};

  Outcome Of(const ConditionNode& root) const {
    const std::array<const Value*, 4> facts = {&no_, &null_, nullptr, &yes_};
    return Evaluate(Condition{root}, facts, Instant(), nullptr);
  }
  static ConditionNode Leaf(Outcome outcome) {
    ConditionNode leaf;
    leaf.type = TypeKind::kBoolean;
    leaf.field = static_cast<uint32_t>(outcome);
    leaf.values = {Value(true)};
    return leaf;
  }
  static ConditionNode Group(ConditionNode::Kind kind, std::vector<Outcome> members, bool negated = false) {
    ConditionNode group;
    group.kind = kind;
    group.negated = negated;
    for (const Outcome member : members) group.children.push_back(Leaf(member));
    return group;
  }

  const Value no_ = *ParseValue({.kind = TypeKind::kBoolean}, "false");
  const Value null_ = Value();
  const Value yes_ = *ParseValue({.kind = TypeKind::kBoolean}, "true");
};

TEST_F(Logic, LeavesAreWhatTheySay) {
  for (const Outcome outcome : kAll) EXPECT_EQ(Of(Leaf(outcome)), outcome);
}

TEST_F(Logic, TruthTables) {
  const Outcome F = kFalse, N = kNull, D = kDeferred, T = kTrue;
  const Outcome both[4][4] = {{F, F, F, F}, {F, N, D, N}, {F, D, D, D}, {F, N, D, T}};
  const Outcome either[4][4] = {{F, N, D, T}, {N, N, D, T}, {D, D, D, T}, {T, T, T, T}};
  const Outcome negation[4] = {T, N, D, F};
  for (const Outcome a : kAll) {
    EXPECT_EQ(Of(Group(ConditionNode::Kind::kAnd, {a}, true)), negation[static_cast<int>(a)]);
    EXPECT_EQ(Of(Group(ConditionNode::Kind::kOr, {a}, true)), negation[static_cast<int>(a)]);
    for (const Outcome b : kAll) {
      const int i = static_cast<int>(a), j = static_cast<int>(b);
      EXPECT_EQ(Of(Group(ConditionNode::Kind::kAnd, {a, b})), both[i][j]) << i << j;
      EXPECT_EQ(Of(Group(ConditionNode::Kind::kOr, {a, b})), either[i][j]) << i << j;
      for (const Outcome c : kAll) {
        const int k = static_cast<int>(c);
        EXPECT_EQ(Of(Group(ConditionNode::Kind::kAnd, {a, b, c})), both[static_cast<int>(both[i][j])][k]) << i << j << k;
        EXPECT_EQ(Of(Group(ConditionNode::Kind::kOr, {a, b, c})), either[static_cast<int>(either[i][j])][k]) << i << j << k;
      }
    }
  }
}

// What makes capture's early answer safe: it stands whatever the unknown fields turn out to be.
TEST_F(Logic, AnAnswerWithoutAllFieldsIsFinal) {
  const auto replaced = [](const std::vector<Outcome>& members, Outcome by) {
    std::vector<Outcome> result = members;
    std::replace(result.begin(), result.end(), kDeferred, by);
    return result;
  };
  int decided = 0;
  for (const ConditionNode::Kind kind : {ConditionNode::Kind::kAnd, ConditionNode::Kind::kOr}) {
    for (const Outcome a : kAll) {
      for (const Outcome b : kAll) {
        for (const bool negated : {false, true}) {
          const Outcome early = Of(Group(kind, {a, b}, negated));
          if (early == kDeferred) continue;
          ++decided;
          for (const Outcome by : {kFalse, kNull, kTrue}) EXPECT_EQ(Of(Group(kind, replaced({a, b}, by), negated)), early);
        }
      }
    }
  }
  EXPECT_EQ(decided, 2 * 2 * (9 + 2));
}

TEST(ConditionEvaluate, A11FiltersOfAnArrayCombineByAnd) {
  const std::string both =
      "[" + RuleOf("contact.name", "=", R"("incoming")") + "," + RuleOf("contact.email", "=", R"("main")") + "]";
  EXPECT_EQ(Answer(both, {{"contact.name", Text("incoming")}, {"contact.email", Text("main")}}), kTrue);
  EXPECT_EQ(Answer(both, {{"contact.name", Text("incoming")}, {"contact.email", Text("side")}}), kFalse);
  EXPECT_EQ(Answer(both, {{"contact.name", Text("outgoing")}}), kFalse);  // whatever the other field holds
  EXPECT_EQ(Answer(both, {{"contact.name", Text("incoming")}}), kDeferred);
}

TEST(ConditionEvaluate, NullIsNeitherTrueNorFalse) {
  const Row empty = {{"contact.email", Value()}};
  for (const char* op :
       {"=", "!=", "contains", "doesNotContain", "beginsWith", "doesNotBeginWith", "endsWith", "doesNotEndWith"}) {
    EXPECT_EQ(Answer(RuleOf("contact.email", op, R"("x")"), empty), kNull) << op;
  }
  for (const char* op : {"in", "notIn"}) EXPECT_EQ(Answer(RuleOf("contact.email", op, R"("x,y")"), empty), kNull) << op;
  for (const char* op : {"<", ">", "<=", ">="}) EXPECT_EQ(Rule("order.total", op, "1", Value()), kNull) << op;
  for (const char* op : {"between", "notBetween"}) EXPECT_EQ(Rule("order.total", op, "[1, 2]", Value()), kNull) << op;
  for (const char* op : {"containsAny", "containsAll"}) EXPECT_EQ(Rule("contact.tags", op, R"(["x"])", Value()), kNull) << op;
  for (const char* op : {"withinLast", "olderThan"}) EXPECT_EQ(Rule("order.paid_at", op, R"("1 day")", Value()), kNull) << op;
  EXPECT_EQ(Rule("contact.email", "null", "null", Value()), kTrue);
  EXPECT_EQ(Rule("contact.email", "notNull", "null", Value()), kFalse);
  EXPECT_EQ(Rule("contact.email", "null", "null", Text("")), kFalse);
  EXPECT_EQ(Rule("contact.code", "notNull", "null", Text("x")), kTrue);
}

TEST(ConditionEvaluate, ComparesEveryDecidableType) {
  struct Case {
    const char *field, *less, *same, *more;  // literals
    Value value;
  };
  const Case cases[] = {
      {"order.lines", "9007199254740992", "9007199254740993", "9007199254740994", Value(int64_t{9007199254740993})},
      {"order.lines", "2.5", "3", "3.5", Value(int64_t{3})},
      {"order.total", "0.29999999999999999", "0.30", "0.30000000000000001", Number("0.3")},
      {"contact.active", "false", "true", nullptr, Value(true)},
      {"contact.birthday", R"("1969-12-30")", R"("1969-12-31")", R"("1970-01-01")", Value(Date{-1})},
      {"contact.seen", R"("1970-01-01T00:00:59")", R"("1970-01-01T00:01:00")", R"("1970-01-02")", Value(LocalTime{kMinute})},
      {"order.paid_at", R"("2026-01-01T00:00:00+01:00")", R"("2026-01-01T01:00:00+01:00")", R"("2026-01-01T00:00:00.000001Z")",
       InstantOf("2026-01-01T00:00:00Z")},
      {"contact.data.a", "1.4", "1.50", "1.6", Number("1.5")},
  };
  for (const Case& c : cases) {
    for (const auto& [literal, order] : {std::pair{c.less, 1}, {c.same, 0}, {c.more, -1}}) {
      if (literal == nullptr) continue;
      const auto holds = [&, text = literal](const char* op) { return Rule(c.field, op, text, c.value); };
      const auto outcome = [](bool yes) { return yes ? kTrue : kFalse; };
      EXPECT_EQ(holds("="), outcome(order == 0)) << c.field << literal;
      EXPECT_EQ(holds("!="), outcome(order != 0)) << c.field << literal;
      EXPECT_EQ(holds("<"), outcome(order < 0)) << c.field << literal;
      EXPECT_EQ(holds(">"), outcome(order > 0)) << c.field << literal;
      EXPECT_EQ(holds("<="), outcome(order <= 0)) << c.field << literal;
      EXPECT_EQ(holds(">="), outcome(order >= 0)) << c.field << literal;
    }
  }
  EXPECT_EQ(Rule("contact.key", "=", R"("A0EEBC999C0B4EF8BB6D6BB9BD380A11")", Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")),
            kTrue);
  EXPECT_EQ(Rule("order.status", "=", R"("shipped")", Text("shipped")), kTrue);
  EXPECT_EQ(Rule("order.status", "!=", R"("shipped")", Text("draft")), kTrue);
}

TEST(ConditionEvaluate, TextMatchesLiterally) {
  EXPECT_EQ(Rule("contact.email", "=", R"("")", Text("")), kTrue);
  EXPECT_EQ(Rule("contact.email", "=", R"("Ann")", Text("ann")), kFalse);
  EXPECT_EQ(Rule("contact.email", "contains", R"("a%b")", Text("xa%by")), kTrue);
  EXPECT_EQ(Rule("contact.email", "contains", R"("a%b")", Text("axxb")), kFalse);
  EXPECT_EQ(Rule("contact.email", "contains", R"("_")", Text("a")), kFalse);
  EXPECT_EQ(Rule("contact.email", "doesNotContain", R"("b")", Text("abc")), kFalse);
  EXPECT_EQ(Rule("contact.email", "beginsWith", R"("ab")", Text("abc")), kTrue);
  EXPECT_EQ(Rule("contact.email", "beginsWith", R"("abcd")", Text("abc")), kFalse);
  EXPECT_EQ(Rule("contact.email", "doesNotBeginWith", R"("bc")", Text("abc")), kTrue);
  EXPECT_EQ(Rule("contact.email", "endsWith", R"("bc")", Text("abc")), kTrue);
  EXPECT_EQ(Rule("contact.email", "endsWith", R"("xabc")", Text("abc")), kFalse);
  EXPECT_EQ(Rule("contact.email", "doesNotEndWith", R"("bc")", Text("abc")), kFalse);
}

TEST(ConditionEvaluate, CitextFoldsAsciiLetters) {
  EXPECT_EQ(Rule("contact.nick", "=", R"("ANN")", Text("ann")), kTrue);
  EXPECT_EQ(Rule("contact.nick", "=", R"("ANNE")", Text("ann")), kFalse);
  EXPECT_EQ(Rule("contact.nick", "=", R"("@")", Text("`")), kFalse);
  EXPECT_EQ(Rule("contact.nick", "=", R"("É")", Text("é")), kFalse);
  EXPECT_EQ(Rule("contact.nick", "in", R"("bob,ann")", Text("Ann")), kTrue);
  EXPECT_EQ(Rule("contact.nick", "contains", R"("NN")", Text("anna")), kTrue);
  EXPECT_EQ(Rule("contact.nick", "contains", R"("nna")", Text("ann")), kFalse);
  EXPECT_EQ(Rule("contact.nick", "beginsWith", R"("AN")", Text("anna")), kTrue);
  EXPECT_EQ(Rule("contact.nick", "endsWith", R"("NA")", Text("anna")), kTrue);
  EXPECT_EQ(Answer(RuleOf("contact.nick", "changed", "null"), {{"contact.nick", Text("ANN")}, {"old.contact.nick", Text("ann")}}),
            kFalse);
}

TEST(ConditionEvaluate, InAndBetween) {
  EXPECT_EQ(Rule("order.lines", "in", "[1, 2.5, 3]", Value(int64_t{3})), kTrue);
  EXPECT_EQ(Rule("order.lines", "in", "[1, 2.5]", Value(int64_t{2})), kFalse);
  EXPECT_EQ(Rule("order.lines", "notIn", "[1, 2]", Value(int64_t{2})), kFalse);
  EXPECT_EQ(Rule("order.lines", "notIn", "[1, 2]", Value(int64_t{3})), kTrue);
  for (const auto& [value, within] : {std::pair{"0.99", false}, {"1", true}, {"1.5", true}, {"2", true}, {"2.01", false}}) {
    EXPECT_EQ(Rule("order.total", "between", R"("1, 2")", Number(value)), within ? kTrue : kFalse) << value;
    EXPECT_EQ(Rule("order.total", "notBetween", "[1, 2]", Number(value)), within ? kFalse : kTrue) << value;
  }
  EXPECT_EQ(Rule("order.total", "between", "[2, 1]", Number("1.5")), kFalse);
  EXPECT_EQ(Rule("order.total", "<", R"("NaN")", Number("1e30")), kTrue);
}

TEST(ConditionEvaluate, OtherFieldsAsValues) {
  const Row row = {{"order.total", Number("10")},
                   {"order.lines", Value(int64_t{10})},
                   {"order.limit", Value()},
                   {"contact.birthday", Value(Date{1})},
                   {"contact.seen", Value(LocalTime{kDay})}};
  EXPECT_EQ(Against("order.total", "=", R"("order.lines")", row), kTrue);
  EXPECT_EQ(Against("order.lines", "<", R"("order.total")", row), kFalse);
  EXPECT_EQ(Against("order.total", "=", R"("order.limit")", row), kNull);
  EXPECT_EQ(Against("contact.birthday", "=", R"("contact.seen")", row), kTrue);
  EXPECT_EQ(Against("contact.seen", ">", R"("contact.birthday")", row), kFalse);
  // SQL: a null among the choices leaves only "yes" sure; a null bound leaves only "no" sure.
  EXPECT_EQ(Against("order.total", "in", R"("order.limit, order.lines")", row), kTrue);
  EXPECT_EQ(Against("contact.birthday", "in", R"(["contact.birthday"])", row), kTrue);
  const Row other = {{"order.total", Number("10")}, {"order.lines", Value(int64_t{11})}, {"order.limit", Value()}};
  EXPECT_EQ(Against("order.total", "in", R"("order.limit, order.lines")", other), kNull);
  EXPECT_EQ(Against("order.total", "notIn", R"("order.limit, order.lines")", other), kNull);
  EXPECT_EQ(Against("order.total", "between", R"("order.lines, order.limit")", other), kFalse);
  EXPECT_EQ(Against("order.total", "between", R"("order.limit, order.lines")", other), kNull);
  EXPECT_EQ(Against("order.total", "=", R"("order.lines")", {{"order.total", Number("1")}}), kDeferred);
}

TEST(ConditionEvaluate, Lists) {
  const Value tags = Value::OfList({Text("lead"), Text("vip"), Value()});
  EXPECT_EQ(Rule("contact.tags", "contains", R"("vip")", tags), kTrue);
  EXPECT_EQ(Rule("contact.tags", "contains", R"("vi")", tags),
            kFalse);  // membership, no substring; a null member matches nothing
  EXPECT_EQ(Rule("contact.tags", "doesNotContain", R"("x")", tags), kTrue);
  EXPECT_EQ(Rule("contact.tags", "containsAny", R"(["x", "lead"])", tags), kTrue);
  EXPECT_EQ(Rule("contact.tags", "containsAny", R"("x, y")", tags), kFalse);
  EXPECT_EQ(Rule("contact.tags", "containsAll", R"(["vip", "lead"])", tags), kTrue);
  EXPECT_EQ(Rule("contact.tags", "containsAll", R"(["vip", "x"])", tags), kFalse);
  EXPECT_EQ(Rule("contact.tags", "contains", R"("vip")", Value::OfList({})), kFalse);
  EXPECT_EQ(Rule("contact.tags", "null", "null", Value::OfList({})), kFalse);
  const Value numbers = Value::OfList({Value(int64_t{1}), Value(int64_t{2})});
  EXPECT_EQ(Rule("contact.numbers", "=", "[1, 2]", numbers), kTrue);
  EXPECT_EQ(Rule("contact.numbers", "=", "[2, 1]", numbers), kFalse);
  EXPECT_EQ(Rule("contact.numbers", "!=", "[1]", numbers), kTrue);
  EXPECT_EQ(Rule("contact.numbers", "contains", "2", numbers), kTrue);
  EXPECT_EQ(Against("contact.tags", "contains", R"("contact.email")", {{"contact.tags", tags}, {"contact.email", Text("vip")}}),
            kTrue);
}

}  // namespace
}  // namespace workflow
