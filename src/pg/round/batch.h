// One attempt at a set of events or timers: it loads what is known about them, asks the core, and collects what is to be stored. Nothing of it
// outlives a rollback: a failed batch is thrown away and tried again in halves (semantics 28).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/enrollment/enrollment.h"
#include "core/enrollment/entry_key.h"
#include "pg/capture/event_log.h"
#include "pg/round/log.h"
#include "pg/round/resolve.h"
#include "pg/round/rows.h"
#include "pg/round/templates.h"
#include "pg/round/timers.h"

namespace workflow::pg {

// An enrollment in hand.
struct Enrolled {
  int64_t id = 0;
  std::string account;
  std::string contact_key;
  const Source* contact_source = nullptr;  // nullptr: known by its key only
  const LoadedVersion* version = nullptr;
  std::string entry_key;
  EntryBy entry_by = EntryBy::kContact;
  int32_t entry_number = 1;
  const Source* entry_source = nullptr;
  std::string entry_row;
  std::string event, event_name;
  Instant event_at, entered_at;
  int64_t entry_log = 0;    // the event's number in the log, while this batch has let it in
  int32_t depth = 0;
  std::optional<int64_t> parent;  // of a new one: the enrollment that brought it about
  bool restarts = false;    // who lives under its key ends
  bool backfill = false;
  Json data;                // null, or an object
  Json results;             // what its steps have given: {"<id>": …}
  bool has_results = false; // `results` is loaded
  State state;
  int64_t shifted_us = 0;   // by how much pauses have moved the present wait already
  std::optional<Instant> look = {};  // see Decision
  int32_t stored_timer = 0; // the number of the timer that is set already
  ItemPointerData place = {};  // of the row of its state, where that is not new
  bool is_new = false;
  bool touched = false;     // its state is to be stored
};

struct PendingMessage {
  const Enrolled* enrolled;
  std::string channel, kind, recipient, template_name, locale, step, idempotency_key;
  std::optional<std::string> sender, subject, body, data, headers;
  Instant due_at;
  std::optional<Instant> expires_at;
  bool no_address = false;
  bool counts = false;      // for caps on messages to the contact
  std::string stopped = {};  // why it does not go out; empty: it does
};

struct PendingTrace { int64_t enrollment; std::string step, what, detail; std::string seen = {}; };

struct PendingRefusal {
  Refusal reason;
  const LoadedVersion* version;  // may be absent
  const LogEvent* event;
  std::string event_uuid, event_name, account, contact_key, entry_key, detail;
};

struct PendingGoal { const Enrolled* enrolled; std::string goal, event; Instant at; bool counted; };

// A pause of a workflow that is over.
struct Pause {
  Instant from, to;
  std::optional<OnResume> mode;  // of resume(); none: the setting
};

// What a step says of the contact's consent; the events are made only where it is news.
struct PendingSubscription {
  const Enrolled* enrolled;
  std::string campaign, channel;
  bool subscribed;
  std::vector<EventRow> events;
};

// A task of ours that is over.
struct PendingClose {
  int64_t enrollment;
  std::string step;
  int32_t visit;
  std::string outcome;
  std::optional<std::string> by, comment;
};

struct HostChange;

// What happened to the enrollments of a version.
struct Tally {
  int32_t entered = 0, ended = 0, steps = 0, messages = 0;
  void Add(const Tally& other);
};
struct Counts {
  int32_t steps = 0, messages = 0, errors = 0;
  std::map<int32_t, Tally> by_version;
};

// What all batches of a round share.
struct RoundContext {
  const Registry& registry;
  const NeededFields& needed;
  const TemplateStore& templates;
  TimerStore& timers;
  Instant now;
  bool is_virtual = false;
  std::map<int32_t, std::vector<Pause>> pauses = {};  // of each workflow
  std::map<int32_t, int32_t> epochs = {};  // of each source: counts its truncations
  int32_t locks_left = 100;      // rows of the CRM that this round may still lock (semantics 31)
  std::map<int32_t, Tally> tallies = {};  // of the batches that succeeded
  std::string at_step = {};      // the step that is being taken: what fails, fails there
  std::map<int64_t, const LoadedVersion*> offered = {};  // of intakes with a filter of their own: the version with it
  bool has_suppressions = false; // whether anybody has withdrawn anything
  bool has_caps = false;         // whether any message is capped
  std::map<int32_t, int32_t> failing = {};  // of each workflow, failures since the last success
  std::set<int32_t> suspended = {};  // workflows that this round has suspended
  // Of a round that is only played (workflow.simulate): rows as they are imagined, and who is told of a change in the place of its being made.
  const ImaginedRows* imagined = nullptr;
  std::function<void(HostChange*)> rehearse = {};
};

// What came of a timer that failed.
struct Failure {
  int32_t workflow = 0;   // whose fault it counts as; 0: nobody's
  bool suspends = false;  // its own rules say that the workflow is to be suspended
};

// Whether an account or a workflow caps its messages: then they are counted.
bool HasCaps(const Registry& registry, const TemplateStore& templates);

// What a round did, a row a version: workflow.stat_workflow adds them up.
void SaveTallies(const std::map<int32_t, Tally>& tallies, Instant at);

class Batch {
 public:
  // `defer_start`: whom an event lets in, or lets go on, takes its steps by a timer, so that a failing step of one is not the event's fault.
  // `stop_before`: the step that failed; what comes before it is done.
  explicit Batch(RoundContext& round, bool defer_start = false, std::string stop_before = {})
      : round_(round), rows_(round.registry, round.needed, round.now, round.imagined), defer_start_(defer_start), stop_before_(std::move(stop_before)) {}

