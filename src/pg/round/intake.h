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
  int64_t intake = 0;                // 0: they are only counted
  std::optional<ScanWindow> window = {};
};
std::vector<LogEvent> OffersOf(const Offer& offer, const std::vector<FoundRow>& rows, Instant at);

// A version as enroll_existing() sees it with a filter of the caller's: its last trigger. SqlError WF001 where the filter is wrong.
std::unique_ptr<const LoadedVersion> VersionWithFilter(const Registry& registry, const LoadedVersion& version, const Json& filter);
// The published version of a workflow, where it is loaded and whole; else nullptr.
const LoadedVersion* PublishedOf(const Registry& registry, int32_t workflow);
// The tables whose rows enroll_existing() would offer to the workflow.
std::vector<const Source*> SourcesForExisting(const Registry& registry, const LoadedVersion& version);
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
  // A piece of each, at most `limit` rows together; `version` of those with a filter is found through the context.
  void Take(RoundContext* context, RoundResult* result, int limit);
  // When a round should come again, without an event.
  std::optional<Instant> next() const { return next_; }

 private:
  struct Open;
  void Load(const Registry& registry);
  void Prepare(const Registry& registry, Open* open);
  int TakeOne(RoundContext* context, RoundResult* result, Open* open, int limit);
  void Finish(const Open& open, const std::string& detail);
  void WakeAt(Instant at);

  const Instant now_;
  std::deque<Open> open_;
  std::optional<Instant> next_;
};

}  // namespace workflow::pg
