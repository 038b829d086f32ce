#include "pg/outbox/endings.h"

#include <algorithm>

#include "pg/convert.h"

namespace workflow::pg {
namespace {

// Columns of workflow.state, counted from 1, as sql/parts/10_tables.sql has them.
constexpr AttrNumber kStateEnrollment = 1, kStatePhase = 3, kStateReason = 10;
constexpr int64_t kCloseBy = 4;  // what lies between is read in vain

EndReason EndingIn(const IndexScan& state) {
  bool is_null;
  if (ParsePhase(TextOf(state.Column(kStatePhase, &is_null))) != Phase::kEnded) return EndReason::kNone;
  return ParseEndReason(TextOf(state.Column(kStateReason, &is_null))).value_or(EndReason::kNone);
}

}  // namespace

std::vector<EndReason> EndingsOf(const std::vector<int64_t>& enrollments, Snapshot snapshot) {
  std::vector<std::pair<int64_t, size_t>> sorted;
  for (size_t i = 0; i < enrollments.size(); ++i) sorted.emplace_back(enrollments[i], i);
  std::sort(sorted.begin(), sorted.end());
  std::vector<EndReason> reasons(enrollments.size(), EndReason::kNone);
  OpenIndex state("state", "state_pkey");
  IndexScan scan(state.table(), state.index(), snapshot);
  for (size_t at = 0, end = 0; at < sorted.size(); at = end) {
    end = at + 1;
    while (end < sorted.size() && sorted[end].first - sorted[end - 1].first <= kCloseBy) ++end;
    const IndexScan::Key keys[] = {{1, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(sorted[at].first)},
                                   {1, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(sorted[end - 1].first)}};
    scan.Begin(keys, 2);
    for (size_t next = at; scan.Next();) {
      const int64_t enrollment = scan.Int8(kStateEnrollment);
      while (next < end && sorted[next].first < enrollment) ++next;
      if (next == end || sorted[next].first != enrollment) continue;
      const EndReason reason = EndingIn(scan);
      for (; next < end && sorted[next].first == enrollment; ++next) reasons[sorted[next].second] = reason;
    }
  }
  scan.End();
  state.Close();
  return reasons;
}

}  // namespace workflow::pg
