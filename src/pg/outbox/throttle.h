// How many messages claims may hand out in a time, over all senders. What may go out is dealt to parts; a claim locks as many parts as it needs, counts what
// has been handed out of them, and appends what it hands out. So no row is updated, none of two senders waits for the other, and what one holds in an open
// transaction the others do not have.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/base/instant.h"
#include "pg/server/guard.h"

namespace workflow::pg {

class Throttle {
 public:
  Throttle(int32_t id, int32_t max, int64_t per_us) : id_(id), max_(max), per_us_(per_us) {}
  void NoteUsed(int32_t part, int64_t count) { used_[part] = count; }
  // As far as is known without a lock.
  int64_t Free() const;
  // Locks parts until so many more may go out; how many may.
  int64_t Reserve(int64_t wanted, Instant now);
  void HandOut(int64_t count) { handed_out_ += count; }
  // Appends what was handed out.
  void Save(Instant now);

 private:
  static constexpr int32_t kParts = 16;
  int64_t SizeOf(int32_t part) const { return max_ / kParts + (part < max_ % kParts ? 1 : 0); }
  int64_t FreeOf(int32_t part) const;
  int64_t Reserved() const;
  bool Lock(int32_t part) const;
  void CountAnew(const std::vector<int32_t>& parts, Instant now);

  int32_t id_, max_;
  int64_t per_us_, handed_out_ = 0;
  std::map<int32_t, int64_t> used_;    // of each part, before this claim
  std::vector<int32_t> locked_;
};

// Those of a channel: by account, '' for all together.
class Throttles {
 public:
  void Load(const std::string& channel, Instant now);
  bool empty() const { return by_account_.empty(); }
  Throttle* Of(const std::string& account);
  std::map<std::string, Throttle>& by_account() { return by_account_; }
  void Save(Instant now);

 private:
  std::map<std::string, Throttle> by_account_;
};

}  // namespace workflow::pg
