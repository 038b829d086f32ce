#include "core/delivery/cap.h"

#include <algorithm>

#include "core/calendar/civil.h"
#include "core/calendar/zone.h"

namespace workflow {
namespace {

bool CountsFor(const FrequencyCap& cap, std::string_view channel) { return cap.channel.empty() || cap.channel == channel; }

}  // namespace

// A month's end and a change of the clocks move a calendar length by less than four days.
Instant CountsSince(const FrequencyCap& cap, Instant now) {
  constexpr int64_t kSlack = 4 * kDay;
  const UtcZone utc;
  const Duration back = {.months = -cap.per.months, .days = -cap.per.days, .us = -cap.per.us};
  const bool civil = cap.per.months != 0 || cap.per.days != 0;
  return Instant{Add(now, back, utc).us - (civil ? kSlack : 0)};
}

CapVerdict DecideCap(const CapFacts& facts, std::string_view channel, const std::vector<std::string>& now_written, Instant now, const Zone& zone) {
  OnCap wish = OnCap::kDefer;  // of the account's caps
  const auto own = std::find_if(facts.caps.begin(), facts.caps.end(), [&](const FrequencyCap& cap) { return !cap.of_account && CountsFor(cap, channel); });
  if (own != facts.caps.end()) wish = own->on_cap;
  CapVerdict verdict;
  for (size_t i = 0; i < facts.caps.size(); ++i) {
    const FrequencyCap& cap = facts.caps[i];
    if (!CountsFor(cap, channel) || cap.max < 1) continue;
    std::vector<Instant> counted;
    for (const std::string& written : now_written) if (CountsFor(cap, written)) counted.push_back(now);
    if (i < facts.sent.size()) {
      for (const Instant at : facts.sent[i]) if (Add(at, cap.per, zone) > now) counted.push_back(at);
    }
    const auto max = static_cast<size_t>(cap.max);
    if (counted.size() < max) continue;
    // The next is allowed when the oldest that is one too many does not count any more.
    const CapVerdict one = {&cap, cap.of_account ? wish : cap.on_cap, Add(counted[max - 1], cap.per, zone)};
    const bool stronger = verdict.cap == nullptr || (verdict.on_cap == OnCap::kDefer && (one.on_cap != OnCap::kDefer || one.until > verdict.until));
    if (stronger) verdict = one;
  }
  return verdict;
}

std::string CapName(const FrequencyCap& cap) {
  return std::to_string(cap.max) + (cap.max == 1 ? " message" : " messages") + (cap.channel.empty() ? "" : " by " + cap.channel) + " in " + FormatDuration(cap.per);
}

}  // namespace workflow
