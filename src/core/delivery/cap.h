// How many messages a contact gets in a time: caps of a workflow (frequency_cap) and of its account (set_cap). About messages to the contact that are
// no transactional ones; notices to staff and requests are not counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/duration.h"
#include "core/base/instant.h"
#include "core/calendar/zone.h"

namespace workflow {

enum class OnCap : uint8_t { kDefer, kSkip, kExit };

struct FrequencyCap {
  std::string channel = {};  // empty: messages of all channels together
  int32_t max = 1;
  Duration per = {.days = 1};  // before now
  OnCap on_cap = OnCap::kDefer;
};

// When messages that a cap counts were written, newest first, at most as many as it allows.
struct CapFacts {
  std::vector<FrequencyCap> caps = {};
  std::vector<std::vector<Instant>> sent = {};  // of each cap
};

struct CapVerdict {
  const FrequencyCap* cap = nullptr;  // that forbids another message now; nullptr: none does
  Instant until = {};                 // when it allows one again
};

// The caps that concern a message: those of the workflow first, then the account's, which do what the workflow's own for that channel do.
std::vector<FrequencyCap> CapsFor(const std::vector<FrequencyCap>& own, const std::vector<FrequencyCap>& of_account, std::string_view channel);

// `facts` are about caps for this channel. `now_written`: how many messages, each by its channel, were written at `now` that `facts` does not know. Of several
// caps that forbid it: one that ends or skips before one that defers; among these the one that lasts longest.
CapVerdict DecideCap(const CapFacts& facts, const std::vector<std::string>& now_written, Instant now, const Zone& zone);

// From when on messages count for the cap.
Instant CountsSince(const FrequencyCap& cap, Instant now, const Zone& zone);

// "2 messages by "email" in 1 day": for people.
std::string CapName(const FrequencyCap& cap);

}  // namespace workflow
