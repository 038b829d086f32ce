#include "core/message/parser.h"

#include <algorithm>

#include "core/message/text.h"

namespace workflow::liquid {

namespace {

constexpr size_t kFramesMax = 100;  // of blocks within blocks

bool IsBlank(std::string_view text) { return Strip(text).empty(); }

// White space in a block that shows nothing else is not shown either.
void DropBlankText(Block* block) {
  std::erase_if(block->nodes, [](const Node& node) {
    const auto* text = std::get_if<TextNode>(&node.data);
    return text && IsBlank(text->text);
  });
}

bool IsTagChar(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view TagName(std::string_view markup) {
  size_t end = 0;
  while (end < markup.size() && IsTagChar(markup[end])) ++end;
  return markup.substr(0, end);
}

}  // namespace

Block Parser::Parse() {
  frames_.emplace_back();
  for (Token token = lexer_.Next(); token.kind != Token::Kind::kEnd && !stopped_; token = lexer_.Next()) {
    line_ = token.line;
    switch (token.kind) {
      case Token::Kind::kText:
        Text(token.text);
        break;
      case Token::Kind::kOutput:
        Output(token.text, token.line);
        break;
      default:
        Tag(token.text, token.line);
    }
  }
  for (size_t i = frames_.size(); i-- > 1 && !stopped_;) {
    reporter_->Error(frames_[i].node.line, "\"" + std::string(frames_[i].tag) + "\" is not closed",
                     "Close it with {% end" + std::string(frames_[i].tag) + " %}.");
  }
  return std::move(frames_[0].block);
}

void Parser::Add(Node::Data data, bool blank) {
  Block& block = frames_.back().block;
  block.blank = block.blank && blank;
  block.nodes.push_back({std::move(data), line_, blank});
}

void Parser::Text(std::string_view text) {
  if (!text.empty()) Add(TextNode{std::string(text)}, IsBlank(text));
}

void Parser::Output(std::string_view markup, int line) {
  Markup reader(markup, line, reporter_, names_);
  Echo("{{ }}", &reader);
}

void Parser::Tag(std::string_view markup, int line) {
  if (markup.substr(0, 1) == "#") return InlineComment(markup, line);
  const std::string_view name = TagName(markup);
  const std::string_view rest = markup.substr(name.size());
  if (name == "raw" || name == "doc" || name == "comment") return Raw(name, Strip(rest), line);
  if (name == "liquid") return Liquid(rest, line);
  Dispatch(name, rest, line);
}

void Parser::InlineComment(std::string_view markup, int line) {
  for (size_t begin = 0; begin <= markup.size(); ++line) {
    const size_t end = std::min(markup.find('\n', begin), markup.size());
    const std::string_view one = Strip(markup.substr(begin, end - begin));
    if (!one.empty() && one[0] != '#') return reporter_->Error(line, "each line of an inline comment begins with \"#\"");
    begin = end + 1;
  }
}

// raw, doc and comment: what is inside is taken as it stands.
void Parser::Raw(std::string_view tag, std::string_view rest, int line) {
  if (tag == "comment") {
    if (lexer_.SkipComment()) return;
  } else {
    if (!rest.empty()) reporter_->Error(line, "tag \"" + std::string(tag) + "\" takes no arguments");
    std::string_view inside;
    if (lexer_.TakeRaw("end" + std::string(tag), &inside)) {
      if (tag == "raw") return Text(inside);
      if (inside.find("{% doc") == std::string_view::npos && inside.find("{%- doc") == std::string_view::npos) return;
      return reporter_->Error(line, "\"doc\" cannot be nested");
    }
  }
  reporter_->Error(line, "\"" + std::string(tag) + "\" is not closed", "Close it with {% end" + std::string(tag) + " %}.");
  stopped_ = true;
}

void Parser::Dispatch(std::string_view name, std::string_view rest, int line) {
  line_ = line;
  if (name.substr(0, 3) == "end" && name.size() > 3) return End(name, line);
  for (const TagSpec& spec : Tags()) {
    if (spec.name != name) continue;
    Markup markup(rest, line, reporter_, names_);
    return (this->*spec.handler)(spec.name, &markup);
  }
  Unknown(name, line);
}

void Parser::Unknown(std::string_view name, int line) {
  if (name.empty()) return reporter_->Error(line, "a tag begins with its name");
  unknown_.emplace_back(name);
  reporter_->Error(line, "unknown tag \"" + std::string(name) + "\"", NearestHint(name, TagNames()));
}

void Parser::Open(std::string_view tag, Node::Data data) {
  if (frames_.size() > kFramesMax) {
    if (!stopped_) reporter_->Error(line_, "blocks are nested too deep");
    stopped_ = true;
    return;
  }
  frames_.emplace_back();
  frames_.back().tag = tag;
  frames_.back().node.data = std::move(data);
  frames_.back().node.line = line_;
}

// The block that has been read belongs to the latest part of the frame's node.
void Parser::StoreBlock() {
  Frame& frame = frames_.back();
  Block block = std::move(frame.block);
  frame.block = Block();
  if (auto* branches = std::get_if<IfNode>(&frame.node.data)) {
    branches->branches.back().body = std::move(block);
  } else if (auto* cases = std::get_if<CaseNode>(&frame.node.data)) {
    if (!cases->whens.empty()) {
      cases->whens.back().body = std::move(block);
      return;
    }
    DropBlankText(&block);
    if (!block.nodes.empty()) {
      reporter_->Error(block.nodes[0].line, "what stands between \"case\" and its first \"when\" is never shown");
    }
  } else if (auto* loop = std::get_if<ForNode>(&frame.node.data)) {
    (frame.tag == "for-else" ? loop->otherwise : loop->body) = std::move(block);
  } else if (auto* capture = std::get_if<CaptureNode>(&frame.node.data)) {
    capture->body = std::move(block);
  } else if (auto* changed = std::get_if<IfChangedNode>(&frame.node.data)) {
    changed->body = std::move(block);
  }
}

namespace {

// Drops white space from a node all of whose blocks are blank; says whether it is.
bool Tidy(Node* node) {
  std::vector<Block*> blocks;
  bool keeps_space = false;
  if (auto* branches = std::get_if<IfNode>(&node->data)) {
    for (Branch& branch : branches->branches) blocks.push_back(&branch.body);
  } else if (auto* cases = std::get_if<CaseNode>(&node->data)) {
    for (When& when : cases->whens) blocks.push_back(&when.body);
  } else if (auto* loop = std::get_if<ForNode>(&node->data)) {
    blocks = {&loop->body, &loop->otherwise};
    keeps_space = loop->is_table;
  } else if (auto* changed = std::get_if<IfChangedNode>(&node->data)) {
    blocks = {&changed->body};
  } else {
    return true;  // a capture shows nothing here, and what it captures keeps its white space
  }
  if (keeps_space || !std::all_of(blocks.begin(), blocks.end(), [](const Block* block) { return block->blank; })) return false;
  for (Block* block : blocks) DropBlankText(block);
  return true;
}

}  // namespace

void Parser::End(std::string_view tag, int line) {
  const std::string_view opened = tag.substr(3);
  if (std::find(unknown_.begin(), unknown_.end(), opened) != unknown_.end()) return;  // its beginning has been reported
  Frame& frame = frames_.back();
  const std::string_view open = frame.tag == "for-else" ? std::string_view("for") : frame.tag;
  if (frames_.size() <= floor_ || open != opened) {
    std::string hint;
    if (frames_.size() > floor_)
      hint = "\"" + std::string(open) + "\" of line " + std::to_string(frame.node.line) + " is to be closed first.";
    return reporter_->Error(line, "\"" + std::string(tag) + "\" closes nothing that is open", std::move(hint));
  }
  StoreBlock();
  if (frame.tag == "for" || frame.tag == "tablerow") names_->LeaveLoop();
  Node node = std::move(frame.node);
  node.blank = Tidy(&node);
  frames_.pop_back();
  Block& block = frames_.back().block;
  block.blank = block.blank && node.blank;
  block.nodes.push_back(std::move(node));
}

// Each line is a tag without delimiters.
void Parser::Liquid(std::string_view markup, int line) {
  const size_t floor = floor_;
  floor_ = frames_.size();
  std::vector<std::string_view> lines;
  for (size_t begin = 0; begin <= markup.size();) {
    const size_t end = std::min(markup.find('\n', begin), markup.size());
    lines.push_back(Strip(markup.substr(begin, end - begin)));
    begin = end + 1;
  }
  for (size_t i = 0; i < lines.size() && !stopped_; ++i) {
    const int at = line + static_cast<int>(i);
    std::string_view name = TagName(lines[i]);
    std::string_view rest = lines[i].substr(name.size());
    while (name == "liquid") {
      const std::string_view inner = Strip(rest);
      name = TagName(inner);
      rest = inner.substr(name.size());
      if (inner.empty() || inner[0] == '#') lines[i] = {};
    }
    if (lines[i].empty() || lines[i][0] == '#') continue;
    if (name == "comment") {
      if (!SkipLines(&lines, &i))
        reporter_->Error(at, "\"comment\" is not closed", "Close it with endcomment on a line of its own.");
    } else if (name == "raw" || name == "doc") {
      reporter_->Error(at, "tag \"" + std::string(name) + "\" cannot stand in a liquid tag");
    } else {
      Dispatch(name, rest, at);
    }
  }
  while (frames_.size() > floor_ && !stopped_) {
    reporter_->Error(frames_.back().node.line, "\"" + std::string(frames_.back().tag) + "\" is not closed within its liquid tag");
    if (frames_.back().tag == "for" || frames_.back().tag == "tablerow") names_->LeaveLoop();
    frames_.pop_back();
  }
  floor_ = floor;
}

bool Parser::SkipLines(std::vector<std::string_view>* lines, size_t* at) {
  int depth = 0;
  for (; *at < lines->size(); ++*at) {
    const std::string_view name = TagName((*lines)[*at]);
    if (name == "comment") ++depth;
    if (name == "endcomment" && --depth == 0) return true;
  }
  return false;
}

}  // namespace workflow::liquid
