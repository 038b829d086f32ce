#include "pg/server/entry.h"

namespace workflow::pg {

char* CopyText(const std::string& text) noexcept {
  if (text.empty()) return nullptr;
  auto* copy = static_cast<char*>(MemoryContextAllocExtended(CurrentMemoryContext, text.size() + 1, MCXT_ALLOC_NO_OOM));
  if (copy != nullptr) memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

void Note(Raised& raised, const SqlError& error) noexcept {
  raised.sqlstate = error.sqlstate;
  raised.message = CopyText(error.message);
  raised.detail = CopyText(error.detail);
  raised.hint = CopyText(error.hint);
}

void Note(Raised& raised, int sqlstate, const char* message) noexcept {
  raised.sqlstate = sqlstate;
  const size_t size = strlen(message) + 1;
  raised.message = static_cast<char*>(MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_NO_OOM));
  if (raised.message != nullptr) memcpy(raised.message, message, size);
}

void Raise(const Raised& raised, int elevel) {
  if (raised.backend != nullptr) {
    if (elevel >= ERROR) ReThrowError(raised.backend);
    raised.backend->elevel = elevel;
    ThrowErrorData(raised.backend);
    return;
  }
  ereport(elevel, (errcode(raised.sqlstate), errmsg("%s", raised.message != nullptr ? raised.message : "out of memory"),
                   raised.detail != nullptr ? errdetail("%s", raised.detail) : 0, raised.hint != nullptr ? errhint("%s", raised.hint) : 0));
}

void Rethrow(const Raised& raised) {
  if (raised.backend != nullptr) throw BackendError(raised.backend);
  const auto text = [](const char* part) { return std::string(part == nullptr ? "" : part); };
  throw SqlError{raised.sqlstate, text(raised.message), text(raised.detail), text(raised.hint)};
}

}  // namespace workflow::pg
