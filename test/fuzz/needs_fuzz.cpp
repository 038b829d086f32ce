// Any bytes: they are needs or none, and needs that were read are written as what is read again.
#include <cstdint>
#include <cstdlib>

#include "core/needs/needs.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto needs = workflow::ReadNeeds({reinterpret_cast<const char*>(data), size});
  if (!needs) return 0;
  const auto again = workflow::ReadNeeds(workflow::WriteNeeds(*needs));
  if (!again || !(*again == *needs)) std::abort();
  return 0;
}
