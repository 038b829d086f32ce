// MD5 by OpenSSL, of which the server's own function fetches the method anew for every text: that is most of what it costs.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace workflow::pg {

using Md5Sum = std::array<unsigned char, 16>;
// Nothing where OpenSSL has no MD5 (as in its FIPS mode).
std::optional<Md5Sum> Md5Of(std::string_view text);

}  // namespace workflow::pg
