#include "core/needs/needs.h"

#include <algorithm>
#include <map>
#include <set>

namespace workflow {
namespace {

using Change = BoundEvent::Change;

// What an event of a word that comes or goes calls it; empty for others.
std::string_view WordOfChange(Change change) {
  if (change == Change::kTagAdded || change == Change::kTagRemoved) return "tag";
  return change == Change::kSubscribed || change == Change::kUnsubscribed ? "campaign" : "";
}

// Where the contact's zone changes, the hour of a clock is another instant.
bool WaitsForAClock(const Program& program) {
  return program.settings.timezone == ZoneSource::kContact && std::any_of(program.steps.begin(), program.steps.end(), [](const Step& step) {
    const auto* wait = std::get_if<WaitStep>(&step.body);
    return wait != nullptr && wait->at;
  });
}

NeededType TypeNeeded(const Type& type, bool with_labels) {
  NeededType needed = {.kind = type.kind, .element = type.element, .sql_name = type.kind == TypeKind::kOther ? type.sql_name : "", .labels = {}};
  if (with_labels && type.labels != nullptr) needed.labels = *type.labels;
  return needed;
}

class Collector {
 public:
  // `binding` is that of the rows: the source's, or that of the part.
  Collector(const NeedingSource& source, const Binding& binding, const std::vector<NeedingVersion>& versions)
      : source_(source), binding_(binding), versions_(versions) {
    needs_.source = source.id;
    needs_.name = source.name;
    needs_.key = binding.key;
    needs_.account = binding.account;
    needs_.account_value = source.binding->account_value;
  }

  SourceNeeds OfRows(const std::vector<const Binding*>& all);
  SourceNeeds OfTies(const Membership& membership, bool tags);

 private:
  // The field, where it is a column of the row: what is a query is known after commit only.
  const BoundField* Readable(std::string_view name) const {
    const BoundField* field = FindBoundField(binding_, name);
    return field == nullptr || field->column.empty() ? nullptr : field;
  }
  // A number that grows is a field of one entity.
  bool IsOf(const BoundEvent& event, const std::string& entity) const { return event.change != Change::kScore || entity == binding_.entity; }
  void AddEvent(const BoundEvent& event);
  void AddEnters(const BoundEvent& event, NeededEvent* needed);
  void AddHears(const BoundEvent& event, NeededEvent* needed);
  void AddWaits();
  void Wait(const std::string& column);
  void AddMatch(const std::vector<const Binding*>& all);
  void AddLive();
  void AddBody();
  void AddColumns();
  void NameInBody(const std::string& name, bool old) {
    bool& before = body_[name];
    before = before || old;
  }
  void NameFields(const Program& program);
  std::optional<Condition> Shared(const std::optional<Condition>& condition, const std::vector<Field>& fields, bool own);
  void Share(const std::vector<Field>& fields, bool own, ConditionNode* node);
  uint32_t FieldNumber(const Field& field, bool own);

