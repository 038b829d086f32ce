// How many messages a contact gets in a time: caps of a workflow (frequency_cap) and of its account (set_cap). They are about messages to the contact that are
// no transactional ones; notices to staff and requests are neither held nor counted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.h"
#include "core/base/instant.h"
#include "core/calendar/zone.h"

namespace workflow {

enum class OnCap : uint8_t { kDefer, kSkip, kExit };

struct FrequencyCap {
  std::string channel = {};   // empty: messages of all channels together
  int32_t max = 1;
  Duration per = {.months = 0, .days = 1, .us = 0};
  OnCap on_cap = OnCap::kDefer;
  bool of_account = false;    // does what the workflow's own cap for the message's channel says, or defers
};

struct CapFacts {
  std::vector<FrequencyCap> caps = {};
  // Of each cap, when the messages that it counts were written: newest first, at least as many as it allows.
  std::vector<std::vector<Instant>> sent = {};
};

struct CapVerdict {
  const FrequencyCap* cap = nullptr;  // that forbids another message now; nullptr: none does
  OnCap on_cap = OnCap::kDefer;
  Instant until = {};                 // when it allows one again
};

// `now_written`: the channels of messages that have been written just now and that `facts` does not know of. Of several caps that forbid it: one that ends or
// skips before one that defers; of these the one that lasts longest.
CapVerdict DecideCap(const CapFacts& facts, std::string_view channel, const std::vector<std::string>& now_written, Instant now, const Zone& zone);

// Nothing that was written earlier counts for the cap, whatever the zone.
Instant CountsSince(const FrequencyCap& cap, Instant now);

// "2 messages by email in 1 day": for people.
std::string CapName(const FrequencyCap& cap);

}  // namespace workflow
