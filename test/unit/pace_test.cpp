// Semantics 8: how fast enroll_existing lets in.
#include "core/enrollment/pace.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

TEST(Pace, BeginsWithAMinutesWorth) {
  const Instant now{1'000 * kHour};
  EXPECT_EQ(PaceAt(now, Instant{now.us - kMinute}, 1000).allowed, 1000);
  EXPECT_EQ(PaceAt(now, Instant{now.us - kDay}, 1000).allowed, 1000) << "what a pause has lost is lost";
  EXPECT_EQ(PaceAt(now, Instant{now.us + kDay}, 1000).allowed, 0) << "the clock was put back";
}

// However rounds fall, so many enter a minute.
TEST(Pace, IsKeptOverManyRounds) {
  for (const int32_t per_minute : {1, 7, 60, 1000, 100'000}) {
    for (const int64_t step : {kSecond / 7, kSecond, 17 * kSecond, 59 * kSecond}) {
      Instant used{-kMinute};
      int64_t entered = 0;
      const int64_t rounds = 10 * kMinute / step;
      for (int64_t i = 0; i <= rounds; ++i) {
        const Pace pace = PaceAt(Instant{i * step}, used, per_minute);
        entered += pace.allowed;
        used = UsedUntil(pace, pace.allowed, per_minute);
      }
      const int64_t most = per_minute + rounds * step * per_minute / kMinute;
      EXPECT_LE(entered, most + 1);
      EXPECT_GE(entered, most - 2 - most / 100) << per_minute << " a minute, by " << step;
    }
  }
}

TEST(Pace, SaysWhenTheNextOneMayEnter) {
  const Instant now{kHour};
  const Pace pace = PaceAt(now, Instant{now.us - kMinute}, 7);
  const Instant used = UsedUntil(pace, 7, 7);
  const Instant next = NextOfPace(used, 7);
  EXPECT_EQ(PaceAt(Instant{next.us - kSecond}, used, 7).allowed, 0);
  EXPECT_EQ(PaceAt(next, used, 7).allowed, 1);
}

}  // namespace
}  // namespace workflow
