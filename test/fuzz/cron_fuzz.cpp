// No text crashes the parser of schedules, and what it takes has a next time that its fields allow, later than the one before.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/base/iso.h"
#include "core/calendar/civil.h"
#include "core/calendar/cron.h"

namespace {

void Require(bool holds) {
  if (!holds) abort();
}

// An hour forward in March, back in October.
class TwoChanges final : public workflow::Zone {
 public:
  int32_t OffsetAt(workflow::Instant at) const override {
    const int64_t day = workflow::iso::FloorModulo(at.us / workflow::kDay, 365);
    return day > 80 && day < 290 ? 7200 : 3600;
  }
  std::string name() const override { return "fuzz"; }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto cron = workflow::ParseCron({reinterpret_cast<const char*>(data), size});
  if (!cron) {
    Require(!cron.failure().message.empty() && !cron.failure().hint.empty());
    return 0;
  }
  const TwoChanges zone;
  workflow::Instant at{static_cast<int64_t>(size) * 86'399'123'457};
  for (int i = 0; i < 3; ++i) {
    const auto next = workflow::NextTime(*cron, at, zone);
    Require(next && *next > at);
    Require(workflow::LastTime(*cron, at, *next, zone) == next);
    const workflow::iso::CivilDate civil = workflow::iso::CivilFromDays(workflow::DateOf(workflow::ToLocal(*next, zone)).days);
    Require((cron->months >> civil.month & 1) != 0);
    at = *next;
  }
  return 0;
}
