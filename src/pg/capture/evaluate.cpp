#include "pg/capture/evaluate.h"

#include <algorithm>

#include "core/calendar/civil.h"
#include "pg/capture/body.h"
#include "pg/settings.h"

namespace workflow::pg {
namespace {

using Change = BoundEvent::Change;

// A row's value as the binding means it.
Value ValueOf(const SourcePlan& plan, const Slot& slot, const RowImage& image) {
  Value value = plan.layout->columns[slot.column].converter.Convert(image.values[slot.column], image.nulls[slot.column]);
  if (value.is_null()) return value;
  if (slot.zone != nullptr) {
    if (const auto* local = value.As<LocalTime>()) value = Value(ToInstant(*local, *slot.zone));
    else if (const auto* date = value.As<Date>()) value = Value(ToInstant(At(*date, slot.at), *slot.zone));
  }
  if (slot.path.empty()) return value;
  const Json* json = value.AsJson();
  return json == nullptr ? Value() : Dig(*json, slot.path);
}

void Load(const SourcePlan& plan, const std::vector<uint32_t>& slots, const RowImage* image, std::deque<Value>* into) {
  for (const uint32_t slot : slots) (*into)[slot] = image == nullptr ? Value() : ValueOf(plan, plan.slots[slot], *image);
}

Instant Now() { return ToInstant(GetCurrentTransactionStartTimestamp()); }

struct Scene {
  const SourcePlan& plan;
  const RowImage* old;
  const RowImage* fresh;
  Instant now;
  std::string account;
};

// A deleted row is judged by its last values.
void LoadDecisions(const Scene& scene) {
  Load(scene.plan, scene.plan.decide_new, scene.fresh != nullptr ? scene.fresh : scene.old, &scene.plan.fresh);
  Load(scene.plan, scene.plan.decide_old, scene.old, &scene.plan.old);
}

bool IsLive(const Scene& scene, const std::vector<const Value*>& facts) {
  return !scene.plan.live || Evaluate(*scene.plan.live, facts, scene.now, nullptr) == Outcome::kTrue;
}

// The members of a tag list: of an array, or of a jsonb array (its texts).
std::vector<std::string> Members(const Value& value) {
  std::vector<std::string> members;
  if (const List* list = value.AsList()) {
    for (const Value& item : *list) if (!item.is_null()) members.push_back(FormatValue(item));
  } else if (const Json* json = value.AsJson(); json != nullptr && json->is_array()) {
    for (const Json& item : json->array()) if (item.is_string()) members.push_back(item.string());
  }
  std::sort(members.begin(), members.end());
  return members;
}

// What `more` has and `than` has not, each once.
std::vector<std::string> MoreOf(const Value& more, const Value& than) {
  std::vector<std::string> all = Members(more), known = Members(than), added;
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::set_difference(all.begin(), all.end(), known.begin(), known.end(), std::back_inserter(added));
  return added;
}

bool IsOfTags(Change change) { return change == Change::kTagAdded || change == Change::kTagRemoved; }

// The tags that came, or went; each of them is an event.
std::vector<std::string> ChangedTags(const SourcePlan& plan, Change change) {
  const Value &fresh = plan.fresh[*plan.tags], &old = plan.old[*plan.tags];
  return change == Change::kTagAdded ? MoreOf(fresh, old) : MoreOf(old, fresh);
}

bool Occurs(const Scene& scene, const EventPlan& event) {
  const SourcePlan& plan = scene.plan;
  switch (event.change) {
    case Change::kInsert: return scene.old == nullptr && scene.fresh != nullptr;
    case Change::kUpdate: return scene.old != nullptr && scene.fresh != nullptr;
    case Change::kDelete: return scene.fresh == nullptr;
    case Change::kCondition:
      // What only a zone or the server could tell is no event: nobody asks again.
      return scene.fresh != nullptr && Evaluate(*event.when, plan.facts, scene.now, nullptr) == Outcome::kTrue;
    case Change::kReply:
      // Without a condition each row is one, as it comes.
      return scene.fresh != nullptr && (event.when ? Evaluate(*event.when, plan.facts, scene.now, nullptr) == Outcome::kTrue : scene.old == nullptr);
    case Change::kTagAdded:
    case Change::kTagRemoved: return scene.fresh != nullptr && !ChangedTags(plan, event.change).empty();
    case Change::kScore: return scene.fresh != nullptr;  // the filters of those who name it say whether it is
    case Change::kSubscribed:
    case Change::kUnsubscribed: break;  // of rows of another table
  }
  return false;
}

// `use` is called for each version that wants the event, or may want it; it returns false to stop.
// Where the session traces, whoever names the event wants it: the round decides by the same filter, and writes down whom it turned away (semantics 5).
template <typename Use>
bool EachWanted(const Scene& scene, const EventPlan& plan, const Wanting& event, Use use) {
  const auto walk = [&](const WantedTriggers& triggers) {
    if (settings::trace) return std::all_of(triggers.list.begin(), triggers.list.end(), [&](const WantedTrigger& trigger) { return use(trigger.version); });
    return triggers.EachCandidate(plan.facts, [&](const WantedTrigger& trigger) {
      const Outcome outcome = trigger.filter ? Evaluate(*trigger.filter, plan.facts, scene.now, nullptr) : Outcome::kTrue;
      return (outcome != Outcome::kTrue && outcome != Outcome::kDeferred) || use(trigger.version);
    });
  };
  if (!walk(event.everywhere)) return false;
  if (event.by_account.empty()) return true;
  if (scene.account.empty() && !scene.plan.account) {  // the contact says whose row it is: that is known after commit
    for (const auto& [account, triggers] : event.by_account) if (!walk(triggers)) return false;
    return true;
  }
  if (scene.account.empty()) return true;
  const auto own = event.by_account.find(scene.account);
  return own == event.by_account.end() || walk(own->second);
}

std::vector<int32_t> VersionsOf(const Scene& scene, const EventPlan& event, const Wanting& wanting) {
  std::vector<int32_t> versions;
  EachWanted(scene, event, wanting, [&](int32_t version) {
    if (std::find(versions.begin(), versions.end(), version) == versions.end()) versions.push_back(version);
    return true;
  });
  return versions;
}

void SetTime(const Scene& scene, const EventPlan& event) {
  const Value* at = event.at ? &scene.plan.fresh[*event.at] : nullptr;
  event.at_fact = at == nullptr || at->is_null() ? Value(scene.now) : *at;
}

std::string AccountOf(const SourcePlan& plan, const RowImage& image) {
  if (!plan.account) return plan.account_value;
  const Value value = plan.layout->columns[*plan.account].converter.Convert(image.values[*plan.account], image.nulls[*plan.account]);
  return value.is_null() ? std::string() : FormatValue(value);
}

// Civil times are taken as UTC here: reconciling and backfilling ask for days, not for hours.
bool IsBefore(const Value& at, Instant since) {
  static const UtcZone utc;
  if (const auto* instant = at.As<Instant>()) return *instant < since;
  if (const auto* local = at.As<LocalTime>()) return ToInstant(*local, utc) < since;
  if (const auto* date = at.As<Date>()) return ToInstant(At(Date{date->days + 1}, ClockTime{0}), utc) <= since;
  return false;
}

std::vector<WantedEvent> WantedEvents(const Scene& scene, const Replay* replay) {
  std::vector<WantedEvent> wanted;
  if (scene.fresh != nullptr && !IsLive(scene, scene.plan.facts)) return wanted;
  for (const EventPlan& event : scene.plan.events) {
    if ((replay != nullptr && !event.once) || !Occurs(scene, event)) continue;
    SetTime(scene, event);
    if (replay != nullptr && replay->since && IsBefore(event.at_fact, *replay->since)) continue;
    const auto ask = [&](const std::string& word) {
      WantedEvent found = {&event, VersionsOf(scene, event, event.enter), {}, word, {}};
      // What is found afterwards may have been missed by those who are in: the round knows, where the row tells when it happened.
      found.late = replay != nullptr;
      const bool tells_time = event.at && !scene.plan.fresh[*event.at].is_null();
      if (replay == nullptr || (!replay->backfill && tells_time)) found.listeners = VersionsOf(scene, event, event.hear);
      if (!found.versions.empty() || !found.listeners.empty()) wanted.push_back(std::move(found));
    };
    if (event.change == Change::kReply) {
      // What was there before the table was attached answers nothing; of what was missed only what tells its time can be known to be new.
      if (replay == nullptr || (!replay->backfill && replay->since && event.at)) wanted.push_back({&event, {}, {}, {}, {}});
      continue;
    }
    if (!IsOfTags(event.change)) {
      ask({});
      continue;
    }
    for (const std::string& tag : ChangedTags(scene.plan, event.change)) {
      event.word_fact = Value(tag);
      ask(tag);
    }
  }
  return wanted;
}

bool IsWanted(const Scene& scene) {
  LoadDecisions(scene);
  if (!IsLive(scene, scene.plan.facts)) return false;
  const auto first = [](int32_t) { return false; };
  return std::any_of(scene.plan.events.begin(), scene.plan.events.end(), [&](const EventPlan& event) {
    if (!Occurs(scene, event)) return false;
    if (IsOfTags(event.change) || event.change == Change::kReply) return true;  // rare, and asked for each tag when it is evaluated
    SetTime(scene, event);
    return !EachWanted(scene, event, event.enter, first) || !EachWanted(scene, event, event.hear, first);
  });
}

// Something a live enrollment waits for is another than before, or the row is no longer one that counts.
bool ChangedForWaits(const Scene& scene) {
  const SourcePlan& plan = scene.plan;
  if (scene.old == nullptr || scene.fresh == nullptr) return false;
  for (const uint32_t column : plan.waits) {
    if (!SameColumn(plan.layout->columns[column], *scene.old, *scene.fresh, column)) return true;
  }
  return plan.gone && plan.live && IsLive(scene, plan.facts_old) && !IsLive(scene, plan.facts);
}

std::vector<std::string> Matches(const Scene& scene) {
  std::vector<std::string> matches;
  if (scene.fresh == nullptr) return matches;
  const SourcePlan& plan = scene.plan;
  for (const MatchField& field : plan.match) {
    const Slot& slot = plan.slots[field.slot];
    if (scene.fresh->nulls[slot.column]) continue;
    if (scene.old != nullptr && SameColumn(plan.layout->columns[slot.column], *scene.old, *scene.fresh, slot.column)) continue;
    matches.push_back(field.prefix + FormatValue(ValueOf(plan, slot, *scene.fresh)));
  }
  return matches;
}

}  // namespace

bool SameColumn(const StoredColumn& column, const RowImage& a, const RowImage& b, uint32_t index) {
  if (a.nulls[index] || b.nulls[index]) return a.nulls[index] == b.nulls[index];
  if (column.by_value) return a.values[index] == b.values[index];
  const auto bytes = [index](const RowImage& image) { return reinterpret_cast<const varlena*>(static_cast<uintptr_t>(image.values[index])); };
  const varlena *left = bytes(a), *right = bytes(b);
  // What lies there as it is needs nothing of the server.
  if (column.length == -1 && !VARATT_IS_EXTENDED(left) && !VARATT_IS_EXTENDED(right)) {
    return VARSIZE(left) == VARSIZE(right) && memcmp(left, right, VARSIZE(left)) == 0;
  }
  if (column.length == -1 && VARATT_IS_SHORT(left) && VARATT_IS_SHORT(right)) {
    return VARSIZE_SHORT(left) == VARSIZE_SHORT(right) && memcmp(left, right, VARSIZE_SHORT(left)) == 0;
  }
  return CallBackend([&] { return datum_image_eq(a.values[index], b.values[index], false, column.length); });
}

bool SameRow(const Layout& layout, const RowImage& a, const RowImage& b) {
  if (a.rest != b.rest) return false;
  for (uint32_t i = 0; i < layout.columns.size(); ++i) {
    if (!SameColumn(layout.columns[i], a, b, i)) return false;
  }
  return true;
}

bool KeyOf(const SourcePlan& plan, const RowImage& image, std::string* key) {
  const auto value = [&](uint32_t column) { return plan.layout->columns[column].converter.Convert(image.values[column], image.nulls[column]); };
  if (plan.key.size() == 1) {  // the text of a single part is the key
    const Value part = value(plan.key.front());
    if (!part.is_null()) *key = FormatValue(part);
    return !part.is_null();
  }
  std::vector<Value> parts;
  for (const uint32_t column : plan.key) parts.push_back(value(column));
  std::optional<std::string> canonical = CanonicalKey(parts);
  if (canonical) *key = std::move(*canonical);
  return canonical.has_value();
}

bool WantsInsert(const SourcePlan& plan, const RowImage& fresh) {
  for (const MatchField& field : plan.match) {
    if (!fresh.nulls[plan.slots[field.slot].column]) return true;
  }
  return !plan.events.empty() && IsWanted({plan, nullptr, &fresh, Now(), AccountOf(plan, fresh)});
}

bool MayPassOver(const SourcePlan& plan, const RowImage& old, const RowImage& fresh) {
  if (plan.settles || plan.hears_deletion) return false;
  for (const uint32_t column : plan.before) {
    if (!SameColumn(plan.layout->columns[column], old, fresh, column)) return false;
  }
  const auto wanted = [&](const RowImage& image) { return IsWanted({plan, &image, &image, Now(), AccountOf(plan, image)}); };
  return plan.events.empty() || (!wanted(fresh) && !wanted(old));
}

bool TieOf(const SourcePlan& plan, const RowImage& image, Tie* tie) {
  const Scene scene = {plan, nullptr, &image, Now(), {}};
  LoadDecisions(scene);
  if (!IsLive(scene, plan.facts)) return false;
  const auto value = [&](uint32_t column) { return plan.layout->columns[column].converter.Convert(image.values[column], image.nulls[column]); };
  std::vector<Value> owner;
  for (size_t i = 0; i < plan.ties->owner.size(); ++i) {
    Value part = value(plan.ties->owner[i]);
    // In the form that the owner's own column gives.
    if (!part.is_null()) {
      if (auto parsed = ParseValue(plan.ties->owner_types[i], FormatValue(part))) part = *std::move(parsed);
    }
    owner.push_back(std::move(part));
  }
  const Value member = value(plan.ties->member);
  const auto key = CanonicalKey(owner);
  if (!key || member.is_null()) return false;
  *tie = {*key, FormatValue(member), AccountOf(plan, image)};
  return true;
}

bool EvaluateTie(const TieChange& change, EventRow* row) {
  const SourcePlan& plan = *change.plan;
  const Scene scene = {plan, nullptr, nullptr, Now(), change.tie.account};
  Findings findings;
  findings.changed = plan.ties->awaited;
  for (const EventPlan& event : plan.events) {
    const bool added = event.change == Change::kTagAdded || event.change == Change::kSubscribed;
    if (added != change.added) continue;
    event.at_fact = Value(scene.now);
    event.word_fact = Value(change.tie.member);
    const bool by_key = plan.ties->by_key;
    WantedEvent found = {&event, VersionsOf(scene, event, event.enter), VersionsOf(scene, event, event.hear), by_key ? std::string() : change.tie.member,
                         by_key ? change.tie.member : std::string()};
    if (!found.versions.empty() || !found.listeners.empty()) findings.wanted.push_back(std::move(found));
  }
  if (findings.wanted.empty() && !findings.changed) return false;
  row->kind = 'r';
  row->op = 'U';
  row->depth = change.depth;
  row->source = plan.source;
  row->at = scene.now;
  row->row_key = change.tie.owner;
  row->account = scene.account;
  row->body = TieBodyOf(plan, findings);
  return true;
}

bool EvaluateTransition(const Transition& transition, const Replay* replay, EventRow* row) {
  const SourcePlan& plan = *transition.plan;
  const RowImage& last = transition.fresh != nullptr ? *transition.fresh : *transition.old;
  Scene scene = {plan, transition.old, transition.fresh, Now(), AccountOf(plan, last)};
  LoadDecisions(scene);
  Findings findings;
  findings.wanted = WantedEvents(scene, replay);
  if (replay == nullptr) {
    findings.gone = scene.fresh == nullptr && plan.gone;
    findings.changed = ChangedForWaits(scene);
    findings.touched = plan.settles && scene.old != nullptr && scene.fresh != nullptr;
    findings.match = Matches(scene);
    if (plan.gone) findings.was = transition.was;
  }
  if (findings.wanted.empty() && findings.match.empty() && findings.was.empty() && !findings.gone && !findings.changed && !findings.touched) return false;
  row->kind = 'r';
  row->op = scene.old == nullptr ? 'I' : scene.fresh == nullptr ? 'D' : 'U';
  row->depth = transition.depth;
  row->source = plan.source;
  row->at = scene.now;
  row->row_key = transition.key;
  row->account = std::move(scene.account);
  const auto value = [&](const RowImage& image, uint32_t slot) { return ValueOf(plan, plan.slots[slot], image); };
  row->body = BodyOf(plan, findings, scene.old, scene.fresh, value);
  return true;
}

}  // namespace workflow::pg
