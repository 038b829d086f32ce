#include "core/message/expression.h"

#include <algorithm>
#include <array>

#include "core/message/filters.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

constexpr int kDepthMax = 32;  // of brackets within brackets

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

constexpr std::array<std::pair<std::string_view, Operator>, 8> kOperators = {{{"==", Operator::kEqual},
                                                                              {"!=", Operator::kNotEqual},
                                                                              {"<>", Operator::kNotEqual},
                                                                              {"<=", Operator::kLessOrEqual},
                                                                              {">=", Operator::kGreaterOrEqual},
                                                                              {"<", Operator::kLess},
                                                                              {">", Operator::kGreater},
                                                                              {"contains", Operator::kContains}}};
constexpr std::string_view kSymbols[] = {"==", "!=", "<>", "<=", ">=", "..", "<", ">", "|",
                                         ":",  ",",  ".",  "[",  "]",  "(",  ")", "="};

bool Literal(std::string_view word, Item* out) {
  if (word == "true" || word == "false") {
    *out = Item::Boolean(word == "true");
  } else if (word == "nil" || word == "null") {
    *out = Item();
  } else if (word == "empty") {
    *out = Item(Item::Data(Special::kEmpty));
  } else if (word == "blank") {
    *out = Item(Item::Data(Special::kBlank));
  } else {
    return false;
  }
  return true;
}

// The member a step names whatever the data is, or nullptr: .name, or ["name"] that could be written so.
const std::string* FixedName(const Step& step) {
  if (step.index.empty()) return &step.name;
  const Expression& index = step.index[0];
  const std::string* text = index.kind == Expression::Kind::kLiteral ? index.literal.AsString() : nullptr;
  const auto plain = [](char c) { return IsLetter(c) || IsDigit(c) || c == '-'; };
  return text && !text->empty() && std::all_of(text->begin(), text->end(), plain) ? text : nullptr;
}

// The path's names up to the first part that only the data can tell, as references() promises.
std::string Dotted(const std::vector<Step>& path) {
  std::string dotted = path[0].name;
  for (size_t i = 1; i < path.size() && FixedName(path[i]); ++i) dotted += "." + *FixedName(path[i]);
  return dotted;
}

}  // namespace

Markup::Markup(std::string_view text, int line, Reporter* reporter, Names* names)
    : text_(text), reporter_(reporter), names_(names), line_(line) {
  next_ = Scan(&at_, &line_);
}

Lexeme Markup::Scan(size_t* at, int* line) const {
  size_t begin = *at;
  for (; begin < text_.size() && IsSpace(text_[begin]); ++begin) *line += text_[begin] == '\n';
  const std::string_view rest = text_.substr(begin);
  Lexeme lexeme{Lexeme::Kind::kEnd, rest.substr(0, 0), *line};
  size_t end = 0;
  const auto skip = [&](auto matches) {
    while (end < rest.size() && matches(rest[end])) ++end;
  };
  if (rest.empty()) {
    // the end
  } else if (IsLetter(rest[0])) {
    lexeme.kind = Lexeme::Kind::kName;
    skip([](char c) { return IsLetter(c) || IsDigit(c) || c == '-'; });
    if (end < rest.size() && rest[end] == '?') ++end;
  } else if (IsDigit(rest[0]) || (rest[0] == '-' && rest.size() > 1 && IsDigit(rest[1]))) {
    lexeme.kind = Lexeme::Kind::kNumber;
    end = 1;
    skip(IsDigit);
    if (end + 1 < rest.size() && rest[end] == '.' && IsDigit(rest[end + 1])) {
      ++end;
      skip(IsDigit);
    }
  } else if (rest[0] == '"' || rest[0] == '\'') {
    const size_t close = rest.find(rest[0], 1);
    lexeme.kind = close == std::string_view::npos ? Lexeme::Kind::kBad : Lexeme::Kind::kString;
    end = close == std::string_view::npos ? 1 : close + 1;
    *line += static_cast<int>(std::count(rest.begin(), rest.begin() + end, '\n'));
  } else {
    const auto* symbol =
        std::find_if(std::begin(kSymbols), std::end(kSymbols), [&](auto s) { return rest.substr(0, s.size()) == s; });
    lexeme.kind = symbol == std::end(kSymbols) ? Lexeme::Kind::kBad : Lexeme::Kind::kSymbol;
    end = symbol == std::end(kSymbols) ? CharLength(rest) : symbol->size();
  }
  lexeme.text = lexeme.kind == Lexeme::Kind::kString ? rest.substr(1, end - 2) : rest.substr(0, end);
  *at = begin + end;
  return lexeme;
}

