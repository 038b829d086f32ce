#include <algorithm>
#include <set>

#include "pg/capture/plan.h"
#include "pg/sources/read_table.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

using Change = BoundEvent::Change;

std::string Quoted(const std::string& text) { return Json::String(text).Dump(); }

class Builder {
 public:
  Builder(const Registry& registry, const Source& source, const Binding& binding, TupleDesc descriptor)
      : registry_(registry), source_(source), binding_(binding), descriptor_(descriptor) {}

  std::shared_ptr<SourcePlan> Build();
  // Of the rows that tie those of the source to words.
  std::shared_ptr<SourcePlan> BuildTies(const Membership& membership, Change added, Change removed, const std::string& field);

 private:
  uint32_t Column(const std::string& name);
  uint32_t SlotOf(const BoundField& field, const std::vector<std::string>& path);
  const BoundField* Readable(std::string_view name) const;
  const Value* Fact(const Field& field, bool as_old);
  bool IsOf(const BoundEvent& event, const std::string& entity) const;
  void AddEvents();
  void AddTriggers(const BoundEvent& event, EventPlan* plan);
  void AddListeners(const BoundEvent& event, EventPlan* plan);
  void NameFields(const Program& program);
  WantedTrigger Wanted(const LoadedVersion& version, const std::optional<Condition>& filter, EventPlan* plan);
  void AddConditions();
  void AddWaits();
  void AddMatch();
  void AddBody();
  void NameInBody(const std::string& name, bool old);
  void Decides(std::vector<uint32_t>* slots, uint32_t slot);
  void AddBefore();

  const Registry& registry_;
  const Source& source_;
  const Binding& binding_;
  const TupleDesc descriptor_;
  std::shared_ptr<Layout> layout_ = std::make_shared<Layout>();
  std::shared_ptr<SourcePlan> plan_ = std::make_shared<SourcePlan>();
  std::map<std::string, bool> body_;  // name -> also as it was before
};

// What an event of a word that comes or goes calls it; empty for others.
std::string_view WordOf(Change change) {
  if (change == Change::kTagAdded || change == Change::kTagRemoved) return "tag";
  return change == Change::kSubscribed || change == Change::kUnsubscribed ? "campaign" : "";
}

bool Enters(const LoadedVersion& version) {
  return version.current && (version.status == WorkflowStatus::kPublished || version.status == WorkflowStatus::kPaused);
}

AttrNumber NumberOf(TupleDesc descriptor, const std::string& name) {
  const FormData_pg_attribute* attribute = AttributeNamed(descriptor, name);
  return attribute == nullptr ? InvalidAttrNumber : attribute->attnum;
}

// Values of another kind than the binding was made for would meet literals that cannot be compared with them.
void CheckType(const Binding& binding, const StoredColumn& column) {
  for (const BoundField& field : binding.fields) {
    if (field.column != column.name || !field.zone.empty()) continue;
    const Type& now = column.converter.type();
    if (now.kind == field.type.kind && now.element == field.type.element) continue;
    throw SqlError{ERRCODE_DATATYPE_MISMATCH,
                   "column \"" + column.name + "\" is " + TypeName(now) + " now and was " + TypeName(field.type) + " when it was attached"};
  }
}

SqlError Missing(const std::string& name) { return {ERRCODE_UNDEFINED_COLUMN, "column \"" + name + "\" does not exist"}; }

uint32_t Builder::Column(const std::string& name) {
  std::vector<StoredColumn>& columns = layout_->columns;
  const auto known = std::find_if(columns.begin(), columns.end(), [&](const StoredColumn& c) { return c.name == name; });
  if (known != columns.end()) return static_cast<uint32_t>(known - columns.begin());
  const AttrNumber number = NumberOf(descriptor_, name);
  if (number == InvalidAttrNumber) throw Missing(name);
  const FormData_pg_attribute& attribute = *TupleDescAttr(descriptor_, number - 1);
  columns.push_back({name, attribute.atttypid, attribute.attlen, attribute.attbyval, Converter(attribute.atttypid)});
  CheckType(binding_, columns.back());
  return static_cast<uint32_t>(columns.size() - 1);
}

