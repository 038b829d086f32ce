// workflow.simulate() and the asking half of workflow.explain(): one contact's way through one workflow, played by the code of rounds. Batches
// decide as ever and are thrown away; changes of rows are kept as imagined values, so that later steps see them. The caller sees to it that
// nothing can be written: the whole runs in a read-only subtransaction that is rolled back.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/round/batch.h"

namespace workflow::pg {

// Something that happens while it is played.
struct RehearsedEvent {
  Instant at;
  std::string on;                       // name of an event, or approve, reject, unenroll; empty: rows change only
  Json data = Json::MakeObject();       // event.data
  std::string step = {};                // of a message's event: which message
  std::optional<std::string> row = {};  // key of the row that makes it
  std::optional<Json> old = {};         // that row before; none: as of a new row
  std::vector<std::pair<std::string, Json>> rows = {};  // entity -> values that its row has from then on
};

struct RehearsedLine {
  Instant at;
  std::string step, effect, detail, why;
};

struct Script {
  std::string contact, account;
  std::vector<RehearsedEvent> events;   // by time
  Instant start, end;
};

// The events of a document: names, or objects with "event" and its circumstances. SqlError 22023 with the place of what is wrong.
std::vector<RehearsedEvent> ReadEvents(const Json& document, Instant start, const Registry& registry);

class Rehearsal {
 public:
  Rehearsal(const Registry& registry, const TemplateStore& templates, const LoadedVersion& version, Script script);
  // Throws only what is not the workflow's own failure: a cancel, want of memory.
  void Play();
  // Every trigger as the contact's rows are now: its filter rule by rule, and what would become of its event.
  void AskTriggers();
  const std::vector<RehearsedLine>& lines() const { return lines_; }

 private:
  static constexpr int64_t kNobody = -1;  // the enrollment's number: no row of ours has it
  struct Entrance;
  template <typename Act>
  void Moment(Instant at, Act act);
  void Say(const std::string& step, const char* effect, const std::string& detail, const std::string& why);
  // Entering (entrance.cpp).
  void Begin();
  bool IsTrigger(const std::string& on) const;
  bool TryEnter(Batch* batch, const RehearsedEvent& event);
  Entrance Prepare(Batch* batch, const RehearsedEvent& event);
  void Admit(Batch* batch, Entrance* entrance);
  void TellRefusal(Batch* batch, const Entrance& entrance, Refusal refusal);
  // Going on (rehearsal.cpp).
  void OnEvent(Batch* batch, const RehearsedEvent& event);
  bool OnMessage(const RehearsedEvent& event);
  void OnTimer(Batch* batch);
  void Go(Batch* batch, Input input);
  void Hear(Batch* batch, const RehearsedEvent& event);
  void Close();
  void CountForCaps(Batch* batch, const Enrolled& enrolled) const;
  bool IsLive() const { return enrolled_ != nullptr && enrolled_->state.phase != Phase::kEnded; }
  // Rows (imagine.cpp).
  const Source* SourceOfEvent(const std::string& on) const;
  std::string RowOf(Batch* batch, const RehearsedEvent& event, const Source& source);
  std::optional<std::string> NewestRow(const Source& source);
  void Imagine(Batch* batch, const Source& source, const std::string& key, const Json& values);
  void ImagineAll(Batch* batch, const RehearsedEvent& event, const Source* source, const std::string& key);
  void Rehearse(HostChange* change);
  // Lines (telling.cpp).
  void Tell(const Batch& batch);
  std::string DetailOf(const Batch& batch, const PendingTrace& trace, size_t* messages, size_t* changes);

  const Registry& registry_;
  const TemplateStore& templates_;
  const LoadedVersion& version_;
  Script script_;
  const NeededFields needed_;
  TimerStore timers_;
  RoundContext round_;
  ImaginedRows imagined_;
  const Source* contacts_;
  const RowStore* rows_ = nullptr;        // of this moment
  std::unique_ptr<Enrolled> enrolled_;    // between two moments
  std::map<std::string, std::map<std::string, Value>> messages_;  // what is known of each step's message
  std::vector<std::pair<std::string, std::string>> changes_;      // of this moment: step, what would be changed
  std::vector<RehearsedEvent> own_;       // emitted, and listened for by the workflow itself
  std::vector<RehearsedLine> lines_;
  std::vector<std::pair<std::string, Instant>> sent_;  // channel and time of messages that count for caps
  size_t next_ = 0;                       // of the script's events
  int entries_ = 0, numbers_ = 0;
  std::optional<Instant> left_at_;
  bool failed_ = false;
};

}  // namespace workflow::pg