  void TakeEvents(const std::vector<const LogEvent*>& events);
  void TakeTimers(const std::vector<TimerItem>& timers);
  // What to do about a timer that failed alone: `pause_us` > 0 counts no attempt and comes again so much later, else the program's rules hold.
  // `step`: where it failed; empty: not known.
  Failure FailTimer(const TimerItem& timer, const std::string& message, int64_t pause_us, const std::string& step);
  void Save();
  const Counts& counts() const { return counts_; }
  // How many of these would be let in, each as if it came alone. Nothing is done, and nothing of this batch may be saved.
  int64_t CountEntries(const std::vector<const LogEvent*>& events);

 private:
  friend class Rehearsal;
  struct Candidate;
  // Entering (candidates.cpp, entering.cpp).
  struct Hearing;
  void Enter(const std::vector<const LogEvent*>& events);
  std::vector<Candidate> Candidates(const std::vector<const LogEvent*>& events);
  const LoadedVersion* VersionFor(int32_t id) const;
  void LoadKnown(std::vector<Candidate>* candidates);
  void LoadEntries(const std::vector<Candidate>& candidates);  // entries.cpp
  void TellLinesApart(std::vector<Candidate>* candidates) const;
  void Decide(std::vector<Candidate>* candidates);
  void OfRow(const LogEvent& event, const ResolveRequest& request, const class EventWords& words, std::vector<Candidate>* candidates);
  void Replied(const LogEvent& event, const ResolveRequest& request, const Json& wanted, std::vector<Candidate>* candidates);  // replies.cpp
  void OfName(const LogEvent& event, std::vector<Candidate>* candidates);
  void OfOffer(const LogEvent& event, const ResolveRequest& request, std::vector<Candidate>* candidates);  // offered.cpp
  void FindDue(std::vector<Candidate>* candidates);
  void NameRow(const LogEvent& event, const ResolveRequest& request, const std::string& contact, Candidate* candidate) const;
  std::vector<const Trigger*> TriggersOf(const Candidate& candidate) const;
  Refusal DecideTriggers(const Candidate& candidate, EntryCase* entry, const Surroundings& around) const;
  void Offer(const Candidate& candidate, std::vector<Candidate>* candidates);
  bool LeaveForLater(Candidate* candidate);
  void PutOff(const Candidate& candidate, int64_t quiet_us);  // settling.cpp
  void NoteTouched(const std::vector<const LogEvent*>& events);
  void SaveSettling();
  std::string EventId(const LogEvent& event, const Source& source, const BoundEvent& bound) const;
  void Admit(const Candidate& candidate, const EntryKey& by);
  void Park(const LogEvent& event, const std::vector<std::string>& lookup, const char* reason);
  // What events do to those who are already in (leaving.cpp).
  void Apply(const std::vector<const LogEvent*>& events);
  void EndRows(const std::vector<const LogEvent*>& events);
  void Rename(const std::vector<const LogEvent*>& events);  // rename.cpp
  void Unenroll(const LogEvent& event);
  void Retry(const LogEvent& event);   // people.cpp
  void Merge(const LogEvent& event);
  void Migrate(const LogEvent& event);  // migrating.cpp
  void Resumed(const LogEvent& event);
  // Events that live enrollments listen for (hearing.cpp).
  void Listen(const Candidate& base, const Json* versions, bool late = false);
  void ListenByName(const Candidate& base);
  void PrepareHearings();
  bool IsHeardBefore(const Candidate& candidate) const;
  void HearUntil(const LogEvent* event);
  void HearAll();
  std::vector<std::pair<const Hearing*, int64_t>> Listeners(const std::vector<const Hearing*>& hearings);
  void Tell(std::vector<std::pair<const Hearing*, Enrolled*>> pairs);
  void TellEnded(const std::vector<const Hearing*>& hearings);
  // The indexes of what each pair's program listens for.
  struct Ear;
  void AskAboutListeners(std::deque<Ear>* ears);  // deferred.cpp
  // Who has to leave because somebody enters (superseding.cpp).
  void Supersede();
  // What ended enrollments tell others (chains.cpp).
  void Announce(const Enrolled& enrolled);
  void LoadAncestors(const std::vector<Candidate>& candidates);
  std::optional<int64_t> ParentOf(const Candidate& candidate) const;
  bool IsInChain(const Candidate& candidate, const std::string& entry_key) const;
  void SaveGoals();
  void Answer(const LogEvent& event);  // perform_tasks.cpp
  // Enrollments in hand (load.cpp).
  std::vector<Enrolled*> Load(const std::string& where, const class Params& params);
  std::vector<Enrolled*> LoadByIds(const std::vector<int64_t>& ids, bool ended_too = false);  // else of the live ones
  void WantRows(const Enrolled& enrolled);
  bool IsGone(const Enrolled& enrolled) const;
  // Going on (run.cpp).
  void Run(std::vector<std::pair<Enrolled*, Input>> work);
  struct Turn;
  void Step(Turn* turn);
  HostChange ChangeOf(const Enrolled& enrolled, const SetStep& step);
  std::string Render(const Enrolled& enrolled, const Template& text, const TextFor& purpose = {});
  // Acting (act.cpp, assign.cpp, perform_events.cpp, perform_tasks.cpp, results.cpp). `fact`: the value of a field of the program.
  void Act(Turn* turn, const ActEffect& act, const std::function<const Value*(uint32_t)>& fact);
  void Say(Turn* turn, const ::workflow::Step& step, int32_t visit);
  void Close(Turn* turn, const CloseEffect& close, const std::string& step);
  std::vector<std::optional<std::string>> ValuesOf(const Enrolled& enrolled, const std::vector<Assignment>& assignments);
  Json RenderDocument(const Enrolled& enrolled, const Document& document);
  const Source& SourceFor(const Enrolled& enrolled, const std::string& entity) const;
  std::string OwnerOf(const Enrolled& enrolled, const std::string& entity);
  HostChange NewRow(const Enrolled& enrolled, const CreateStep& create);
  HostChange CopyOf(const Enrolled& enrolled, const CopyStep& copy);
  HostChange TaskOf(const Enrolled& enrolled, const TaskStep& step, const char* kind, std::optional<Instant> due, int32_t visit);
  HostChange CallOf(const Enrolled& enrolled, const CallStep& call);
  std::optional<HostChange> AssignmentOf(Turn* turn, const AssignStep& step, const std::string& id, const std::function<const Value*(uint32_t)>& fact);
  std::optional<std::string> ChooseUser(const Enrolled& enrolled, const AssignStep& step, const std::string& id,
                                        const std::function<const Value*(uint32_t)>& fact);
  int64_t NextTurn(const Enrolled& enrolled, const std::string& step);
  void LoadResults(const std::vector<std::pair<Enrolled*, Input>>& work);
  void KeepResult(Enrolled* enrolled, const std::string& step, Json result);
  void PerformGroup(const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth, const std::vector<Turn*>& turns);
  void StartAdmitted();
  // How much of the present wait lay inside pauses, and how the last of them ended.
  Input Resumption(const Enrolled& enrolled) const;
  void Perform(std::vector<Turn>* turns);
  void Settle(Turn* turn);
  // Storing (save.cpp, write.cpp).
  void SaveEnrollments();
  void SaveStates();
  void SaveMessages();
  void SaveTraces();
  void SaveRefusals();
  void SaveParked();
  void SaveResults();
  void SaveSubscriptions();
  void SaveEvents();
  void SaveCloses();
  void NoteClaimed();  // message_facts.cpp
  void SignRequests();
  void AddressStaff(const Enrolled& enrolled, const SendStep& body, PendingMessage* message, Json* recipient);
  void WriteRequest(const Enrolled& enrolled, const WebhookStep& hook, PendingMessage* message);
  std::optional<std::string> SenderOf(const Enrolled& enrolled, const SendStep& send);
  PendingMessage Write(const Enrolled& enrolled, const SendEffect& send);
  const Zone& ZoneOf(const Enrolled& enrolled) const;

