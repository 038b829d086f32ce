#include "core/base/json.h"

namespace workflow {
namespace {

void AppendQuoted(std::string* out, std::string_view text) {
  *out += '"';
  for (char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\t':
        *out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kHex[] = "0123456789abcdef";
          *out += c < 0x10 ? "\\u000" : "\\u001";
          *out += kHex[c & 0x0f];
        } else {
          *out += c;
        }
    }
  }
  *out += '"';
}

void Append(std::string* out, const Json& json);

void AppendItems(std::string* out, const Json::Array& items) {
  *out += '[';
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) *out += ',';
    Append(out, items[i]);
  }
  *out += ']';
}

void AppendMembers(std::string* out, const Json::Object& members) {
  *out += '{';
  for (size_t i = 0; i < members.size(); ++i) {
    if (i > 0) *out += ',';
    AppendQuoted(out, members[i].first);
    *out += ':';
    Append(out, members[i].second);
  }
  *out += '}';
}

void Append(std::string* out, const Json& json) {
  switch (json.kind()) {
    case Json::Kind::kNull:
      *out += "null";
      break;
    case Json::Kind::kBoolean:
      *out += json.boolean() ? "true" : "false";
      break;
    case Json::Kind::kNumber:
      *out += json.number();
      break;
    case Json::Kind::kString:
      AppendQuoted(out, json.string());
      break;
    case Json::Kind::kArray:
      AppendItems(out, json.array());
      break;
    case Json::Kind::kObject:
      AppendMembers(out, json.object());
      break;
  }
}

}  // namespace

std::string Json::Dump() const {
  std::string out;
  Append(&out, *this);
  return out;
}

}  // namespace workflow
