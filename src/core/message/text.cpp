#include "core/message/text.h"

namespace workflow::liquid {

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view StripLeft(std::string_view text) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view StripRight(std::string_view text) {
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

std::string_view Strip(std::string_view text) { return StripLeft(StripRight(text)); }

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (text = StripLeft(text); !text.empty(); text = StripLeft(text)) {
    size_t end = 0;
    while (end < text.size() && !IsSpace(text[end])) ++end;
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

namespace {

// The code point at the head of `text` and its length; a byte that begins none is a character of its own, with code point 0.
struct Char {
  uint32_t code = 0;
  size_t length = 1;
};

Char Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xc2 && lead < 0xe0 ? 2 : 0;
  if (length == 0 || text.size() < length) return {};
  uint32_t code = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3f);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {};
  return {code, length};
}

void Encode(uint32_t code, std::string* out) {
  const auto put = [&](uint32_t byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else {  // the letters that have a case here all lie below U+10000
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

// Blocks whose capitals and small letters lie a fixed distance apart.
struct Shift {
  uint32_t first_upper, last_upper, distance;
};
constexpr Shift kShifts[] = {{'A', 'Z', 32},     {0xc0, 0xd6, 32},   {0xd8, 0xde, 32},  {0x391, 0x3a1, 32},
                             {0x3a3, 0x3a9, 32}, {0x400, 0x40f, 80}, {0x410, 0x42f, 32}};

// Blocks in which each capital is followed by its small letter; `odd` says whether the capitals have odd code points.
struct Pairs {
  uint32_t first, last;
  bool odd;
};
constexpr Pairs kPairs[] = {{0x100, 0x12f, false}, {0x132, 0x137, false}, {0x139, 0x148, true},    {0x14a, 0x177, false},
                            {0x179, 0x17e, true},  {0x460, 0x481, false}, {0x1e00, 0x1e95, false}, {0x1ea0, 0x1eff, false}};

uint32_t Cased(uint32_t code, bool upper) {
  for (const Shift& shift : kShifts) {
    if (upper && code >= shift.first_upper + shift.distance && code <= shift.last_upper + shift.distance)
      return code - shift.distance;
    if (!upper && code >= shift.first_upper && code <= shift.last_upper) return code + shift.distance;
  }
  if (code == 0x178 && !upper) return 0xff;
  if (code == 0xff && upper) return 0x178;
  for (const Pairs& pairs : kPairs) {
    if (code < pairs.first || code > pairs.last) continue;
    const bool is_upper = (code % 2 == 1) == pairs.odd;
    return is_upper == upper ? code : upper ? code - 1 : code + 1;
  }
  return code;
}

std::string WithCase(std::string_view text, bool upper) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Char next = Decode(text);
    const uint32_t code = Cased(next.code, upper);
    if (code == next.code) {
      out += text.substr(0, next.length);
    } else {
      Encode(code, &out);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

}  // namespace

size_t CharLength(std::string_view text) { return text.empty() ? 0 : Decode(text).length; }

size_t CharCount(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); text.remove_prefix(CharLength(text))) ++count;
  return count;
}

std::string_view CharSlice(std::string_view text, size_t from, size_t count) {
  for (; from > 0 && !text.empty(); --from) text.remove_prefix(CharLength(text));
  size_t bytes = 0;
  for (; count > 0 && bytes < text.size(); --count) bytes += CharLength(text.substr(bytes));
  return text.substr(0, bytes);
}

std::string_view LastChar(std::string_view text) {
  const size_t tail = text.size() > 4 ? text.size() - 4 : 0;
  size_t at = tail;
  while (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) == 0x80) ++at;  // not from the middle of a character
  if (at == text.size()) at = tail;
  std::string_view last;
  for (std::string_view rest = text.substr(at); !rest.empty(); rest.remove_prefix(last.size()))
    last = rest.substr(0, CharLength(rest));
  return last;
}

bool IsStorable(std::string_view text) {
  while (!text.empty()) {
    const Char next = Decode(text);
    if (next.code == 0) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::string ToUpper(std::string_view text) { return WithCase(text, true); }
std::string ToLower(std::string_view text) { return WithCase(text, false); }

void AppendHtmlEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      case '\'':
        *out += "&#39;";
        break;
      default:
        *out += c;
    }
  }
}

}  // namespace workflow::liquid
