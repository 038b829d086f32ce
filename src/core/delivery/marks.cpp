#include "core/delivery/marks.h"

#include <algorithm>

namespace workflow {
namespace {

// The two neighbours that lie nearest to each other become one span, until the rest has room. Allocates nothing: it runs at commit as well.
Marks Fitted(Span* spans, int count) {
  const auto gap = [](const Span& a, const Span& b) { return static_cast<uint64_t>(b.from) - static_cast<uint64_t>(a.to); };
  while (count > Marks::kMost) {
    int nearest = 1;
    for (int i = 2; i < count; ++i) {
      if (gap(spans[i - 1], spans[i]) < gap(spans[nearest - 1], spans[nearest])) nearest = i;
    }
    Span& left = spans[nearest - 1];
    left.to = spans[nearest].to;
    if (left.asleep != spans[nearest].asleep) left.asleep = 0;
    std::copy(spans + nearest + 1, spans + count, spans + nearest);
    --count;
  }
  Marks marks = {};
  marks.count = count;
  std::copy(spans, spans + count, marks.spans);
  return marks;
}

}  // namespace

bool Marks::Contains(int64_t key) const {
  return std::any_of(spans, spans + count, [=](const Span& span) { return span.from <= key && key <= span.to; });
}

Marks Everything() {
  Marks marks = {};
  marks.count = 1;
  marks.spans[0] = {Marks::kFirst, Marks::kLast, 0};
  return marks;
}

void Look::Append(Span span) {
  if (!apart_ && !left_.empty() && left_.back().asleep == span.asleep) {
    left_.back().to = std::max(left_.back().to, span.to);
  } else if (!left_.empty() && left_.back().to >= span.from) {
    // Two things at one key.
    left_.back().asleep = left_.back().asleep == span.asleep ? span.asleep : 0;
    left_.back().to = std::max(left_.back().to, span.to);
  } else {
    left_.push_back(span);
  }
  apart_ = false;
}

void Look::Skip(int i) {
  apart_ = true;
  Append(before_.spans[i]);
  apart_ = true;
}

void Look::Done(int64_t key) { apart_ = apart_ || left_.empty() || left_.back().to < key; }
void Look::Unfinished(int64_t key, uint64_t asleep) { Append({key, key, asleep}); }

void Look::Reached(int i, int64_t reached) {
  apart_ = true;
  const Span& span = before_.spans[i];
  if (reached < span.to) Append({reached < span.from ? span.from : reached + 1, span.to, span.asleep});
  apart_ = true;
}

Marks Look::Result() const {
  std::vector<Span> left = left_;
  return Fitted(left.data(), static_cast<int>(left.size()));
}

Marks Both(const Marks& a, const Marks& b) {
  Span common[2 * Marks::kMost];
  int count = 0;
  for (int i = 0, j = 0; i < a.count && j < b.count;) {
    const Span &left = a.spans[i], &right = b.spans[j];
    const int64_t from = std::max(left.from, right.from), to = std::min(left.to, right.to);
    if (from <= to) common[count++] = {from, to, right.asleep != 0 ? right.asleep : left.asleep};
    (left.to < right.to ? i : j) += 1;
  }
  return Fitted(common, count);
}

Marks With(const Marks& marks, int64_t from, int64_t to) {
  Span spans[Marks::kMost + 1];
  Span added = {from, to, 0};  // and whatever touches it
  int count = 0, i = 0;
  for (; i < marks.count && marks.spans[i].to < from; ++i) spans[count++] = marks.spans[i];
  for (; i < marks.count && marks.spans[i].from <= to; ++i) {
    added.from = std::min(added.from, marks.spans[i].from);
    added.to = std::max(added.to, marks.spans[i].to);
  }
  spans[count++] = added;
  for (; i < marks.count; ++i) spans[count++] = marks.spans[i];
  return Fitted(spans, count);
}

}  // namespace workflow
