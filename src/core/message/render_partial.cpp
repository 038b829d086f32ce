// render and include: another template's text in the place of the tag.
#include <algorithm>

#include "core/message/render.h"

namespace workflow::liquid {

namespace {

constexpr size_t kPartialsMax = 16;  // one within the other; a call of C++ each

}  // namespace

Renderer::Flow Renderer::Visit(const PartialNode& node, int line) {
  const auto same = [&](const PartialNode* outer) { return outer->name == node.name; };
  const std::string name = "\"" + node.name + "\"";
  if (std::any_of(inside_.begin(), inside_.end(), same)) return Fail(line, "template " + name + " renders itself");
  if (inside_.size() == kPartialsMax) return Fail(line, "templates are rendered more than " + std::to_string(kPartialsMax) + " deep");
  const Template* partial = context_.partials == nullptr ? nullptr : context_.partials->Find(node.name);
  if (partial == nullptr) return Fail(line, "there is no template " + name + " to render", "Store it with workflow.put_template().");
  if (!partial->root_) return Flow::kDone;  // of no text
  inside_.push_back(&node);
  const Flow flow = Partial(node, partial->root_->root);
  inside_.pop_back();
  // What went wrong went wrong at a line of the partial, and that stands at this one.
  if (failure_ && flow == Flow::kFailed) failure_->message = "line " + std::to_string(line) + ": in " + name + ", " + failure_->message;
  return flow;
}

Renderer::Flow Renderer::Partial(const PartialNode& node, const Block& body) {
  State inside;
  if (node.isolated) {
    for (const auto& [name, value] : node.arguments) inside.assigned[name] = Evaluate(value);
  }
  const Item bound = node.bound ? Evaluate(*node.bound) : Item();
  if (!node.each || (!bound.is_list() && bound.AsObject() == nullptr)) {
    if (!node.isolated) return Included(node, body, node.bound ? &bound : nullptr);
    if (node.bound) inside.assigned[node.variable] = bound;
    return Isolated(node, body, std::move(inside));
  }
  const Sequence all(bound);
  LoopState loop{node.variable, static_cast<int64_t>(all.size()), 0, 0, nullptr};
  Flow flow = Flow::kDone;
  for (size_t i = 0; i < all.size() && flow != Flow::kBreak && flow != Flow::kFailed; ++i) {
    loop.index0 = static_cast<int64_t>(i);
    const Item value = all.At(i);
    if (!node.isolated) {
      flow = Included(node, body, &value);
      continue;
    }
    // The loop is told as a value, so that a loop of the partial's has no loop around it.
    inside.assigned["forloop"] = Item(Item::Data(std::make_shared<const LoopState>(loop)));
    inside.assigned[node.variable] = value;
    flow = Isolated(node, body, inside);
  }
  return flow == Flow::kFailed ? flow : Flow::kDone;
}

// A break that no loop of the partial's takes ends the partial.
Renderer::Flow Renderer::Isolated(const PartialNode&, const Block& body, State inside) {
  std::swap(state_, inside);
  const Flow flow = Walk(body);
  std::swap(state_, inside);
  return flow == Flow::kFailed ? flow : Flow::kDone;
}

// What it is given hides what is assigned, and is gone afterwards; what it assigns stays.
Renderer::Flow Renderer::Included(const PartialNode& node, const Block& body, const Item* bound) {
  const size_t outer = state_.scopes.size();
  std::vector<Item> values;
  for (const auto& argument : node.arguments) values.push_back(Evaluate(argument.second));
  if (bound != nullptr) state_.scopes.push_back({&node.variable, *bound, {}, Item()});
  for (size_t i = 0; i < values.size(); ++i) state_.scopes.push_back({&node.arguments[i].first, std::move(values[i]), {}, Item()});
  const Flow flow = failure_ ? Flow::kFailed : Walk(body);
  state_.scopes.resize(outer, Scope{});
  return flow;
}

}  // namespace workflow::liquid
