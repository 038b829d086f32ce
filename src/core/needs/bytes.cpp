// The form of bytes: numbers of seven bits a byte, texts behind their length, lists behind their count. What is read may be anything.
#include <algorithm>
#include <type_traits>

#include "core/needs/needs.h"

namespace workflow {
namespace {

constexpr int kNodeLevelsMax = 64;
constexpr int kValueLevelsMax = 8;

// How a value begins.
enum class Mark : uint8_t { kNull, kFalse, kTrue, kInteger, kDecimal, kText, kDate, kLocalTime, kInstant, kList, kJson };

class Writer {
 public:
  std::string Take() { return std::move(bytes_); }

  void Put(uint64_t number) {
    for (; number > 127; number >>= 7) bytes_.push_back(static_cast<char>(number | 128));
    bytes_.push_back(static_cast<char>(number));
  }
  // Small ones of either sign are short.
  void PutSigned(int64_t number) { Put((static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63)); }
  void Put(const std::string& text) {
    Put(text.size());
    bytes_ += text;
  }
  template <typename T>
    requires std::is_enum_v<T>
  void Put(T value) { Put(static_cast<uint64_t>(value)); }
  void Put(bool value) { Put(uint64_t{value}); }
  void Put(uint32_t value) { Put(uint64_t{value}); }
  void Put(int32_t value) { PutSigned(value); }
  template <typename T>
  void Put(const std::vector<T>& list) {
    Put(list.size());
    for (const T& item : list) Put(item);
  }
  template <typename T>
  void Put(const std::optional<T>& value) {
    Put(value.has_value());
    if (value) Put(*value);
  }
  void Put(const std::pair<std::string, bool>& name) {
    Put(name.first);
    Put(name.second);
  }
  void Put(ClockTime time) { PutSigned(time.minutes); }
  void Put(const Duration& duration) {
    PutSigned(duration.months);
    PutSigned(duration.days);
    PutSigned(duration.us);
  }
  void Put(const Value& value);
  void Put(const ConditionNode& node);
  void Put(const Condition& condition) { Put(condition.root); }
  void Put(const NeededField& field) {
    Put(field.scope);
    Put(field.own);
    Put(field.name);
    Put(field.path);
  }
  void Put(const NeededType& type) {
    Put(type.kind);
    Put(type.element);
    Put(type.sql_name);
    Put(type.labels);
  }
  void Put(const NeededColumn& column) {
    Put(column.name);
    Put(column.column);
    Put(column.zone);
    Put(column.at);
    Put(column.type);
  }
  void Put(const Wish& wish) {
    Put(wish.version);
    Put(wish.account);
    Put(wish.filter);
  }
  void Put(const NeededEvent& event) {
    Put(event.name);
    Put(event.once);
    Put(event.change);
    Put(event.when);
    Put(event.at);
    Put(event.enter);
    Put(event.hear);
  }
  void Put(const NeededTies& ties) {
    Put(ties.owner);
    Put(ties.owner_types);
    Put(ties.member);
    Put(ties.by_key);
    Put(ties.word);
    Put(ties.awaited);
  }

 private:
  std::string bytes_;
};

void Writer::Put(const Value& value) {
  if (value.is_null()) return Put(Mark::kNull);
  if (const auto* truth = value.As<bool>()) return Put(*truth ? Mark::kTrue : Mark::kFalse);
  const auto number = [&](Mark mark, int64_t of) {
    Put(mark);
    PutSigned(of);
  };
  const auto words = [&](Mark mark, const std::string& of) {
    Put(mark);
    Put(of);
  };
  if (const auto* whole = value.As<int64_t>()) return number(Mark::kInteger, *whole);
  if (const auto* date = value.As<Date>()) return number(Mark::kDate, date->days);
  if (const auto* local = value.As<LocalTime>()) return number(Mark::kLocalTime, local->us);
  if (const auto* instant = value.As<Instant>()) return number(Mark::kInstant, instant->us);
  if (const auto* decimal = value.As<Decimal>()) return words(Mark::kDecimal, decimal->ToShown());
  if (const auto* text = value.As<std::string>()) return words(Mark::kText, *text);
  if (const Json* json = value.AsJson()) return words(Mark::kJson, json->Dump());
  Put(Mark::kList);
  Put(*value.AsList());
}

void Writer::Put(const ConditionNode& node) {
  Put(node.kind);
  Put(node.negated);
  if (node.kind != ConditionNode::Kind::kRule) return Put(node.children);
  Put(node.op);
  Put(node.type);
  Put(node.element);
  Put(node.field);
  Put(node.deferred);
  Put(node.old_field);
  Put(node.value_fields);
  Put(node.values);
  Put(node.duration);
}

// It has what evaluating takes for granted.
bool IsComplete(const ConditionNode& rule) {
  if (rule.deferred >= 0 || rule.op == Operator::kSql) return rule.deferred >= 0;
  if (!rule.values.empty() && !rule.value_fields.empty()) return false;
  const bool is_change = rule.op >= Operator::kChanged && rule.op <= Operator::kBecameNotNull;
  if (is_change != rule.old_field.has_value()) return false;
  const size_t operands = rule.values.size() + rule.value_fields.size();
  switch (rule.op) {
    case Operator::kNull:
    case Operator::kNotNull:
    case Operator::kChanged:
    case Operator::kBecameNull:
    case Operator::kBecameNotNull:
    case Operator::kIn:
    case Operator::kNotIn:
    case Operator::kContainsAny:
    case Operator::kContainsAll: return true;
    case Operator::kWithinLast:
    case Operator::kOlderThan: return rule.duration.has_value();
    case Operator::kBetween:
    case Operator::kNotBetween: return operands == 2;
    case Operator::kChangedTo:
    case Operator::kChangedFrom: return !rule.values.empty();
    default: return operands == 1;
  }
}

// Once something is not as it has to be, all that is read is empty.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  bool good() const { return good_; }
  bool AtEnd() const { return rest_.empty(); }
  size_t fields = 0;  // how many there are: conditions may name no other

