// Expressions, filter chains and conditions, and how they are read from the inside of an output or tag.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/message/item.h"
#include "core/message/lexer.h"
#include "core/message/names.h"

namespace workflow::liquid {

struct FilterSpec;
struct Expression;

struct Step {  // one .name or [index] of a path
  std::string name;
  std::vector<Expression> index;  // one, or none where this is a name
};

struct Expression {
  enum class Kind : uint8_t { kLiteral, kPath, kRange };
  Kind kind = Kind::kLiteral;
  Item literal;
  std::vector<Step> path;         // the first step is looked up among the template's names
  std::vector<Expression> range;  // first and last
  std::string source;             // as written, for the names of loops and cycles
};

struct FilterCall {
  const FilterSpec* filter = nullptr;
  std::vector<Expression> arguments;
  std::vector<std::pair<std::string, Expression>> named;
  int line = 1;
};

struct Pipeline {
  Expression input;
  std::vector<FilterCall> filters;
};

enum class Operator : uint8_t { kNone, kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual, kContains };

struct Comparison {
  Expression left;
  Operator op = Operator::kNone;
  Expression right;
  bool and_next = false;  // how it is joined to the one after it
};

// Joined from right to left: a and b or c is a and (b or c).
struct Condition {
  std::vector<Comparison> parts;
  int line = 1;
};

struct Lexeme {
  enum class Kind : uint8_t { kName, kNumber, kString, kSymbol, kBad, kEnd };
  Kind kind = Kind::kEnd;
  std::string_view text;  // a string without its quotes
  int line = 1;
};

// Reads markup piece by piece. After the first problem everything else is quiet: one problem for each output or tag.
class Markup {
 public:
  Markup(std::string_view text, int line, Reporter* reporter, Names* names);

  bool ReadExpression(Expression* out);
  bool ReadPipeline(Pipeline* out);
  bool ReadCondition(Condition* out);
  bool ReadTarget(std::string* name);  // of assign and capture
  bool ReadName(std::string* name);
  bool ReadEnd();

  bool Is(std::string_view symbol_or_name) const;
  bool TakeIf(std::string_view symbol_or_name);
  bool AtEnd() const { return next_.kind == Lexeme::Kind::kEnd; }
  bool NextIsNamed() const;  // a name and a colon come next
  const Lexeme& next() const { return next_; }
  bool Fail(std::string message, std::string hint = {});
  bool Unexpected(std::string_view wanted);
  bool failed() const { return failed_; }

 private:
  Lexeme Scan(size_t* at, int* line) const;
  void Advance();
  bool ReadPrimary(Expression* out, int depth);
  bool ReadRange(Expression* out, int depth);
  bool ReadPath(Expression* out, int depth);
  bool ReadSteps(Expression* out, int depth);
  bool ReadFilter(FilterCall* call);
  bool ReadArguments(FilterCall* call);

  std::string_view text_;
  Reporter* reporter_;
  Names* names_;
  size_t at_ = 0;        // behind next_
  int line_ = 1;         // at at_
  Lexeme next_;
  size_t consumed_ = 0;  // end of the last lexeme taken
  bool failed_ = false;
};

}  // namespace workflow::liquid
