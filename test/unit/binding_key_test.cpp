#include <gtest/gtest.h>

#include <random>

#include "core/binding/binding.h"

namespace workflow {
namespace {

Value T(std::string text) { return Value(std::move(text)); }
Value I(int64_t number) { return Value(number); }
Value N(const char* number) { return Value(*Decimal::Parse(number)); }

TEST(BindingKey, Attach2_EqualKeysOfDifferentTypesHaveOneForm) {
  EXPECT_EQ(CanonicalKey({I(5)}), "5");
  EXPECT_EQ(CanonicalKey({T("5")}), "5");
  EXPECT_EQ(CanonicalKey({N("5.0")}), "5");
  EXPECT_EQ(CanonicalKey({I(5), T("a")}), CanonicalKey({N("5.00"), T("a")}));
  EXPECT_EQ(CanonicalKey({Value(Date{0})}), "1970-01-01");
}

TEST(BindingKey, Attach2_ALonePartIsNotEscaped) {
  EXPECT_EQ(CanonicalKey({T("a,b\\c")}), "a,b\\c");
  EXPECT_EQ(SplitKey("a,b\\c", 1), std::vector<std::string>{"a,b\\c"});
}

TEST(BindingKey, Attach2_PartsCannotBeTakenForOneAnother) {
  EXPECT_EQ(CanonicalKey({T("a,b"), T("c")}), "a\\,b,c");
  EXPECT_NE(CanonicalKey({T("a,b"), T("c")}), CanonicalKey({T("a"), T("b,c")}));
  EXPECT_NE(CanonicalKey({T("a\\"), T("b")}), CanonicalKey({T("a"), T("\\b")}));
  EXPECT_EQ(CanonicalKey({T(""), T("")}), ",");
}

TEST(BindingKey, Attach2_ANullPartMakesNoKey) {
  EXPECT_EQ(CanonicalKey({Value()}), std::nullopt);
  EXPECT_EQ(CanonicalKey({I(1), Value()}), std::nullopt);
  EXPECT_EQ(CanonicalKey({Value(), I(1)}), std::nullopt);
}

TEST(BindingKey, Attach2_WhatIsNoKeyOfSoManyPartsIsNotSplit) {
  EXPECT_TRUE(SplitKey("a,b", 3).empty());
  EXPECT_TRUE(SplitKey("a,b,c", 2).empty());
  EXPECT_TRUE(SplitKey("a\\", 2).empty());
  EXPECT_TRUE(SplitKey("a\\x,b", 2).empty());
  EXPECT_TRUE(SplitKey("a", 0).empty());
}

// Property: splitting undoes joining, and different parts never have the same key.
TEST(BindingKey, Attach2_RoundTrip) {
  std::mt19937 random(20260101);
  auto text = [&] {
    std::string made;
    for (size_t length = random() % 5; length > 0; --length) made += "\\,a5"[random() % 4];
    return made;
  };
  for (int round = 0; round < 5000; ++round) {
    size_t count = 1 + random() % 4;
    std::vector<std::string> one, other;
    std::vector<Value> one_values, other_values;
    for (size_t i = 0; i < count; ++i) {
      one_values.push_back(T(one.emplace_back(text())));
      other_values.push_back(T(other.emplace_back(text())));
    }
    std::string key = *CanonicalKey(one_values);
    ASSERT_EQ(SplitKey(key, count), one) << key;
    ASSERT_EQ(key == *CanonicalKey(other_values), one == other) << key;
  }
}

}  // namespace
}  // namespace workflow
