// Zones over the server's own zone data.
#pragma once

#include "core/calendar/zone.h"
#include "core/message/template.h"
#include "pg/server/guard.h"

namespace workflow::pg {

// Per backend, never freed (the server caches its zones for ever as well).
class ServerZones final : public ZoneFinder {
 public:
  // nullptr where the server does not know the name; '' and POSIX-style names that only look like zones count as unknown.
  const Zone* Find(std::string_view name) const override;
};

const ServerZones& Zones();

}  // namespace workflow::pg
