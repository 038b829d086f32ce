#include "pg/round/backlog.h"

#include <algorithm>

namespace workflow::pg {

void Backlog::Keep(std::string from, std::string to, int64_t after, std::vector<EventPlace> places, bool whole) {
  from_ = std::move(from);
  to_ = std::move(to);
  after_ = after;
  places_ = std::move(places);
  whole_ = whole;
}

std::vector<EventPlace> Backlog::Next(const std::string& from, const std::string& to, int64_t last, int limit) const {
  if (last < after_ || from != from_ || to != to_) return {};
  const auto behind = [](int64_t id, const EventPlace& place) { return id < place.id; };
  const auto begin = std::upper_bound(places_.begin(), places_.end(), last, behind);
  if (places_.end() - begin < limit && !whole_) return {};
  return {begin, begin + std::min<ptrdiff_t>(limit, places_.end() - begin)};
}

void Backlog::Forget() { *this = Backlog(); }

Backlog& OwnBacklog() {
  static auto* backlog = new Backlog();  // never destroyed: it lives as long as the backend
  return *backlog;
}

}  // namespace workflow::pg
