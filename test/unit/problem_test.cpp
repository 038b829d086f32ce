#include "core/base/problem.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

// RFC 6901
TEST(Pointer, EscapesTheKey) {
  EXPECT_EQ(Pointer("", "steps"), "/steps");
  EXPECT_EQ(Pointer("/steps", size_t{0}), "/steps/0");
  EXPECT_EQ(Pointer("/a", "b/c~d~1"), "/a/b~1c~0d~01");
  EXPECT_EQ(Pointer("", ""), "/");
}

TEST(Problems, WarningsAreNoErrors) {
  Problems problems;
  problems.Warning("/a", "is odd");
  EXPECT_FALSE(problems.HasErrors());
  problems.Error("/b", "is wrong", "Make it right.");
  EXPECT_TRUE(problems.HasErrors());
  ASSERT_EQ(problems.list().size(), 2u);
  EXPECT_EQ(problems.list()[1].hint, "Make it right.");
}

TEST(NearestName, IsWithinAThirdOfItsLength) {
  std::vector<std::string> known = {"email", "phone", "first_name", "last_name"};
  EXPECT_EQ(NearestName("emial", known), "email");  // two neighbours swapped are one slip
  EXPECT_EQ(NearestName("emai", known), "email");
  EXPECT_EQ(NearestName("emails", known), "email");
  EXPECT_EQ(NearestName("frist_nam", known), "first_name");
  EXPECT_EQ(NearestName("emmmm", known), "");
  EXPECT_EQ(NearestName("city", known), "");
  EXPECT_EQ(NearestName("", known), "");
  EXPECT_EQ(NearestName("x", {"y", ""}), "");
  EXPECT_EQ(NearestName("phone", {}), "");
  EXPECT_EQ(NearestName(std::string(100'000, 'x'), {std::string(100'000, 'x')}), "");
}

TEST(NearestName, OfEquallyNearOnesTheFirst) {
  EXPECT_EQ(NearestName("cart", {"card", "cars", "care"}), "card");
  EXPECT_EQ(NearestName("orders", {"order", "ordered", "orders"}), "orders");
}

TEST(NearestHint, IsASentence) {
  EXPECT_EQ(NearestHint("emial", {"email"}), "Did you mean \"email\"?");
  EXPECT_EQ(NearestHint("city", {"email"}), "");
}

}  // namespace
}  // namespace workflow
