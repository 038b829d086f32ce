// Transactions and subtransactions as scopes, and who the code inside them runs as.
#pragma once

#include "pg/server/entry.h"

namespace workflow::pg {

// An internal subtransaction. Rolled back unless released; the memory context and resource owner are put back either way.
class Subtransaction {
 public:
  Subtransaction() : context_(CurrentMemoryContext), owner_(CurrentResourceOwner) {
    CallBackend([] { BeginInternalSubTransaction(nullptr); });
    MemoryContextSwitchTo(context_);
  }
  Subtransaction(const Subtransaction&) = delete;
  Subtransaction& operator=(const Subtransaction&) = delete;
  void Release() {
    CallBackend([] { ReleaseCurrentSubTransaction(); });
    Back();
  }
  // Undoes everything since the constructor. Called by hand, because it may raise and a destructor may not.
  void RollBack() {
    CallBackend([] { RollbackAndReleaseCurrentSubTransaction(); });
    Back();
  }

 private:
  void Back() noexcept {
    MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
  }
  MemoryContext context_;
  ResourceOwner owner_;
};

// A worker's transaction around `work`. On failure: logged, aborted, false; the worker lives on.
template <typename Work>
bool InTransaction(Work&& work) {
  // What an error says must outlive SPI and the transaction: a commit that fails does so after the memory of both is gone.
  static constinit MemoryContext memory = nullptr;
  if (memory == nullptr) memory = AllocSetContextCreate(TopMemoryContext, "pg_workflow transaction", ALLOCSET_DEFAULT_SIZES);
  MemoryContextSwitchTo(memory);
  Raised raised;
  const bool done = Contained(
      [&] {
        CallBackend([] {
          SetCurrentStatementStartTimestamp();
          StartTransactionCommand();
          PushActiveSnapshot(GetTransactionSnapshot());
          SPI_connect();
        });
        work();
        CallBackend([] {
          SPI_finish();
          PopActiveSnapshot();
        });
        MemoryContextSwitchTo(memory);
        CallBackend([] { CommitTransactionCommand(); });
      },
      raised);
  if (!done) {
    Raise(raised, LOG);
    AbortCurrentTransaction();
  }
  MemoryContextSwitchTo(TopMemoryContext);
  MemoryContextReset(memory);
  return done;
}

// SPI for the scope of a function. The result of a query stays readable until Finish.
class Spi {
 public:
  Spi() { CallBackend([] { SPI_connect(); }); }
  Spi(const Spi&) = delete;
  Spi& operator=(const Spi&) = delete;
  void Finish() { CallBackend([] { SPI_finish(); }); }
};

}  // namespace workflow::pg
