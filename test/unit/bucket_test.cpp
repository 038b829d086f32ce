#include "core/calendar/bucket.h"

#include <gtest/gtest.h>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

Instant At(const char* text) { return *ParseInstant(text); }
const Instant kNow = At("2026-11-22T09:30:00Z");

TEST(Bucket, TheFurtherTheWider) {
  EXPECT_EQ(BucketFor(kNow, kNow).name, "timer_h2026112209");
  EXPECT_EQ(BucketFor(At("2026-11-23T09:30:00Z"), kNow).name, "timer_h2026112309");
  EXPECT_EQ(BucketFor(At("2026-11-23T11:30:00Z"), kNow).name, "timer_d20261123");
  EXPECT_EQ(BucketFor(At("2026-12-31T23:59:59Z"), kNow).name, "timer_d20261231");
  EXPECT_EQ(BucketFor(At("2027-01-02T00:00:00Z"), kNow).name, "timer_m202701");
  EXPECT_EQ(BucketFor(At("2026-11-20T00:00:00Z"), kNow).name, "timer_h2026112000") << "a clock that was put back";
}

TEST(Bucket, HoldsWhatGoesIntoIt) {
  for (int64_t ahead : {int64_t{0}, 59 * kMinute, 26 * kHour, 27 * kHour, 40 * kDay, 41 * kDay, 400 * kDay, 4000 * kDay}) {
    const Instant due{kNow.us + ahead};
    const Bucket bucket = BucketFor(due, kNow);
    EXPECT_TRUE(bucket.from <= due && due < bucket.to) << bucket.name;
    const auto named = BucketNamed(bucket.name);
    ASSERT_TRUE(named) << bucket.name;
    EXPECT_EQ(named->from, bucket.from);
    EXPECT_EQ(named->to, bucket.to);
  }
}

TEST(Bucket, AtTheEndsOfTime) {
  EXPECT_EQ(BucketFor(Instant{INT64_MAX}, kNow).name, "timer_m999912");
  EXPECT_EQ(BucketFor(Instant{INT64_MIN}, kNow).name, "timer_m000101");
}

TEST(Bucket, OtherNamesAreNone) {
  for (const char* name : {"timer", "timer_h20261122", "timer_d20261399", "timer_h2026112224", "timer_x202611", "timer_m2026-1", "message_20261122"}) {
    EXPECT_FALSE(BucketNamed(name)) << name;
  }
}

}  // namespace
}  // namespace workflow
