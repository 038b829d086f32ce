#include <algorithm>

#include "pg/capture/plan.h"
#include "pg/sources/read_table.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

using Change = BoundEvent::Change;

std::string Quoted(const std::string& text) { return Json::String(text).Dump(); }

// From what is to be known of a source, or of a part of it, to what is done with rows that look like `descriptor`.
class Builder {
 public:
  Builder(std::shared_ptr<const SourceNeeds> needs, TupleDesc descriptor) : needs_(*needs), descriptor_(descriptor) { plan_->needs = std::move(needs); }
  std::shared_ptr<SourcePlan> Build();

 private:
  uint32_t Column(const std::string& name);
  uint32_t SlotOf(const NeededColumn& column, const std::vector<std::string>& path);
  const Value* Fact(const NeededField& field, bool as_old);
  const Value* EventFact(const NeededField& field, const EventPlan& plan) const;
  static void Decides(std::vector<uint32_t>* slots, uint32_t slot);
  void AddTies();
  void AddFacts();
  void AddEvent(const NeededEvent& event);
  static void AddWanting(const std::vector<Wish>& wishes, Wanting* wanting);
  void AddTags();
  void AddBody();
  void AddBefore();

  const SourceNeeds& needs_;
  const TupleDesc descriptor_;
  std::shared_ptr<Layout> layout_ = std::make_shared<Layout>();
  std::shared_ptr<SourcePlan> plan_ = std::make_shared<SourcePlan>();
};

// What an event of a word that comes or goes calls it; empty for others.
std::string_view WordOf(Change change) {
  if (change == Change::kTagAdded || change == Change::kTagRemoved) return "tag";
  return change == Change::kSubscribed || change == Change::kUnsubscribed ? "campaign" : "";
}

AttrNumber NumberOf(TupleDesc descriptor, const std::string& name) {
  const FormData_pg_attribute* attribute = AttributeNamed(descriptor, name);
  return attribute == nullptr ? InvalidAttrNumber : attribute->attnum;
}

Type TypeMeant(const NeededType& type) {
  return {.kind = type.kind, .element = type.element, .labels = std::make_shared<const std::vector<std::string>>(type.labels), .sql_name = type.sql_name};
}

