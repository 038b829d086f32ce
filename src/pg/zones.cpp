#include "pg/zones.h"

#include <algorithm>
#include <array>

#include "core/base/iso.h"
#include "pg/server/memory.h"

namespace workflow::pg {
namespace {

constexpr size_t kNamesMax = 4096;  // of the cache; a column with rubbish in it must not fill the backend's memory

class ServerZone final : public Zone {
 public:
  explicit ServerZone(pg_tz* zone) : zone_(zone), name_(pg_get_timezone_name(zone)) {}
  int32_t OffsetAt(Instant at) const override {
    const pg_time_t seconds = iso::FloorDivide(at.us, kSecond);
    const pg_tm* local = pg_localtime(&seconds, zone_);
    return local == nullptr ? 0 : static_cast<int32_t>(local->tm_gmtoff);
  }
  std::string name() const override { return name_; }

 private:
  pg_tz* const zone_;
  const std::string name_;
};

struct ZoneCache {
  std::map<pg_tz*, ServerZone> zones;  // the server keeps its own for ever as well
  std::map<std::string, const Zone*, std::less<>> names;
};

constinit ZoneCache* cache = nullptr;

// The server also reads "FOO3BAR" as a rule of its own making, and knows files of the zone directory that are no place. Whoever wrote
// one of those into a column did not mean a zone. A rule's canonical name is its text in capitals; few zones look like that.
bool IsZone(std::string_view given, std::string_view canonical) {
  static constexpr std::array<std::string_view, 7> kWithDigits = {"GMT0", "GMT+0", "GMT-0", "EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT"};
  static constexpr std::array<std::string_view, 3> kFiles = {"localtime", "posixrules", "Factory"};
  const auto one_of = [&](const auto& list) { return std::find(list.begin(), list.end(), canonical) != list.end(); };
  if (given.empty() || canonical.starts_with("posix/") || canonical.starts_with("right/") || one_of(kFiles)) return false;
  const bool capitals = std::none_of(canonical.begin(), canonical.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return !capitals || canonical.find_first_of("0123456789<") == std::string_view::npos || one_of(kWithDigits);
}

// The server keeps every rule that it could read for ever; what may be one is not even shown to it, for a column of the CRM may hold any number
// of them. A rule has a digit; few zones have.
bool MayBeRule(const std::string& name) {
  static constexpr std::string_view kOffsets = "etc/gmt";
  static constexpr std::array<std::string_view, 7> kWithDigits = {"gmt0", "gmt+0", "gmt-0", "est5edt", "cst6cdt", "mst7mdt", "pst8pdt"};
  if (name.find_first_of("0123456789") == std::string::npos) return false;
  std::string lower = name;
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (std::find(kWithDigits.begin(), kWithDigits.end(), lower) != kWithDigits.end()) return false;
  return !lower.starts_with(kOffsets) || lower.size() > kOffsets.size() + 3;
}

const Zone* Load(const std::string& name) {
  if (name.empty() || name.find('\0') != std::string::npos || MayBeRule(name)) return nullptr;
  const char* given = name.c_str();
  pg_tz* zone = CallBackend([=] { return pg_tzset(given); });
  if (zone == nullptr || !IsZone(name, pg_get_timezone_name(zone))) return nullptr;
  return &cache->zones.try_emplace(zone, zone).first->second;
}

}  // namespace

const Zone* ServerZones::Find(std::string_view name) const {
  if (cache == nullptr) cache = MakeIn<ZoneCache>(TopMemoryContext);
  if (const auto known = cache->names.find(name); known != cache->names.end()) return known->second;
  const std::string key(name);
  const Zone* zone = Load(key);
  if (cache->names.size() >= kNamesMax) cache->names.clear();
  cache->names.emplace(key, zone);
  return zone;
}

const ServerZones& Zones() {
  static constinit ServerZones zones;
  return zones;
}

}  // namespace workflow::pg
