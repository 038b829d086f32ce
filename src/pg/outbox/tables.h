// The outbox's tables, read and locked directly: a claim touches each message a few times, and a plan would cost more than that. Nothing here decides.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "core/delivery/message_id.h"
#include "core/delivery/token.h"
#include "pg/server/index_scan.h"

namespace workflow::pg {

// Columns, counted from 1, as sql/parts/10_tables.sql has them.
namespace message_column {
enum : AttrNumber {
  kId = 1, kEnrollment, kDueAt, kExpiresAt, kCreatedAt, kWorkflowId, kVersion, kRank, kMarkAsRead, kAccount, kContactKey, kChannel, kKind, kCategory,
  kRecipient, kSender, kTemplate, kLocale, kSubject, kBody, kData, kHeaders, kWorkflow, kStep, kIdempotencyKey, kCount = kIdempotencyKey
};
}
namespace lease_column {
enum : AttrNumber { kMessage = 1, kVisibleAt, kAt, kSeq, kAttempt, kRank, kToken, kChannel, kReason, kLed, kFollowers, kCount = kFollowers };
}
namespace outcome_column {
enum : AttrNumber { kMessage = 1, kAt, kSeq, kState, kToken, kReason, kCount = kReason };
}

// How a message stands, by the newest of its leases and outcomes.
struct Standing {
  int32_t seq = 0;        // of the newest lease; 0: nobody has held it
  int32_t attempt = 0;    // how often it was handed out
  int64_t visible_at = 0; // of the newest lease, as the server counts
  std::optional<Token> token;        // who holds it; none: given back, or nobody ever
  std::optional<std::string> reason; // what a sender said of the last attempt
  bool finished = false;  // it has its outcome
};

// The three tables of one day, open until the end of the call; their locks stay until the end of the transaction.
class DayTables {
 public:
  explicit DayTables(int32_t day) : day_(day) {}
  bool Open();  // false: the day has none
  void Close();
  int32_t day() const { return day_; }
  Relation message() const { return message_; }
  Relation lease() const { return lease_; }
  Relation outcome() const { return outcome_; }
  Relation message_pkey() const { return message_pkey_; }
  Relation message_claim();  // opened when it is first asked for, as what only claims need
  Relation lease_pkey() const { return lease_pkey_; }
  Relation lease_token() const { return lease_token_; }
  Relation lease_due();
  Relation outcome_pkey() const { return outcome_pkey_; }
  TupleTableSlot* lock_slot();

 private:
  Relation Later(Relation* index, Oid oid, LOCKMODE mode);
  [[noreturn]] void RefuseIndex() const;
  const int32_t day_;
  Oid message_claim_oid_ = InvalidOid, lease_due_oid_ = InvalidOid;
  Relation message_ = nullptr, lease_ = nullptr, outcome_ = nullptr;
  Relation message_pkey_ = nullptr, message_claim_ = nullptr;
  Relation lease_pkey_ = nullptr, lease_token_ = nullptr, lease_due_ = nullptr, outcome_pkey_ = nullptr;
  TupleTableSlot* lock_slot_ = nullptr;
};

// The days' tables that one call has opened.
class OpenDays {
 public:
  OpenDays() = default;
  OpenDays(const OpenDays&) = delete;
  OpenDays& operator=(const OpenDays&) = delete;
  DayTables* Get(int32_t day);  // nullptr: there is none
  void Close();

 private:
  std::map<int32_t, std::unique_ptr<DayTables>> days_;
};

// The messages whose leases a row of leases stands for, ascending: its own, and those it leads.
std::vector<int64_t> MessagesOf(const IndexScan& lease);
std::vector<int64_t> NumbersOf(Datum array);  // of bigint[]; nulls are left out

// Looks messages up by their number, as one snapshot sees them.
class Lookup {
 public:
  Lookup(OpenDays* days, Snapshot snapshot) : days_(days), snapshot_(snapshot) {}
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;
  Standing StandingOf(int64_t message);
  // The same of many, whose numbers ascend. Where they lie close together they are read as one stretch, which costs a third.
  std::vector<Standing> StandingsOf(const std::vector<int64_t>& messages);
  // Whether its lease `seq` has ended in an outcome. (It may have been revived since, by a later lease.)
  bool FinishedAt(int64_t message, int32_t seq);
  std::string OutcomeOf(int64_t message);  // the newest; empty: none
  // Calls `visit(i, row)` for each messages[i] that is there; their numbers ascend.
  template <typename Visit>
  void Messages(const std::vector<int64_t>& messages, Visit&& visit);
  TupleTableSlot* Message(int64_t message);  // nullptr: not there; valid until the next call
  void End();

 private:
  struct Scans { std::unique_ptr<IndexScan> message, lease, outcome; };
  Scans* Of(int64_t message);
  // The end of the stretch of messages of one day, close together, that begins at `begin`.
  static size_t EndOfStretch(const std::vector<int64_t>& messages, size_t begin);
  static constexpr size_t kStretch = 8;  // fewer are looked up one by one
  void ReadStretch(const std::vector<int64_t>& messages, size_t begin, size_t end, std::vector<Standing>* standings);
  OpenDays* const days_;
  const Snapshot snapshot_;
  std::map<int32_t, Scans> scans_;
};

template <typename Visit>
void Lookup::Messages(const std::vector<int64_t>& messages, Visit&& visit) {
  for (size_t at = 0, end = 0; at < messages.size(); at = end) {
    end = EndOfStretch(messages, at);
    if (end - at < kStretch) {
      for (; at < end; ++at) {
        if (TupleTableSlot* const row = Message(messages[at])) visit(at, row);
      }
      continue;
    }
    DayTables* const tables = days_->Get(DayOfMessage(messages[at]));
    if (tables == nullptr) continue;
    StretchScan scan(tables->message(), tables->message_pkey(), snapshot_, messages[at], messages[end - 1]);
    while (at < end && scan->Next()) {
      const int64_t id = scan->Int8(message_column::kId);
      while (at < end && messages[at] < id) ++at;
      if (at < end && messages[at] == id) visit(at, scan->row());
    }
    scan->End();
  }
}

enum class LockResult { kLocked, kBusy, kGone };
// Locks a message's row against every other sender. With `wait` it waits for whoever holds it, else says kBusy.
LockResult LockMessage(DayTables* tables, const ItemPointerData& place, Snapshot snapshot, bool wait);

}  // namespace workflow::pg
