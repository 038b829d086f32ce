#include "core/calendar/bucket.h"

#include <gtest/gtest.h>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

Instant At(const char* text) { return *ParseInstant(text); }
const Instant kNow = At("2026-11-22T09:30:00Z");

TEST(Bucket, TheFurtherTheWider) {
  EXPECT_EQ(BucketFor(kNow, kNow)[6], 'h');
  EXPECT_EQ(BucketFor(At("2026-11-23T11:29:00Z"), kNow)[6], 'h');
  EXPECT_EQ(BucketFor(At("2026-11-23T11:31:00Z"), kNow)[6], 'd');
  EXPECT_EQ(BucketFor(At("2026-12-31T00:00:00Z"), kNow)[6], 'd');
  EXPECT_EQ(BucketFor(At("2027-01-02T00:00:00Z"), kNow)[6], 'm');
  EXPECT_EQ(BucketFor(At("2029-09-30T00:00:00Z"), kNow)[6], 'm');
  EXPECT_EQ(BucketFor(At("2029-10-01T00:00:00Z"), kNow), "timer");
  EXPECT_EQ(BucketFor(At("2020-01-01T00:00:00Z"), kNow)[6], 'h') << "a clock that was put back";
}

// Whatever the cursor, a table is not passed over while it holds a timer that is still to be read.
TEST(Bucket, EarliestIsNeverTooLate) {
  for (const char* cursor : {"2026-11-22T09:30:00Z", "2026-11-22T00:00:00Z", "2026-11-20T23:59:59Z", "2024-02-29T12:00:00Z", "1969-12-31T23:00:00Z", "0001-01-01T00:00:00Z"}) {
    for (int64_t set = 0; set < 70 * kDay; set += 7 * kHour + 13 * kMinute) {
      const Instant now{At(cursor).us + set};
      for (int64_t ahead : {kMinute, kHour, 25 * kHour, 26 * kHour, 27 * kHour, 39 * kDay, 41 * kDay, 400 * kDay, 1000 * kDay, 4000 * kDay}) {
        const Instant due{now.us + ahead};
        const auto earliest = EarliestIn(BucketFor(due, now), At(cursor));
        ASSERT_TRUE(earliest) << BucketFor(due, now);
        EXPECT_LE(earliest->us, due.us) << FormatIso(due) << " in " << BucketFor(due, now) << " after " << cursor;
      }
    }
  }
}

TEST(Bucket, EarliestIsOfItsSlot) {
  const std::string hour = BucketFor(At("2026-11-22T14:10:00Z"), kNow), day = BucketFor(At("2026-12-01T14:10:00Z"), kNow), month = BucketFor(At("2027-03-05T00:00:00Z"), kNow);
  EXPECT_EQ(*EarliestIn(hour, kNow), At("2026-11-22T14:00:00Z"));
  EXPECT_EQ(*EarliestIn(hour, At("2026-11-22T14:59:00Z")), At("2026-11-22T14:00:00Z"));
  EXPECT_EQ(*EarliestIn(hour, At("2026-11-22T15:00:00Z")), At("2026-11-23T22:00:00Z")) << "its next turn, 32 hours on";
  EXPECT_EQ(*EarliestIn(day, kNow), At("2026-12-01T00:00:00Z"));
  EXPECT_EQ(*EarliestIn(month, kNow), At("2027-03-01T00:00:00Z"));
  EXPECT_EQ(*EarliestIn("timer", kNow), kNow);
}

TEST(Bucket, AtTheEndsOfTime) {
  EXPECT_EQ(BucketFor(Instant{INT64_MAX}, kNow), "timer");
  EXPECT_EQ(*EarliestIn("timer_m00", Instant{INT64_MIN}), Instant{INT64_MIN});
  EXPECT_TRUE(EarliestIn(BucketFor(Instant{INT64_MIN}, kNow), Instant{INT64_MIN}));
}

TEST(Bucket, OtherNamesAreNone) {
  for (const char* name : {"timer_", "timer_h32", "timer_d48", "timer_m36", "timer_x01", "timer_h1a", "timer_h001", "message_20261122"}) {
    EXPECT_FALSE(EarliestIn(name, kNow)) << name;
  }
}

}  // namespace
}  // namespace workflow
