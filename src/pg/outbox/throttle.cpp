#include "pg/outbox/throttle.h"

#include <algorithm>

#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

constexpr int64_t kThrottleLock = int64_t{0x77667468} << 32;  // "wfth": with the throttle and its part, the key of an advisory lock

}  // namespace

int64_t Throttle::FreeOf(int32_t part) const {
  const auto used = used_.find(part);
  return std::max<int64_t>(SizeOf(part) - (used == used_.end() ? 0 : used->second), 0);
}

int64_t Throttle::Free() const {
  int64_t free = -handed_out_;
  for (int32_t part = 0; part < kParts; ++part) free += FreeOf(part);
  return std::max<int64_t>(free, 0);
}

int64_t Throttle::Reserved() const {
  int64_t reserved = -handed_out_;
  for (const int32_t part : locked_) reserved += FreeOf(part);
  return reserved;
}

// Held until the transaction ends: by then everybody sees what it has appended.
bool Throttle::Lock(int32_t part) const {
  const int64_t key = kThrottleLock | (int64_t{id_} << 4) | part;
  return CallBackend([=] { return DatumGetBool(DirectFunctionCall1(pg_try_advisory_xact_lock_int8, Int64GetDatum(key))); });
}

// What others handed out before they let go of the lock is seen only now.
void Throttle::CountAnew(const std::vector<int32_t>& parts, Instant now) {
  for (const int32_t part : parts) used_.erase(part);
  Rows rows = Execute("SELECT u.part, sum(u.count)::bigint FROM workflow.throttle_use u WHERE u.throttle = $1 AND u.at > $2 AND u.part = ANY ($3) GROUP BY u.part",
                      Params().Int4(id_).Time(Instant{now.us - per_us_}).Int4s(parts));
  for (size_t i = 0; i < rows.size(); ++i) used_[rows.Int4(i, 1)] = rows.Int8(i, 2);
  rows.Free();
}

int64_t Throttle::Reserve(int64_t wanted, Instant now) {
  std::vector<int32_t> parts;
  for (int32_t part = 0; part < kParts; ++part) {
    if (FreeOf(part) > 0 && std::find(locked_.begin(), locked_.end(), part) == locked_.end()) parts.push_back(part);
  }
  std::sort(parts.begin(), parts.end(), [&](int32_t a, int32_t b) { return FreeOf(a) > FreeOf(b); });
  auto next = parts.begin();
  while (Reserved() < wanted && next != parts.end()) {
    std::vector<int32_t> fresh;
    for (int64_t more = wanted - Reserved(); more > 0 && next != parts.end(); ++next) {
      if (!Lock(*next)) continue;
      more -= FreeOf(*next);
      fresh.push_back(*next);
    }
    if (fresh.empty()) break;
    CountAnew(fresh, now);
    locked_.insert(locked_.end(), fresh.begin(), fresh.end());
  }
  return std::clamp<int64_t>(Reserved(), 0, wanted);
}

void Throttle::Save(Instant now) {
  if (handed_out_ == 0) return;
  std::vector<int32_t> parts, counts;
  int64_t left = handed_out_;
  for (const int32_t part : locked_) {
    const int64_t count = std::min(left, FreeOf(part));
    if (count == 0) continue;
    parts.push_back(part);
    counts.push_back(static_cast<int32_t>(count));
    left -= count;
  }
  Execute("INSERT INTO workflow.throttle_use (throttle, at, part, count) SELECT $1, $2, u.part, u.count FROM unnest($3::int[], $4::int[]) u(part, count)",
          Params().Int4(id_).Time(now).Int4s(parts).Int4s(counts)).Free();
  handed_out_ = 0;
}

void Throttles::Load(const std::string& channel, Instant now) {
  by_account_.clear();
  Rows rows = Execute("SELECT t.id, t.account, t.max, (extract(epoch FROM t.per) * 1000000)::bigint, u.part, sum(u.count)::bigint FROM workflow.throttle t"
                      " LEFT JOIN workflow.throttle_use u ON u.throttle = t.id AND u.at > $2 - make_interval(secs => extract(epoch FROM t.per)::float8) WHERE t.channel = $1 GROUP BY t.id, u.part",
                      Params().Text(channel).Time(now));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto found = by_account_.try_emplace(rows.Text(i, 2), rows.Int4(i, 1), rows.Int4(i, 3), rows.Int8(i, 4)).first;
    if (!rows.IsNull(i, 5)) found->second.NoteUsed(rows.Int4(i, 5), rows.Int8(i, 6));
  }
  rows.Free();
}

Throttle* Throttles::Of(const std::string& account) {
  const auto found = by_account_.find(account);
  return found == by_account_.end() ? nullptr : &found->second;
}

void Throttles::Save(Instant now) {
  for (auto& [account, throttle] : by_account_) throttle.Save(now);
}

}  // namespace workflow::pg
