// Who is there already and may be let in: rows that an intake offers, in pieces, by enroll_existing(), by a schedule, or because a date of theirs has come.
// What is offered goes the way of an event that was read from the log; how far an intake has come is kept beside it, so that a restart loses nothing.
#pragma once

#include <deque>
#include <memory>

#include "pg/round/halving.h"
#include "pg/round/scan.h"

namespace workflow::pg {

// Offers of rows as events of kind 's' (never in the log, but for those that fail and are parked). Their body:
//   {"version": n, "triggers": [index, …], "intake": n, "account": "…", "after": us, "until": us}
// The last two are of a date or schedule: it decides for each row when in between it fell due.
struct Offer {
  const Source* source = nullptr;
  int32_t version = 0;
  std::string name;                  // of the event
  std::string account = {};          // only contacts of this one; empty: of any
  int64_t intake = 0;                // 0: not written down
  bool counted = false;              // nobody is let in
  std::optional<ScanWindow> window = {};
};
std::vector<LogEvent> OffersOf(const Offer& offer, const std::vector<FoundRow>& rows, Instant at);

// A version as enroll_existing() sees it with a filter of the caller's: its last trigger. SqlError WF001 where the filter is wrong.
std::unique_ptr<const LoadedVersion> VersionWithFilter(const Registry& registry, const LoadedVersion& version, const Json& filter);
// The published version of a workflow, where it is loaded and whole; else nullptr.
const LoadedVersion* PublishedOf(const Registry& registry, int32_t workflow);
// The tables of an entity whose rows may be the workflow's.
std::vector<const Source*> SourcesOf(const Registry& registry, const LoadedVersion& version, const std::string& entity);
// By which triggers; the one with the caller's filter where there is one. None: every row, by an import alone. SqlError where nothing says who is meant.
std::vector<int32_t> TriggersOfExisting(const Source& source, const LoadedVersion& version, bool with_filter, bool imported);

class Intakes {
 public:
  // Opens what is due by date or schedule, and loads all that is open.
  Intakes(const Registry& registry, const TemplateStore& templates, Instant now, bool is_virtual);
  Intakes(const Intakes&) = delete;
  Intakes& operator=(const Intakes&) = delete;

  // Programs that are not the registry's, whose fields must be read as well.
  std::vector<const Program*> programs() const;
  // A piece of each, at most about `limit` rows together.
  void Take(RoundContext* context, RoundResult* result, int limit);
  // When a round should come again, without an event.
  std::optional<Instant> next() const { return next_; }

 private:
  struct Open;
  void OpenLooks(const Registry& registry, const TemplateStore& templates, bool is_virtual);  // looks.cpp
  void OpenLook(const Registry& registry, const LoadedVersion& version, const Trigger& trigger, const ScanWindow& window);
  void Keep(Open* open);
  void Load(const Registry& registry);
  void Prepare(const Registry& registry, Open* open);
  void TakeOne(RoundContext* context, RoundResult* result, Open* open, int limit);
  void Finish(const Open& open, const std::string& detail);
  void WakeAt(Instant at);

  const Instant now_;
  struct Open {
    int64_t id = 0;  // 0: not written down yet
    int32_t workflow = 0;
    const Source* source = nullptr;
    std::optional<std::string> trigger = {}, import = {};
    std::optional<Json> filter = {};
    std::string account = {};
    std::optional<ScanWindow> window = {};
    std::optional<int32_t> per_minute = {};
    Instant started_at = {};
    int32_t number = 0;  // of the newest row of its progress
    std::optional<std::string> last_key = {};
    int64_t looked = 0, entered = 0;
    Instant used_until = {};
    const LoadedVersion* version = nullptr;
    std::unique_ptr<const LoadedVersion> own_version = {};
    std::string over = {};  // why it ends before its end
  };
  std::deque<Open> open_;
  std::optional<Instant> next_;
};

}  // namespace workflow::pg