uint32_t Builder::SlotOf(const BoundField& field, const std::vector<std::string>& path) {
  Slot slot = {.column = Column(field.column), .zone = nullptr, .at = field.at.value_or(ClockTime{}), .path = path};
  if (!field.zone.empty()) {
    slot.zone = Zones().Find(field.zone);
    if (slot.zone == nullptr) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"" + field.zone + "\" is unknown"};
  }
  for (size_t i = 0; i < plan_->slots.size(); ++i) {
    const Slot& known = plan_->slots[i];
    if (known.column == slot.column && known.zone == slot.zone && known.at == slot.at && known.path == path) return static_cast<uint32_t>(i);
  }
  plan_->slots.push_back(std::move(slot));
  plan_->fresh.emplace_back();
  plan_->old.emplace_back();
  return static_cast<uint32_t>(plan_->slots.size() - 1);
}

// The field, where it is a column of the row: what is a query is known after commit only.
const BoundField* Builder::Readable(std::string_view name) const {
  const BoundField* field = FindBoundField(binding_, name);
  return field == nullptr || field->column.empty() ? nullptr : field;
}

void Builder::Decides(std::vector<uint32_t>* slots, uint32_t slot) {
  if (std::find(slots->begin(), slots->end(), slot) == slots->end()) slots->push_back(slot);
}

// Where the value of `field` will lie. `as_old`: the row before the change stands for the row.
const Value* Builder::Fact(const Field& field, bool as_old) {
  const BoundField* bound = Readable(field.name);
  if (bound == nullptr) return nullptr;
  const uint32_t slot = SlotOf(*bound, field.path);
  const bool old = as_old || field.scope == Scope::kOld;
  Decides(old ? &plan_->decide_old : &plan_->decide_new, slot);
  return old ? &plan_->old[slot] : &plan_->fresh[slot];
}

WantedTrigger Builder::Wanted(const LoadedVersion& version, const std::optional<Condition>& filter, EventPlan* plan) {
  WantedTrigger wanted = {.version = version.id, .filter = filter, .facts = {}};
  if (!filter) return wanted;
  const std::vector<Field>& fields = version.program.table.fields;
  wanted.facts.assign(fields.size(), nullptr);
  for (const uint32_t index : FieldsOf(*filter)) {
    const Field& field = fields[index];
    if ((field.scope == Scope::kRow || field.scope == Scope::kOld) && field.entity == binding_.entity) {
      wanted.facts[index] = Fact(field, false);
    } else if (field.scope == Scope::kEvent && field.path.empty() && field.name == "name") {
      wanted.facts[index] = &plan->name_fact;
    } else if (field.scope == Scope::kEvent && field.path.empty() && field.name == "at") {
      // A civil time becomes an instant in the zone of the contact, which is not known here.
      const Slot* at = plan->at ? &plan_->slots[*plan->at] : nullptr;
      const bool known = at == nullptr || at->zone != nullptr ||
                         layout_->columns[at->column].converter.type().kind == TypeKind::kTimestamptz;
      if (known) wanted.facts[index] = &plan->at_fact;
    } else if (field.scope == Scope::kEvent && field.path.empty() && field.name == WordOf(plan->change) && !(plan_->ties && plan_->ties->by_key)) {
      wanted.facts[index] = &plan->word_fact;
    }
  }
  return wanted;
}

void Builder::AddTriggers(const BoundEvent& event, EventPlan* plan) {
  for (const auto& version : registry_.versions) {
    if (!version->broken.empty() || !Enters(*version)) continue;
    for (const Trigger& trigger : version->program.triggers) {
      if (trigger.on != event.name || !IsOf(event, trigger.entity)) continue;
      NameFields(version->program);
      plan_->settles = plan_->settles || trigger.settle_us > 0;
      auto& list = version->account.empty() ? plan->enter.everywhere : plan->enter.by_account[version->account];
      // What the row is like when it has settled is not known yet.
      list.Add(Wanted(*version, trigger.settle_us > 0 ? std::nullopt : trigger.filter, plan));
    }
  }
}

