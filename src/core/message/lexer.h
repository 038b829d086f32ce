// A template's text as a run of literal text, outputs {{ }} and tags {% %}, white space control applied. The parser pulls, so that
// it can take the inside of raw, comment and doc as it stands.
#pragma once

#include <string>
#include <string_view>

#include "core/base/problem.h"

namespace workflow::liquid {

// Collects what is wrong with a template, up to a number that a person can read.
class Reporter {
 public:
  explicit Reporter(Problems* problems) : problems_(problems) {}
  void Error(int line, std::string message, std::string hint = {});
  bool failed() const { return count_ > 0; }
  const Problem& first() const { return first_; }

 private:
  Problems* problems_;  // may be absent
  Problem first_;
  int count_ = 0;
};

struct Token {
  enum class Kind : uint8_t { kText, kOutput, kTag, kEnd };
  Kind kind = Kind::kEnd;
  std::string_view text;  // for outputs and tags without delimiters, dashes and outer white space
  int line = 1;           // where `text` begins
};

class Lexer {
 public:
  Lexer(std::string_view text, Reporter* reporter) : text_(text), reporter_(reporter) {}
  Token Next();
  int line() const { return line_; }

  // Everything up to the tag `end`, which is consumed; false where there is none (then nothing is).
  bool TakeRaw(std::string_view end, std::string_view* inside);
  // Leaves a comment whose opening tag has been read; comments nest, and raw inside hides its content.
  bool SkipComment();

 private:
  struct Tag {
    std::string_view name;
    size_t begin = 0, end = 0;  // of the whole tag
    bool trims_left = false, trims_right = false;
  };
  bool FindTag(size_t from, Tag* tag) const;
  Token TakeMarkup(std::string_view close, Token::Kind kind);
  void MoveTo(size_t position);

  std::string_view text_;
  Reporter* reporter_;
  size_t at_ = 0;
  int line_ = 1;
  bool trim_next_ = false;
};

}  // namespace workflow::liquid
