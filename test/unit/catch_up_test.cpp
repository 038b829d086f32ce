// Dates and schedules whose time went by while nobody looked.
#include "core/enrollment/catch_up.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

TEST(CatchUp, GoesBackAsFarAsIsForgiven) {
  const Instant now{1'000 * kDay}, minute_ago{now.us - kMinute}, week_ago{now.us - 7 * kDay};
  EXPECT_EQ(LookAfter({}, minute_ago, now), minute_ago);
  EXPECT_EQ(LookAfter({}, week_ago, now).us, now.us - kDay) << "the default is a day";
  EXPECT_EQ(LookAfter({.policy = {}, .grace = {.us = 2 * kHour}}, week_ago, now).us, now.us - 2 * kHour);
  EXPECT_EQ(LookAfter({.policy = {}, .grace = {}}, week_ago, now).us, now.us - kAlwaysForgiven) << "a worker is never there at the very instant";
  EXPECT_EQ(LookAfter({.policy = IfPast::kContinue}, week_ago, now), week_ago);
  EXPECT_EQ(LookAfter({.policy = IfPast::kNextDay}, week_ago, now).us, now.us - kDay);
  for (const IfPast policy : {IfPast::kSkip, IfPast::kExit}) EXPECT_EQ(LookAfter({.policy = policy}, week_ago, now).us, now.us - kAlwaysForgiven);
}

}  // namespace
}  // namespace workflow
