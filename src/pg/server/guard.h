// The guard towards the server. ereport(ERROR) is a longjmp, which skips C++ destructors; every call that can raise goes through
// CallBackend, which lands the jump in its own frame and goes on as a C++ exception. This is the only file that may say sigsetjmp.
#pragma once

#include "pg/server/pg.h"

namespace workflow::pg {

// An error of the server on its way out. Whoever catches one must re-raise it, or roll back the (sub)transaction it arose in:
// after an error the server's locks and counters are only put right by an abort.
class BackendError {
 public:
  explicit BackendError(ErrorData* data) noexcept : data_(data) {}
  ErrorData* data() const noexcept { return data_; }  // lives in the memory context that was current at the call
  int sqlstate() const noexcept { return data_->sqlerrcode; }

 private:
  ErrorData* data_;
};

// An error of ours, with all the parts that a PostgreSQL error has.
struct SqlError {
  int sqlstate;
  std::string message;
  std::string detail = {};
  std::string hint = {};
};

// Restores the server's error stacks however its scope is left.
class ErrorStacks {
 public:
  ErrorStacks() noexcept : jump_(PG_exception_stack), callbacks_(error_context_stack) {}
  ErrorStacks(const ErrorStacks&) = delete;
  ErrorStacks& operator=(const ErrorStacks&) = delete;
  ~ErrorStacks() { Restore(); }
  void Restore() const noexcept {
    PG_exception_stack = jump_;
    error_context_stack = callbacks_;
  }

 private:
  sigjmp_buf* const jump_;
  ErrorContextCallback* const callbacks_;
};

// Runs backend code. A jump out of it destroys nothing inside `call`, so captures must be references or trivial values and the body may
// hold only trivial locals; what surrounds the CallBackend may be any C++ object.
template <typename F>
auto CallBackend(F&& call) -> std::invoke_result_t<F&> {
  using R = std::invoke_result_t<F&>;
  static_assert(std::is_void_v<R> || std::is_trivially_destructible_v<R>, "the result must survive a longjmp");
  static_assert(std::is_trivially_destructible_v<std::remove_cvref_t<F>>, "capture references or trivial values");
  const MemoryContext context = CurrentMemoryContext;
  const ErrorStacks stacks;
  sigjmp_buf here;
  if (sigsetjmp(here, 0) == 0) {
    PG_exception_stack = &here;
    return call();
  }
  stacks.Restore();
  MemoryContextSwitchTo(context);
  ErrorData* const data = CopyErrorData();
  FlushErrorState();
  throw BackendError(data);
}

}  // namespace workflow::pg
