#include "core/delivery/marks.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace workflow {
namespace {

std::vector<Span> Spans(const Marks& marks) { return {marks.spans, marks.spans + marks.count}; }
Marks From(int64_t key) {
  Marks marks = Everything();
  marks.spans[0].from = key;
  return marks;
}

TEST(Marks, BeginWithEverything) {
  EXPECT_TRUE(Everything().Contains(Marks::kFirst));
  EXPECT_TRUE(Everything().Contains(Marks::kLast));
}

TEST(Marks, WhatIsDoneFallsOut) {
  Look look(From(1));
  look.Done(1);
  look.Unfinished(2);
  look.Done(3);
  look.Unfinished(4);
  look.Unfinished(6);
  look.Done(7);
  look.Reached(0, 7);
  const Marks left = look.Result();
  EXPECT_EQ(Spans(left), (std::vector<Span>{{2, 2, 0}, {4, 6, 0}, {8, Marks::kLast, 0}})) << "neighbours without a done one between them are one span";
}

TEST(Marks, ALookThatEndsEarlyLeavesTheRest) {
  Marks marks = From(100);
  marks.count = 2;
  marks.spans[1] = marks.spans[0];
  marks.spans[0] = {5, 9, 0};
  Look look(marks);
  look.Done(5);
  look.Reached(0, 5);
  look.Skip(1);
  EXPECT_EQ(Spans(look.Result()), (std::vector<Span>{{6, 9, 0}, {100, Marks::kLast, 0}}));
}

TEST(Marks, OneKeyMayHoldSeveral) {
  Look look(From(1));
  look.Unfinished(3);
  look.Done(3);
  look.Unfinished(3, 7);
  look.Reached(0, 2);  // it stopped at key 3, perhaps before the last of them
  EXPECT_EQ(Spans(look.Result()), (std::vector<Span>{{3, Marks::kLast, 0}}));
}

// semantics 11: what waits for a paused workflow is passed over without a look while the same workflows are paused.
TEST(Marks, Semantics11_SpansSleep) {
  Look look(From(1));
  look.Unfinished(1, 7);
  look.Unfinished(2, 7);
  look.Unfinished(3, 0);
  look.Done(4);
  look.Reached(0, 4);
  const Marks left = look.Result();
  EXPECT_EQ(Spans(left), (std::vector<Span>{{1, 2, 7}, {3, 3, 0}, {5, Marks::kLast, 0}}));
  Look again(left);
  again.Skip(0);
  again.Done(3);
  again.Reached(1, 3);
  again.Reached(2, 10);
  EXPECT_EQ(Spans(again.Result()), (std::vector<Span>{{1, 2, 7}, {11, Marks::kLast, 0}}));
}

TEST(Marks, TooManySpansBecomeFewer) {
  Look look(From(0));
  for (int64_t i = 0; i < 100; ++i) {
    look.Unfinished(10 * i);
    look.Done(10 * i + 5);
  }
  look.Reached(0, 999);
  const Marks left = look.Result();
  EXPECT_EQ(left.count, Marks::kMost);
  for (int64_t i = 0; i < 100; ++i) EXPECT_TRUE(left.Contains(10 * i)) << i;
}

TEST(Marks, WhatIsReopenedIsLookedAtAgain) {
  Look look(From(10));
  look.Unfinished(12, 7);
  look.Unfinished(13, 7);
  look.Done(14);
  look.Reached(0, 20);
  const Marks marks = look.Result();
  EXPECT_EQ(Spans(With(marks, 3, 3)), (std::vector<Span>{{3, 3, 0}, {12, 13, 7}, {21, Marks::kLast, 0}}));
  EXPECT_EQ(Spans(With(marks, 12, 12)), (std::vector<Span>{{12, 13, 0}, {21, Marks::kLast, 0}})) << "it does not sleep with the others";
  EXPECT_EQ(Spans(With(marks, 15, 15)), (std::vector<Span>{{12, 13, 7}, {15, 15, 0}, {21, Marks::kLast, 0}}));
  EXPECT_EQ(Spans(With(marks, 30, 30)), Spans(marks));
  EXPECT_EQ(Spans(With(marks, 3, 5)), (std::vector<Span>{{3, 5, 0}, {12, 13, 7}, {21, Marks::kLast, 0}}));
  EXPECT_EQ(Spans(With(marks, 13, 15)), (std::vector<Span>{{12, 15, 0}, {21, Marks::kLast, 0}}));
  EXPECT_EQ(Spans(With(marks, 3, 40)), (std::vector<Span>{{3, Marks::kLast, 0}}));
  Marks all = marks;
  for (int64_t key = 100; key > 50; --key) all = With(Both(all, marks), -key * 10, -key * 10);
  EXPECT_LE(all.count, Marks::kMost);
}

// Several look at the same queue at once, each sees some of what the others hold as unfinished, and none ever takes out what is not done
// (semantics 25: nothing is skipped).
TEST(Marks, Semantics25_NothingUnfinishedEverFallsOut) {
  for (uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    std::map<int64_t, bool> done;  // key -> whether it is done
    int64_t next = 1;
    Marks shared = Everything();
    for (int step = 0; step < 60; ++step) {
      for (unsigned i = random() % 8; i > 0; --i) done[next += 1 + static_cast<int64_t>(random() % 3)] = false;
      Marks copies[2] = {shared, shared};
      for (Marks& copy : copies) {
        Look look(copy);
        int64_t budget = static_cast<int64_t>(random() % 30);
        for (int i = 0; i < copy.count; ++i) {
          const Span& span = copy.spans[i];
          if (budget <= 0 || (span.asleep != 0 && random() % 2 == 0)) {
            look.Skip(i);
            continue;
          }
          int64_t reached = span.to == Marks::kLast ? next : span.to;
          for (auto at = done.lower_bound(span.from); at != done.end() && at->first <= reached; ++at) {
            if (budget-- <= 0) {
              reached = at->first - 1;
              break;
            }
            if (!at->second && random() % 3 == 0) at->second = true;
            if (at->second) look.Done(at->first);
            else look.Unfinished(at->first, random() % 4 == 0 ? 9 : 0);
          }
          look.Reached(i, reached);
        }
        copy = look.Result();
      }
      shared = Both(Both(shared, copies[0]), copies[1]);
      ASSERT_LE(shared.count, Marks::kMost);
      for (const auto& [key, is_done] : done) ASSERT_TRUE(is_done || shared.Contains(key)) << "seed " << seed << " key " << key;
      ASSERT_TRUE(shared.Contains(next + 1));
    }
  }
}

}  // namespace
}  // namespace workflow
