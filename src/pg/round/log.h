// Reading the event log by the difference of two snapshots (the method of PgQ): an event belongs to the window between the snapshot that was
// read up to and a newer one, whatever its id and however late it committed. A window larger than a batch is read in several
// rounds, in the order of ids. The ledger (workflow.round) says how far reading has come; it is only appended to.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/snapshot.h"
#include "pg/capture/event_log.h"
#include "pg/round/round.h"
#include "pg/round/timers.h"

namespace workflow::pg {

struct LogEvent {
  int64_t id = 0;
  std::string xid;
  char kind = 'r', op = ' ';
  int32_t depth = 0;
  bool timed = false, backfill = false;
  std::optional<int32_t> source;
  Instant at;
  std::string event;     // uuid text; empty: none
  std::string row_key;
  std::string account;
  std::string name;
  Json body;
  bool parked = false;   // it comes from workflow.parked, not from the log
  bool applied = false;  // and what it does to those who are already in was done before: only its entering is tried again
  std::optional<Instant> parked_at;  // since when
  bool heard = false;    // those who listen for it were told before
  int32_t tries = 0;
};

// How far the log has been read, and the window that this round goes on with.
class LogReader {
 public:
  // Takes the window as of now. False where there is no event log yet.
  bool Open();
  // The next events, at most `limit`: first those of the window, then what this very transaction has written.
  std::vector<LogEvent> Read(int limit);
  bool more() const { return more_; }
  bool moved() const { return last_event_ != start_event_ || own_event_.has_value() || completed_window_; }
  void Append(const RoundResult& result, std::optional<Instant> as_of, const std::optional<TimerItem>& timer);
  const std::optional<TimerItem>& timer_cursor() const { return timer_cursor_; }
  std::optional<Instant> last_as_of() const { return last_as_of_; }

 private:
  void ReadLedger(const SeenTransactions& now);
  std::vector<LogEvent> ReadWindow(int limit);
  std::vector<LogEvent> ReadOwn(int limit);
  std::optional<TimerItem> timer_cursor_;
  SeenTransactions from_, to_;
  int64_t last_event_ = 0, start_event_ = 0;
  bool complete_ = false, more_ = false, completed_window_ = false;
  std::optional<uint64_t> own_xid_;
  int64_t own_read_ = 0;
  std::optional<int64_t> own_event_;
  std::optional<Instant> last_as_of_;
};

// The row of the log as JSON text and back: for parking. `at`: an event without a time of its own happened then (on a virtual clock, where it is
// the round that tells the time).
std::string ToParkedText(const LogEvent& event, std::optional<Instant> at);
std::optional<LogEvent> FromParkedText(const std::string& text);

}  // namespace workflow::pg
