#include "core/base/instant.h"

#include "core/base/iso.h"

namespace workflow {

std::string FormatIso(Instant at) { return iso::Format(at); }

}  // namespace workflow
