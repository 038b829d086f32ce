#include "core/delivery/sender.h"

namespace workflow {

std::optional<Json> SenderFor(const Json& sender, std::string_view channel) {
  if (!sender.is_object()) return {};
  Json found = Json::MakeObject();
  for (const auto& [key, value] : sender.object()) {
    if (!value.is_object()) found.Set(key, value);
  }
  const Json* own = sender.Find(channel);
  if (own != nullptr && own->is_object()) {
    for (const auto& [key, value] : own->object()) found.Set(key, value);
  }
  if (found.object().empty()) return {};
  return found;
}

}  // namespace workflow
