#include "core/message/lexer.h"

#include <algorithm>

#include "core/message/text.h"

namespace workflow::liquid {

void Reporter::Error(int line, std::string message, std::string hint) {
  constexpr int kReportedMax = 50;
  message = "line " + std::to_string(line) + ": " + message;
  if (count_++ == 0) first_ = {Severity::kError, "", message, hint};
  if (problems_ && count_ <= kReportedMax) problems_->Error("", std::move(message), std::move(hint));
}

void Lexer::MoveTo(size_t position) {
  line_ += static_cast<int>(std::count(text_.begin() + at_, text_.begin() + position, '\n'));
  at_ = position;
}

Token Lexer::Next() {
  if (at_ == text_.size()) return {Token::Kind::kEnd, {}, line_};
  const std::string_view rest = text_.substr(at_);
  if (rest.substr(0, 2) == "{{") return TakeMarkup("}}", Token::Kind::kOutput);
  if (rest.substr(0, 2) == "{%") return TakeMarkup("%}", Token::Kind::kTag);
  const size_t end = std::min({rest.size(), rest.find("{{"), rest.find("{%")});
  Token token{Token::Kind::kText, rest.substr(0, end), line_};
  if (trim_next_) token.text = StripLeft(token.text);
  if (end + 2 < rest.size() && rest[end + 2] == '-') token.text = StripRight(token.text);
  trim_next_ = false;
  MoveTo(at_ + end);
  return token;
}

Token Lexer::TakeMarkup(std::string_view close, Token::Kind kind) {
  const int line = line_;
  const size_t end = text_.find(close, at_ + 2);
  if (end == std::string_view::npos) {
    reporter_->Error(line, std::string(kind == Token::Kind::kOutput ? "output" : "tag") + " is not closed",
                     "Close it with \"" + std::string(close) + "\".");
    MoveTo(text_.size());
    return {Token::Kind::kEnd, {}, line_};
  }
  std::string_view inside = text_.substr(at_ + 2, end - at_ - 2);
  trim_next_ = !inside.empty() && inside.back() == '-';
  if (trim_next_) inside.remove_suffix(1);
  if (!inside.empty() && inside.front() == '-') inside.remove_prefix(1);
  inside = StripLeft(inside);
  const auto before = text_.substr(at_, static_cast<size_t>(inside.data() - text_.data()) - at_);
  const int inside_line = line + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
  MoveTo(end + 2);
  return {kind, StripRight(inside), inside_line};
}

// The next "{% name" at or after `from`, whatever follows the name.
bool Lexer::FindTag(size_t from, Tag* tag) const {
  tag->begin = text_.find("{%", from);
  if (tag->begin == std::string_view::npos) return false;
  size_t at = tag->begin + 2;
  tag->trims_left = at < text_.size() && text_[at] == '-';
  if (tag->trims_left) ++at;
  while (at < text_.size() && IsSpace(text_[at])) ++at;
  const size_t name = at;
  while (at < text_.size() && ((text_[at] >= 'a' && text_[at] <= 'z') || text_[at] == '_')) ++at;
  tag->name = text_.substr(name, at - name);
  while (at < text_.size() && IsSpace(text_[at])) ++at;
  tag->trims_right = at < text_.size() && text_[at] == '-';
  if (tag->trims_right) ++at;
  tag->end = text_.substr(at, 2) == "%}" ? at + 2 : 0;  // 0: more than a name
  return true;
}

bool Lexer::TakeRaw(std::string_view end, std::string_view* inside) {
  Tag tag;
  for (size_t from = at_; FindTag(from, &tag); from = tag.begin + 2) {
    if (tag.name != end || tag.end == 0) continue;
    *inside = text_.substr(at_, tag.begin - at_);
    if (trim_next_) *inside = StripLeft(*inside);
    if (tag.trims_left) *inside = StripRight(*inside);
    trim_next_ = tag.trims_right;
    MoveTo(tag.end);
    return true;
  }
  return false;
}

bool Lexer::SkipComment() {
  Tag tag;
  int depth = 1;
  bool raw = false;
  for (size_t from = at_; FindTag(from, &tag); from = tag.end ? tag.end : tag.begin + 2) {
    if (tag.name == "endraw" && tag.end) raw = false;
    if (raw) continue;
    if (tag.name == "raw" && tag.end) raw = true;
    if (tag.name == "comment") ++depth;
    if (tag.name == "endcomment" && --depth == 0) {
      const size_t close = tag.end ? tag.end : text_.find("%}", tag.begin);
      if (close == std::string_view::npos) return false;
      trim_next_ = tag.trims_right;
      MoveTo(tag.end ? tag.end : close + 2);
      return true;
    }
  }
  return false;
}

}  // namespace workflow::liquid
