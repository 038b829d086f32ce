#include "core/delivery/cap.h"

#include <algorithm>

#include "core/calendar/civil.h"

namespace workflow {
namespace {

bool Counts(const FrequencyCap& cap, std::string_view channel) { return cap.channel.empty() || cap.channel == channel; }

Duration Negated(const Duration& duration) { return {.months = -duration.months, .days = -duration.days, .us = -duration.us}; }

}  // namespace

std::vector<FrequencyCap> CapsFor(const std::vector<FrequencyCap>& own, const std::vector<FrequencyCap>& of_account, std::string_view channel) {
  std::vector<FrequencyCap> caps;
  for (const FrequencyCap& cap : own) if (Counts(cap, channel)) caps.push_back(cap);
  const OnCap wish = caps.empty() ? OnCap::kDefer : caps.front().on_cap;
  for (FrequencyCap cap : of_account) {
    if (!Counts(cap, channel)) continue;
    cap.on_cap = wish;
    caps.push_back(std::move(cap));
  }
  return caps;
}

Instant CountsSince(const FrequencyCap& cap, Instant now, const Zone& zone) { return Add(now, Negated(cap.per), zone); }

CapVerdict DecideCap(const CapFacts& facts, const std::vector<std::string>& now_written, Instant now, const Zone& zone) {
  CapVerdict verdict;
  for (size_t i = 0; i < facts.caps.size(); ++i) {
    const FrequencyCap& cap = facts.caps[i];
    const auto max = static_cast<size_t>(std::max(cap.max, 0));
    std::vector<Instant> sent(static_cast<size_t>(std::count_if(now_written.begin(), now_written.end(), [&](const std::string& channel) { return Counts(cap, channel); })), now);
    const Instant since = CountsSince(cap, now, zone);
    if (i < facts.sent.size()) for (const Instant at : facts.sent[i]) if (at > since) sent.push_back(at);
    if (sent.size() < max || max == 0) continue;
    // Another one is allowed when the last that is still one too many has left the time.
    const Instant until = std::max(Add(sent[max - 1], cap.per, zone), Instant{now.us + 1});
    const bool defers = cap.on_cap == OnCap::kDefer;
    const bool stronger = verdict.cap == nullptr || (verdict.cap->on_cap == OnCap::kDefer && (!defers || until > verdict.until));
    if (stronger) verdict = {&cap, until};
  }
  return verdict;
}

std::string CapName(const FrequencyCap& cap) {
  return std::to_string(cap.max) + (cap.max == 1 ? " message" : " messages") + (cap.channel.empty() ? "" : " by " + cap.channel) + " in " + FormatDuration(cap.per);
}

}  // namespace workflow
