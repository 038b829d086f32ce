// A time zone as the core sees it. The shell implements it over the server's zone data, unit tests over a table or the IANA data.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/instant.h"
#include "core/base/value.h"

namespace workflow {

class Zone {
 public:
  virtual ~Zone() = default;
  // Seconds east of UTC that are in force at `at`.
  virtual int32_t OffsetAt(Instant at) const = 0;
  virtual std::string name() const = 0;
};

class UtcZone final : public Zone {
 public:
  int32_t OffsetAt(Instant) const override { return 0; }
  std::string name() const override { return "UTC"; }
};

}  // namespace workflow
