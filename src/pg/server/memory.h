// C++ objects that outlive a call belong to a memory context and die with it.
#pragma once

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

}  // namespace workflow::pg
