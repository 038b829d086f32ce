// How far a queue that is only ever appended to has been worked off. Keys ascend; a key is done once nothing at it needs a look any more, and what is
// done stays done. Marks are the spans in which something unfinished may still lie: all below the last span's end that is in no span is done.
// They are a hint: a span too many costs a look. A span too few loses a message, so whoever takes keys out must have looked at each of them.
// Plain data of a fixed size, so that processes can share them.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace workflow {

struct Span {  // both ends included
  int64_t from, to;
  uint64_t asleep;  // not 0: all that is unfinished in it sleeps for this reason, and need not be looked at while the reason holds
  friend bool operator==(const Span&, const Span&) = default;
};

struct Marks {
  static constexpr int kMost = 16;
  static constexpr int64_t kFirst = std::numeric_limits<int64_t>::min(), kLast = std::numeric_limits<int64_t>::max();
  int32_t count;
  Span spans[kMost];

  bool Contains(int64_t key) const;
};

Marks Everything();

// What is left after somebody has looked at the spans of `before` in order.
class Look {
 public:
  explicit Look(const Marks& before) : before_(before) {}
  int spans() const { return before_.count; }
  const Span& span(int i) const { return before_.spans[i]; }

  // Of one span, in order: that nobody looked at it; or, key by key, ascending, what was found there, then how far the look reached. Several
  // things may lie at one key: it is done if all of them are.
  void Skip(int i);
  void Done(int64_t key);
  void Unfinished(int64_t key, uint64_t asleep = 0);
  // All keys of span i up to `reached` were looked at, those at which nothing was found included; the rest of it was not.
  void Reached(int i, int64_t reached);
  Marks Result() const;

 private:
  void Append(Span span);
  Marks before_;
  std::vector<Span> left_;
  bool apart_ = true;  // a done key lies between the last of `left_` and what comes next
};

// What both leave: two looked at the same marks, each in its own way.
Marks Both(const Marks& a, const Marks& b);

// With keys, both ends included, that were done and are not any more.
Marks With(const Marks& marks, int64_t from, int64_t to);

}  // namespace workflow
