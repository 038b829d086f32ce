// What only the server can decide: conditions are tried by the facts, what they ask is asked for all at once, and they are tried again.
#include <algorithm>

#include "core/enrollment/fault.h"
#include "pg/deferred/deferred.h"
#include "pg/round/candidate.h"
#include "pg/round/hearing.h"
#include "pg/round/turn.h"

namespace workflow::pg {
namespace {

int32_t IdOf(const Source* source) { return source == nullptr ? 0 : source->id; }

}  // namespace

// Questions of one round of asking, by who is asked, and where their answers go.
class Inquiry {
 public:
  // `answers` get a place for each rule of the program; `values` outlive this.
  void Add(const LoadedVersion& version, const std::vector<uint32_t>& rules, const std::vector<const Value*>& values, const AskedRows& rows,
           std::vector<Outcome>* answers) {
    answers->resize(version.program.table.deferred.size(), Outcome::kDeferred);
    Group& group = groups_[{version.owner, version.search_path}];
    for (const uint32_t rule : rules) {
      group.questions.push_back({&version.program.table, rule, &values, rows});
      group.answers.push_back(&(*answers)[rule]);
    }
  }

  void Ask(const Registry& registry) {
    for (auto& [who, group] : groups_) {
      Answer(registry, {who.first, who.second}, &group.questions);
      for (size_t i = 0; i < group.questions.size(); ++i) *group.answers[i] = group.questions[i].answer;
    }
  }

