// Conditions over what changed, over time and over schemaless data (definition.md, "Conditions"; semantics 1; attach 5).
#include "condition_answer.h"
#include "iana_zone.h"

namespace workflow {
namespace {

using namespace testing;  // NOLINT: the helpers above
using enum Outcome;

// R6: what cannot be compared can be told of; an empty value, an unknown one and a false rule are none of it.
TEST(ConditionEvaluate, R6_TheFieldsThatCannotBeComparedAreNamed) {
  TestScope scope;
  Problems problems;
  const auto condition = CompileCondition(*Json::Parse(RuleOf("contact.data.a", ">", "5"), nullptr), "", scope, &problems);
  ASSERT_TRUE(condition.has_value());
  const auto named = [&](const Value* value) {
    std::vector<const Value*> facts(scope.table.fields.size(), value);
    return Incomparable(*condition, facts, Instant()).size();
  };
  const Value text = Text("ten"), number = Number("1"), null;
  EXPECT_EQ(named(&text), 1u);
  EXPECT_EQ(named(&number), 0u);
  EXPECT_EQ(named(&null), 0u);
  EXPECT_EQ(named(nullptr), 0u);
}

TEST(ConditionEvaluate, SchemalessDataThatCannotBeComparedIsNull) {
  const auto a = [](std::string_view op, std::string_view literal, const Value& value) {
    return Rule("contact.data.a", op, literal, value);
  };
  EXPECT_EQ(a("=", "1", Number("1.0")), kTrue);
  EXPECT_EQ(a("=", "1", Text("1")), kNull);
  EXPECT_EQ(a("!=", "1", Text("1")), kNull);
  EXPECT_EQ(a("=", R"("1")", Text("1")), kTrue);
  EXPECT_EQ(a("=", "true", Value(true)), kTrue);
  EXPECT_EQ(a("=", "true", Text("true")), kNull);
  EXPECT_EQ(a("<", "5", Text("4")), kNull);
  EXPECT_EQ(a("<", "5", JsonOf("[4]")), kNull);
  EXPECT_EQ(a("in", R"([1, "x"])", Text("x")), kTrue);
  EXPECT_EQ(a("in", R"([1, "x"])", Text("y")), kNull);
  EXPECT_EQ(a("contains", R"("vip")", Text("a vip")), kTrue);
  EXPECT_EQ(a("contains", R"("vip")", JsonOf(R"(["a vip", "vip"])")), kTrue);
  EXPECT_EQ(a("contains", R"("vi")", JsonOf(R"(["vip", 1, null, {}])")), kFalse);
  EXPECT_EQ(a("contains", "1", JsonOf("[2, 1.0]")), kTrue);
  EXPECT_EQ(a("contains", "1", Number("1")), kNull);
  EXPECT_EQ(a("containsAll", R"(["x", 2, true])", JsonOf(R"([true, 2.0, "x"])")), kTrue);
  EXPECT_EQ(a("containsAny", R"(["x"])", Text("x")), kNull);
  EXPECT_EQ(a("olderThan", R"("1 day")", Text("2026-03-29T12:00:00Z")), kTrue);
  EXPECT_EQ(a("olderThan", R"("1 day")", Text("2026-03-29")), kNull);
  EXPECT_EQ(a("olderThan", R"("1 day")", Number("5")), kNull);
  // Two values of such data, of one kind or not.
  EXPECT_EQ(
      Against("contact.data.a", "<", R"("contact.data.b")", {{"contact.data.a", Number("1")}, {"contact.data.b", Number("2")}}),
      kTrue);
  EXPECT_EQ(Against("contact.data.a", "<", R"("contact.data.b")", {{"contact.data.a", Text("1")}, {"contact.data.b", Text("2")}}),
            kNull);
  EXPECT_EQ(
      Against("contact.data.a", ">", R"("order.lines")", {{"contact.data.a", Number("2")}, {"order.lines", Value(int64_t{1})}}),
      kTrue);
}

TEST(ConditionEvaluate, AWholeJsonColumnIsWhatItHolds) {
  EXPECT_EQ(Rule("contact.data", "=", R"("x")", JsonOf(R"("x")")), kTrue);
  EXPECT_EQ(Rule("contact.data", ">", "1", JsonOf("1.5")), kTrue);
  EXPECT_EQ(Rule("contact.data", "null", "null", JsonOf("null")), kTrue);
  EXPECT_EQ(Rule("contact.data", "=", R"("x")", JsonOf("null")), kNull);
  EXPECT_EQ(Rule("contact.data", "contains", R"("vip")", JsonOf(R"(["lead", "vip"])")), kTrue);
  const auto changed = [](std::string_view now, std::string_view old) {
    return Answer(RuleOf("contact.data", "changed", "null"), {{"contact.data", JsonOf(now)}, {"old.contact.data", JsonOf(old)}});
  };
  EXPECT_EQ(changed(R"({"a": 1})", R"({"a": 1})"), kFalse);
  EXPECT_EQ(changed(R"({"a": 1})", R"({"a": 2})"), kTrue);
  EXPECT_EQ(changed("1", R"("1")"), kTrue);
}

// attach 5 and semantics 1: every operator over every transition of a value. An insert has null as its old value, so a row that
// is inserted already complete became what it is.
TEST(ConditionEvaluate, Attach5Changes) {
  const Value null, draft = Text("draft"), shipped = Text("shipped"), delivered = Text("delivered");
  struct Case {
    Value old, now;
    bool changed, to, from, became_null, became_not_null;  // to and from: shipped
  };
  const Case cases[] = {
      {null, null, false, false, false, false, false},      {null, shipped, true, true, false, false, true},
      {null, draft, true, false, false, false, true},       {shipped, null, true, false, true, true, false},
      {draft, null, true, false, false, true, false},       {draft, shipped, true, true, false, false, false},
      {shipped, draft, true, false, true, false, false},    {shipped, shipped, false, false, false, false, false},
      {draft, delivered, true, false, false, false, false},
  };
  for (const Case& c : cases) {
    const Row row = {{"order.status", c.now}, {"old.order.status", c.old}};
    const auto holds = [&](const char* op) { return Answer(RuleOf("order.status", op, R"("shipped")"), row); };
    const auto outcome = [](bool yes) { return yes ? kTrue : kFalse; };
    const std::string what = FormatValue(c.old) + " -> " + FormatValue(c.now);
    EXPECT_EQ(holds("changed"), outcome(c.changed)) << what;
    EXPECT_EQ(holds("changedTo"), outcome(c.to)) << what;
    EXPECT_EQ(holds("changedFrom"), outcome(c.from)) << what;
    EXPECT_EQ(holds("becameNull"), outcome(c.became_null)) << what;
    EXPECT_EQ(holds("becameNotNull"), outcome(c.became_not_null)) << what;
  }
  EXPECT_EQ(Answer(RuleOf("order.status", "changed", "null"), {{"order.status", shipped}}), kDeferred);
  EXPECT_EQ(Answer(RuleOf("contact.code", "changed", "null"), {{"contact.code", Text("a")}, {"old.contact.code", Text("b")}}),
            kTrue);
  // Numbers by value: an update that writes 1.50 over 1.5 changes nothing.
  EXPECT_EQ(
      Answer(RuleOf("order.total", "changed", "null"), {{"order.total", Number("1.50")}, {"old.order.total", Number("1.5")}}),
      kFalse);
}

TEST(ConditionEvaluate, AgeOfAnInstant) {
  const auto within = [](const char* value, const char* duration, Clock clock = {}) {
    return Rule("order.paid_at", "withinLast", duration, InstantOf(value), clock);
  };
  const auto older = [](const char* value, const char* duration, Clock clock = {}) {
    return Rule("order.paid_at", "olderThan", duration, InstantOf(value), clock);
  };
  EXPECT_EQ(within("2026-03-31T11:00:00Z", R"("1 hour")"), kTrue);  // exactly at the bound
  EXPECT_EQ(older("2026-03-31T11:00:00Z", R"("1 hour")"), kFalse);
  EXPECT_EQ(within("2026-03-31T10:59:59.999999Z", R"("1 hour")"), kFalse);
  EXPECT_EQ(older("2026-03-31T10:59:59.999999Z", R"("1 hour")"), kTrue);
  EXPECT_EQ(within("2026-03-31T12:00:00Z", R"("1 hour")"), kTrue);
  EXPECT_EQ(within("2026-03-31T12:00:00.000001Z", R"("1 hour")"), kFalse);  // the future is not within the last hour
  EXPECT_EQ(older("2026-03-31T12:00:00.000001Z", R"("1 hour")"), kFalse);
  EXPECT_EQ(within("2026-02-28T12:00:00Z", R"("1 month")"), kTrue);  // a month before 31 March
  EXPECT_EQ(older("2026-02-28T11:59:59Z", R"("1 month")"), kTrue);

  // Hours need no zone; days are as long as the zone has them.
  const Clock nowhere{.zone = nullptr};
  EXPECT_EQ(within("2026-03-31T11:30:00Z", R"("1 hour")", nowhere), kTrue);
  EXPECT_EQ(within("2026-03-31T11:30:00Z", R"("1 day")", nowhere), kDeferred);
  const IanaZone berlin("Europe/Berlin");  // clocks went forward on 29 March: that day had 23 hours
  const Clock after{.now = *ParseInstant("2026-03-29T10:00:00Z"), .zone = &berlin};
  EXPECT_EQ(within("2026-03-28T11:00:00Z", R"("1 day")", after), kTrue);
  EXPECT_EQ(within("2026-03-28T10:59:59Z", R"("1 day")", after), kFalse);
  EXPECT_EQ(within("2026-03-28T10:00:00Z", R"("24 hours")", after), kTrue);
}

TEST(ConditionEvaluate, AgeOfCivilTimes) {
  const IanaZone tokyo("Asia/Tokyo");
  const Clock late{.now = *ParseInstant("2026-03-31T16:00:00Z"), .zone = &tokyo};  // 1 April, 01:00 in Tokyo
  const auto day = [&](const char* op, const char* duration, const char* date) {
    return Rule("contact.birthday", op, duration, Value(*ParseDate(date)), late);
  };
  EXPECT_EQ(day("withinLast", R"("1 day")", "2026-04-01"), kTrue);
  EXPECT_EQ(day("withinLast", R"("1 day")", "2026-03-31"), kTrue);
  EXPECT_EQ(day("withinLast", R"("1 day")", "2026-03-30"), kFalse);
  EXPECT_EQ(day("withinLast", R"("1 day")", "2026-04-02"), kFalse);
  EXPECT_EQ(day("olderThan", R"("1 day")", "2026-03-31"), kFalse);
  EXPECT_EQ(day("olderThan", R"("1 day")", "2026-03-30"), kTrue);
  EXPECT_EQ(day("olderThan", R"("1 month 1 day")", "2026-02-28"), kFalse);
  EXPECT_EQ(day("olderThan", R"("1 month 1 day")", "2026-02-27"), kTrue);
  const auto time = [&](const char* op, const char* value) {
    return Rule("contact.seen", op, R"("2 hours")", Value(*ParseLocalTime(value)), late);
  };
  EXPECT_EQ(time("withinLast", "2026-03-31T23:00:00"), kTrue);
  EXPECT_EQ(time("withinLast", "2026-04-01T01:00:01"), kFalse);
  EXPECT_EQ(time("olderThan", "2026-03-31T22:59:59"), kTrue);
  const Clock nowhere{.zone = nullptr};
  EXPECT_EQ(Rule("contact.birthday", "olderThan", R"("1 day")", Value(Date{0}), nowhere), kDeferred);
  EXPECT_EQ(Rule("contact.seen", "olderThan", R"("1 hour")", Value(LocalTime{0}), nowhere), kDeferred);
}

TEST(Dig, FindsWhatIsThere) {
  const Json json = *Json::Parse(R"({"a": {"b": [10, {"c": "x"}], "t": true, "n": null}, "7": 1.50, "": "e"})", nullptr);
  const auto at = [&](std::vector<std::string> path) { return Dig(json, path); };
  EXPECT_EQ(at({"a", "b", "0"}), Number("10"));
  EXPECT_EQ(at({"a", "b", "1", "c"}), Text("x"));
  EXPECT_EQ(at({"a", "t"}), Value(true));
  EXPECT_EQ(at({"7"}), Number("1.5"));
  EXPECT_EQ(at({""}), Text("e"));
  EXPECT_EQ(at({"a", "b"}), JsonOf(R"([10, {"c": "x"}])"));
  EXPECT_EQ(at({}), Value::OfJson(json));
  for (const std::vector<std::string>& path : std::vector<std::vector<std::string>>{{"a", "n"},
                                                                                    {"x"},
                                                                                    {"a", "b", "2"},
                                                                                    {"a", "b", "-1"},
                                                                                    {"a", "b", "0x"},
                                                                                    {"a", "b", ""},
                                                                                    {"a", "t", "u"},
                                                                                    {"a", "b", "99999999999999999999"}}) {
    EXPECT_TRUE(at(path).is_null());
  }
}

}  // namespace
}  // namespace workflow