void Markup::Advance() {
  consumed_ = at_;
  next_ = Scan(&at_, &line_);
}

bool Markup::Is(std::string_view wanted) const {
  return (next_.kind == Lexeme::Kind::kSymbol || next_.kind == Lexeme::Kind::kName) && next_.text == wanted;
}

bool Markup::TakeIf(std::string_view wanted) {
  if (!Is(wanted)) return false;
  Advance();
  return true;
}

bool Markup::NextIsNamed() const {
  size_t at = at_;
  int line = line_;
  return next_.kind == Lexeme::Kind::kName && Scan(&at, &line).text == ":";
}

bool Markup::Fail(std::string message, std::string hint) {
  if (!failed_) reporter_->Error(next_.line, std::move(message), std::move(hint));
  failed_ = true;
  return false;
}

bool Markup::Unexpected(std::string_view wanted) {
  const bool is_string = next_.kind == Lexeme::Kind::kString;
  std::string message =
      AtEnd() ? "unexpected end" : "unexpected " + std::string(is_string ? "text " : "") + "\"" + std::string(next_.text) + "\"";
  if (!wanted.empty()) message += ", expected " + std::string(wanted);
  std::string hint;
  if (next_.kind == Lexeme::Kind::kBad && (next_.text == "\"" || next_.text == "'")) hint = "The quote is not closed.";
  if (next_.text == "\u201c" || next_.text == "\u201d" || next_.text == "\u2018" || next_.text == "\u2019") {
    hint = "Use the straight quotes \" or '.";
  }
  return Fail(std::move(message), std::move(hint));
}

bool Markup::ReadEnd() { return AtEnd() || Unexpected(""); }

bool Markup::ReadName(std::string* name) {
  if (next_.kind != Lexeme::Kind::kName) return Unexpected("a name");
  *name = next_.text;
  Advance();
  return true;
}

bool Markup::ReadTarget(std::string* name) {
  if (next_.kind == Lexeme::Kind::kName && next_.text.back() == '?') return Fail("a name to bind cannot end in \"?\"");
  return ReadName(name);
}

bool Markup::ReadExpression(Expression* out) { return ReadPrimary(out, 0); }

bool Markup::ReadPrimary(Expression* out, int depth) {
  if (depth > kDepthMax) return Fail("brackets are nested too deep");
  const size_t begin = static_cast<size_t>(next_.text.data() - text_.data());
  bool ok = true;
  if (next_.kind == Lexeme::Kind::kString) {
    out->literal = Item::String(std::string(next_.text));
    Advance();
  } else if (next_.kind == Lexeme::Kind::kNumber) {
    const auto number = ParseNumber(next_.text);
    if (!number) return Fail("number is too long");
    out->literal = Item::Of(*number);
    Advance();
  } else if (Is("(")) {
    ok = ReadRange(out, depth);
  } else if (next_.kind == Lexeme::Kind::kName || Is("[")) {
    ok = ReadPath(out, depth);
  } else {
    return Unexpected("a value");
  }
  if (ok) out->source = Strip(text_.substr(begin, consumed_ - begin));
  return ok;
}

bool Markup::ReadRange(Expression* out, int depth) {
  Advance();
  out->kind = Expression::Kind::kRange;
  out->range.resize(2);
  if (!ReadPrimary(&out->range[0], depth + 1)) return false;
  if (!TakeIf("..")) return Unexpected("\"..\"");
  if (!ReadPrimary(&out->range[1], depth + 1)) return false;
  return TakeIf(")") || Unexpected("\")\"");
}

