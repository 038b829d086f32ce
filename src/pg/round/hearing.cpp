// Events that live enrollments listen for: found by contact and version, told in the order in which they happened.
#include <algorithm>

#include "pg/round/hearing.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// An enrollment as callers know it (workflow.enrollment_uuid), or its number.
std::optional<int64_t> EnrollmentIn(const Json* json) {
  if (json == nullptr) return std::nullopt;
  if (json->is_number()) return json->AsInteger();
  constexpr std::string_view kPrefix = "00000000-0000-8000-8000-";
  if (!json->is_string() || !json->string().starts_with(kPrefix) || json->string().size() != kPrefix.size() + 12) return std::nullopt;
  int64_t id = 0;
  for (const char c : json->string().substr(kPrefix.size())) {
    const char* digits = "0123456789abcdef";
    const char* found = strchr(digits, c);
    if (c == '\0' || found == nullptr) return std::nullopt;
    id = id * 16 + (found - digits);
  }
  return id;
}

bool IsSet(const Json& data, const char* key) {
  const Json* value = data.Find(key);
  return value != nullptr && value->is_boolean() && value->boolean();
}

template <typename Of>
std::string EntityOf(const Of& candidate) { return candidate.entry_source == nullptr ? std::string() : candidate.entry_source->binding.entity; }

int64_t AfterExitUs(const Program& program) {
  constexpr int64_t kMonth = 31 * kDay;
  int64_t longest = 0;
  for (const Goal& goal : program.goals) {
    if (goal.count_after_exit) {
      longest = std::max(longest, goal.count_after_exit->months * kMonth + goal.count_after_exit->days * kDay + goal.count_after_exit->us + kDay);
    }
  }
  return longest;
}

}  // namespace

void Batch::Listen(const Candidate& base, const Json* versions, bool late) {
  if (versions == nullptr || !versions->is_array() || versions->array().empty() || base.event->heard) return;
  Hearing hearing{.base = base, .versions = {}, .at = {}, .late = late, .enrollment = {}};
  for (const Json& id : versions->array()) hearing.versions.insert(static_cast<int32_t>(id.AsInteger().value_or(0)));
  hearings_.push_back(std::make_shared<Hearing>(std::move(hearing)));
}

void Batch::ListenByName(const Candidate& base) {
  if (base.event->heard) return;
  Hearing hearing{.base = base, .versions = {}, .at = {}, .late = false, .enrollment = {}};
  for (const auto& version : round_.registry.versions) {
    const auto& listeners = version->program.listeners;
    if (std::any_of(listeners.begin(), listeners.end(), [&](const Listener& l) { return l.on == base.on; })) hearing.versions.insert(version->id);
  }
  if (hearing.versions.empty()) return;
  hearing.enrollment = EnrollmentIn(base.data.Find("enrollment"));
  hearing.automatic = IsSet(base.data, "automatic");
  if (const Json* channel = base.data.Find("channel"); channel != nullptr && channel->is_string()) hearing.channel = channel->string();
  // Only of a message's event do these words mean what they say.
  if (!base.on.starts_with("message.")) hearing.enrollment.reset(), hearing.automatic = false;
  hearings_.push_back(std::make_shared<Hearing>(std::move(hearing)));
}

