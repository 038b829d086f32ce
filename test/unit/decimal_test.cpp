#include "core/base/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace workflow {
namespace {

Decimal D(std::string_view text) {
  auto value = Decimal::Parse(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(Decimal());
}

TEST(Decimal, PrintsWhatItRead) {
  for (const char* text : {"0", "1", "-1", "12.5", "-0.001", "1000", "0.1", "19.99", "123456789012345678901234567890.123456789",
                           "NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(D(text).ToString(), text);
  }
  EXPECT_EQ(D("1.50").ToString(), "1.5");
  EXPECT_EQ(D("-0.00").ToString(), "0");
  EXPECT_EQ(D("1e3").ToString(), "1000");
  EXPECT_EQ(D("1.25E+1").ToString(), "12.5");
  EXPECT_EQ(D("12e-4").ToString(), "0.0012");
  EXPECT_EQ(D("0e999999999999999999999").ToString(), "0");
}

TEST(Decimal, RefusesEverythingElse) {
  for (const char* text : {"", " 1", "1 ", "+1", ".5", "5.", "01", "-", "--1", "1e", "1e+", "0x1", "1_000", "nan", "inf", "-NaN",
                           "1.2.3", "1e1.5", "Infinity1"}) {
    EXPECT_FALSE(Decimal::Parse(text)) << text;
  }
}

// numeric has at most 131072 digits before the point and 16383 after it; an exponent must not make us store more.
TEST(Decimal, IsAsWideAsNumericAndNoWider) {
  EXPECT_EQ(D("1e131071").ToString().size(), 131072u);
  EXPECT_FALSE(Decimal::Parse("1e131072"));
  EXPECT_FALSE(Decimal::Parse("1e99999999999999999999"));
  EXPECT_EQ(D("1e-16383").ToString().size(), 16385u);
  EXPECT_FALSE(Decimal::Parse("1e-16384"));
  EXPECT_FALSE(Decimal::Parse("1e-99999999999999999999"));
  EXPECT_FALSE((D("9e131071") + D("9e131071")).is_finite());
  EXPECT_EQ((D("-1e131071") * D("10")).ToString(), "-Infinity");
  EXPECT_TRUE((D("1e-16383") * D("0.1")).is_zero());
  EXPECT_EQ(D("1e-16383") * D("0.5"), D("1e-16383"));  // half away from zero in the last place there is
}

TEST(Decimal, EqualNumbersAreEqual) {
  EXPECT_EQ(D("1.0"), D("1"));
  EXPECT_EQ(D("100"), D("1e2"));
  EXPECT_EQ(D("-0"), Decimal());
  EXPECT_EQ(D("NaN"), D("NaN"));
  EXPECT_EQ(Decimal(1000), D("1e3"));
  EXPECT_EQ(Decimal(std::numeric_limits<int64_t>::min()).ToString(), "-9223372036854775808");
}

TEST(Decimal, OrderIsPostgres) {
  std::vector<Decimal> ascending;
  for (const char* text :
       {"-Infinity", "-1e20", "-100.5", "-100", "-99.99", "-1",    "-0.5", "-0.001", "0",        "0.001", "0.01",
        "0.5",       "1",     "1.5",    "9",    "10",     "99.99", "100",  "1e20",   "Infinity", "NaN"}) {
    ascending.push_back(D(text));
  }
  for (size_t i = 0; i < ascending.size(); ++i) {
    for (size_t j = 0; j < ascending.size(); ++j) EXPECT_EQ(ascending[i] <=> ascending[j], i <=> j) << i << " " << j;
  }
}

TEST(Decimal, Fixed) {
  EXPECT_EQ(D("12.5").ToFixed(2), "12.50");
  EXPECT_EQ(D("12.345").ToFixed(2), "12.35");
  EXPECT_EQ(D("-12.345").ToFixed(2), "-12.35");
  EXPECT_EQ(D("12.344999").ToFixed(2), "12.34");
  EXPECT_EQ(D("9.995").ToFixed(2), "10.00");
  EXPECT_EQ(D("0.5").ToFixed(0), "1");
  EXPECT_EQ(D("0.4").ToFixed(0), "0");
  EXPECT_EQ(D("-0.4").ToFixed(0), "0");
  EXPECT_EQ(D("-0.004").ToFixed(2), "0.00");
  EXPECT_EQ(D("0.005").ToFixed(2), "0.01");
  EXPECT_EQ(D("0.0004").ToFixed(1), "0.0");
  EXPECT_EQ(D("1000").ToFixed(1), "1000.0");
  EXPECT_EQ(D("0").ToFixed(3), "0.000");
  EXPECT_EQ(D("NaN").ToFixed(3), "NaN");
  EXPECT_EQ(D("1.5").ToFixed(-3), "2");
  EXPECT_EQ(D("1").ToFixed(std::numeric_limits<int>::max()).size(), 16385u);
}

TEST(Decimal, Integer) {
  EXPECT_EQ(D("1e3").ToInteger(), 1000);
  EXPECT_EQ(D("1.0").ToInteger(), 1);
  EXPECT_EQ(D("-9223372036854775808").ToInteger(), std::numeric_limits<int64_t>::min());
  for (const char* text : {"0.5", "9223372036854775808", "1e30", "1e131071", "NaN", "Infinity"})
    EXPECT_FALSE(D(text).ToInteger()) << text;
}

TEST(Decimal, Arithmetic) {
  EXPECT_EQ(D("0.1") + D("0.2"), D("0.3"));
  EXPECT_EQ(D("1e20") + D("-1e-20"), D("99999999999999999999.99999999999999999999"));
  EXPECT_EQ(D("5") - D("5.00"), D("0"));
  EXPECT_FALSE((D("5") - D("5")).is_negative());
  EXPECT_EQ(D("-1.5") * D("0.2"), D("-0.3"));
  EXPECT_FALSE((D("-1.5") * D("0")).is_negative());
  EXPECT_EQ(*Decimal::Divide(D("1"), D("3"), 4), D("0.3333"));
  EXPECT_EQ(*Decimal::Divide(D("-2"), D("3"), 4), D("-0.6667"));
  EXPECT_EQ(*Decimal::Divide(D("1"), D("8"), 2), D("0.13"));
  EXPECT_EQ(*Decimal::Divide(D("1e10"), D("1e-5"), 0), D("1e15"));
  EXPECT_EQ(*Decimal::Divide(D("1e-10"), D("1e5"), 3), D("0"));
  EXPECT_FALSE(Decimal::Divide(D("1"), D("0"), 2));
}

TEST(Decimal, ArithmeticOfWhatIsNotFinite) {
  EXPECT_EQ(D("NaN") + D("1"), D("NaN"));
  EXPECT_EQ(D("Infinity") + D("-1e9"), D("Infinity"));
  EXPECT_EQ(D("Infinity") - D("Infinity"), D("NaN"));
  EXPECT_EQ(D("1") - D("Infinity"), D("-Infinity"));
  EXPECT_EQ(D("Infinity") * D("-2"), D("-Infinity"));
  EXPECT_EQ(D("Infinity") * D("0"), D("NaN"));
  EXPECT_EQ(*Decimal::Divide(D("1"), D("Infinity"), 2), D("0"));
  EXPECT_EQ(*Decimal::Divide(D("Infinity"), D("-2"), 2), D("-Infinity"));
  EXPECT_EQ(*Decimal::Divide(D("Infinity"), D("Infinity"), 2), D("NaN"));
}

// The judge is arithmetic of whole numbers that fit a machine word.
TEST(Decimal, AgreesWithWholeNumbersOfCents) {
  std::mt19937_64 random(7);
  auto cents = [&] { return static_cast<int64_t>(random() % 2'000'001) - 1'000'000; };
  auto of = [](int64_t value) { return Decimal(value) * D("0.01"); };
  for (int i = 0; i < 3000; ++i) {
    int64_t a = cents();
    int64_t b = cents();
    EXPECT_EQ(of(a) + of(b), of(a + b));
    EXPECT_EQ(of(a) - of(b), of(a - b));
    EXPECT_EQ((of(a) * of(b)) * D("10000"), Decimal(a * b));
    EXPECT_EQ(of(a) <=> of(b), a <=> b);
    EXPECT_EQ(D(of(a).ToString()), of(a));
    EXPECT_EQ(D(of(a).ToFixed(5)), of(a));
    if (b == 0) continue;
    int64_t twice = 2 * std::abs(a) * 1000 / std::abs(b);  // of the quotient in thousandths, cut off
    int64_t rounded = (twice + 1) / 2 * ((a < 0) == (b < 0) ? 1 : -1);
    EXPECT_EQ(*Decimal::Divide(of(a), of(b), 3) * D("1000"), Decimal(rounded)) << a << "/" << b;
  }
}

// A price is shown as the server shows it, and is the same price without its zeros.
TEST(Decimal, ZerosBehindThePointAreShownAndNeverCompared) {
  for (const char* text : {"10.00", "0.00", "-1.50", "0.000001", "7", "1200", "-0.10"}) EXPECT_EQ(Decimal::Parse(text)->ToShown(), text);
  EXPECT_EQ(Decimal::Parse("1.50e1")->ToShown(), "15");
  EXPECT_EQ(Decimal::Parse("NaN")->ToShown(), "NaN");
  EXPECT_EQ(*Decimal::Parse("10.00"), *Decimal::Parse("10"));
  EXPECT_EQ(*Decimal::Parse("10.00") <=> *Decimal::Parse("10.0"), std::strong_ordering::equal);
  EXPECT_EQ(Decimal::Parse("10.00")->ToString(), "10");
  EXPECT_EQ((*Decimal::Parse("10.00") + Decimal(1)).ToShown(), "11");
}

}  // namespace
}  // namespace workflow
