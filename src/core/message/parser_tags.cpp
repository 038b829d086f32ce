// What each tag does when it is read.
#include <algorithm>

#include "core/message/parser.h"

namespace workflow::liquid {

const std::vector<Parser::TagSpec>& Parser::Tags() {
  static const std::vector<TagSpec> tags = {
      {"assign", &Parser::Assign},       {"break", &Parser::Jump},        {"capture", &Parser::Capture},
      {"case", &Parser::Case},           {"continue", &Parser::Jump},     {"cycle", &Parser::Cycle},
      {"decrement", &Parser::Counter},   {"echo", &Parser::Echo},         {"else", &Parser::Else},
      {"elsif", &Parser::Elsif},         {"for", &Parser::For},           {"if", &Parser::If},
      {"ifchanged", &Parser::IfChanged}, {"include", &Parser::Partial},   {"increment", &Parser::Counter},
      {"render", &Parser::Partial},      {"tablerow", &Parser::For},      {"unless", &Parser::If},
      {"when", &Parser::When},
  };
  return tags;
}

std::vector<std::string> Parser::TagNames() {
  std::vector<std::string> names = {"comment", "doc", "liquid", "raw"};
  for (const TagSpec& spec : Tags()) names.emplace_back(spec.name);
  for (const char* block : {"capture", "case", "comment", "for", "if", "ifchanged", "raw", "tablerow", "unless"}) {
    names.push_back("end" + std::string(block));
  }
  return names;
}

bool Parser::InLoop() const {
  return std::any_of(frames_.begin(), frames_.end(),
                     [](const Frame& frame) { return frame.tag == "for" || frame.tag == "tablerow"; });
}

// The frame that a part of a block (else, when) belongs to, or nullptr after a report.
Parser::Frame* Parser::Innermost(std::string_view tag, int line) {
  if (frames_.size() > floor_) return &frames_.back();
  reporter_->Error(line, "\"" + std::string(tag) + "\" stands outside of a block it could belong to");
  return nullptr;
}

void Parser::Echo(std::string_view, Markup* markup) {
  OutputNode node;
  const bool ok = markup->ReadPipeline(&node.value) && markup->ReadEnd();
  if (ok) Add(std::move(node), false);
}

void Parser::Assign(std::string_view, Markup* markup) {
  AssignNode node;
  if (!markup->ReadTarget(&node.name)) return;
  if (!markup->TakeIf("=")) {
    markup->Unexpected("\"=\"");
    return;
  }
  const bool ok = markup->ReadPipeline(&node.value) && markup->ReadEnd();
  names_->Bind(node.name);
  if (ok) Add(std::move(node), true);
}

void Parser::Capture(std::string_view tag, Markup* markup) {
  CaptureNode node;
  if (markup->next().kind == Lexeme::Kind::kString) {
    Expression name;
    if (markup->ReadExpression(&name)) node.name = *name.literal.AsString();
  } else {
    markup->ReadTarget(&node.name);
  }
  if (!markup->failed()) markup->ReadEnd();
  names_->Bind(node.name);
  Open(tag, std::move(node));
}

void Parser::If(std::string_view tag, Markup* markup) {
  IfNode node;
  node.branches.emplace_back();
  node.branches.back().kind = tag == "if" ? Branch::Kind::kIf : Branch::Kind::kUnless;
  if (markup->ReadCondition(&node.branches.back().condition)) markup->ReadEnd();
  Open(tag, std::move(node));
}

void Parser::Elsif(std::string_view tag, Markup* markup) {
  Frame* frame = Innermost(tag, line_);
  if (!frame) return;
  auto* node = std::get_if<IfNode>(&frame->node.data);
  if (!node) return reporter_->Error(line_, "\"elsif\" does not belong into \"" + std::string(frame->tag) + "\"");
  StoreBlock();
  node->branches.emplace_back();
  if (markup->ReadCondition(&node->branches.back().condition)) markup->ReadEnd();
}

// What follows the word is not read: {% else if x %} is an else, as everywhere in Liquid. The first else wins over what comes
// after.
void Parser::Else(std::string_view tag, Markup*) {
  Frame* frame = Innermost(tag, line_);
  if (!frame) return;
  if (auto* node = std::get_if<IfNode>(&frame->node.data)) {
    StoreBlock();
    node->branches.emplace_back();
    node->branches.back().kind = Branch::Kind::kElse;
  } else if (auto* cases = std::get_if<CaseNode>(&frame->node.data)) {
    StoreBlock();
    cases->whens.emplace_back();
    cases->whens.back().is_else = true;
  } else if (frame->tag == "for") {
    StoreBlock();
    frame->tag = "for-else";
    names_->LeaveLoop();
  } else {
    reporter_->Error(line_,
                     "\"else\" does not belong into \"" + std::string(frame->tag == "for-else" ? "else" : frame->tag) + "\"");
  }
}

void Parser::Case(std::string_view tag, Markup* markup) {
  CaseNode node;
  if (markup->ReadExpression(&node.subject)) markup->ReadEnd();
  Open(tag, std::move(node));
}

void Parser::When(std::string_view tag, Markup* markup) {
  Frame* frame = Innermost(tag, line_);
  if (!frame) return;
  auto* node = std::get_if<CaseNode>(&frame->node.data);
  if (!node) return reporter_->Error(line_, "\"when\" does not belong into \"" + std::string(frame->tag) + "\"");
  StoreBlock();
  node->whens.emplace_back();
  do {
    Expression value;
    if (!markup->ReadExpression(&value)) return;
    node->whens.back().values.push_back(std::move(value));
  } while (markup->TakeIf(",") || markup->TakeIf("or"));
  markup->ReadEnd();
}

void Parser::For(std::string_view tag, Markup* markup) {
  ForNode node;
  node.is_table = tag == "tablerow";
  if (markup->ReadName(&node.variable) && (markup->TakeIf("in") || markup->Unexpected("\"in\"")) &&
      markup->ReadExpression(&node.collection) && LoopOptions(&node, markup)) {
    markup->ReadEnd();
  }
  node.name = node.variable + "-" + node.collection.source;
  names_->EnterLoop({node.variable, node.is_table ? "tablerowloop" : "forloop"});
  Open(tag, std::move(node));
}

bool Parser::LoopOptions(ForNode* loop, Markup* markup) {
  while (!markup->AtEnd()) {
    markup->TakeIf(",");
    if (!loop->is_table && markup->TakeIf("reversed")) {
      loop->reversed = true;
      continue;
    }
    if (!markup->NextIsNamed()) return markup->Unexpected("an option of the loop");
    const std::string option(markup->next().text);
    const bool known = option == "limit" || option == "offset" || (option == "cols" && loop->is_table);
    if (!known) {
      return markup->Fail("unknown option \"" + option + "\"", NearestHint(option, {"limit", "offset", "reversed", "cols"}));
    }
    markup->TakeIf(option);
    markup->TakeIf(":");
    if (option == "offset" && !loop->is_table && markup->TakeIf("continue")) {
      loop->offset_continue = true;
      continue;
    }
    auto& value = option == "limit" ? loop->limit : option == "offset" ? loop->offset : loop->columns;
    if (!markup->ReadExpression(&value.emplace())) return false;
  }
  return true;
}

void Parser::Cycle(std::string_view, Markup* markup) {
  CycleNode node;
  node.values.emplace_back();
  if (!markup->ReadExpression(&node.values.back())) return;
  if (markup->TakeIf(":")) {
    node.group = std::move(node.values.back());
    node.values.back() = Expression();
    if (!markup->ReadExpression(&node.values.back())) return;
  }
  while (markup->TakeIf(",")) {
    node.values.emplace_back();
    if (!markup->ReadExpression(&node.values.back())) return;
  }
  if (!markup->ReadEnd()) return;
  for (const Expression& value : node.values) node.source += value.source + ",";
  Add(std::move(node), false);
}

void Parser::Counter(std::string_view tag, Markup* markup) {
  CounterNode node;
  node.decrement = tag == "decrement";
  if (!markup->ReadTarget(&node.name) || !markup->ReadEnd()) return;
  names_->Bind(node.name);
  Add(std::move(node), false);
}

void Parser::Jump(std::string_view tag, Markup* markup) {
  if (!markup->ReadEnd()) return;
  if (!InLoop() && !is_partial_) return reporter_->Error(line_, "\"" + std::string(tag) + "\" stands outside of a loop");
  Add(JumpNode{tag == "break"}, false);
}

// {% render 'footer' %}, with a value for it: {% render 'line' with order.lines[0] as line, currency: "IDR" %}, once for each:
// {% render 'line' for order.lines %}. The name is a text, so that what a template is made of can be told before it is rendered.
void Parser::Partial(std::string_view tag, Markup* markup) {
  PartialNode node;
  node.isolated = tag == "render";
  if (markup->next().kind != Lexeme::Kind::kString || markup->next().text.empty()) {
    markup->Unexpected("the name of a template in quotes");
    return;
  }
  Expression name;
  if (!markup->ReadExpression(&name)) return;
  node.name = *name.literal.AsString();
  node.variable = node.name.substr(0, node.name.find('@'));
  if (!PartialOptions(&node, markup)) return;
  PartialUse use{node.name, node.isolated ? std::vector<std::string>{"forloop"} : names_->InSight(), node.isolated};
  if (node.bound) use.binds.push_back(node.variable);
  for (const auto& argument : node.arguments) use.binds.push_back(argument.first);
  partials_->push_back(std::move(use));
  Add(std::move(node), false);
}

bool Parser::PartialOptions(PartialNode* node, Markup* markup) {
  if (!markup->NextIsNamed() && (markup->Is("with") || markup->Is("for"))) {
    node->each = markup->TakeIf("for") || !markup->TakeIf("with");
    if (!markup->ReadExpression(&node->bound.emplace())) return false;
    if (markup->TakeIf("as") && !markup->ReadTarget(&node->variable)) return false;
  }
  while (!markup->AtEnd()) {
    markup->TakeIf(",");
    if (markup->AtEnd()) break;
    if (!markup->NextIsNamed()) return markup->Unexpected("a name and a colon");
    auto& argument = node->arguments.emplace_back();
    if (!markup->ReadTarget(&argument.first) || !markup->TakeIf(":") || !markup->ReadExpression(&argument.second)) return false;
  }
  return true;
}

void Parser::IfChanged(std::string_view tag, Markup* markup) {
  markup->ReadEnd();
  Open(tag, IfChangedNode());
}

}  // namespace workflow::liquid