  // Facts (facts.cpp).
  std::vector<const Value*> FactsOf(const Enrolled& enrolled);
  std::vector<const Value*> FactsOf(const Candidate& candidate);
  const Json* LinesOf(const Source* source, const std::string& key) const;
  const Json* LineFor(const Enrolled& enrolled) const;
  template <typename Of>  // a candidate, or who is enrolled
  const Value* CommonFact(const Of& of, const Field& field);
  // What only the server can decide (deferred.cpp).
  void AskAboutFilters(std::vector<Candidate>* candidates);
  bool AskAlone(class Inquiry* inquiry, const Candidate& candidate);
  void Decide(std::vector<Turn>* turns);
  // Consent (consent.cpp): nothing where it has not been read yet.
  std::optional<const ConsentFacts*> ConsentOf(const Enrolled& enrolled) const;
  void LoadConsent(const std::vector<const Enrolled*>& all);
  // Caps (caps.cpp), likewise.
  std::optional<const CapFacts*> CapsOf(const Enrolled& enrolled) const;
  void LoadCaps(const std::vector<const Enrolled*>& all);
  std::vector<std::string> WrittenTo(const Enrolled& enrolled) const;
  void NoteWritten(const Turn& turn);
  void SettleWritten(const Turn& turn);
  void SaveContacted();
  // What came back of messages (message_facts.cpp), for programs and texts that ask.
  void LoadMessageFacts(const std::vector<const Enrolled*>& all);
  Value MessageFact(const Enrolled& enrolled, const std::string& step, const std::string& name) const;
  Json MessagesOf(const Enrolled& enrolled) const;
  template <typename Of>
  const Source* FoundContact(const Of& of) const;
  template <typename Of>
  void LoadActive(const std::vector<const Of*>& all);
  template <typename Of>
  bool IsActive(const Of& of, const std::string& workflow) const;
  Surroundings SurroundingsOf(const Enrolled& enrolled, const Facts& facts) const;
  Json DataOf(const Enrolled& enrolled, const std::vector<std::string>& references);