// Values of another kind than the binding was made for would meet literals that cannot be compared with them.
void CheckType(const SourceNeeds& needs, const StoredColumn& stored) {
  for (const NeededColumn& column : needs.columns) {
    if (column.column != stored.name || !column.zone.empty()) continue;
    const Type& now = stored.converter.type();
    if (now.kind == column.type.kind && now.element == column.type.element) continue;
    throw SqlError{ERRCODE_DATATYPE_MISMATCH,
                   "column \"" + stored.name + "\" is " + TypeName(now) + " now and was " + TypeName(TypeMeant(column.type)) + " when it was attached"};
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
  CheckType(needs_, columns.back());
  return static_cast<uint32_t>(columns.size() - 1);
}

uint32_t Builder::SlotOf(const NeededColumn& column, const std::vector<std::string>& path) {
  Slot slot = {.column = Column(column.column), .zone = nullptr, .at = column.at.value_or(ClockTime{}), .path = path};
  if (!column.zone.empty()) {
    slot.zone = Zones().Find(column.zone);
    if (slot.zone == nullptr) throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "time zone \"" + column.zone + "\" is unknown"};
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

void Builder::Decides(std::vector<uint32_t>* slots, uint32_t slot) {
  if (std::find(slots->begin(), slots->end(), slot) == slots->end()) slots->push_back(slot);
}

// Where the value of a field of the row will lie; nullptr where it is not known here. `as_old`: the row before the change stands for the row.
const Value* Builder::Fact(const NeededField& field, bool as_old) {
  const NeededColumn* column = field.own ? needs_.Find(field.name) : nullptr;
  if (column == nullptr) return nullptr;
  const uint32_t slot = SlotOf(*column, field.path);
  const bool old = as_old || field.scope == Scope::kOld;
  Decides(old ? &plan_->decide_old : &plan_->decide_new, slot);
  return old ? &plan_->old[slot] : &plan_->fresh[slot];
}

const Value* Builder::EventFact(const NeededField& field, const EventPlan& plan) const {
  if (field.scope != Scope::kEvent || !field.path.empty()) return nullptr;
  if (field.name == "name") return &plan.name_fact;
  if (field.name == "at") {
    // A civil time becomes an instant in the zone of the contact, which is not known here.
    const Slot* at = plan.at ? &plan_->slots[*plan.at] : nullptr;
    const bool known = at == nullptr || at->zone != nullptr || layout_->columns[at->column].converter.type().kind == TypeKind::kTimestamptz;
    return known ? &plan.at_fact : nullptr;
  }
  return field.name == WordOf(plan.change) && !(plan_->ties && plan_->ties->by_key) ? &plan.word_fact : nullptr;
}

void Builder::AddTies() {
  const NeededTies& needed = *needs_.ties;
  TiePlan ties = {.owner = {}, .owner_types = {}, .member = Column(needed.member), .by_key = needed.by_key, .word = needed.word, .awaited = needed.awaited};
  for (size_t i = 0; i < needed.owner.size(); ++i) {
    ties.owner.push_back(Column(needed.owner[i]));
    ties.owner_types.push_back(TypeMeant(needed.owner_types[i]));
  }
  plan_->ties = std::move(ties);
}

// All conditions read the same fields; what differs from event to event is what is known of the event itself.
void Builder::AddFacts() {
  for (const NeededField& field : needs_.fields) plan_->facts.push_back(Fact(field, false));
  plan_->facts_old.assign(needs_.fields.size(), nullptr);
  if (!needs_.live) return;
  plan_->live = &*needs_.live;
  for (const uint32_t index : FieldsOf(*needs_.live)) plan_->facts_old[index] = Fact(needs_.fields[index], true);
}

void Builder::AddWanting(const std::vector<Wish>& wishes, Wanting* wanting) {
  for (const Wish& wish : wishes) {
    auto& list = wish.account.empty() ? wanting->everywhere : wanting->by_account[wish.account];
    if (list.list.empty()) list.list.reserve(wish.account.empty() ? wishes.size() : 1);
    list.list.push_back({wish.version, wish.filter ? &*wish.filter : nullptr});
  }
}

void Builder::AddEvent(const NeededEvent& event) {
  // It must not move once its facts are pointed at.
  EventPlan* plan = &plan_->events.emplace_back();
  plan->name = event.name;
  plan->name_fact = Value(event.name);
  plan->once = event.once;
  plan->change = event.change;
  plan->when = event.when ? &*event.when : nullptr;
  if (const NeededColumn* at = event.at.empty() ? nullptr : needs_.Find(event.at)) {
    plan->at = SlotOf(*at, {});
    Decides(&plan_->decide_new, *plan->at);
  }
  plan->facts = plan_->facts;
  for (size_t i = 0; i < needs_.fields.size(); ++i) {
    if (const Value* fact = EventFact(needs_.fields[i], *plan)) plan->facts[i] = fact;
  }
  AddWanting(event.enter, &plan->enter);
  AddWanting(event.hear, &plan->hear);
  if (!plan_->ties) layout_->rest = layout_->rest || event.change == Change::kUpdate || needs_.settles;
}

void Builder::AddTags() {
  const NeededColumn* tags = needs_.tags.empty() ? nullptr : needs_.Find(needs_.tags);
  if (tags == nullptr) return;
  plan_->tags = SlotOf(*tags, {});
  Decides(&plan_->decide_new, *plan_->tags);
  Decides(&plan_->decide_old, *plan_->tags);
}

void Builder::AddBody() {
  for (const std::string& name : needs_.waits) plan_->waits.push_back(Column(name));
  for (const std::string& name : needs_.match) {
    if (const NeededColumn* column = needs_.Find(name)) plan_->match.push_back({name + "=", SlotOf(*column, {})});
  }
  for (const auto& [name, old] : needs_.body) {
    if (const NeededColumn* column = needs_.Find(name)) plan_->body.push_back({Quoted(name) + ":", SlotOf(*column, {}), old});
  }
}

// What an update has to leave as it was to be passed over.
void Builder::AddBefore() {
  std::vector<uint32_t>& columns = plan_->before;
  columns = plan_->waits;
  columns.insert(columns.end(), plan_->key.begin(), plan_->key.end());
  if (plan_->account) columns.push_back(*plan_->account);
  for (const uint32_t slot : plan_->decide_old) columns.push_back(plan_->slots[slot].column);
  for (const MatchField& field : plan_->match) columns.push_back(plan_->slots[field.slot].column);
  for (const BodyField& field : plan_->body) if (field.old) columns.push_back(plan_->slots[field.slot].column);
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  plan_->hears_deletion = std::any_of(plan_->events.begin(), plan_->events.end(), [](const EventPlan& event) { return event.change == Change::kDelete; });
}

std::shared_ptr<SourcePlan> Builder::Build() {
  plan_->source = needs_.source;
  plan_->name = needs_.name;
  plan_->account_value = needs_.account_value;
  plan_->gone = needs_.gone;
  plan_->settles = needs_.settles;
  for (const std::string& name : needs_.key) plan_->key.push_back(Column(name));
  if (!needs_.account.empty()) plan_->account = Column(needs_.account);
  if (!needs_.Any()) return nullptr;
  if (needs_.ties) AddTies();
  AddFacts();
  plan_->events.reserve(needs_.events.size());
  for (const NeededEvent& event : needs_.events) AddEvent(event);
  if (!plan_->ties) {
    AddTags();
    AddBody();
    AddBefore();
  }
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

std::shared_ptr<SourcePlan> BuildPlan(std::shared_ptr<const SourceNeeds> needs, TupleDesc descriptor) { return Builder(std::move(needs), descriptor).Build(); }

}  // namespace workflow::pg
