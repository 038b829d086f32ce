#include "core/enrollment/fault.h"

#include <gtest/gtest.h>

#include "core/base/instant.h"

namespace workflow {
namespace {

// semantics 28: transient errors count no attempt, others are the enrollment's own; R6: what an operator has to mend is nobody's.
TEST(Fault, Semantics28_IsToldByItsSqlstate) {
  for (const char* state : {"40001", "40003", "53000", "53100", "53300", "55P03"}) {
    EXPECT_EQ(ClassifyFault(state, false), FaultKind::kTransient) << state;
    EXPECT_EQ(ClassifyFault(state, true), FaultKind::kTransient) << state;
  }
  for (const char* state : {"40P01", "53200", "57014", "57P01", "57P02"}) EXPECT_EQ(ClassifyFault(state, false), FaultKind::kInterrupt) << state;
  for (const char* state : {"23505", "22012", "42P01", "P0001", "WF009", "55006", "57000", "XX000", ""}) {
    EXPECT_EQ(ClassifyFault(state, false), FaultKind::kOwn) << state;
    EXPECT_EQ(ClassifyFault(state, true), FaultKind::kOwn) << state;
  }
}

TEST(Fault, R6_WhatIsBrokenIsOursToSay) {
  EXPECT_EQ(ClassifyFault("55000", true), FaultKind::kBroken);
  EXPECT_EQ(ClassifyFault("55000", false), FaultKind::kOwn) << "a function of the CRM said so";
}

TEST(Fault, Semantics28_OnlyItsOwnFaultCountsAnAttempt) {
  EXPECT_EQ(FaultPauseUs(FaultKind::kOwn), 0);
  EXPECT_EQ(FaultPauseUs(FaultKind::kTransient), kSecond);
  EXPECT_EQ(FaultPauseUs(FaultKind::kBroken), kMinute);
}

TEST(Fault, ALockIsWaitedForOnce) {
  EXPECT_TRUE(IsLockTimeout("55P03"));
  EXPECT_FALSE(IsLockTimeout("40P01"));
}

}  // namespace
}  // namespace workflow