  Instant TimeOf(const LogEvent& event, const Json* wanted, const Source* source, const std::string& zone_of_contact) const;
  // The id of an event that comes once for the row of this key.
  std::string OnceId(const Source& source, const std::string& row_key, const std::string& event) const;

  RoundContext& round_;
  RowStore rows_;
  const bool defer_start_;
  const std::string stop_before_;
  bool counts_only_ = false;                      // CountEntries
  Counts counts_;
  std::deque<Value> values_;                      // what facts point to that no row holds
  std::deque<std::unique_ptr<Enrolled>> enrolled_;
  std::map<int64_t, Enrolled*> by_id_;
  std::vector<Enrolled*> admitted_;               // let in, first steps not yet taken
  std::map<int64_t, CapFacts> caps_;              // by enrollment
  // Messages to a contact that count for caps and are not stored yet. Those of a turn that does not count in the end are taken back.
  struct Written { int64_t enrollment; std::string channel; bool settled; };
  using ContactId = std::tuple<int32_t, std::string, std::string>;  // source, account, key
  static ContactId ContactOf(const Enrolled& enrolled);
  std::map<ContactId, std::vector<Written>> written_;
  std::deque<PendingMessage> messages_;
  std::deque<PendingTrace> traces_;
  std::vector<const Enrolled*> answered_;         // who has ended by a response
  std::vector<EventRow> events_;                  // that steps append to the log
  std::vector<PendingSubscription> subscriptions_;
  std::vector<PendingClose> closes_;
  std::map<int64_t, std::pair<std::optional<std::string>, std::optional<std::string>>> answers_;  // of an enrollment: by whom, with what comment
  std::map<std::pair<int64_t, std::string>, std::string> results_;      // enrollment, step -> JSON
  std::map<std::pair<int32_t, std::string>, int64_t> assign_turns_;     // workflow, step -> how many were assigned
  std::map<std::tuple<const AssignStep*, int32_t, std::string>, std::vector<int64_t>> busy_;  // rows of each user, by step, source and tenant
  std::vector<PendingRefusal> refusals_;
  std::vector<PendingGoal> goals_;
  std::deque<std::unique_ptr<Enrolled>> ended_;   // whose goals count still
  std::vector<std::shared_ptr<Hearing>> hearings_;  // in the order of their events
  size_t heard_ = 0;                              // so many of them are done
  std::deque<LogEvent> replies_;                  // made of rows
  std::map<const LogEvent*, size_t> order_;       // of the events in hand
  std::map<int64_t, int32_t> workflow_of_;        // of enrollments that events name
  // Of the enrollments that events come from: what they and those before them in their chain are enrollments of.
  struct Ancestor { std::string account, contact_key, entry_key; int32_t workflow; };
  std::map<int64_t, std::vector<Ancestor>> ancestors_;
  struct Parked { const LogEvent* event; std::vector<std::string> lookup; std::string reason; };
  std::vector<Parked> parked_;
  // Looks that wait until a row has been quiet, by source, key, workflow and name of the event; and rows that were touched.
  struct Settling { std::string event; int64_t quiet_us; Instant due; };
  std::map<std::tuple<int32_t, std::string, int32_t, std::string>, Settling> settling_;
  struct Touched { int32_t source; std::string row_key; Instant at; };
  std::vector<Touched> touched_;
  struct EntryEvent { std::string event; int32_t workflow; std::string account; int64_t enrollment; };
  std::vector<EntryEvent> entry_events_;
  // What is known of a key in a workflow; kept up as this batch admits.
  struct Known { int32_t entries = 0; bool live = false; EndReason last_reason = EndReason::kNone; std::optional<Instant> last_ended_at;
                 int32_t recent = 0; };
  // Contacts of two tables are two people, though their keys be the same (one schema per tenant); 0: no table is attached.
  using KnownKey = std::tuple<int32_t, std::string, std::string, int32_t, std::string>;  // contact source, account, contact, workflow, entry key
  template <typename Of>  // a candidate, or who is enrolled
  static KnownKey KeyOf(const Of& of, const std::string& entry_key) {
    return {of.contact_source == nullptr ? 0 : of.contact_source->id, of.account, of.contact_key, of.version->workflow, entry_key};
  }
  std::map<KnownKey, Known> known_;
  // Live enrollments of a contact (source, account, key) in the workflow of a name, as they are stored.
  using ActiveKey = std::tuple<int32_t, std::string, std::string, std::string>;
  std::map<ActiveKey, std::set<int64_t>> active_;
  std::map<std::tuple<std::string, std::string, int32_t, std::string>, int32_t> entry_numbers_;  // the last one, over all tables
  std::set<std::pair<std::string, int32_t>> seen_;  // event, workflow
  std::map<int64_t, ConsentFacts> consent_;         // by enrollment
  std::map<int64_t, std::map<std::string, std::map<std::string, Value>>> message_facts_;  // by enrollment, step, name
};

// What this one does goes on with its chain, so deep; after a long wait it belongs to none (0), and begins another (semantics 7).
int64_t ChainLink(const Enrolled& enrolled);
int32_t DepthBelow(const Enrolled& enrolled);

// A name-based uuid of the parts: the same parts give the same id, here and in SQL (md5 of the parts joined by chr(31)).
std::string NamedUuid(const std::vector<std::string>& parts);

}  // namespace workflow::pg
