// The token of a lease: a uuid (version 8) that ascends with time, so that an index over tokens grows at its right end, and that tells which days'
// tables to look in. 66 of its bits are random: who was not given a token does not find one.
//   48 bits milliseconds since 1970 · 4 version · 8 days from the oldest message's to the claim's · 4 random · 2 variant · 62 random
#pragma once

#include <array>
#include <cstdint>

#include "core/base/instant.h"

namespace workflow {

using Token = std::array<uint8_t, 16>;

inline constexpr int32_t kDaysBackMax = 255;  // that many or more: the token does not tell

// `oldest_day` as in message_id.h.
Token MakeToken(Instant now, int32_t oldest_day, uint64_t random, uint64_t more_random);
// The first day whose tables may hold a lease under this token; 0 where it does not tell, or is no token of ours.
int32_t OldestDayOf(const Token& token);

}  // namespace workflow
