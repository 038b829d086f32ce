// What the postmaster does once so that not every connection has to.
#pragma once

namespace workflow::pg {

// Compiles a small workflow. libstdc++ binds the functions it calls when they are first called; what the postmaster has bound, its children
// inherit. Without this the first captured row of a connection pays a millisecond for it.
void WarmUp() noexcept;

}  // namespace workflow::pg
