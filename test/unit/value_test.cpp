#include "core/base/value.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace workflow {
namespace {

Type Of(TypeKind kind) { return Type{.kind = kind}; }

Type Status() {
  static const auto labels =
      std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"new", "paid", "not paid"});
  return Type{.kind = TypeKind::kEnum, .labels = labels};
}

Type ListOf(Type element) { return Type{.kind = TypeKind::kList, .element = element.kind, .labels = element.labels}; }

// The text as it comes back, or "none".
std::string Again(const Type& type, std::string_view text) {
  auto value = ParseValue(type, text);
  return value ? FormatValue(*value) : "none";
}

std::string From(const Type& type, std::string_view json) {
  auto value = FromJson(type, *Json::Parse(json, nullptr));
  return value ? FormatValue(*value) : "none";
}

TEST(ParseValue, Scalars) {
  EXPECT_EQ(Again(Of(TypeKind::kBoolean), "t"), "true");
  EXPECT_EQ(Again(Of(TypeKind::kBoolean), "false"), "false");
  EXPECT_EQ(Again(Of(TypeKind::kBoolean), "TRUE"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kInteger), "-9223372036854775808"), "-9223372036854775808");
  for (const char* text : {"", "1.0", "+1", " 1", "9223372036854775808"})
    EXPECT_EQ(Again(Of(TypeKind::kInteger), text), "none") << text;
  EXPECT_EQ(Again(Of(TypeKind::kNumeric), "12.50"), "12.5");
  EXPECT_EQ(Again(Of(TypeKind::kNumeric), "-Infinity"), "-Infinity");
  EXPECT_EQ(Again(Of(TypeKind::kNumeric), "ten"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kText), ""), "");
  EXPECT_EQ(Again(Of(TypeKind::kCitext), "Ada"), "Ada");
  EXPECT_EQ(Again(Status(), "not paid"), "not paid");
  EXPECT_EQ(Again(Status(), "Paid"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kEnum), "paid"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kJson), "{\"a\": 1.0}"), "{\"a\":1.0}");
  EXPECT_EQ(Again(Of(TypeKind::kJson), "{"), "none");
}

