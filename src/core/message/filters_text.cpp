// Filters on text.
#include <algorithm>

#include "core/message/filters.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

Item Text(std::string_view text) { return Item::String(std::string(text)); }

Result<Item> Upcase(const Call& call) { return Text(ToUpper(call.Text())); }
Result<Item> Downcase(const Call& call) { return Text(ToLower(call.Text())); }

Result<Item> Capitalize(const Call& call) {
  const std::string text = call.Text();
  const size_t first = CharLength(text);
  return Text(ToUpper(text.substr(0, first)) + ToLower(text.substr(first)));
}

Result<Item> StripBoth(const Call& call) { return Text(Strip(call.Text())); }
Result<Item> StripStart(const Call& call) { return Text(StripLeft(call.Text())); }
Result<Item> StripEnd(const Call& call) { return Text(StripRight(call.Text())); }

Result<Item> Join(const Call& call, size_t size, const std::string& head, const std::string& tail) {
  return call.budget.Holds(size) ? Text(head + tail) : Item();
}

Result<Item> Append(const Call& call) {
  const std::string text = call.Text(), tail = call.Text(0);
  return Join(call, text.size() + tail.size(), text, tail);
}

Result<Item> Prepend(const Call& call) {
  const std::string text = call.Text(), head = call.Text(0);
  return Join(call, text.size() + head.size(), head, text);
}

// Every occurrence from left to right. What is sought may be nothing: it then occurs around each character.
std::string ReplaceAll(const Call& call, const std::string& text, const std::string& sought, const std::string& with) {
  std::string out;
  size_t at = 0;
  call.budget.SpendOnSearch(text.size(), sought.size());
  const auto put = [&](std::string_view piece) {
    if (call.budget.Holds(out.size() + piece.size())) out += piece;
  };
  while (!call.budget.exceeded()) {
    const size_t found = sought.empty() ? at : text.find(sought, at);
    if (found == std::string::npos) break;
    put(std::string_view(text).substr(at, found - at));
    put(with);
    at = found + sought.size();
    if (!sought.empty()) continue;
    const size_t next = CharLength(std::string_view(text).substr(at));
    if (next == 0) break;
    put(std::string_view(text).substr(at, next));
    at += next;
  }
  put(std::string_view(text).substr(at));
  return out;
}

std::string ReplaceAt(const Call& call, std::string text, size_t found, size_t length, const std::string& with) {
  if (found != std::string::npos && call.budget.Holds(text.size() + with.size())) text.replace(found, length, with);
  return text;
}

Result<Item> Replace(const Call& call) { return Text(ReplaceAll(call, call.Text(), call.Text(0), call.Text(1))); }

Result<Item> ReplaceFirst(const Call& call) {
  const std::string text = call.Text(), sought = call.Text(0);
  if (!call.budget.SpendOnSearch(text.size(), sought.size())) return Item();
  return Text(ReplaceAt(call, text, text.find(sought), sought.size(), call.Text(1)));
}

Result<Item> ReplaceLast(const Call& call) {
  const std::string text = call.Text(), sought = call.Text(0);
  if (!call.budget.SpendOnSearch(text.size(), sought.size())) return Item();
  return Text(ReplaceAt(call, text, text.rfind(sought), sought.size(), call.Text(1)));
}

Result<Item> Remove(const Call& call) { return Text(ReplaceAll(call, call.Text(), call.Text(0), {})); }
// The argument that replace_first and replace_last would insert is missing, and what is missing is empty.
Result<Item> RemoveFirst(const Call& call) { return ReplaceFirst(call); }
Result<Item> RemoveLast(const Call& call) { return ReplaceLast(call); }

Result<Item> Split(const Call& call) {
  const std::string text = call.Text(), separator = call.Text(0);
  Items items;
  if (!call.budget.SpendOnSearch(text.size(), separator.size())) return Item();
  const auto put = [&](std::string_view piece) {
    if (call.budget.Spend()) items.push_back(Text(piece));
  };
  if (separator == " ") {
    for (const std::string_view word : Words(text)) put(word);
    return Item::Array(std::move(items));
  }
  std::string_view rest = text;
  if (separator.empty()) {
    for (; !rest.empty() && !call.budget.exceeded(); rest.remove_prefix(CharLength(rest))) put(rest.substr(0, CharLength(rest)));
    return Item::Array(std::move(items));
  }
  for (size_t found = rest.find(separator); found != std::string_view::npos; found = rest.find(separator)) {
    put(rest.substr(0, found));
    rest.remove_prefix(found + separator.size());
    if (call.budget.exceeded()) return Item();
  }
  put(rest);
  while (!items.empty() && items.back().AsString()->empty()) items.pop_back();
  return Item::Array(std::move(items));
}

