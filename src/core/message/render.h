// Walks a parsed template and writes its output. One Renderer renders once.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/message/filters.h"
#include "core/message/node.h"

namespace workflow::liquid {

class Renderer {
 public:
  explicit Renderer(const RenderContext& context)
      : context_(context), budget_(context.limits.steps_max, context.limits.output_bytes_max) {}
  Result<std::string> Render(const Block& root);

 private:
  // What a block comes to an end with; all but kDone leave the blocks around it too.
  enum class Flow : uint8_t { kDone, kBreak, kContinue, kFailed };

  struct Scope {  // of a loop: its variable, and forloop or tablerowloop
    const std::string* variable;
    Item value;
    std::string_view loop_name;
    Item loop;
  };
  struct Turns {  // the part of a collection that a loop walks over
    size_t first = 0;
    size_t count = 0;
  };

  Flow Walk(const Block& block);
  Flow Visit(const Node& node);
  Flow Visit(const TextNode& node, int line);
  Flow Visit(const OutputNode& node, int line);
  Flow Visit(const AssignNode& node, int line);
  Flow Visit(const CaptureNode& node, int line);
  Flow Visit(const CounterNode& node, int line);
  Flow Visit(const JumpNode& node, int line);
  Flow Visit(const IfChangedNode& node, int line);
  Flow Visit(const IfNode& node, int line);
  Flow Visit(const CaseNode& node, int line);
  Flow Visit(const ForNode& node, int line);
  Flow Visit(const CycleNode& node, int line);
  Flow Visit(const PartialNode& node, int line);

  // What is set while a template is walked; a partial that is rendered has its own.
  struct State {
    std::map<std::string, Item, std::less<>> assigned;
    std::map<std::string, int64_t, std::less<>> counters;
    std::map<std::string, size_t, std::less<>> cycles;
    std::map<std::string, size_t, std::less<>> continued;  // where a loop of that name has come to
    std::optional<std::string> changed;                     // what ifchanged last showed
    std::vector<Scope> scopes;
  };

  Flow Isolated(const PartialNode& node, const Block& body, State inside);
  Flow Included(const PartialNode& node, const Block& body, const Item* bound);
  Flow Partial(const PartialNode& node, const Block& body);

  Item Evaluate(const Expression& expression);
  Item EvaluatePath(const Expression& expression);
  Item Lookup(const std::string& name) const;
  std::optional<Item> Evaluate(const Pipeline& pipeline);
  std::optional<Item> Apply(const FilterCall& call, const Item& input);
  std::optional<bool> Holds(const Condition& condition);
  std::optional<bool> Holds(const Comparison& comparison, int line);
  bool Contains(const Item& whole, const Item& part);

  std::optional<Turns> Bounds(const ForNode& node, size_t size, int line);
  std::optional<size_t> Count(const std::optional<Expression>& expression, size_t otherwise, const char* what, int line);
  Flow Loop(const ForNode& node, const Item& collection, const Turns& turns, int line);
  Flow Table(const ForNode& node, const Item& collection, const Turns& turns, size_t columns, int line);

  void Write(const Item& item);
  Flow Fail(int line, std::string message, std::string hint = {});
  bool Spend(int line);

  const RenderContext& context_;
  Budget budget_;
  std::string out_;
  std::optional<Failure> failure_;
  State state_;
  std::vector<const PartialNode*> inside_;  // the partials that are being rendered, one within the other
};

}  // namespace workflow::liquid
