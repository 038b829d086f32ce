// Turns a template's text into blocks of nodes. Tags open frames on a stack of bounded height; nothing here recurses with the input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/message/lexer.h"
#include "core/message/names.h"
#include "core/message/node.h"

namespace workflow::liquid {

class Parser {
 public:
  Parser(std::string_view text, Reporter* reporter, Names* names, std::vector<PartialUse>* partials, bool is_partial)
      : lexer_(text, reporter), reporter_(reporter), names_(names), partials_(partials), is_partial_(is_partial) {}
  Block Parse();

 private:
  using Handler = void (Parser::*)(std::string_view tag, Markup* markup);
  struct TagSpec {
    std::string_view name;
    Handler handler;
  };
  // A block that is still open: its node so far, and the part of it that is being filled.
  struct Frame {
    std::string_view tag;
    Node node;
    Block block;
  };

  static const std::vector<TagSpec>& Tags();
  static std::vector<std::string> TagNames();

  void Text(std::string_view text);
  void Output(std::string_view markup, int line);
  void Tag(std::string_view markup, int line);
  void Dispatch(std::string_view name, std::string_view rest, int line);
  void Unknown(std::string_view name, int line);
  void InlineComment(std::string_view markup, int line);
  void Liquid(std::string_view markup, int line);
  void Raw(std::string_view tag, std::string_view rest, int line);
  bool SkipLines(std::vector<std::string_view>* lines, size_t* at);

  void Open(std::string_view tag, Node::Data data);
  void StoreBlock();  // into the node of the innermost frame
  void End(std::string_view tag, int line);
  void Add(Node::Data data, bool blank);
  bool InLoop() const;
  Frame* Innermost(std::string_view tag, int line);

  void Echo(std::string_view tag, Markup* markup);
  void Assign(std::string_view tag, Markup* markup);
  void Capture(std::string_view tag, Markup* markup);
  void If(std::string_view tag, Markup* markup);
  void Elsif(std::string_view tag, Markup* markup);
  void Else(std::string_view tag, Markup* markup);
  void Case(std::string_view tag, Markup* markup);
  void When(std::string_view tag, Markup* markup);
  void For(std::string_view tag, Markup* markup);
  bool LoopOptions(ForNode* loop, Markup* markup);
  void Cycle(std::string_view tag, Markup* markup);
  void Counter(std::string_view tag, Markup* markup);
  void Jump(std::string_view tag, Markup* markup);
  void IfChanged(std::string_view tag, Markup* markup);
  void Partial(std::string_view tag, Markup* markup);
  bool PartialOptions(PartialNode* node, Markup* markup);

  Lexer lexer_;
  Reporter* reporter_;
  Names* names_;
  std::vector<PartialUse>* partials_;
  bool is_partial_;
  std::vector<Frame> frames_;  // the first is the template itself
  size_t floor_ = 1;           // frames below are out of reach: a liquid tag closes only what it opened
  int line_ = 1;               // of the tag at hand
  bool stopped_ = false;       // nothing more can be said about the rest
  std::vector<std::string> unknown_;
};

}  // namespace workflow::liquid
