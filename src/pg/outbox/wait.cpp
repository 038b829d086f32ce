// workflow.wait_for_message(): looks, and sleeps outside of any transaction until it looks again.
#include "core/base/duration.h"
#include "pg/convert.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// Between two looks: short at first, for a queue that is in use.
constexpr long kNapFirst_ms = 10, kNapLast_ms = 200;

// Longer than a sender's loop needs; a connection that is waited on for ever is nobody's wish.
constexpr int64_t kTimeoutMax_us = 86'400'000'000;

int64_t MicrosecondsOf(const Interval& interval) {
  return interval.time + (int64_t{interval.month} * 30 + interval.day) * 86'400'000'000;
}

}  // namespace
}  // namespace workflow::pg

// (channel text, timeout interval)
WF_FUNCTION(workflow_wait_for_message) {
  using namespace workflow::pg;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) throw SqlError{ERRCODE_NULL_VALUE_NOT_ALLOWED, "\"channel\" and \"timeout\" must not be null"};
  const std::string channel = TextOf(PG_GETARG_DATUM(0));
  const int64_t timeout = MicrosecondsOf(*reinterpret_cast<Interval*>(PG_GETARG_DATUM(1)));
  if (timeout < 0 || timeout > kTimeoutMax_us) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "\"timeout\" must be from nothing to a day"};
  const auto* call = reinterpret_cast<CallContext*>(fcinfo->context);
  if (call == nullptr || !IsA(call, CallContext) || call->atomic) {
    throw SqlError{ERRCODE_ACTIVE_SQL_TRANSACTION, "wait_for_message cannot run inside a transaction block", "It would hold the block's snapshot while it waits.", {}};
  }
  const TimestampTz began = GetCurrentTimestamp();
  CallBackend([] { SPI_connect_ext(SPI_OPT_NONATOMIC); });
  for (long nap = kNapFirst_ms;; nap = std::min(nap * 2, kNapLast_ms)) {
    Rows rows = Execute("SELECT workflow.message_waits($1)", Params().Text(channel));
    const bool found = rows.Bool(0, 1);
    rows.Free();
    const int64_t left = timeout - (GetCurrentTimestamp() - began);
    CallBackend([] { SPI_commit(); });
    if (found || left <= 0) break;
    const long sleep_ms = std::min(nap, static_cast<long>(left / 1000 + 1));
    CallBackend([=] {
      (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, sleep_ms, PG_WAIT_EXTENSION);
      ResetLatch(MyLatch);
      CHECK_FOR_INTERRUPTS();
    });
  }
  CallBackend([] { SPI_finish(); });
  PG_RETURN_VOID();
}
