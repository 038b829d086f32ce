// A parsed template: what a render walks over. Blocks nest no deeper than the parser allows, so walking may recurse.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/message/expression.h"
#include "core/message/template.h"

namespace workflow::liquid {

struct Node;

struct Block {
  std::vector<Node> nodes;
  bool blank = true;  // shows nothing but white space, whatever the data is
};

struct TextNode { std::string text; };
struct OutputNode { Pipeline value; };
struct AssignNode { std::string name; Pipeline value; };
struct CaptureNode { std::string name; Block body; };
struct CounterNode { std::string name; bool decrement = false; };
struct JumpNode { bool is_break = false; };
struct IfChangedNode { Block body; };

struct Branch {
  enum class Kind : uint8_t { kIf, kUnless, kElse };
  Kind kind = Kind::kIf;
  Condition condition;
  Block body;
};
struct IfNode { std::vector<Branch> branches; };

struct When {
  std::vector<Expression> values;
  bool is_else = false;
  Block body;
};
struct CaseNode { Expression subject; std::vector<When> whens; };

struct ForNode {
  std::string variable;
  std::string name;  // what `offset: continue` goes by
  Expression collection;
  std::optional<Expression> limit, offset;
  std::optional<Expression> columns;  // of a tablerow
  bool offset_continue = false;
  bool reversed = false;
  bool is_table = false;
  Block body, otherwise;
};

struct CycleNode {
  std::optional<Expression> group;
  std::string source;  // the group where none is named: cycles written alike go together
  std::vector<Expression> values;
};

struct PartialNode {
  std::string name;
  bool isolated = false;               // render: sees the data and what it is given, and leaves nothing behind
  bool each = false;                   // once for each element of `bound`
  std::optional<Expression> bound;
  std::string variable;                // what the bound value is called in the partial
  std::vector<std::pair<std::string, Expression>> arguments;
};

struct Node {
  using Data = std::variant<TextNode, OutputNode, AssignNode, CaptureNode, CounterNode, JumpNode, IfChangedNode, IfNode, CaseNode, ForNode,
                            CycleNode, PartialNode>;
  Data data;
  int line = 1;
  bool blank = false;
};

}  // namespace workflow::liquid

namespace workflow {

struct Template::Node {
  liquid::Block root;
};

}  // namespace workflow