Failure NotWhole(const Call& call, size_t index) {
  return Failure{"\"" + call.Text(index).substr(0, 40) + "\" is not a whole number"};
}

Result<Item> Slice(const Call& call) {
  const auto from = ToWhole(call.Argument(0));
  if (!from) return NotWhole(call, 0);
  const auto count = call.Has(1) ? ToWhole(call.Argument(1)) : 1;
  if (!count) return NotWhole(call, 1);
  const bool is_list = call.input.is_list();
  const Sequence all(call.input);
  const std::string text = is_list ? std::string() : call.Text();
  const auto size = static_cast<int64_t>(is_list ? all.size() : CharCount(text));
  const bool inside = *from <= size && *from >= -size && *count >= 0;
  const int64_t first = !inside ? 0 : *from < 0 ? *from + size : *from;
  const int64_t length = !inside ? 0 : std::min(*count, size - first);
  if (!is_list) return Text(CharSlice(text, static_cast<size_t>(first), static_cast<size_t>(length)));
  Items items;
  for (int64_t i = 0; i < length && call.budget.Spend(); ++i) items.push_back(all.At(static_cast<size_t>(first + i)));
  return Item::Array(std::move(items));
}

// To so many characters, what marks the cut included.
Result<Item> Truncate(const Call& call) {
  if (call.input.is_nil()) return Item();
  const auto wanted = call.Has(0) ? ToWhole(call.Argument(0)) : 50;
  if (!wanted) return NotWhole(call, 0);
  const std::string text = call.Text();
  const std::string mark = call.Has(1) ? call.Text(1) : "...";
  const auto length = static_cast<size_t>(std::max<int64_t>(*wanted, 0));
  if (CharCount(text) <= length) return Text(text);
  const size_t mark_length = CharCount(mark);
  const size_t kept = length > mark_length ? length - mark_length : 0;
  return Text(std::string(CharSlice(text, 0, kept)) + mark);
}

Result<Item> TruncateWords(const Call& call) {
  if (call.input.is_nil()) return Item();
  const auto wanted = call.Has(0) ? ToWhole(call.Argument(0)) : 15;
  if (!wanted) return NotWhole(call, 0);
  const std::string text = call.Text();
  const auto words = Words(text);
  const auto count = static_cast<size_t>(std::max<int64_t>(*wanted, 1));
  if (words.size() <= count) return Text(text);
  std::string out;
  for (size_t i = 0; i < count; ++i) out.append(i ? " " : "").append(words[i]);
  return Text(out + (call.Has(1) ? call.Text(1) : "..."));
}

Result<Item> Default(const Call& call) {
  bool allow_false = false;
  for (const auto& [name, value] : call.named) allow_false = value.is_truthy();
  const auto* boolean = call.input.As<bool>();
  const std::string* text = call.input.AsString();
  const bool empty = text ? text->empty() : (call.input.is_list() || call.input.AsObject()) && Sequence(call.input).size() == 0;
  const bool missing = call.input.is_nil() || (boolean && !*boolean && !allow_false) || empty || call.input.As<Special>();
  return missing ? call.Argument(0) : call.input;
}

Result<Item> Size(const Call& call) {
  const std::string* text = call.input.AsString();
  if (text) call.budget.SpendOnBytes(text->size());
  return Item::Integer(static_cast<int64_t>(text ? CharCount(*text) : Sequence(call.input).size()));
}

constexpr FilterSpec kTextFilters[] = {
    {"append", Append, 1, 1},
    {"capitalize", Capitalize},
    {"default", Default, 0, 1, "allow_false"},
    {"downcase", Downcase},
    {"lstrip", StripStart},
    {"prepend", Prepend, 1, 1},
    {"remove", Remove, 1, 1},
    {"remove_first", RemoveFirst, 1, 1},
    {"remove_last", RemoveLast, 1, 1},
    {"replace", Replace, 1, 2},
    {"replace_first", ReplaceFirst, 1, 2},
    {"replace_last", ReplaceLast, 2, 2},
    {"rstrip", StripEnd},
    {"size", Size},
    {"slice", Slice, 1, 2},
    {"split", Split, 1, 1},
    {"strip", StripBoth},
    {"truncate", Truncate, 0, 2},
    {"truncatewords", TruncateWords, 0, 2},
    {"upcase", Upcase},
};

}  // namespace

std::span<const FilterSpec> TextFilters() { return kTextFilters; }

}  // namespace workflow::liquid