// Contacts as their table writes their keys, the accounts they belong to, and when it happened.
void Batch::PrepareHearings() {
  if (hearings_.empty()) return;
  for (const int turn : {1, 2}) {
    for (const auto& hearing : hearings_) {
      Candidate& base = hearing->base;
      if (turn == 1 && base.entry_source != nullptr) rows_.Want({base.entry_source->id, base.entry_row}, base.account);
      if (base.contact_source == nullptr) continue;
      if (turn == 2) {
        const RowFacts& contact = rows_.Get({base.contact_source->id, base.contact_key});
        if (base.account.empty()) base.account = contact.account;
        if (contact.found) base.contact_key = contact.key;
      }
      rows_.Want({base.contact_source->id, base.contact_key}, base.account);
    }
    rows_.Fetch();
  }
  std::vector<int64_t> named;
  for (const auto& hearing : hearings_) {
    const LogEvent& event = *hearing->base.event;
    hearing->at = std::min(round_.is_virtual && !event.timed ? round_.now : event.at, round_.now);
    if (hearing->late) {
      const Candidate& base = hearing->base;
      const std::string zone = base.contact_source == nullptr ? std::string() : rows_.Get({base.contact_source->id, base.contact_key}).zone;
      hearing->at = std::min(TimeOf(event, base.wanted, round_.registry.SourceById(event.source.value_or(0)), zone), round_.now);
    }
    hearing->base.event_at = hearing->at;
    if (hearing->enrollment) named.push_back(*hearing->enrollment);
  }
  if (named.empty()) return;
  Rows rows = Execute("SELECT e.id, e.workflow FROM workflow.enrollment e WHERE e.id = ANY ($1)", Params().Int8s(named));
  for (size_t i = 0; i < rows.size(); ++i) workflow_of_[rows.Int8(i, 1)] = rows.Int4(i, 2);
  rows.Free();
}

// Whether somebody of the candidate's contact is still to be told of an event before this one.
bool Batch::IsHeardBefore(const Candidate& candidate) const {
  const size_t place = order_.at(candidate.event);
  for (size_t i = heard_; i < hearings_.size() && order_.at(hearings_[i]->base.event) < place; ++i) {
    if (hearings_[i]->base.contact_key == candidate.contact_key) return true;
  }
  return false;
}

void Batch::HearUntil(const LogEvent* event) {
  std::vector<const Hearing*> now;
  while (heard_ < hearings_.size() && (event == nullptr || order_.at(hearings_[heard_]->base.event) < order_.at(event))) {
    now.push_back(hearings_[heard_++].get());
  }
  if (now.empty()) return;
  std::vector<int64_t> ids;
  const auto found = Listeners(now);
  for (const auto& [hearing, id] : found) ids.push_back(id);
  LoadByIds(ids);
  std::vector<std::pair<const Hearing*, Enrolled*>> wave;
  std::set<int64_t> in_wave;
  for (const auto& [hearing, id] : found) {  // who hears twice does so one after the other
    const auto enrolled = by_id_.find(id);
    if (enrolled == by_id_.end()) continue;
    if (!in_wave.insert(id).second) {
      Tell(std::move(wave));
      wave.clear();
      in_wave = {id};
    }
    wave.emplace_back(hearing, enrolled->second);
  }
  Tell(std::move(wave));
  TellEnded(now);
}

void Batch::HearAll() { HearUntil(nullptr); }

// The enrollments of each event's contact on a version that listens: those that are stored, and those that this batch has let in.
std::vector<std::pair<const Batch::Hearing*, int64_t>> Batch::Listeners(const std::vector<const Hearing*>& hearings) {
  std::vector<std::string> accounts, contacts;
  std::vector<int32_t> sources, numbers;
  for (size_t i = 0; i < hearings.size(); ++i) {
    accounts.push_back(hearings[i]->base.account);
    contacts.push_back(hearings[i]->base.contact_key);
    sources.push_back(hearings[i]->base.contact_source == nullptr ? 0 : hearings[i]->base.contact_source->id);
    numbers.push_back(static_cast<int32_t>(i));
  }
  std::vector<std::pair<const Hearing*, int64_t>> found;
  Rows rows = Execute("SELECT u.n, e.id, s.version FROM unnest($1::text[], $2::text[], $3::int[], $4::int[]) AS u(account, contact, source, n)"
                      " JOIN workflow.enrollment e ON e.account = u.account AND e.contact_key = u.contact"
                      " AND coalesce(e.contact_source, u.source) = u.source"
                      " JOIN workflow.state s ON s.enrollment = e.id AND s.phase <> 'ended' ORDER BY u.n, e.id",
                      Params().Texts(accounts).Texts(contacts).Int4s(sources).Int4s(numbers));
  for (size_t i = 0; i < rows.size(); ++i) {
    const Hearing* hearing = hearings[static_cast<size_t>(rows.Int4(i, 1))];
    if (hearing->versions.contains(rows.Int4(i, 3))) found.emplace_back(hearing, rows.Int8(i, 2));
  }
  rows.Free();
  for (const Hearing* hearing : hearings) {
    const Candidate& base = hearing->base;
    for (const auto& enrolled : enrolled_) {
      const bool its = enrolled->is_new && enrolled->id != 0 && enrolled->contact_key == base.contact_key && enrolled->account == base.account &&
                       enrolled->contact_source == base.contact_source && hearing->versions.contains(enrolled->version->id);
      // What happened before it entered is over; the entering event is no news.
      const bool news = base.event->id >= enrolled->entry_log && enrolled->event != base.event_uuid && enrolled->event != base.twin_uuid;
      if (its && news) found.emplace_back(hearing, enrolled->id);
    }
  }
  std::stable_sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
    return order_.at(a.first->base.event) < order_.at(b.first->base.event);
  });
  return found;
}