bool Markup::ReadPath(Expression* out, int depth) {
  out->kind = Expression::Kind::kPath;
  if (next_.kind == Lexeme::Kind::kName) {
    const std::string_view word = next_.text;
    Advance();
    if (!Is(".") && !Is("[") && Literal(word, &out->literal)) {
      out->kind = Expression::Kind::kLiteral;
      return true;
    }
    out->path.push_back({std::string(word), {}});
  }
  if (!ReadSteps(out, depth)) return false;
  if (out->path[0].index.empty()) names_->Read(out->path[0].name, Dotted(out->path));
  return true;
}

bool Markup::ReadSteps(Expression* out, int depth) {
  constexpr size_t kStepsMax = 64;
  while (true) {
    Step step;
    if (TakeIf(".")) {
      if (!ReadName(&step.name)) return false;
    } else if (TakeIf("[")) {
      step.index.resize(1);
      if (!ReadPrimary(&step.index[0], depth + 1)) return false;
      if (!TakeIf("]")) return Unexpected("\"]\"");
      const Expression& index = step.index[0];
      const std::string* text = index.kind == Expression::Kind::kLiteral ? index.literal.AsString() : nullptr;
      // A name at the head of a path is a name however it is written; further on the brackets ask for a member and nothing else.
      if (text && out->path.empty()) step = {*text, {}};
    } else {
      return true;
    }
    if (out->path.size() == kStepsMax) return Fail("path has too many parts");
    out->path.push_back(std::move(step));
  }
}

bool Markup::ReadPipeline(Pipeline* out) {
  if (!ReadExpression(&out->input)) return false;
  while (TakeIf("|")) {
    FilterCall call;
    if (!ReadFilter(&call)) return false;
    out->filters.push_back(std::move(call));
  }
  return true;
}

bool Markup::ReadFilter(FilterCall* call) {
  call->line = next_.line;
  if (next_.kind != Lexeme::Kind::kName) return Unexpected("the name of a filter");
  const std::string name(next_.text);
  call->filter = FindFilter(name);
  if (!call->filter) return Fail("unknown filter \"" + name + "\"", NearestHint(name, FilterNames()));
  Advance();
  if (TakeIf(":") && !ReadArguments(call)) return false;
  const FilterSpec& filter = *call->filter;
  const size_t count = call->arguments.size();
  if (count >= filter.arguments_min && count <= filter.arguments_max) return true;
  std::string takes = std::to_string(filter.arguments_min);
  if (filter.arguments_max != filter.arguments_min) takes += " to " + std::to_string(filter.arguments_max);
  return Fail("filter \"" + name + "\" takes " + takes + (takes == "1" ? " argument" : " arguments") + ", not " +
              std::to_string(count));
}

bool Markup::ReadArguments(FilterCall* call) {
  do {
    if (NextIsNamed()) {
      std::string name;
      if (next_.text != call->filter->named) {
        return Fail("filter \"" + std::string(call->filter->name) + "\" takes no argument named \"" + std::string(next_.text) +
                    "\"");
      }
      Expression value;
      if (!ReadName(&name) || !TakeIf(":") || !ReadExpression(&value)) return false;
      call->named.emplace_back(std::move(name), std::move(value));
    } else if (Expression value; ReadExpression(&value)) {
      call->arguments.push_back(std::move(value));
    } else {
      return false;
    }
  } while (TakeIf(","));
  return true;
}

bool Markup::ReadCondition(Condition* out) {
  out->line = next_.line;
  while (true) {
    Comparison part;
    if (!ReadExpression(&part.left)) return false;
    for (const auto& [text, op] : kOperators) {
      if (!TakeIf(text)) continue;
      part.op = op;
      if (!ReadExpression(&part.right)) return false;
      break;
    }
    part.and_next = Is("and");
    const bool more = TakeIf("and") || TakeIf("or");
    out->parts.push_back(std::move(part));
    if (!more) return true;
  }
}

}  // namespace workflow::liquid