TEST(ParseValue, UuidIsCanonical) {
  const std::string canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
  for (const char* text :
       {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"}) {
    EXPECT_EQ(Again(Of(TypeKind::kUuid), text), canonical) << text;
  }
  for (const char* text :
       {"", "{", "{}", "a0eebc99", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111",
        "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a1", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "-a0eebc999c0b4ef8bb6d6bb9bd380a11",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11-", "{a0eebc999c0b4ef8bb6d6bb9bd380a11"}) {
    EXPECT_EQ(Again(Of(TypeKind::kUuid), text), "none") << text;
  }
}

TEST(ParseValue, DatesAndTimes) {
  EXPECT_EQ(Again(Of(TypeKind::kDate), "2024-02-29"), "2024-02-29");
  EXPECT_EQ(Again(Of(TypeKind::kDate), "2023-02-29"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kTimestamp), "2026-01-31 09:00"), "2026-01-31T09:00:00");
  EXPECT_EQ(Again(Of(TypeKind::kTimestamp), "2026-01-31T09:00:00Z"), "none");
  EXPECT_EQ(Again(Of(TypeKind::kTimestamptz), "2026-01-31T09:00:00.25+07"), "2026-01-31T02:00:00.250000Z");
  EXPECT_EQ(Again(Of(TypeKind::kTimestamptz), "2026-01-31T09:00:00"), "none");
  for (TypeKind kind : {TypeKind::kDate, TypeKind::kTimestamp, TypeKind::kTimestamptz}) {
    EXPECT_EQ(Again(Of(kind), "infinity"), "infinity");
    EXPECT_EQ(Again(Of(kind), "-infinity"), "-infinity");
  }
  EXPECT_EQ(ParseValue(Of(TypeKind::kDate), "infinity"), Value(Date{std::numeric_limits<int32_t>::max()}));
  EXPECT_EQ(ParseValue(Of(TypeKind::kTimestamptz), "-infinity"), Value(Instant{std::numeric_limits<int64_t>::min()}));
}

TEST(ParseValue, Lists) {
  EXPECT_EQ(Again(ListOf(Of(TypeKind::kInteger)), "[]"), "[]");
  EXPECT_EQ(Again(ListOf(Of(TypeKind::kInteger)), R"(["1", null, "-2"])"), R"(["1",null,"-2"])");
  EXPECT_EQ(Again(ListOf(Of(TypeKind::kText)), R"(["", "a\"b"])"), R"(["","a\"b"])");
  EXPECT_EQ(Again(ListOf(Status()), R"(["paid"])"), R"(["paid"])");
  EXPECT_EQ(Again(ListOf(Status()), R"(["lost"])"), "none");
  for (const char* text : {"", "{}", "1", "[1]", R"(["x"])", R"([["1"]])"})
    EXPECT_EQ(Again(ListOf(Of(TypeKind::kInteger)), text), "none") << text;
  EXPECT_EQ(Again(ListOf(Of(TypeKind::kList)), "[]"), "none");
}

TEST(Value, EqualityIsOfTheSameData) {
  EXPECT_EQ(Value(int64_t{1}), Value(int64_t{1}));
  EXPECT_FALSE(Value(int64_t{1}) == Value(Decimal(1)));
  EXPECT_FALSE(Value(int64_t{1}) == Value(true));
  EXPECT_EQ(Value(), Value(Null{}));
  EXPECT_FALSE(Value() == Value(false));
  EXPECT_FALSE(Value(LocalTime{5}) == Value(Instant{5}));
  EXPECT_EQ(Value::OfList({Value(true), Value()}), Value::OfList({Value(true), Value()}));
  EXPECT_FALSE(Value::OfList({Value(true)}) == Value::OfList({Value(true), Value()}));
  EXPECT_EQ(Value::OfJson(Json::Integer(1)), Value::OfJson(Json::Integer(1)));
  EXPECT_FALSE(Value::OfJson(Json()) == Value());
  EXPECT_FALSE(Value::OfJson(Json::MakeArray()) == Value::OfList({}));
}

TEST(FromJson, IsStrict) {
  EXPECT_EQ(From(Of(TypeKind::kBoolean), "true"), "true");
  EXPECT_EQ(From(Of(TypeKind::kBoolean), "\"true\""), "none");
  EXPECT_EQ(From(Of(TypeKind::kBoolean), "1"), "none");
  EXPECT_EQ(From(Of(TypeKind::kInteger), "5"), "5");
  EXPECT_EQ(From(Of(TypeKind::kInteger), "5.0"), "5");
  EXPECT_EQ(From(Of(TypeKind::kInteger), "5.5"), "none");
  EXPECT_EQ(From(Of(TypeKind::kInteger), "\"5\""), "none");
  EXPECT_EQ(From(Of(TypeKind::kNumeric), "19.99"), "19.99");
  EXPECT_EQ(From(Of(TypeKind::kNumeric), "\"19.990\""), "19.99");
  EXPECT_EQ(From(Of(TypeKind::kNumeric), "\"much\""), "none");
  EXPECT_EQ(From(Of(TypeKind::kNumeric), "0.1000000000000000055511151231257827"), "0.1000000000000000055511151231257827");
  EXPECT_EQ(From(Of(TypeKind::kText), "\"x\""), "x");
  EXPECT_EQ(From(Of(TypeKind::kText), "5"), "none");
  EXPECT_EQ(From(Of(TypeKind::kCitext), "true"), "none");
  EXPECT_EQ(From(Status(), "\"new\""), "new");
  EXPECT_EQ(From(Status(), "\"old\""), "none");
  EXPECT_EQ(From(Of(TypeKind::kUuid), "\"A0EEBC999C0B4EF8BB6D6BB9BD380A11\""), "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  EXPECT_EQ(From(Of(TypeKind::kJson), R"({"a":[1.50]})"), R"({"a":[1.50]})");
}

TEST(FromJson, DatesNeedTheirParts) {
  EXPECT_EQ(From(Of(TypeKind::kDate), "\"2026-01-31\""), "2026-01-31");
  EXPECT_EQ(From(Of(TypeKind::kDate), "\"2026-01-31T09:00:00Z\""), "none");
  EXPECT_EQ(From(Of(TypeKind::kDate), "20260131"), "none");
  EXPECT_EQ(From(Of(TypeKind::kTimestamp), "\"2026-01-31T09:00\""), "2026-01-31T09:00:00");
  EXPECT_EQ(From(Of(TypeKind::kTimestamptz), "\"2026-01-31T09:00+01:00\""), "2026-01-31T08:00:00Z");
  EXPECT_EQ(From(Of(TypeKind::kTimestamptz), "\"2026-01-31\""), "none");  // no instant without a zone
}

TEST(FromJson, ListsAndNull) {
  EXPECT_EQ(From(ListOf(Of(TypeKind::kInteger)), "[1,2]"), R"(["1","2"])");
  EXPECT_EQ(From(ListOf(Of(TypeKind::kInteger)), "[1,\"2\"]"), "none");
  EXPECT_EQ(From(ListOf(Of(TypeKind::kInteger)), "1"), "none");
  EXPECT_EQ(From(ListOf(Of(TypeKind::kInteger)), "[null]"), "none");
  EXPECT_EQ(From(ListOf(Of(TypeKind::kText)), "\"[]\""), "none");
  for (TypeKind kind :
       {TypeKind::kBoolean, TypeKind::kInteger, TypeKind::kNumeric, TypeKind::kText, TypeKind::kDate, TypeKind::kOther}) {
    EXPECT_EQ(From(Of(kind), "null"), "none");
  }
  EXPECT_EQ(From(Of(TypeKind::kJson), "null"), "null");
}

TEST(ToJson, NumbersAndBooleansAsSuchTheRestAsStrings) {
  EXPECT_EQ(ToJson(Value()).Dump(), "null");
  EXPECT_EQ(ToJson(Value(true)).Dump(), "true");
  EXPECT_EQ(ToJson(Value(int64_t{-5})).Dump(), "-5");
  EXPECT_EQ(ToJson(Value(*Decimal::Parse("19.990"))).Dump(), "19.990");  // as the server shows it
  EXPECT_EQ(ToJson(Value(*Decimal::Parse("NaN"))).Dump(), "\"NaN\"");
  EXPECT_EQ(ToJson(Value(std::string("a\"b"))).Dump(), "\"a\\\"b\"");
  EXPECT_EQ(ToJson(Value(Date{0})).Dump(), "\"1970-01-01\"");
  EXPECT_EQ(ToJson(Value(Instant{0})).Dump(), "\"1970-01-01T00:00:00Z\"");
  EXPECT_EQ(ToJson(Value::OfList({Value(true), Value(), Value(int64_t{1})})).Dump(), "[true,null,1]");
  EXPECT_EQ(ToJson(Value::OfJson(Json::MakeArray({Json()}))).Dump(), "[null]");
}

TEST(TypeName, ForMessages) {
  EXPECT_EQ(TypeName(Of(TypeKind::kTimestamptz)), "timestamptz");
  EXPECT_EQ(TypeName(ListOf(Of(TypeKind::kInteger))), "list of integer");
  EXPECT_EQ(TypeName(Type{.kind = TypeKind::kOther, .sql_name = "inet"}), "inet");
}

Value Random(std::mt19937_64* random, const Type& type) {
  auto below = [&](uint64_t n) { return static_cast<int64_t>((*random)() % n); };
  auto any = [&] { return static_cast<int64_t>((*random)()) >> below(64); };
  switch (type.kind) {
    case TypeKind::kBoolean:
      return Value(below(2) == 0);
    case TypeKind::kInteger:
      return Value(any());
    case TypeKind::kNumeric:
      return Value(*Decimal::Parse(std::to_string(any()) + "e" + std::to_string(below(80) - 40)));
    case TypeKind::kUuid:
      return *ParseValue(type, "a0eebc99-9c0b-4ef8-bb6d-" + std::to_string(100'000'000'000 + below(800'000'000'000)));
    case TypeKind::kDate:
      return Value(Date{static_cast<int32_t>(any())});
    case TypeKind::kTimestamp:
      return Value(LocalTime{any()});
    case TypeKind::kTimestamptz:
      return Value(Instant{any()});
    case TypeKind::kEnum:
      return Value((*type.labels)[below(type.labels->size())]);
    case TypeKind::kJson:
      return Value::OfJson(Json::MakeObject({{"k\n", Json::Integer(any())}, {"l", Json()}}));
    case TypeKind::kList: {
      List items;
      Type element{.kind = type.element, .labels = type.labels};
      for (int64_t i = below(4); i > 0; --i) items.push_back(below(5) == 0 ? Value() : Random(random, element));
      return Value::OfList(std::move(items));
    }
    default: {
      std::string text;
      for (int64_t i = below(8); i > 0; --i)
        text += below(3) == 0 ? "\u00e9\"" : std::string(1, static_cast<char>(1 + below(126)));
      return Value(text);
    }
  }
}

TEST(Value, TextRoundTripsForEveryType) {
  std::mt19937_64 random(11);
  for (int kind = 0; kind <= static_cast<int>(TypeKind::kOther); ++kind) {
    for (int i = 0; i < 1000; ++i) {
      Type type = Of(static_cast<TypeKind>(kind));
      if (type.kind == TypeKind::kEnum) type = Status();
      if (type.kind == TypeKind::kList) {
        type.element = static_cast<TypeKind>(i % static_cast<int>(TypeKind::kList));
        type.labels = Status().labels;
      }
      Value value = Random(&random, type);
      auto again = ParseValue(type, FormatValue(value));
      ASSERT_TRUE(again) << TypeName(type) << ": " << FormatValue(value);
      ASSERT_EQ(*again, value) << TypeName(type) << ": " << FormatValue(value);
      if (type.kind == TypeKind::kJson || type.kind == TypeKind::kList) continue;  // a list may hold null, which FromJson refuses
      ASSERT_EQ(FromJson(type, ToJson(value)), value) << TypeName(type) << ": " << ToJson(value).Dump();
    }
  }
}

}  // namespace
}  // namespace workflow
