#include "core/base/json.h"

#include <gtest/gtest.h>

#include <random>

namespace workflow {
namespace {

std::string Again(std::string_view text) {
  std::string error;
  auto json = Json::Parse(text, &error);
  return json ? json->Dump() : "error: " + error;
}

std::string ErrorOf(std::string_view text, int max_depth = 64) {
  std::string error;
  EXPECT_FALSE(Json::Parse(text, &error, max_depth)) << text;
  return error;
}

TEST(Json, KeepsOrderAndTheTextOfNumbers) {
  for (const char* text :
       {"null", "true", "false", "0", "-1", "[]", "{}", "\"\"", "[1,[2,[]],{}]", R"({"z":1,"a":{"c":null,"b":[true]}})", "1.10",
        "1e3", "1.5E+10", "0.30000000000000000000000000000000000001", "123456789012345678901234567890", "-9223372036854775809",
        "18446744073709551616"}) {
    EXPECT_EQ(Again(text), text);
  }
  EXPECT_EQ(Again(" { \"a\" : [ 1 , 2 ] } \n"), R"({"a":[1,2]})");
}

TEST(Json, OfARepeatedKeyTheLastCounts) {
  EXPECT_EQ(Again(R"({"a":1,"b":2,"a":{"x":1,"x":2},"c":3,"b":4})"), R"({"a":{"x":2},"b":4,"c":3})");
  std::string many = "{";
  for (int i = 0; i < 100'000; ++i) many += "\"k" + std::to_string(i % 50'000) + "\":" + std::to_string(i) + ",";
  auto json = Json::Parse(many + "\"end\":0}", nullptr);
  ASSERT_TRUE(json);
  ASSERT_EQ(json->object().size(), 50'001u);
  EXPECT_EQ(json->object()[49'999].second.number(), "99999");
}

TEST(Json, StringsAreEscaped) {
  EXPECT_EQ(Json::String("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f").Dump(), "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(Again(R"("\u00e4\ud83d\ude00\/")"), "\"\u00e4\U0001F600/\"");
  std::string every;
  for (char c = 1; c < 127; ++c) every += c;
  auto json = Json::Parse(Json::String(every).Dump(), nullptr);
  ASSERT_TRUE(json);
  EXPECT_EQ(json->string(), every);
}

TEST(Json, ErrorsSayWhereAndWhy) {
  EXPECT_NE(ErrorOf("{\"a\":\n  tru}").find("line 2, column"), std::string::npos);
  EXPECT_NE(ErrorOf("").find("unexpected end of input"), std::string::npos);
  EXPECT_EQ(ErrorOf(std::string_view("{}\0x", 4)), "byte 3 is NUL");
  EXPECT_NE(ErrorOf(R"(["\u0000"])").find("\\u0000"), std::string::npos);
  EXPECT_NE(ErrorOf(R"({"\u0000":1})").find("\\u0000"), std::string::npos);
  EXPECT_LE(ErrorOf("[" + std::string(1000, '1') + "]").size(), 200u);  // quoted from the input, but not all of it
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const char* text :
       {"{",           "[1,]",    "{\"a\":1,}", "{a:1}",   "'a'",      "01",       "1.",           "+1",
        "NaN",         "1 2",     "{} {}",      "// x\n1", "\"\x01\"", "\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
        "\"\\ud800\"", "\"\\x\"", "\"",         "tru"}) {
    EXPECT_NE(ErrorOf(text), "") << text;
  }
}

TEST(Json, DepthIsLimited) {
  auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(Again(nested(64)), nested(64));
  EXPECT_EQ(ErrorOf(nested(65)), "nested more than 64 levels deep");
  EXPECT_EQ(ErrorOf(std::string(1'000'000, '[')), "nested more than 64 levels deep");
  EXPECT_EQ(ErrorOf("{\"a\":[]}", 1), "nested more than 1 levels deep");
  EXPECT_EQ(ErrorOf("[]", 0), "nested more than 0 levels deep");
}

TEST(Json, FindAndSet) {
  Json json = Json::MakeObject();
  json.Set("b", Json::Integer(1));
  json.Set("a", Json::Boolean(true));
  json.Set("b", Json::String("x"));
  EXPECT_EQ(json.Dump(), R"({"b":"x","a":true})");
  EXPECT_TRUE(json.Find("a")->boolean());
  EXPECT_EQ(json.Find("c"), nullptr);
  EXPECT_EQ(Json::MakeArray().Find("a"), nullptr);
  EXPECT_STREQ(json.KindName(), "object");
}

TEST(Json, WholeNumbers) {
  auto integer = [](const char* text) { return Json::Number(text).AsInteger(); };
  EXPECT_EQ(integer("12"), 12);
  EXPECT_EQ(integer("1.0"), 1);
  EXPECT_EQ(integer("1e3"), 1000);
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_FALSE(integer("9223372036854775808"));
  EXPECT_FALSE(integer("0.5"));
  EXPECT_FALSE(integer("1e999999999"));
  EXPECT_FALSE(Json::String("1").AsInteger());
}

Json Random(std::mt19937* random, int depth) {
  auto below = [&](unsigned n) { return (*random)() % n; };
  switch (below(depth > 0 ? 6 : 4)) {
    case 0:
      return Json();
    case 1:
      return Json::Boolean(below(2) == 0);
    case 2:
      return Json::Number(std::to_string(below(1000)) + (below(2) == 0 ? "" : ".50"));
    case 3: {
      std::string text;
      for (unsigned i = below(6); i > 0; --i)
        text += below(4) == 0 ? "\u20ac" : std::string(1, static_cast<char>(1 + below(126)));
      return Json::String(text);
    }
    case 4: {
      Json array = Json::MakeArray();
      for (unsigned i = below(4); i > 0; --i) array.array().push_back(Random(random, depth - 1));
      return array;
    }
    default: {
      Json object = Json::MakeObject();
      for (unsigned i = below(4); i > 0; --i) object.Set("k" + std::to_string(below(100)), Random(random, depth - 1));
      return object;
    }
  }
}

TEST(Json, WhatIsDumpedIsReadBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 2000; ++i) {
    Json json = Random(&random, 5);
    auto again = Json::Parse(json.Dump(), nullptr);
    ASSERT_TRUE(again) << json.Dump();
    EXPECT_EQ(*again, json) << json.Dump();
  }
}

}  // namespace
}  // namespace workflow
