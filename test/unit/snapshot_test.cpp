// Which events belong to a window between two snapshots (semantics 25: nothing that commits late is skipped; architecture: the event log).
#include "core/base/snapshot.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

SeenTransactions Of(std::string_view text) { return SeenTransactions::Parse(text).value(); }

TEST(Snapshot, SeesWhatHadCommittedWhenItWasTaken) {
  const SeenTransactions seen = Of("10:20:12,15");
  for (const uint64_t over : {3U, 9U, 10U, 11U, 13U, 19U}) EXPECT_TRUE(seen.Sees(over)) << over;
  for (const uint64_t not_over : {12U, 15U, 20U, 21U}) EXPECT_FALSE(seen.Sees(not_over)) << not_over;
  EXPECT_EQ(seen.first_unseen(), 10U);
  EXPECT_EQ(seen.Text(), "10:20:12,15");
  EXPECT_TRUE(Of("3:3:").Sees(2));
  EXPECT_FALSE(Of("3:3:").Sees(3));
}

TEST(Snapshot, HiddenTransactionsBelongToTheNextWindow) {
  SeenTransactions seen = Of("10:20:12");
  seen.Hide(15);
  seen.Hide(15);
  seen.Hide(12);
  seen.Hide(30);  // not seen anyway
  EXPECT_EQ(seen.Text(), "10:20:12,15");
  seen.Hide(7);
  EXPECT_EQ(seen.Text(), "7:20:7,12,15");
  EXPECT_FALSE(seen.Sees(7));
  EXPECT_TRUE(seen.Sees(8));
  EXPECT_EQ(Of(seen.Text()).Text(), seen.Text());
}

TEST(Snapshot, EveryTransactionIsInOneWindowWheneverItCommits) {
  const std::vector<SeenTransactions> taken = {Of("3:3:"), Of("5:9:5,7"), Of("7:12:7,11"), Of("14:14:")};
  for (uint64_t transaction = 3; transaction < 14; ++transaction) {
    int windows = 0;
    for (size_t i = 1; i < taken.size(); ++i) windows += IsBetween(taken[i - 1], taken[i], transaction) ? 1 : 0;
    EXPECT_EQ(windows, 1) << transaction;
  }
  EXPECT_TRUE(IsBetween(taken[2], taken[3], 7)) << "it was running all the while";
}

TEST(Snapshot, OtherTextsAreRefused) {
  for (const char* text : {"", "3", "3:", "3:4", "4:3:", "3:9:12", "3:9:2", "3:9:5,4", "3:9:5,5", "3:9:5,", "3:9:x", "a:b:", "3:9:5;6", "-3:9:"}) {
    EXPECT_FALSE(SeenTransactions::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace workflow