  uint64_t Number() {
    uint64_t number = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= static_cast<uint64_t>(byte & 127) << shift;
      if (byte < 128) return number;
    }
    return Fail();
  }
  int64_t Signed() {
    const uint64_t number = Number();
    return static_cast<int64_t>(number >> 1) ^ -static_cast<int64_t>(number & 1);
  }
  void Get(std::string* text) {
    const uint64_t length = Number();
    if (length > rest_.size()) Fail();
    if (!good_) return;
    text->assign(rest_.substr(0, length));
    rest_.remove_prefix(length);
  }
  void Get(bool* value) { *value = Below(2) != 0; }
  void Get(uint32_t* value) { *value = static_cast<uint32_t>(Below(uint64_t{1} << 32)); }
  void Get(int32_t* value) {
    const int64_t number = Signed();
    if (number != static_cast<int32_t>(number)) Fail();
    *value = static_cast<int32_t>(good_ ? number : 0);
  }
  template <typename T>
    requires std::is_enum_v<T>
  void Get(T* value, T last) { *value = static_cast<T>(Below(static_cast<uint64_t>(last) + 1)); }
  template <typename T>
  void Get(std::vector<T>* list) {
    const uint64_t count = Number();
    if (count > rest_.size()) Fail();  // each takes a byte at least
    if (!good_) return;
    // Of a false count no more room is taken than the bytes could fill.
    list->reserve(std::min<uint64_t>(count, 1 + rest_.size() / 4));
    for (uint64_t i = 0; i < count && good_; ++i) Get(&list->emplace_back());
  }
  template <typename T>
  void Get(std::optional<T>* value) {
    bool is_there = false;
    Get(&is_there);
    if (is_there) Get(&value->emplace());
  }
  void Get(std::pair<std::string, bool>* name) {
    Get(&name->first);
    Get(&name->second);
  }
  void Get(ClockTime* time) { Get(&time->minutes); }
  void Get(Duration* duration) {
    duration->months = Signed();
    duration->days = Signed();
    duration->us = Signed();
  }
  void Get(Value* value);
  void Get(ConditionNode* node);
  void Get(Condition* condition) { Get(&condition->root); }
  void Get(NeededField* field) {
    Get(&field->scope, Scope::kAccount);
    Get(&field->own);
    Get(&field->name);
    Get(&field->path);
  }
  void Get(NeededType* type) {
    Get(&type->kind, TypeKind::kOther);
    Get(&type->element, TypeKind::kOther);
    Get(&type->sql_name);
    Get(&type->labels);
  }
  void Get(NeededColumn* column) {
    Get(&column->name);
    Get(&column->column);
    Get(&column->zone);
    Get(&column->at);
    Get(&column->type);
  }
  void Get(Wish* wish) {
    Get(&wish->version);
    Get(&wish->account);
    Get(&wish->filter);
  }
  void Get(NeededEvent* event) {
    Get(&event->name);
    Get(&event->once);
    Get(&event->change, BoundEvent::Change::kScore);
    Get(&event->when);
    Get(&event->at);
    Get(&event->enter);
    Get(&event->hear);
    if (event->change == BoundEvent::Change::kCondition && !event->when) Fail();
  }
  void Get(NeededTies* ties) {
    Get(&ties->owner);
    Get(&ties->owner_types);
    Get(&ties->member);
    Get(&ties->by_key);
    Get(&ties->word);
    Get(&ties->awaited);
    if (ties->owner.size() != ties->owner_types.size()) Fail();
  }

