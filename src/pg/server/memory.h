// C++ objects that outlive a call belong to a memory context and die with it.
#pragma once

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "pg/server/guard.h"

namespace workflow::pg {

// Builds a T that is deleted when `context` is reset or deleted, by commit, abort or error.
template <typename T, typename... Args>
T* MakeIn(MemoryContext context, Args&&... args) {
  auto* callback = static_cast<MemoryContextCallback*>(
      CallBackend([=] { return MemoryContextAllocZero(context, sizeof(MemoryContextCallback)); }));
  T* object = new T(std::forward<Args>(args)...);
  callback->arg = object;
  callback->func = [](void* arg) noexcept { delete static_cast<T*>(arg); };
  MemoryContextRegisterResetCallback(context, callback);
  return object;
}

// For a process that runs round after round: what one frees, the next one needs. Given back to the system in between, each page is faulted in anew,
// which was a tenth of a round's time. So up to 16 MB stay with the process.
inline void KeepFreedMemory() {
#ifdef __GLIBC__
  constexpr int kKept = 16 << 20, kAlone = 4 << 20;
  static const bool done = mallopt(M_TRIM_THRESHOLD, kKept) + mallopt(M_MMAP_THRESHOLD, kAlone) != 0;
  static_cast<void>(done);
#endif
}

}  // namespace workflow::pg
