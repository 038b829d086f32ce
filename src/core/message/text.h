// Text as people see it: characters of UTF-8, not bytes. Bytes that are no UTF-8 count as one character each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace workflow::liquid {

inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsSpace(char c);
std::string_view StripLeft(std::string_view text);
std::string_view StripRight(std::string_view text);
std::string_view Strip(std::string_view text);
std::vector<std::string_view> Words(std::string_view text);  // split at runs of white space

size_t CharLength(std::string_view text);  // bytes of the first character, 0 where there is none
size_t CharCount(std::string_view text);
std::string_view CharSlice(std::string_view text, size_t from, size_t count);
std::string_view LastChar(std::string_view text);
bool IsStorable(std::string_view text);  // valid UTF-8 without NUL, as PostgreSQL's text must be

// Of Latin, Greek and Cyrillic letters; everything else stays as it is.
std::string ToUpper(std::string_view text);
std::string ToLower(std::string_view text);

void AppendHtmlEscaped(std::string_view text, std::string* out);

}  // namespace workflow::liquid