void Batch::Tell(std::vector<std::pair<const Hearing*, Enrolled*>> pairs) {
  if (pairs.empty()) return;
  for (const auto& [hearing, enrolled] : pairs) WantRows(*enrolled);
  rows_.Fetch();
  std::deque<Ear> ears;
  for (const auto& [hearing, enrolled] : pairs) {
    using About = Happening::About;
    Ear& ear = ears.emplace_back(Ear{hearing->base, {hearing->base.on, About::kNobody, hearing->automatic, hearing->channel, EntityOf(hearing->base)}});
    ear.about.version = enrolled->version;
    ear.zone = &ZoneOf(*enrolled);
    ear.values = FactsOf(ear.about);
    if (!hearing->enrollment) continue;
    const auto workflow = workflow_of_.find(*hearing->enrollment);
    const bool same = workflow != workflow_of_.end() && workflow->second == enrolled->version->workflow;
    ear.happening.about = *hearing->enrollment == enrolled->id ? About::kEnrollment : same ? About::kWorkflow : About::kOther;
  }
  AskAboutListeners(&ears);
  std::vector<std::pair<Enrolled*, Input>> work;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [hearing, enrolled] = pairs[i];
    const Candidate& base = hearing->base;
    const std::string_view entity = base.entry_source == nullptr ? std::string_view() : base.entry_source->binding.entity;
    const EntryKey own{enrolled->entry_by, enrolled->entry_key};
    if (hearing->late) {
      std::erase_if(ears[i].heard, [&, one = enrolled, at = hearing->at](int32_t listener) {
        return !MayBeToldLate(one->version->program, one->state, listener, at, one->entered_at);
      });
    }
    if (ears[i].heard.empty() || enrolled->event == base.event_uuid || enrolled->state.phase == Phase::kEnded ||
        !ConcernsEntry(enrolled->version->program, own, Facts(ears[i].values), {base.contact_key, entity, base.entry_row})) {
      continue;
    }
    Input input{.kind = InputKind::kHeard, .heard = ears[i].heard, .heard_at = hearing->at, .event = base.event_uuid};
    input.paused = defer_start_ || enrolled->version->status == WorkflowStatus::kPaused;
    if (IsGone(*enrolled)) input.kind = InputKind::kRecordDeleted;
    work.emplace_back(enrolled, std::move(input));
  }
  Run(std::move(work));
}