// Of every version that enrollments may live on (semantics 9).
void Builder::AddListeners(const BoundEvent& event, EventPlan* plan) {
  for (const auto& version : registry_.versions) {
    if (!version->broken.empty()) continue;
    for (const Listener& listener : version->program.listeners) {
      if (listener.on != event.name || !IsOf(event, listener.entity)) continue;
      NameFields(version->program);
      auto& list = version->account.empty() ? plan->hear.everywhere : plan->hear.by_account[version->account];
      list.Add(Wanted(*version, listener.filter, plan));
    }
  }
}

void Builder::NameFields(const Program& program) {
  for (const Field& field : program.table.fields) {
    const bool row = field.scope == Scope::kRow || field.scope == Scope::kOld;
    if (row && field.entity == binding_.entity) NameInBody(field.name, field.scope == Scope::kOld);
  }
}

// A number that grows is a field of one entity.
bool Builder::IsOf(const BoundEvent& event, const std::string& entity) const { return event.change != Change::kScore || entity == binding_.entity; }

void Builder::AddEvents() {
  std::vector<BoundEvent> events = binding_.events;
  if (!binding_.lookup) events.push_back(ScoreEvent());
  for (const BoundEvent& event : events) {
    // These come of the rows of another table.
    if (WordOf(event.change) == "campaign" || (WordOf(event.change) == "tag" && Readable(binding_.tags) == nullptr)) continue;
    EventPlan plan;
    plan.name = event.name;
    plan.name_fact = Value(event.name);
    plan.once = event.once;
    plan.change = event.change;
    plan.when = event.when;
    if (const BoundField* at = event.at.empty() ? nullptr : Readable(event.at)) {
      plan.at = SlotOf(*at, {});
      Decides(&plan_->decide_new, *plan.at);
    }
    // The event must not move once its facts are pointed at.
    plan_->events.push_back(std::move(plan));
    EventPlan* placed = &plan_->events.back();
    AddTriggers(event, placed);
    AddListeners(event, placed);
    // Replies are written down for whoever was sent something, and asks later.
    const bool is_reply = event.change == Change::kReply;
    if (is_reply) placed->enter = placed->hear = {};
    if (is_reply ? registry_.versions.empty() : placed->enter.empty() && placed->hear.empty()) plan_->events.pop_back();
  }
  for (EventPlan& event : plan_->events) {
    layout_->rest = layout_->rest || event.change == Change::kUpdate || plan_->settles;
    if (event.at) NameInBody(layout_->columns[plan_->slots[*event.at].column].name, false);
    const bool tags = event.change == Change::kTagAdded || event.change == Change::kTagRemoved;
    const BoundField* field = tags ? Readable(binding_.tags) : nullptr;
    if (field == nullptr) continue;
    plan_->tags = SlotOf(*field, {});
    Decides(&plan_->decide_new, *plan_->tags);
    Decides(&plan_->decide_old, *plan_->tags);
    NameInBody(field->name, true);
  }
}

// `when` and `live` read the binding's own table.
void Builder::AddConditions() {
  const std::vector<Field>& fields = binding_.table.fields;
  plan_->facts.assign(fields.size(), nullptr);
  plan_->facts_old.assign(fields.size(), nullptr);
  const auto read = [&](const Condition& condition) {
    for (const uint32_t index : FieldsOf(condition)) {
      plan_->facts[index] = Fact(fields[index], false);
      NameInBody(fields[index].name, false);
    }
  };
  for (const EventPlan& event : plan_->events) {
    if (event.when) read(*event.when);
  }
  if (!binding_.live) return;
  plan_->live = binding_.live;
  read(*binding_.live);
  for (const uint32_t index : FieldsOf(*binding_.live)) plan_->facts_old[index] = Fact(fields[index], true);
}

// Where the contact's zone changes, the hour of a clock is another instant.
bool WaitsForAClock(const Program& program) {
  return program.settings.timezone == ZoneSource::kContact && std::any_of(program.steps.begin(), program.steps.end(), [](const workflow::Step& step) {
    const auto* wait = std::get_if<WaitStep>(&step.body);
    return wait != nullptr && wait->at;
  });
}

