// One call of claim().
#pragma once

#include "pg/outbox/sender.h"
#include "pg/outbox/throttle.h"
#include "pg/outbox/walk.h"

namespace workflow::pg {

struct ClaimRequest {
  std::string channel;
  int32_t quantity = 10;
  Interval lease = {};
  std::optional<Token> ack_token;
};

struct Leased {
  HeapTuple row;
  Relation table;
  int32_t attempt;
  Datum headers = 0;  // signed; 0: it has none
};

class Claim {
 public:
  explicit Claim(const ClaimRequest& request) : request_(request) {}
  void Run();
  void Return(ReturnSetInfo* result) const;
  void Close() { days_.Close(); }

 private:
  size_t Pass();
  bool Enter();
  void Recheck(Walk* walk, Snapshot latest);
  void Decide(Walk* walk, Snapshot latest);
  void LoadThrottles();
  std::map<std::string, int64_t> Allowed();
  void Reserve(Walk* walk);
  void CountHandedOut(const Held& held);
  void RaiseFirstDay();
  void Sign();

  const ClaimRequest& request_;
  OpenDays days_;
  TimestampTz present_ = 0, lease_until_ = 0;
  bool is_virtual_ = false;
  Asleep asleep_;
  bool throttled_ = false;   // as a whole, or some account
  Throttles throttles_;
  size_t most_ = 0;          // of this call; as the channel's throttle lets out
  bool used_up_ = false;     // another sender has what is left
  ChannelMarks marks_;
  TimestampTz until_ = DT_NOEND;
  bool all_seen_ = false;
  std::optional<Token> token_;
  std::vector<Leased> leased_;
};

}  // namespace workflow::pg
