// Filters for HTML, URLs and base64.
#include <algorithm>
#include <cstdint>

#include "core/message/filters.h"
#include "core/message/text.h"

namespace workflow::liquid {

namespace {

Item Text(std::string text) { return Item::String(std::move(text)); }

// As HTML that may go out as it is. Of no value it stays nil.
Item Html(const Call& call, std::string html) { return call.input.is_nil() ? Item() : Item::Html(std::move(html)); }

std::string Escaped(const std::string& text) {
  std::string out;
  AppendHtmlEscaped(text, &out);
  return out;
}

Result<Item> Escape(const Call& call) { return Html(call, Escaped(call.Text())); }

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// Whether a character reference stands at the head of `text`: &name; or &#digits;
bool IsReference(std::string_view text) {
  size_t end = 1;
  const bool number = text.substr(1, 1) == "#";
  if (number) ++end;
  const size_t begin = end;
  while (end < text.size() && IsAlphanumeric(text[end]) && (text[end] > '9') != number) ++end;
  return end > begin && end < text.size() && text[end] == ';';
}

Result<Item> EscapeOnce(const Call& call) {
  const std::string text = call.Text();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = std::string_view(text).substr(i);
    if (rest[0] == '&' && IsReference(rest.substr(0, 32))) {
      out += '&';
    } else {
      AppendHtmlEscaped(rest.substr(0, 1), &out);
    }
  }
  return Html(call, std::move(out));
}

Result<Item> Raw(const Call& call) { return Html(call, call.Text()); }

// The breaks are HTML, so where outputs are escaped the text around them is escaped here.
Result<Item> NewlineToBr(const Call& call) {
  const bool escape = call.context.escape_html && !call.input.is_html();
  const std::string text = escape ? Escaped(call.Text()) : call.Text();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n') {
      out += "<br />\n";
    } else {
      out += text[i];
    }
  }
  return escape || call.input.is_html() ? Html(call, std::move(out)) : Text(std::move(out));
}

Result<Item> StripNewlines(const Call& call) {
  const std::string text = call.Text();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool pair = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    if (text[i] != '\n' && !pair) out += text[i];
  }
  return Text(std::move(out));
}

// Elements whose content goes with them, and tags. A part that is never closed stays; once sought in vain it is not sought again.
Result<Item> StripHtml(const Call& call) {
  struct Part {
    std::string_view open, close;
    bool in_vain = false;
  };
  Part parts[] = {{"<script", "</script>"}, {"<style", "</style>"}, {"<!--", "-->"}, {"<", ">"}};
  const std::string text = call.Text();
  std::string out;
  for (size_t i = 0; i < text.size();) {
    size_t next = i;
    for (Part& part : parts) {
      if (text[i] != '<' || next != i || part.in_vain || text.compare(i, part.open.size(), part.open) != 0) continue;
      const size_t close = text.find(part.close, i + part.open.size());
      part.in_vain = close == std::string::npos;
      if (!part.in_vain) next = close + part.close.size();
    }
    if (next == i) out += text[next++];
    i = next;
  }
  return Text(std::move(out));
}

constexpr char kHex[] = "0123456789ABCDEF";

Result<Item> UrlEncode(const Call& call) {
  if (call.input.is_nil()) return Item();
  std::string out;
  for (const char c : call.Text()) {
    if (IsAlphanumeric(c) || c == '_' || c == '.' || c == '-' || c == '~') {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      const auto byte = static_cast<uint8_t>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return Text(std::move(out));
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<Item> Storable(std::string text) {
  if (!IsStorable(text)) return Failure{"what was decoded is not text"};
  return Text(std::move(text));
}

Result<Item> UrlDecode(const Call& call) {
  if (call.input.is_nil()) return Item();
  const std::string text = call.Text();
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) i += 2;
    out += low >= 0 ? static_cast<char>(high * 16 + low) : text[i] == '+' ? ' ' : text[i];
  }
  return Storable(std::move(out));
}

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string Encode64(const std::string& text, std::string_view last_two) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  const auto put = [&](uint32_t six) { out += six < kBase64.size() ? kBase64[six] : last_two[six - kBase64.size()]; };
  for (const char c : text) {
    bits = (bits << 8 | static_cast<uint8_t>(c)) & 0xffff;
    for (count += 8; count >= 6; count -= 6) put(bits >> (count - 6) & 63);
  }
  if (count > 0) put(bits << (6 - count) & 63);
  while (out.size() % 4 != 0) out += '=';
  return out;
}

Result<Item> Decode64(const Call& call, std::string_view last_two) {
  if (call.input.is_nil()) return Item();
  const std::string* text = call.input.AsString();
  if (!text) return Failure{"only a text can be decoded"};
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : std::string_view(*text).substr(0, text->find('='))) {
    const size_t plain = kBase64.find(c);
    const size_t last = last_two.find(c);
    if (plain == std::string_view::npos && last == std::string_view::npos) return Failure{"the text is not base64"};
    bits = (bits << 6 | static_cast<uint32_t>(plain != std::string_view::npos ? plain : kBase64.size() + last)) & 0xffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xff);
  }
  return Storable(std::move(out));
}

Result<Item> Base64Encode(const Call& call) { return Text(Encode64(call.Text(), "+/")); }
Result<Item> Base64UrlEncode(const Call& call) { return Text(Encode64(call.Text(), "-_")); }
Result<Item> Base64Decode(const Call& call) { return Decode64(call, "+/"); }
Result<Item> Base64UrlDecode(const Call& call) { return Decode64(call, "-_"); }

constexpr FilterSpec kMarkupFilters[] = {
    {"base64_decode", Base64Decode},
    {"base64_encode", Base64Encode},
    {"base64_url_safe_decode", Base64UrlDecode},
    {"base64_url_safe_encode", Base64UrlEncode},
    {"escape", Escape},
    {"escape_once", EscapeOnce},
    {"h", Escape},
    {"newline_to_br", NewlineToBr},
    {"raw", Raw},
    {"safe", Raw},
    {"strip_html", StripHtml},
    {"strip_newlines", StripNewlines},
    {"url_decode", UrlDecode},
    {"url_encode", UrlEncode},
};

}  // namespace

std::span<const FilterSpec> MarkupFilters() { return kMarkupFilters; }

}  // namespace workflow::liquid