// What a live enrollment waits for, and whether one may hang on a row of this source at all.
void Builder::AddWaits() {
  for (const auto& version : registry_.versions) {
    if (!version->broken.empty()) continue;
    const Program& program = version->program;
    const auto ours = [&](const Trigger& trigger) { return trigger.entity == binding_.entity; };
    plan_->gone = plan_->gone || binding_.entity == "contact" || std::any_of(program.triggers.begin(), program.triggers.end(), ours);
    for (const uint32_t index : program.watched) {
      const Field& field = program.table.fields[index];
      if (field.scope != Scope::kRow || field.entity != binding_.entity) continue;
      const BoundField* bound = Readable(field.name);
      if (bound == nullptr) continue;
      const uint32_t column = Column(bound->column);
      if (std::find(plan_->waits.begin(), plan_->waits.end(), column) == plan_->waits.end()) plan_->waits.push_back(column);
      NameInBody(field.name, false);
    }
    if (binding_.entity != "contact" || !WaitsForAClock(program)) continue;
    for (const ZoneRule& rule : binding_.zone) {
      if (rule.kind != ZoneRule::Kind::kField) continue;
      const uint32_t column = Column(rule.column);
      if (std::find(plan_->waits.begin(), plan_->waits.end(), column) == plan_->waits.end()) plan_->waits.push_back(column);
    }
  }
}

// The columns of a contact by which rows of other tables find it: whoever looked in vain is told.
void Builder::AddMatch() {
  if (binding_.entity != "contact" || registry_.versions.empty()) return;
  std::set<std::string> names;
  for (const auto& source : registry_.sources) {
    for (const auto* routes : {&source->binding.contact, source->binding.replies ? &source->binding.replies->contact : nullptr}) {
      for (const ContactRoute& route : routes == nullptr ? std::vector<ContactRoute>() : *routes) {
        for (const auto& [contact_field, column] : route.match) names.insert(contact_field);
      }
    }
  }
  for (const std::string& name : names) {
    if (const BoundField* field = Readable(name)) plan_->match.push_back({name + "=", SlotOf(*field, {})});
  }
}

void Builder::NameInBody(const std::string& name, bool old) {
  bool& before = body_[name];
  before = before || old;
}

// The row as it was written goes with the event: what the remaining conditions name, and the way to the contact.
void Builder::AddBody() {
  const auto lead = [&](const std::vector<ContactRoute>& routes) {
    for (const ContactRoute& route : routes) {
      for (const std::string& column : route.columns) NameInBody(column, false);
      for (const auto& [contact_field, column] : route.match) NameInBody(column, false);
    }
  };
  lead(binding_.contact);
  if (binding_.replies) lead(binding_.replies->contact);
  for (const auto& [name, old] : body_) {
    if (const BoundField* field = Readable(name)) plan_->body.push_back({Quoted(name) + ":", SlotOf(*field, {}), old});
  }
}

// What an update has to leave as it was to be passed over.
void Builder::AddBefore() {
  std::set<uint32_t> columns(plan_->waits.begin(), plan_->waits.end());
  columns.insert(plan_->key.begin(), plan_->key.end());
  if (plan_->account) columns.insert(*plan_->account);
  for (const uint32_t slot : plan_->decide_old) columns.insert(plan_->slots[slot].column);
  for (const MatchField& field : plan_->match) columns.insert(plan_->slots[field.slot].column);
  for (const BodyField& field : plan_->body) if (field.old) columns.insert(plan_->slots[field.slot].column);
  plan_->before.assign(columns.begin(), columns.end());
  plan_->hears_deletion = std::any_of(plan_->events.begin(), plan_->events.end(), [](const EventPlan& event) { return event.change == Change::kDelete; });
}

std::shared_ptr<SourcePlan> Builder::Build() {
  plan_->source = source_.id;
  plan_->name = source_.name;
  plan_->generation = registry_.generation;
  plan_->account_value = binding_.account_value;
  plan_->events.reserve(binding_.events.size() + 1);
  for (const std::string& name : binding_.key) plan_->key.push_back(Column(name));
  if (!binding_.account.empty()) plan_->account = Column(binding_.account);
  AddEvents();
  AddWaits();
  AddMatch();
  if (plan_->events.empty() && plan_->waits.empty() && plan_->match.empty() && !plan_->gone) return nullptr;
  AddConditions();
  AddBody();
  AddBefore();
  plan_->layout = layout_;
  return plan_;
}

