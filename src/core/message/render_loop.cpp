// for and tablerow.
#include <algorithm>

#include "core/message/render.h"

namespace workflow::liquid {

// A limit or offset: a whole number or a text that is one; missing is as if it were not written.
std::optional<size_t> Renderer::Count(const std::optional<Expression>& expression, size_t otherwise, const char* what, int line) {
  if (!expression) return otherwise;
  const Item value = Evaluate(*expression);
  if (value.is_nil()) return otherwise;
  const auto* number = value.AsNumber();
  const auto whole = number ? Truncated(number->value) : ToWhole(value);
  if (whole) return static_cast<size_t>(std::max<int64_t>(*whole, 0));
  Fail(line, std::string(what) + " of a loop must be a whole number");
  return std::nullopt;
}

std::optional<Renderer::Turns> Renderer::Bounds(const ForNode& node, size_t size, int line) {
  auto offset = Count(node.offset, 0, "offset", line);
  if (!offset) return std::nullopt;
  if (node.offset_continue) offset = state_.continued[node.name];
  const auto limit = Count(node.limit, size, "limit", line);
  if (!limit) return std::nullopt;
  const size_t first = std::min(*offset, size);
  const size_t count = std::min(*limit, size - first);
  if (!node.is_table) state_.continued[node.name] = first + count;
  return Turns{first, count};
}

Renderer::Flow Renderer::Visit(const ForNode& node, int line) {
  Item collection = Evaluate(node.collection);
  const std::string* text = collection.AsString();  // a text is a list of itself
  if (text) collection = text->empty() ? Item() : Item::Array({collection});
  const auto turns = Bounds(node, Sequence(collection).size(), line);
  if (!turns) return Flow::kFailed;
  if (node.is_table) {
    const auto columns = Count(node.columns, turns->count, "cols", line);
    if (!columns) return Flow::kFailed;
    return Table(node, collection, *turns, std::max<size_t>(std::min(*columns, turns->count), 1), line);
  }
  return turns->count > 0 ? Loop(node, collection, *turns, line) : Walk(node.otherwise);
}

Renderer::Flow Renderer::Loop(const ForNode& node, const Item& collection, const Turns& turns, int line) {
  const Sequence all(collection);
  LoopState state{node.name, static_cast<int64_t>(turns.count), 0, 0, nullptr};
  for (auto scope = state_.scopes.rbegin(); scope != state_.scopes.rend() && !state.parent; ++scope) {
    if (scope->loop_name == "forloop") state.parent = *scope->loop.As<Item::LoopPtr>();
  }
  state_.scopes.push_back({&node.variable, Item(), "forloop", Item()});
  Flow flow = Flow::kDone;
  for (size_t i = 0; i < turns.count && flow != Flow::kBreak && flow != Flow::kFailed; ++i) {
    state.index0 = static_cast<int64_t>(i);
    state_.scopes.back().value = all.At(node.reversed ? turns.first + turns.count - 1 - i : turns.first + i);
    state_.scopes.back().loop = Item(Item::Data(std::make_shared<const LoopState>(state)));
    flow = Spend(line) ? Walk(node.body) : Flow::kFailed;
  }
  state_.scopes.pop_back();
  return flow == Flow::kFailed ? flow : Flow::kDone;
}

Renderer::Flow Renderer::Table(const ForNode& node, const Item& collection, const Turns& turns, size_t columns, int line) {
  const Sequence all(collection);
  LoopState state{{}, static_cast<int64_t>(turns.count), 0, static_cast<int64_t>(columns), nullptr};
  state_.scopes.push_back({&node.variable, Item(), "tablerowloop", Item()});
  out_ += "<tr class=\"row1\">\n";
  Flow flow = Flow::kDone;
  for (size_t i = 0; i < turns.count && flow != Flow::kBreak && flow != Flow::kFailed; ++i) {
    state.index0 = static_cast<int64_t>(i);
    state_.scopes.back().value = all.At(turns.first + i);
    state_.scopes.back().loop = Item(Item::Data(std::make_shared<const LoopState>(state)));
    if (i > 0 && i % columns == 0) out_ += "</tr>\n<tr class=\"row" + std::to_string(i / columns + 1) + "\">";
    out_ += "<td class=\"col" + std::to_string(i % columns + 1) + "\">";
    flow = Spend(line) ? Walk(node.body) : Flow::kFailed;
    out_ += "</td>";
  }
  out_ += "</tr>\n";
  state_.scopes.pop_back();
  return flow == Flow::kFailed ? flow : Flow::kDone;
}

}  // namespace workflow::liquid
