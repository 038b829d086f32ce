// One call of the core for one enrollment, with what its effects want done. Nothing of it counts until it is settled: rows of the CRM that are
// locked by somebody put the whole turn off. Private to batch's files.
#pragma once

#include "pg/capture/event_log.h"
#include "pg/round/batch.h"

namespace workflow::pg {

// A row of workflow.task.
struct OwnTask {
  const char* kind;
  std::string title;
  std::optional<std::string> body, assignee, role;
  std::optional<Instant> due;
  int32_t visit = 0;
};

// A change of one row of the CRM: by `set` (one text per assignment; add is a number) or by `tag`. Or a new row, a call, a task of ours: these
// change no row that was there, and leave a result.
struct HostChange {
  const Source* source = nullptr;
  std::string key;
  const SetStep* set = nullptr;
  const TagStep* tag = nullptr;
  std::vector<std::optional<std::string>> values;
  std::string step = {};
  int64_t chain = 0;  // the enrollment that changes it; 0: what comes of it begins a chain
  const CreateStep* create = nullptr;      // into `source`; `values` are its values
  const CopyStep* copy = nullptr;          // the row `key` of `from`, into `source`
  const Source* from = nullptr;
  const CallStep* call = nullptr;          // one value per argument
  std::optional<OwnTask> task = {};
  const Enrolled* enrolled = nullptr;      // whose
  std::optional<Json> result = {};         // of the step
  const SubscribeStep* subscribe = nullptr;  // to a campaign of the CRM

  // Changes of one statement have this in common; tasks of ours are all alike.
  const void* what() const {
    if (set != nullptr) return set;
    if (tag != nullptr) return tag;
    if (subscribe != nullptr) return subscribe;
    return create != nullptr ? static_cast<const void*>(create) : call;
  }
  const std::string& account() const {
    static const std::string none;
    return enrolled == nullptr ? none : enrolled->account;
  }
  // Rows that are read and written for one account at a time are so by a statement for each.
  std::string tenant() const {
    const bool contacts_alone = enrolled != nullptr && enrolled->contact_source != nullptr && !enrolled->contact_source->binding.tenant_setting.empty();
    return contacts_alone || (source != nullptr && !source->binding.tenant_setting.empty()) ? account() : std::string();
  }
  // Where an {"sql"} reads the contact, all must be in one table.
  const Source* contacts() const {
    const std::vector<Assignment>* list = set != nullptr ? &set->assignments : create != nullptr ? &create->values : nullptr;
    if (list == nullptr || enrolled == nullptr) return nullptr;
    for (const Assignment& value : *list) if (!value.sql.empty()) return enrolled->contact_source;
    return nullptr;
  }
};

struct Batch::Turn {
  Enrolled* enrolled = nullptr;
  Input input = {};
  Decision decision = {};
  std::vector<PendingMessage> messages = {};
  std::vector<PendingTrace> traces = {};
  std::vector<HostChange> changes = {};
  std::vector<EventRow> events = {};
  std::vector<PendingSubscription> subscriptions = {};
  std::vector<PendingClose> closes = {};
  std::vector<std::pair<std::string, Json>> results = {};     // by step
  std::vector<std::pair<int32_t, std::string>> assigned = {};  // whose turns were taken: given back where the turn does not count
  bool put_off = false;
  bool again = false;
  std::vector<PendingGoal> goals = {};
  std::vector<Outcome> answers = {};  // of the server, to rules of its program
  bool not_yet = false;  // to be decided anew, by facts that are read again, before it counts
};

enum class Performed {
  kDone,
  kPutOff,  // the row is locked by somebody, or this round may lock no more
  kNotYet,  // another change of the same row came first
};

// Performs changes of one kind (same step, same source) as the workflow's owner. Rows are locked in key order, each once, and what somebody else
// holds is passed over (semantics 31).
std::vector<Performed> PerformChanges(const Registry& registry, const std::vector<HostChange*>& changes, const std::string& owner, int32_t depth,
                                      int32_t* locks_left);

}  // namespace workflow::pg
