// Expressions, filter chains and conditions at render time.
#include <algorithm>

#include "core/message/render.h"
#include "core/message/text.h"

namespace workflow::liquid {

Item Renderer::Lookup(const std::string& name) const {
  for (auto scope = state_.scopes.rbegin(); scope != state_.scopes.rend(); ++scope) {
    if (*scope->variable == name) return scope->value;
    if (scope->loop_name == name) return scope->loop;
  }
  if (const auto found = state_.assigned.find(name); found != state_.assigned.end()) return found->second;
  if (const auto found = state_.counters.find(name); found != state_.counters.end()) return Item::Integer(found->second);
  const Json* member = context_.data ? context_.data->Find(name) : nullptr;
  return member ? Item::Borrow(*member) : Item();
}

Item Renderer::Evaluate(const Expression& expression) {
  budget_.Spend();
  switch (expression.kind) {
    case Expression::Kind::kLiteral:
      return expression.literal;
    case Expression::Kind::kPath:
      return EvaluatePath(expression);
    case Expression::Kind::kRange:
      break;
  }
  const auto bound = [&](size_t i) -> int64_t {  // what is no number is 0, and no loop runs beyond 62 bits
    const Number number = ToNumber(Evaluate(expression.range[i]));
    constexpr int64_t kMax = int64_t{1} << 62;
    return std::clamp(Truncated(number.value).value_or(number.value.is_negative() ? -kMax : kMax), -kMax, kMax);
  };
  const int64_t first = bound(0);
  return Item(Item::Data(Range{first, bound(1)}));
}

Item Renderer::EvaluatePath(const Expression& expression) {
  Item item;
  bool first = true;
  for (const Step& step : expression.path) {
    if (const std::string* text = item.AsString()) budget_.SpendOnBytes(text->size());  // its size may be asked for
    if (step.index.empty()) {
      item = first ? Lookup(step.name) : item.Get(step.name, true);
    } else {
      const Item key = Evaluate(step.index[0]);
      if (!first) {
        item = item.Get(key);
      } else if (const std::string* name = key.AsString()) {
        item = Lookup(*name);
      }
    }
    first = false;
  }
  return item;
}

std::optional<Item> Renderer::Evaluate(const Pipeline& pipeline) {
  std::optional<Item> value = Evaluate(pipeline.input);
  for (const FilterCall& call : pipeline.filters) {
    value = Apply(call, *value);
    if (!value) break;
  }
  return value;
}

std::optional<Item> Renderer::Apply(const FilterCall& call, const Item& input) {
  std::vector<Item> arguments;
  for (const Expression& argument : call.arguments) arguments.push_back(Evaluate(argument));
  std::vector<std::pair<std::string, Item>> named;
  for (const auto& [name, value] : call.named) named.emplace_back(name, Evaluate(value));
  if (!Spend(call.line)) return std::nullopt;
  auto result = call.filter->apply({input, arguments, named, context_, budget_});
  if (budget_.exceeded()) {
    Fail(call.line, budget_.reason(), budget_.hint());
    return std::nullopt;
  }
  if (result) return std::move(*result);
  Fail(call.line, std::string(call.filter->name) + ": " + result.failure().message, result.failure().hint);
  return std::nullopt;
}

// Joined from the right, so a part either settles everything or leaves it to what stands right of it.
std::optional<bool> Renderer::Holds(const Condition& condition) {
  const auto& parts = condition.parts;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto holds = Holds(parts[i], condition.line);
    if (!holds) return std::nullopt;
    const bool last = i + 1 == parts.size();
    if (last || (parts[i].and_next && !*holds) || (!parts[i].and_next && *holds)) return *holds;
  }
  return false;
}

std::optional<bool> Renderer::Holds(const Comparison& comparison, int line) {
  if (!Spend(line)) return std::nullopt;
  const Item left = Evaluate(comparison.left);
  if (comparison.op == Operator::kNone) return left.is_truthy();
  const Item right = Evaluate(comparison.right);
  if (comparison.op == Operator::kEqual) return Equal(left, right, &budget_);
  if (comparison.op == Operator::kNotEqual) return !Equal(left, right, &budget_);
  if (comparison.op == Operator::kContains) return Contains(left, right);
  const auto scalar = [](const Item& item) { return item.AsNumber() || item.AsString(); };
  if (!scalar(left) || !scalar(right)) return false;
  const auto order = Compare(left, right);
  if (!order) {
    Fail(line, "a number and a text have no order", "Turn the text into a number, for instance with \"| plus: 0\".");
    return std::nullopt;
  }
  switch (comparison.op) {
    case Operator::kLess:
      return *order < 0;
    case Operator::kLessOrEqual:
      return *order <= 0;
    case Operator::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

bool Renderer::Contains(const Item& whole, const Item& part) {
  if (part.is_nil()) return false;
  if (const std::string* text = whole.AsString()) {
    const std::string sought = ToText(part, &budget_);
    return budget_.SpendOnSearch(text->size(), sought.size()) && text->find(sought) != std::string::npos;
  }
  if (const Json* object = whole.AsObject()) return part.AsString() && object->Find(*part.AsString());
  if (!whole.is_list()) return false;
  const Sequence all(whole);
  for (size_t i = 0; i < all.size() && budget_.Spend(); ++i) {
    if (Equal(all.At(i), part, &budget_)) return true;
  }
  return false;
}

}  // namespace workflow::liquid
