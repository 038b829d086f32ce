// From whom a message comes: an account, a workflow or a step says so, for all its channels or by channel.
#pragma once

#include <optional>
#include <string_view>

#include "core/base/json.h"

namespace workflow {

// What `sender` says for a channel: members that are texts are for every channel, one that is an object is for the channel of its name and goes before
// them. Nothing where it says nothing for this channel.
std::optional<Json> SenderFor(const Json& sender, std::string_view channel);

}  // namespace workflow