  const NeedingSource& source_;
  const Binding& binding_;
  const std::vector<NeedingVersion>& versions_;
  SourceNeeds needs_;
  std::map<std::string, bool> body_;  // name -> also as it was before
};

uint32_t Collector::FieldNumber(const Field& field, bool own) {
  const bool row = field.scope == Scope::kRow || field.scope == Scope::kOld;
  const NeededField needed = {.scope = field.scope, .own = row && (own || field.entity == binding_.entity), .name = field.name, .path = field.path};
  // Fields of other rows are all alike: unknown.
  const auto known = std::find(needs_.fields.begin(), needs_.fields.end(), needed);
  if (known != needs_.fields.end()) return static_cast<uint32_t>(known - needs_.fields.begin());
  needs_.fields.push_back(needed);
  return static_cast<uint32_t>(needs_.fields.size() - 1);
}

void Collector::Share(const std::vector<Field>& fields, bool own, ConditionNode* node) {
  for (ConditionNode& child : node->children) Share(fields, own, &child);
  node->number = 0;
  if (node->kind != ConditionNode::Kind::kRule) return;
  node->field = node->op == Operator::kSql ? 0 : FieldNumber(fields[node->field], own);
  if (node->old_field) node->old_field = FieldNumber(fields[*node->old_field], own);
  for (uint32_t& field : node->value_fields) field = FieldNumber(fields[field], own);
}

// The condition over the source's list of fields.
std::optional<Condition> Collector::Shared(const std::optional<Condition>& condition, const std::vector<Field>& fields, bool own) {
  if (!condition) return {};
  Condition shared = {.root = condition->root};
  Share(fields, own, &shared.root);
  return shared;
}

void Collector::NameFields(const Program& program) {
  for (const Field& field : program.table.fields) {
    const bool row = field.scope == Scope::kRow || field.scope == Scope::kOld;
    if (row && field.entity == binding_.entity) NameInBody(field.name, field.scope == Scope::kOld);
  }
}

void Collector::AddEnters(const BoundEvent& event, NeededEvent* needed) {
  for (const NeedingVersion& version : versions_) {
    if (!version.enters || version.program == nullptr) continue;
    for (const Trigger& trigger : version.program->triggers) {
      if (trigger.on != event.name || !IsOf(event, trigger.entity)) continue;
      NameFields(*version.program);
      needs_.settles = needs_.settles || trigger.settle_us > 0;
      Wish wish = {.version = version.id, .account = version.account, .filter = {}};
      // What the row is like when it has settled is not known yet.
      if (trigger.settle_us == 0) wish.filter = Shared(trigger.filter, version.program->table.fields, false);
      needed->enter.push_back(std::move(wish));
    }
  }
}

// Of every version that enrollments may live on (semantics 9).
void Collector::AddHears(const BoundEvent& event, NeededEvent* needed) {
  for (const NeedingVersion& version : versions_) {
    if (version.program == nullptr) continue;
    for (const Listener& listener : version.program->listeners) {
      if (listener.on != event.name || !IsOf(event, listener.entity)) continue;
      NameFields(*version.program);
      needed->hear.push_back({version.id, version.account, Shared(listener.filter, version.program->table.fields, false)});
    }
  }
}

void Collector::AddEvent(const BoundEvent& event) {
  NeededEvent needed = {.name = event.name, .once = event.once, .change = event.change, .when = {}, .at = {}, .enter = {}, .hear = {}};
  AddEnters(event, &needed);
  AddHears(event, &needed);
  // Replies are written down for whoever was sent something, and asks later.
  const bool is_reply = event.change == Change::kReply;
  if (is_reply) {
    needed.enter.clear();
    needed.hear.clear();
  }
  if (is_reply ? versions_.empty() : needed.enter.empty() && needed.hear.empty()) return;
  needed.when = Shared(event.when, binding_.table.fields, true);
  if (event.when) for (const uint32_t index : FieldsOf(*event.when)) NameInBody(binding_.table.fields[index].name, false);
  if (const BoundField* at = event.at.empty() ? nullptr : Readable(event.at)) {
    needed.at = at->name;
    NameInBody(at->column, false);
  }
  needs_.events.push_back(std::move(needed));
}

void Collector::Wait(const std::string& column) {
  if (std::find(needs_.waits.begin(), needs_.waits.end(), column) == needs_.waits.end()) needs_.waits.push_back(column);
}

// What a live enrollment waits for, and whether one may hang on a row of this source at all.
void Collector::AddWaits() {
  for (const NeedingVersion& version : versions_) {
    if (version.program == nullptr) continue;
    const Program& program = *version.program;
    const auto ours = [&](const Trigger& trigger) { return trigger.entity == binding_.entity; };
    needs_.gone = needs_.gone || binding_.entity == "contact" || std::any_of(program.triggers.begin(), program.triggers.end(), ours);
    for (const uint32_t index : program.watched) {
      const Field& field = program.table.fields[index];
      if (field.scope != Scope::kRow || field.entity != binding_.entity) continue;
      const BoundField* bound = Readable(field.name);
      if (bound == nullptr) continue;
      Wait(bound->column);
      NameInBody(field.name, false);
    }
    if (binding_.entity != "contact" || !WaitsForAClock(program)) continue;
    for (const ZoneRule& rule : binding_.zone) if (rule.kind == ZoneRule::Kind::kField) Wait(rule.column);
  }
}

// The columns of a contact by which rows of other tables find it: whoever looked in vain is told.
void Collector::AddMatch(const std::vector<const Binding*>& all) {
  if (binding_.entity != "contact" || versions_.empty()) return;
  std::set<std::string> names;
  for (const Binding* binding : all) {
    for (const auto* routes : {&binding->contact, binding->replies ? &binding->replies->contact : nullptr}) {
      if (routes == nullptr) continue;
      for (const ContactRoute& route : *routes) for (const auto& [contact_field, column] : route.match) names.insert(contact_field);
    }
  }
  for (const std::string& name : names) if (Readable(name) != nullptr) needs_.match.push_back(name);
}

void Collector::AddLive() {
  needs_.live = Shared(binding_.live, binding_.table.fields, true);
  if (binding_.live) for (const uint32_t index : FieldsOf(*binding_.live)) NameInBody(binding_.table.fields[index].name, false);
}

// The row as it was written goes with the event: what the remaining conditions name, and the way to the contact.
void Collector::AddBody() {
  const auto lead = [&](const std::vector<ContactRoute>& routes) {
    for (const ContactRoute& route : routes) {
      for (const std::string& column : route.columns) NameInBody(column, false);
      for (const auto& [contact_field, column] : route.match) NameInBody(column, false);
    }
  };
  lead(binding_.contact);
  if (binding_.replies) lead(binding_.replies->contact);
  for (const auto& [name, old] : body_) if (Readable(name) != nullptr) needs_.body.emplace_back(name, old);
}

// Of the binding's columns those that anything above names, under every name they have: each says what type it was attached with.
void Collector::AddColumns() {
  std::set<std::string> columns(needs_.key.begin(), needs_.key.end());
  columns.insert(needs_.waits.begin(), needs_.waits.end());
  columns.insert(needs_.account);
  const auto name = [&](const std::string& field) {
    if (const BoundField* bound = Readable(field)) columns.insert(bound->column);
  };
  for (const auto& [field, old] : needs_.body) name(field);
  for (const std::string& field : needs_.match) name(field);
  for (const NeededField& field : needs_.fields) if (field.own) name(field.name);
  for (const NeededEvent& event : needs_.events) name(event.at);
  name(needs_.tags);
  if (needs_.ties) {
    columns.insert(needs_.ties->owner.begin(), needs_.ties->owner.end());
    columns.insert(needs_.ties->member);
  }
  for (const BoundField& field : binding_.fields) {
    if (field.column.empty() || !columns.contains(field.column)) continue;
    needs_.columns.push_back({.name = field.name, .column = field.column, .zone = field.zone, .at = field.at, .type = TypeNeeded(field.type, false)});
  }
}

SourceNeeds Collector::OfRows(const std::vector<const Binding*>& all) {
  std::vector<BoundEvent> events = binding_.events;
  if (!binding_.lookup) events.push_back(ScoreEvent());
  for (const BoundEvent& event : events) {
    // These come of the rows of another table.
    if (WordOfChange(event.change) == "campaign" || (WordOfChange(event.change) == "tag" && Readable(binding_.tags) == nullptr)) continue;
    AddEvent(event);
  }
  const auto is_of_tags = [](const NeededEvent& event) { return WordOfChange(event.change) == "tag"; };
  if (std::any_of(needs_.events.begin(), needs_.events.end(), is_of_tags)) {
    needs_.tags = binding_.tags;
    NameInBody(binding_.tags, true);
  }
  AddWaits();
  AddMatch(all);
  AddLive();
  AddBody();
  AddColumns();
  return std::move(needs_);
}

SourceNeeds Collector::OfTies(const Membership& membership, bool tags) {
  const Binding& owner = *source_.binding;
  needs_.ties = {.owner = membership.owner, .owner_types = {}, .member = membership.member, .by_key = !membership.hops.empty(), .word = membership.word};
  for (size_t i = 0; i < membership.owner.size(); ++i) {
    const auto is_key = [&](const BoundField& f) { return f.column == owner.key[i] && f.zone.empty(); };
    const auto key = std::find_if(owner.fields.begin(), owner.fields.end(), is_key);
    needs_.ties->owner_types.push_back(TypeNeeded(key == owner.fields.end() ? Type{.kind = TypeKind::kText} : key->type, true));
  }
  for (const BoundEvent& event : owner.events) {
    if (event.change != (tags ? Change::kTagAdded : Change::kSubscribed) && event.change != (tags ? Change::kTagRemoved : Change::kUnsubscribed)) continue;
    NeededEvent needed = {.name = event.name, .once = false, .change = event.change, .when = {}, .at = {}, .enter = {}, .hear = {}};
    AddEnters(event, &needed);
    AddHears(event, &needed);
    if (!needed.enter.empty() || !needed.hear.empty()) needs_.events.push_back(std::move(needed));
  }
  const std::string& field = tags ? owner.tags : std::string("campaigns");
  for (const NeedingVersion& version : versions_) {
    if (version.program == nullptr) continue;
    for (const uint32_t index : version.program->watched) {
      const Field& watched = version.program->table.fields[index];
      needs_.ties->awaited = needs_.ties->awaited || (watched.scope == Scope::kRow && watched.entity == owner.entity && watched.name == field);
    }
  }
  AddLive();
  AddColumns();
  return std::move(needs_);
}

}  // namespace

const NeededColumn* SourceNeeds::Find(std::string_view column) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const NeededColumn& c) { return c.name == column; });
  return found == columns.end() ? nullptr : &*found;
}

SourceNeeds NeedsOf(const NeedingSource& source, const std::vector<const Binding*>& all, const std::vector<NeedingVersion>& versions) {
  return Collector(source, *source.binding, versions).OfRows(all);
}

std::optional<SourceNeeds> NeedsOfPart(const NeedingSource& source, std::string_view part, const std::vector<NeedingVersion>& versions) {
  const bool tags = part == "tags";
  const Membership* membership = tags ? source.binding->tag_rows.get() : part == "campaigns" ? source.binding->campaign_rows.get() : nullptr;
  if (membership == nullptr) return {};
  return Collector(source, *membership->rows, versions).OfTies(*membership, tags);
}

}  // namespace workflow
