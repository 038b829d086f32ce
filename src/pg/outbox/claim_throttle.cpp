// How the throttles of a channel bound one claim.
#include <algorithm>

#include "pg/convert.h"
#include "pg/outbox/claim.h"

namespace workflow::pg {
namespace {

std::string AccountOf(const Held& held) {
  bool is_null;
  const TupleDesc description = RelationGetDescr(held.tables->message());
  const HeapTuple row = held.row;
  return TextOf(CallBackend([&] { return heap_getattr(row, message_column::kAccount, description, &is_null); }));
}

}  // namespace

// What may still go out, as far as is known; accounts of which nothing may are passed over like paused workflows.
void Claim::LoadThrottles() {
  throttles_.Load(request_.channel, ToInstant(present_));
  for (auto& [account, throttle] : throttles_.by_account()) {
    const int64_t free = throttle.Free();
    if (account.empty()) most_ = std::min(most_, static_cast<size_t>(free));
    else if (free == 0) asleep_.accounts.insert(account);
  }
  for (const std::string& account : asleep_.accounts) {
    for (const char c : account) asleep_.reason = (asleep_.reason ^ static_cast<unsigned char>(c)) * 1099511628211u;
    asleep_.reason = (asleep_.reason ^ 0x1f) * 1099511628211u | 1;
  }
}

std::map<std::string, int64_t> Claim::Allowed() {
  std::map<std::string, int64_t> allowed;
  for (auto& [account, throttle] : throttles_.by_account()) {
    if (!account.empty()) allowed[account] = throttle.Free();
  }
  return allowed;
}

// What is held may go out as far as it can be reserved; the rest stays as it was.
void Claim::Reserve(Walk* walk) {
  if (throttles_.empty()) return;
  std::map<std::string, int64_t> wanted, granted;
  const auto accounts_of = [](const Held& held) { return std::vector<std::string>{std::string(), AccountOf(held)}; };
  for (const Held& held : walk->held()) {
    if (held.end != Held::End::kOpen) continue;
    std::vector<std::string> accounts = accounts_of(held);
    if (accounts[1].empty()) accounts.pop_back();
    for (const std::string& account : accounts) ++wanted[account];
  }
  for (const auto& [account, count] : wanted) {
    Throttle* throttle = throttles_.Of(account);
    if (throttle != nullptr) granted[account] = throttle->Reserve(count, ToInstant(present_));
  }
  for (Held& held : walk->held()) {
    if (held.end != Held::End::kOpen) continue;
    const std::vector<std::string> accounts = accounts_of(held);
    bool may = true;
    for (const std::string& account : accounts) {
      const auto found = granted.find(account);
      may = may && (found == granted.end() || found->second > 0);
    }
    if (!may) {
      held.end = Held::End::kUnfinished;
      used_up_ = true;
      continue;
    }
    for (const std::string& account : std::set<std::string>(accounts.begin(), accounts.end())) {
      const auto found = granted.find(account);
      if (found != granted.end()) --found->second;
    }
  }
}

void Claim::CountHandedOut(const Held& held) {
  if (throttles_.empty()) return;
  if (Throttle* all = throttles_.Of("")) all->HandOut(1);
  const std::string account = AccountOf(held);
  Throttle* own = account.empty() ? nullptr : throttles_.Of(account);
  if (own != nullptr) own->HandOut(1);
}

}  // namespace workflow::pg
