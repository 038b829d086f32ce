#include "core/delivery/token.h"

#include <algorithm>

#include "core/delivery/message_id.h"

namespace workflow {

Token MakeToken(Instant now, int32_t oldest_day, uint64_t random, uint64_t more_random) {
  const uint64_t ms = static_cast<uint64_t>(std::max<int64_t>(now.us / 1000, 0));
  const int32_t today = DayOf(now);
  const uint64_t back = static_cast<uint64_t>(std::clamp(today - oldest_day, 0, kDaysBackMax));
  const uint64_t high = ms << 16 | uint64_t{8} << 12 | back << 4 | (more_random & 0xF);
  const uint64_t low = uint64_t{2} << 62 | random >> 2;
  Token token;
  for (size_t i = 0; i < 8; ++i) {
    token[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
    token[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
  }
  return token;
}

int32_t OldestDayOf(const Token& token) {
  uint64_t high = 0;
  for (size_t i = 0; i < 8; ++i) high = high << 8 | token[i];
  const int32_t back = static_cast<int32_t>(high >> 4 & 0xFF);
  if ((high >> 12 & 0xF) != 8 || back == kDaysBackMax) return 0;
  return std::max(DayOf(Instant{static_cast<int64_t>(high >> 16) * 1000}) - back, 0);
}

}  // namespace workflow
