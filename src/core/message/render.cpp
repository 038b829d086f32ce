#include "core/message/render.h"

#include "core/message/text.h"

namespace workflow::liquid {

Result<std::string> Renderer::Render(const Block& root) {
  Walk(root);
  if (failure_) return std::move(*failure_);
  return std::move(out_);
}

Renderer::Flow Renderer::Fail(int line, std::string message, std::string hint) {
  if (!failure_) failure_ = Failure{"line " + std::to_string(line) + ": " + std::move(message), std::move(hint)};
  return Flow::kFailed;
}

// One step, and the place where every other excess is noticed.
bool Renderer::Spend(int line) {
  budget_.Spend();
  budget_.Holds(out_.size());
  if (budget_.exceeded()) Fail(line, budget_.reason(), budget_.hint());
  return !failure_;
}

Renderer::Flow Renderer::Walk(const Block& block) {
  for (const Node& node : block.nodes) {
    if (!Spend(node.line)) return Flow::kFailed;
    const Flow flow = Visit(node);
    budget_.Holds(out_.size());
    if (!failure_ && budget_.exceeded()) Fail(node.line, budget_.reason(), budget_.hint());
    if (failure_) return Flow::kFailed;
    if (flow != Flow::kDone) return flow;
  }
  return Flow::kDone;
}

Renderer::Flow Renderer::Visit(const Node& node) {
  return std::visit([&](const auto& data) { return Visit(data, node.line); }, node.data);
}

void Renderer::Write(const Item& item) {
  if (!context_.escape_html || item.is_html()) return AppendText(item, &budget_, &out_);
  AppendHtmlEscaped(ToText(item, &budget_), &out_);
}

Renderer::Flow Renderer::Visit(const TextNode& node, int) {
  if (budget_.Holds(out_.size() + node.text.size()) && budget_.SpendOnBytes(node.text.size())) out_ += node.text;
  return Flow::kDone;
}

Renderer::Flow Renderer::Visit(const OutputNode& node, int) {
  const auto value = Evaluate(node.value);
  if (!value) return Flow::kFailed;
  Write(*value);
  return Flow::kDone;
}

Renderer::Flow Renderer::Visit(const AssignNode& node, int) {
  auto value = Evaluate(node.value);
  if (!value) return Flow::kFailed;
  state_.assigned[node.name] = std::move(*value);
  return Flow::kDone;
}

// What a break inside captured counts as captured, as it does for the output.
Renderer::Flow Renderer::Visit(const CaptureNode& node, int) {
  std::string outer;
  outer.swap(out_);
  const Flow flow = Walk(node.body);
  outer.swap(out_);
  // Its outputs have been escaped one by one, so the whole is not escaped again.
  state_.assigned[node.name] = context_.escape_html ? Item::Html(std::move(outer)) : Item::String(std::move(outer));
  return flow;
}

Renderer::Flow Renderer::Visit(const CounterNode& node, int) {
  int64_t& counter = state_.counters[node.name];
  out_ += std::to_string(node.decrement ? --counter : counter++);
  return Flow::kDone;
}

Renderer::Flow Renderer::Visit(const JumpNode& node, int) { return node.is_break ? Flow::kBreak : Flow::kContinue; }

Renderer::Flow Renderer::Visit(const IfChangedNode& node, int) {
  std::string outer;
  outer.swap(out_);
  const Flow flow = Walk(node.body);
  outer.swap(out_);
  if (state_.changed != outer) {
    if (budget_.Holds(out_.size() + outer.size())) out_ += outer;
    state_.changed = std::move(outer);
  }
  return flow;
}

Renderer::Flow Renderer::Visit(const IfNode& node, int) {
  for (const Branch& branch : node.branches) {
    if (branch.kind == Branch::Kind::kElse) return Walk(branch.body);
    const auto holds = Holds(branch.condition);
    if (!holds) return Flow::kFailed;
    if (*holds == (branch.kind == Branch::Kind::kIf)) return Walk(branch.body);
  }
  return Flow::kDone;
}

// Each value of a when that matches shows its block once; an else shows where nothing before it has matched.
Renderer::Flow Renderer::Visit(const CaseNode& node, int line) {
  const Item subject = Evaluate(node.subject);
  bool matched = false;
  for (const When& when : node.whens) {
    size_t times = when.is_else && !matched ? 1 : 0;
    for (const Expression& value : when.values) {
      if (!Spend(line)) return Flow::kFailed;
      times += Equal(subject, Evaluate(value), &budget_);
    }
    matched = matched || (times > 0 && !when.is_else);
    for (; times > 0; --times) {
      if (const Flow flow = Walk(when.body); flow != Flow::kDone) return flow;
    }
  }
  return Flow::kDone;
}

Renderer::Flow Renderer::Visit(const CycleNode& node, int) {
  const std::string group = node.group ? "group " + ToText(Evaluate(*node.group), &budget_) : "values " + node.source;
  size_t& turn = state_.cycles[group];
  if (turn >= node.values.size()) turn = 0;
  Write(Evaluate(node.values[turn++]));
  return Flow::kDone;
}

}  // namespace workflow::liquid
