// The zones of the IANA data, as the unit tests' judge of the calendar rules.
#pragma once

#include <date/tz.h>

#include <chrono>
#include <string>

#include "core/calendar/zone.h"

namespace workflow {

class IanaZone final : public Zone {
 public:
  explicit IanaZone(const std::string& name) : zone_(date::locate_zone(name)) {}
  explicit IanaZone(const date::time_zone& zone) : zone_(&zone) {}

  int32_t OffsetAt(Instant at) const override { return static_cast<int32_t>(InfoAt(at).offset.count()); }
  std::string name() const override { return zone_->name(); }

  // The stretch of constant offset around `at`. The last one is kept, since questions come close together.
  const date::sys_info& InfoAt(Instant at) const {
    date::sys_seconds second{std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds(at.us))};
    if (second < info_.begin || second >= info_.end) info_ = zone_->get_info(second);
    return info_;
  }

 private:
  const date::time_zone* zone_;
  mutable date::sys_info info_{};
};

}  // namespace workflow