std::shared_ptr<SourcePlan> Builder::BuildTies(const Membership& membership, Change added, Change removed, const std::string& field) {
  const Binding& owner = source_.binding;
  plan_->source = source_.id;
  plan_->name = source_.name;
  plan_->generation = registry_.generation;
  plan_->account_value = owner.account_value;
  for (const std::string& name : binding_.key) plan_->key.push_back(Column(name));
  if (!binding_.account.empty()) plan_->account = Column(binding_.account);
  TiePlan ties = {.owner = {}, .owner_types = {}, .member = Column(membership.member), .by_key = !membership.hops.empty(), .word = membership.word};
  for (size_t i = 0; i < membership.owner.size(); ++i) {
    ties.owner.push_back(Column(membership.owner[i]));
    const auto is_key = [&](const BoundField& f) { return f.column == owner.key[i] && f.zone.empty(); };
    const auto key = std::find_if(owner.fields.begin(), owner.fields.end(), is_key);
    ties.owner_types.push_back(key == owner.fields.end() ? Type{.kind = TypeKind::kText} : key->type);
  }
  plan_->ties = std::move(ties);
  plan_->events.reserve(owner.events.size());
  for (const BoundEvent& event : owner.events) {
    if (event.change != added && event.change != removed) continue;
    EventPlan* placed = &plan_->events.emplace_back();
    placed->name = event.name;
    placed->name_fact = Value(event.name);
    placed->change = event.change;
    AddTriggers(event, placed);
    AddListeners(event, placed);
    if (placed->enter.empty() && placed->hear.empty()) plan_->events.pop_back();
  }
  for (const auto& version : registry_.versions) {
    for (const uint32_t index : version->program.watched) {
      const Field& watched = version->program.table.fields[index];
      plan_->ties->awaited = plan_->ties->awaited || (watched.scope == Scope::kRow && watched.entity == owner.entity && watched.name == field);
    }
  }
  if (plan_->events.empty() && !plan_->ties->awaited) return nullptr;
  AddConditions();
  plan_->layout = layout_;
  return plan_;
}

}  // namespace

std::vector<AttrNumber> ColumnNumbers(const Layout& layout, TupleDesc descriptor) {
  std::vector<AttrNumber> numbers;
  for (const StoredColumn& column : layout.columns) {
    const AttrNumber number = NumberOf(descriptor, column.name);
    if (number == InvalidAttrNumber) throw Missing(column.name);
    if (TupleDescAttr(descriptor, number - 1)->atttypid != column.type) {
      throw SqlError{ERRCODE_DATATYPE_MISMATCH, "column \"" + column.name + "\" has another type than in the source's other tables"};
    }
    numbers.push_back(number);
  }
  return numbers;
}

std::shared_ptr<SourcePlan> BuildSourcePlan(const Registry& registry, const Source& source, TupleDesc descriptor) {
  return Builder(registry, source, source.binding, descriptor).Build();
}

std::shared_ptr<SourcePlan> BuildPartPlan(const Registry& registry, const Source& source, const std::string& part, TupleDesc descriptor) {
  const Binding& binding = source.binding;
  const bool tags = part == "tags";
  if (!tags && part != "campaigns") throw SqlError{ERRCODE_UNDEFINED_OBJECT, "\"" + part + "\" is no part of a source"};
  const Membership* membership = tags ? binding.tag_rows.get() : binding.campaign_rows.get();
  if (membership == nullptr) return nullptr;
  return Builder(registry, source, *membership->rows, descriptor)
      .BuildTies(*membership, tags ? Change::kTagAdded : Change::kSubscribed, tags ? Change::kTagRemoved : Change::kUnsubscribed,
                 tags ? binding.tags : std::string("campaigns"));
}

}  // namespace workflow::pg