// Goals that count after the end (semantics 19).
void Batch::TellEnded(const std::vector<const Hearing*>& hearings) {
  for (const Hearing* hearing : hearings) {
    const Candidate& base = hearing->base;
    for (const int32_t id : hearing->versions) {
      const LoadedVersion* version = round_.registry.VersionById(id);
      const int64_t reach = version == nullptr || !version->broken.empty() ? 0 : AfterExitUs(version->program);
      if (reach == 0) continue;
      Rows rows = Execute("SELECT e.id, e.entered_at, s.ended_at, s.memo, e.entry_by::text, e.entry_key FROM workflow.enrollment e"
                          " JOIN workflow.state s ON s.enrollment = e.id WHERE e.account = $1 AND e.contact_key = $2 AND e.workflow = $3"
                          " AND s.version = $4 AND s.phase = 'ended' AND s.ended_at > $5 AND coalesce(e.contact_source, $6) = $6",
                          Params().Text(base.account).Text(base.contact_key).Int4(version->workflow).Int4(id).Time(Instant{round_.now.us - reach})
                              .Int4(base.contact_source == nullptr ? 0 : base.contact_source->id));
      for (size_t i = 0; i < rows.size(); ++i) {
        auto ended = std::make_unique<Enrolled>();
        ended->id = rows.Int8(i, 1);
        if (by_id_.contains(ended->id)) continue;  // it ended in this batch, by this event or one before it
        ended->account = base.account;
        ended->contact_key = base.contact_key;
        ended->contact_source = base.contact_source;
        ended->version = version;
        ended->entered_at = rows.Time(i, 2);
        if (hearing->late && hearing->at < ended->entered_at) continue;
        ended->entry_by = ParseEntryBy(rows.Text(i, 5));
        ended->entry_key = rows.Text(i, 6);
        ended->state.phase = Phase::kEnded;
        if (const auto memo = rows.MaybeText(i, 4)) ReadMemo(version->program, *memo, &ended->state);
        Ear ear{base, {base.on, Happening::About::kNobody, hearing->automatic, hearing->channel, EntityOf(base)}};
        ear.about.version = version;
        ear.zone = &ZoneOf(*ended);
        ear.values = FactsOf(ear.about);
        std::deque<Ear> ears = {std::move(ear)};
        AskAboutListeners(&ears);
        const std::string_view entity = base.entry_source == nullptr ? std::string_view() : base.entry_source->binding.entity;
        const Facts facts(ears[0].values);
        if (!ConcernsEntry(version->program, {ended->entry_by, ended->entry_key}, facts, {base.contact_key, entity, base.entry_row})) continue;
        const Input input{.kind = InputKind::kHeard, .heard_at = hearing->at, .event = base.event_uuid};
        for (const int32_t listener : ears[0].heard) {
          const auto goal = ReachedAfterExit(version->program, ended->state, listener, rows.Time(i, 3), input, SurroundingsOf(*ended, facts));
          if (!goal) continue;
          goals_.push_back({ended.get(), version->program.goals[static_cast<size_t>(goal->goal)].id, goal->event, goal->at, goal->counted});
          traces_.push_back({ended->id, "", "goal", goals_.back().goal + ": after the end"});
        }
        ended_.push_back(std::move(ended));
      }
      rows.Free();
    }
  }
}

void Batch::SaveGoals() {
  std::vector<int64_t> ids;
  std::vector<std::string> goals;
  std::vector<std::optional<std::string>> events;
  std::vector<std::optional<Instant>> ats;
  std::vector<bool> counted;
  for (const PendingGoal& goal : goals_) {
    ids.push_back(goal.enrolled->id);
    goals.push_back(goal.goal);
    events.push_back(goal.event.empty() ? std::nullopt : std::optional(goal.event));
    ats.push_back(goal.at);
    counted.push_back(goal.counted);
  }
  if (ids.empty()) return;
  Execute("INSERT INTO workflow.goal_reached (enrollment, goal, at, counted, event) SELECT enrollment, goal, at, counted, event::uuid"
          " FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::bool[], $5::text[]) AS u(enrollment, goal, at, counted, event)"
          " ON CONFLICT DO NOTHING",
          Params().Int8s(ids).Texts(goals).Times(ats).Bools(counted).Texts(events));
}

}  // namespace workflow::pg