 private:
  struct Group {
    std::vector<Question> questions;
    std::vector<Outcome*> answers;
  };
  std::map<std::pair<std::string, std::string>, Group> groups_;
};

namespace {

bool ReadsActive(const Program& program) {
  const std::vector<Field>& fields = program.table.fields;
  return std::any_of(fields.begin(), fields.end(), [](const Field& field) { return field.scope == Scope::kWorkflow; });
}

}  // namespace

// The contact's table, where the contact is there: a caller may have named one by what is no key at all.
template <typename Of>
const Source* Batch::FoundContact(const Of& of) const {
  if (of.contact_source == nullptr || !rows_.Get({of.contact_source->id, of.contact_key}).found) return nullptr;
  return of.contact_source;
}

// Asks for one candidate by itself: what the server raises about it is its own, and another workflow may still let the same event in.
bool Batch::AskAlone(Inquiry* inquiry, const Candidate& candidate) {
  Subtransaction attempt;
  Raised raised;
  if (Contained([&] { inquiry->Ask(round_.registry); }, raised)) {
    attempt.Release();
    return true;
  }
  attempt.RollBack();
  const std::string sqlstate = unpack_sql_state(raised.backend != nullptr ? raised.backend->sqlerrcode : raised.sqlstate);
  if (ClassifyFault(sqlstate, raised.backend == nullptr) != FaultKind::kOwn) Rethrow(raised);
  const char* message = raised.backend != nullptr ? raised.backend->message : raised.message;
  const char* detail = raised.backend != nullptr ? raised.backend->detail : raised.detail;
  const std::string what = message == nullptr ? "" : message;
  ++counts_.errors;
  refusals_.push_back({Refusal::kFilter, candidate.version, candidate.event, candidate.event_uuid, candidate.on, candidate.account,
                       candidate.contact_key, {}, what});
  Execute("INSERT INTO workflow.error (at, event_id, sqlstate, message, detail, input) VALUES ($1, $2, $3, $4, $5, $6::json)",
          Params().Time(round_.now).Int8(candidate.event->id).Text(sqlstate).Text(what).Text(detail == nullptr ? "" : detail)
              .Text(ToParkedText(*candidate.event, round_.is_virtual ? std::optional(round_.now) : std::nullopt)));
  return false;
}

// Filters of the triggers that the events name, each only where those before it have not let the contact in already. An event that has failed is
// alone in its batch, and then each of its candidates is asked about by itself.
void Batch::AskAboutFilters(std::vector<Candidate>* candidates) {
  std::vector<const Candidate*> all;
  for (const Candidate& candidate : *candidates) all.push_back(&candidate);
  LoadActive(all);
  struct Case {
    Candidate* candidate;
    std::vector<const Value*> values;
    const Zone* zone;
    std::vector<uint32_t> asked = {};
    bool failed = false;
  };
  std::deque<Case> open;
  std::set<const Candidate*> failed;
  for (Candidate& candidate : *candidates) {
    const LoadedVersion& version = *candidate.version;
    if (candidate.event->kind == 'n' || version.status != WorkflowStatus::kPublished || version.program.table.deferred.empty()) continue;
    Enrolled as_if;
    as_if.account = candidate.account;
    as_if.contact_key = candidate.contact_key;
    as_if.contact_source = candidate.contact_source;
    as_if.version = &version;
    open.push_back({&candidate, FactsOf(candidate), &ZoneOf(as_if)});
  }
  while (!open.empty()) {
    for (Case& one : open) {
      one.asked.clear();
      for (const Trigger* trigger : TriggersOf(*one.candidate)) {
        if (!trigger->filter) break;
        const Outcome outcome = Evaluate(*trigger->filter, Facts(one.values, one.candidate->answers, &one.asked), round_.now, one.zone);
        if (outcome == Outcome::kTrue || !one.asked.empty()) break;
      }
    }
    std::erase_if(open, [](const Case& one) { return one.asked.empty(); });
    Inquiry together;
    for (Case& one : open) {
      const Candidate& candidate = *one.candidate;
      const AskedRows rows{FoundContact(candidate), candidate.contact_key, candidate.entry_source, candidate.entry_row,
                           candidate.on, candidate.event_at, &candidate.data, candidate.account};
      Inquiry alone;
      (defer_start_ ? alone : together).Add(*candidate.version, one.asked, one.values, rows, &one.candidate->answers);
      one.failed = defer_start_ && !AskAlone(&alone, candidate);
      if (one.failed) failed.insert(one.candidate);
    }
    together.Ask(round_.registry);
    std::erase_if(open, [](const Case& one) { return one.failed; });
  }
  if (failed.empty()) return;
  std::vector<Candidate> others;
  for (Candidate& candidate : *candidates) if (!failed.contains(&candidate)) others.push_back(std::move(candidate));
  *candidates = std::move(others);
}

// What the listeners of each pair's program say of its event.
void Batch::AskAboutListeners(std::deque<Ear>* ears) {
  std::vector<Ear*> open;
  for (Ear& ear : *ears) open.push_back(&ear);
  while (!open.empty()) {
    Inquiry inquiry;
    std::vector<Ear*> undecided;
    for (Ear* ear : open) {
      const Candidate& about = ear->about;
      std::vector<uint32_t> asked;
      ear->heard = Heard(about.version->program, ear->happening, {round_.now, ear->zone, Facts(ear->values, ear->about.answers, &asked)});
      if (asked.empty()) continue;
      undecided.push_back(ear);
      const AskedRows rows{FoundContact(about), about.contact_key, about.entry_source, about.entry_row, about.on, about.event_at, &about.data, about.account};
      inquiry.Add(*about.version, asked, ear->values, rows, &ear->about.answers);
    }
    inquiry.Ask(round_.registry);
    open = std::move(undecided);
  }
}

// The core decides for each turn; what it had to know from the server is asked for all turns together, and those are decided again.
void Batch::Decide(std::vector<Turn>* turns) {
  std::vector<const Enrolled*> all;
  std::vector<Turn*> open;
  for (Turn& turn : *turns) {
    all.push_back(turn.enrolled);
    open.push_back(&turn);
  }
  LoadActive(all);
  LoadMessageFacts(all);
  while (!open.empty()) {
    Inquiry inquiry;
    std::deque<std::vector<const Value*>> values;
    std::vector<Turn*> undecided;
    std::vector<const Enrolled*> of_consent, of_caps;
    for (Turn* turn : open) {
      const Enrolled& enrolled = *turn->enrolled;
      std::vector<uint32_t> asked;
      const std::vector<const Value*>& facts = values.emplace_back(FactsOf(enrolled));
      Surroundings around = SurroundingsOf(enrolled, Facts(facts, turn->answers, &asked));
      if (!stop_before_.empty()) around.stop_before = enrolled.version->program.StepIndex(stop_before_);
      const auto consent = ConsentOf(enrolled);
      around.consent = consent.value_or(nullptr);
      around.consent_unknown = !consent;
      const auto caps = CapsOf(enrolled);
      around.caps = caps.value_or(nullptr);
      around.caps_unknown = !caps;
      if (caps && *caps != nullptr) around.now_written = WrittenTo(enrolled);
      turn->decision = Advance(enrolled.version->program, enrolled.state, turn->input, around);
      if (asked.empty() && turn->decision.asks_consent) {
        of_consent.push_back(&enrolled);
        undecided.push_back(turn);
      }
      if (asked.empty() && turn->decision.asks_caps) {
        of_caps.push_back(&enrolled);
        undecided.push_back(turn);
      }
      if (asked.empty() && !turn->decision.asks_caps && !turn->decision.asks_consent) NoteWritten(*turn);
      if (asked.empty()) continue;
      undecided.push_back(turn);
      const AskedRows rows{FoundContact(enrolled), enrolled.contact_key, enrolled.entry_source, enrolled.entry_row,
                           enrolled.event_name, enrolled.event_at, &enrolled.data, enrolled.account};
      inquiry.Add(*enrolled.version, asked, facts, rows, &turn->answers);
    }
    inquiry.Ask(round_.registry);
    LoadConsent(of_consent);
    LoadCaps(of_caps);
    open = std::move(undecided);
  }
}

// For programs that ask whether a contact is in some workflow: by one query which it is in.
template <typename Of>
void Batch::LoadActive(const std::vector<const Of*>& all) {
  std::vector<std::string> accounts, contacts, names;
  std::vector<int32_t> sources;
  for (const Of* of : all) {
    if (!ReadsActive(of->version->program)) continue;
    for (const Field& field : of->version->program.table.fields) {
      if (field.scope != Scope::kWorkflow) continue;
      if (!active_.try_emplace({IdOf(of->contact_source), of->account, of->contact_key, field.name}).second) continue;
      sources.push_back(IdOf(of->contact_source));
      accounts.push_back(of->account);
      contacts.push_back(of->contact_key);
      names.push_back(field.name);
    }
  }
  if (names.empty()) return;
  // An account's own workflow of that name, and that of everybody.
  Rows rows = Execute("SELECT u.source, u.account, u.contact, u.name, e.id FROM unnest($1::int[], $2::text[], $3::text[], $4::text[])"
                      " AS u(source, account, contact, name) JOIN workflow.workflow w ON w.name = u.name AND w.account IN (u.account, '')"
                      " JOIN workflow.enrollment e ON e.account = u.account AND e.contact_key = u.contact AND e.workflow = w.id"
                      " AND coalesce(e.contact_source, 0) = u.source JOIN workflow.state s ON s.enrollment = e.id AND s.phase <> 'ended'",
                      Params().Int4s(sources).Texts(accounts).Texts(contacts).Texts(names));
  for (size_t i = 0; i < rows.size(); ++i) active_[{rows.Int4(i, 1), rows.Text(i, 2), rows.Text(i, 3), rows.Text(i, 4)}].insert(rows.Int8(i, 5));
  rows.Free();
}

// As this batch leaves it so far.
template <typename Of>
bool Batch::IsActive(const Of& of, const std::string& workflow) const {
  const auto stored = active_.find({IdOf(of.contact_source), of.account, of.contact_key, workflow});
  std::set<int64_t> live = stored == active_.end() ? std::set<int64_t>() : stored->second;
  for (const auto& enrolled : enrolled_) {
    if (enrolled->version->workflow_name != workflow || enrolled->contact_key != of.contact_key || enrolled->account != of.account ||
        enrolled->contact_source != of.contact_source) {
      continue;
    }
    if (enrolled->state.phase == Phase::kEnded) live.erase(enrolled->id);
    else return true;
  }
  return !live.empty();
}

}  // namespace workflow::pg