 private:
  uint64_t Fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  uint64_t Below(uint64_t end) {
    const uint64_t number = Number();
    return number < end ? number : Fail();
  }
  void GetField(uint32_t* field) {
    Get(field);
    if (*field >= fields) Fail();
  }
  void GetRule(ConditionNode* node);

  std::string_view rest_;
  bool good_ = true;
  int node_levels_ = 0, value_levels_ = 0;
};

void Reader::Get(Value* value) {
  Mark mark = Mark::kNull;
  Get(&mark, Mark::kJson);
  std::string words;
  switch (mark) {
    case Mark::kNull: break;
    case Mark::kFalse: *value = Value(false); break;
    case Mark::kTrue: *value = Value(true); break;
    case Mark::kInteger: *value = Value(Signed()); break;
    case Mark::kDate: {
      Date date;
      Get(&date.days);
      *value = Value(date);
      break;
    }
    case Mark::kLocalTime: *value = Value(LocalTime{Signed()}); break;
    case Mark::kInstant: *value = Value(Instant{Signed()}); break;
    case Mark::kDecimal: {
      Get(&words);
      const auto decimal = Decimal::Parse(words);
      if (decimal) *value = Value(*decimal);
      else Fail();
      break;
    }
    case Mark::kText:
      Get(&words);
      *value = Value(std::move(words));
      break;
    case Mark::kJson: {
      Get(&words);
      auto json = Json::Parse(words, nullptr, 1000);
      if (json) *value = Value::OfJson(*std::move(json));
      else Fail();
      break;
    }
    case Mark::kList: {
      List list;
      if (++value_levels_ > kValueLevelsMax) Fail();
      Get(&list);
      --value_levels_;
      *value = Value::OfList(std::move(list));
      break;
    }
  }
}

void Reader::GetRule(ConditionNode* node) {
  Get(&node->op, Operator::kSql);
  Get(&node->type, TypeKind::kOther);
  Get(&node->element, TypeKind::kOther);
  if (node->op == Operator::kSql) Get(&node->field);
  else GetField(&node->field);
  Get(&node->deferred);
  Get(&node->old_field);
  Get(&node->value_fields);
  Get(&node->values);
  Get(&node->duration);
  if (node->old_field && *node->old_field >= fields) Fail();
  for (const uint32_t field : node->value_fields) if (field >= fields) Fail();
  if (good_ && !IsComplete(*node)) Fail();
}

void Reader::Get(ConditionNode* node) {
  Get(&node->kind, ConditionNode::Kind::kRule);
  Get(&node->negated);
  if (node->kind == ConditionNode::Kind::kRule) return GetRule(node);
  if (++node_levels_ > kNodeLevelsMax) Fail();
  Get(&node->children);
  --node_levels_;
  if (node->children.empty()) Fail();
}

}  // namespace

std::string WriteNeeds(const SourceNeeds& needs) {
  Writer writer;
  writer.Put(needs.source);
  writer.Put(needs.name);
  writer.Put(needs.key);
  writer.Put(needs.account);
  writer.Put(needs.account_value);
  writer.Put(needs.columns);
  writer.Put(needs.fields);
  writer.Put(needs.live);
  writer.Put(needs.events);
  writer.Put(needs.tags);
  writer.Put(needs.body);
  writer.Put(needs.waits);
  writer.Put(needs.match);
  writer.Put(needs.gone);
  writer.Put(needs.settles);
  writer.Put(needs.ties);
  return writer.Take();
}

std::optional<SourceNeeds> ReadNeeds(std::string_view bytes) {
  Reader reader(bytes);
  SourceNeeds needs;
  reader.Get(&needs.source);
  reader.Get(&needs.name);
  reader.Get(&needs.key);
  reader.Get(&needs.account);
  reader.Get(&needs.account_value);
  reader.Get(&needs.columns);
  reader.Get(&needs.fields);
  reader.fields = needs.fields.size();
  reader.Get(&needs.live);
  reader.Get(&needs.events);
  reader.Get(&needs.tags);
  reader.Get(&needs.body);
  reader.Get(&needs.waits);
  reader.Get(&needs.match);
  reader.Get(&needs.gone);
  reader.Get(&needs.settles);
  reader.Get(&needs.ties);
  if (!reader.good() || !reader.AtEnd()) return {};
  return needs;
}

}  // namespace workflow
