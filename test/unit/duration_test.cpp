#include "core/base/duration.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "core/base/instant.h"

namespace workflow {
namespace {

TEST(ParseDuration, EveryUnit) {
  auto is = [](std::string_view text, Duration expected) { EXPECT_EQ(ParseDuration(text), expected) << text; };
  is("1 microsecond", {0, 0, 1});
  is("2 milliseconds", {0, 0, 2000});
  is("3 seconds", {0, 0, 3 * kSecond});
  is("1 sec", {0, 0, kSecond});
  is("30 secs", {0, 0, 30 * kSecond});
  is("-90 minutes", {0, 0, -90 * kMinute});
  is("5 min", {0, 0, 5 * kMinute});
  is("5 mins", {0, 0, 5 * kMinute});
  is("+24 hours", {0, 0, kDay});
  is("3 days", {0, 3, 0});
  is("1 week", {0, 7, 0});
  is("2 mons", {2, 0, 0});
  is("1 month 2 days", {1, 2, 0});
  is("1 year -1 month", {11, 0, 0});
  is("1 day  2 days", {0, 3, 0});
  is("0 days", {});
}

TEST(ParseDuration, NothingElse) {
  for (const char* text :
       {"",       " ",        "3",         "days",     "3days",  "3 dayss", "3 day's", "1.5 hours",    "three days",
        "3 Days", "- 3 days", "+-3 days",  "3 days 2", "1 day,", "P1D",     "01:00",   "3 fortnights", "s",
        "1 s",    "3\tdays",  "1 day ago", "0x1 days"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(ParseDuration, UpToAThousandYears) {
  EXPECT_TRUE(ParseDuration("1000 years"));
  EXPECT_TRUE(ParseDuration("-12000 months"));
  EXPECT_FALSE(ParseDuration("1001 years"));
  EXPECT_FALSE(ParseDuration("1000 years 1 month"));
  EXPECT_FALSE(ParseDuration("366001 days"));
  EXPECT_FALSE(ParseDuration("9223372036854775807 years"));
  EXPECT_FALSE(ParseDuration("-9223372036854775808 microseconds"));
  EXPECT_FALSE(ParseDuration("99999999999999999999 days"));
}

TEST(FormatDuration, InWords) {
  EXPECT_EQ(FormatDuration({}), "0 days");
  EXPECT_EQ(FormatDuration({1, 3, 2 * kHour}), "1 month 3 days 2 hours");
  EXPECT_EQ(FormatDuration({14, 0, 0}), "1 year 2 months");
  EXPECT_EQ(FormatDuration({0, -1, -90 * kMinute}), "-1 day -1 hour -30 minutes");
  EXPECT_EQ(FormatDuration({0, 0, kSecond + 500'000}), "1 second 500000 microseconds");
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(FormatDuration({kMin, kMin, 0}), "-768614336404564650 years -8 months -9223372036854775808 days");
  EXPECT_TRUE(FormatDuration({0, 0, kMin}).starts_with("-2562047788 hours "));
}

TEST(FormatDuration, IsReadBack) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    auto within = [&](int64_t limit) { return random() % 3 == 0 ? 0 : static_cast<int64_t>(random() % (2 * limit + 1)) - limit; };
    Duration duration{within(12'000), within(300'000), within(1000 * kDay)};
    EXPECT_EQ(ParseDuration(FormatDuration(duration)), duration) << FormatDuration(duration);
  }
}

}  // namespace
}  // namespace workflow
