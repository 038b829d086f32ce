#include "pg/capture/body.h"

namespace workflow::pg {
namespace {

constexpr size_t kUsualBytes = 256;

void AppendQuoted(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  *out += '"';
  size_t plain = 0;  // from here on nothing was to be escaped
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool is_control = static_cast<unsigned char>(c) < 0x20;
    if (!is_control && c != '"' && c != '\\') continue;
    out->append(text, plain, i - plain);
    plain = i + 1;
    if (is_control) {
      *out += "\\u00";
      *out += kHex[c >> 4];
      *out += kHex[c & 15];
    } else {
      *out += '\\';
      *out += c;
    }
  }
  out->append(text, plain);
  *out += '"';
}

void AppendValue(const Value& value, std::string* out) {
  if (value.is_null()) {
    *out += "null";
  } else if (const auto* text = value.As<std::string>()) {
    AppendQuoted(*text, out);
  } else {
    AppendQuoted(FormatValue(value), out);
  }
}

// Puts a comma before every item but the first.
class Separator {
 public:
  explicit Separator(std::string* out) : out_(out) {}
  std::string& Next() {
    if (!first_) *out_ += ',';
    first_ = false;
    return *out_;
  }

 private:
  std::string* out_;
  bool first_ = true;
};

void AppendNumbers(const std::vector<int32_t>& numbers, std::string* body) {
  *body += '[';
  Separator items(body);
  for (const int32_t number : numbers) items.Next() += std::to_string(number);
  *body += ']';
}

// `at`: the value of a slot that tells an event's time.
void AppendWanted(const Findings& findings, const std::function<Value(uint32_t)>& at, std::string* body) {
  Separator events(body);
  for (const WantedEvent& wanted : findings.wanted) {
    events.Next() += "{\"on\":";
    AppendQuoted(wanted.event->name, body);
    if (const Value time = wanted.event->at ? at(*wanted.event->at) : Value(); !time.is_null()) {
      *body += ",\"at\":";
      AppendValue(time, body);
    }
    for (const auto& [label, word] : {std::pair(",\"word\":", &wanted.word), std::pair(",\"word_key\":", &wanted.word_key)}) {
      if (word->empty()) continue;
      *body += label;
      AppendQuoted(*word, body);
    }
    *body += ",\"versions\":";
    AppendNumbers(wanted.versions, body);
    if (!wanted.listeners.empty()) {
      *body += wanted.late ? ",\"late\":" : ",\"heard\":";
      AppendNumbers(wanted.listeners, body);
    }
    *body += '}';
  }
}

}  // namespace

std::string TieBodyOf(const SourcePlan& plan, const Findings& findings) {
  std::string body = "{\"tie\":";
  AppendQuoted(plan.ties->word, &body);
  body += ",\"wanted\":[";
  AppendWanted(findings, [](uint32_t) { return Value(); }, &body);
  body += ']';
  if (findings.changed) body += ",\"changed\":true";
  return body += '}';
}

std::string BodyOf(const SourcePlan& plan, const Findings& findings, const RowImage* old, const RowImage* fresh,
                   const std::function<Value(const RowImage&, uint32_t)>& value) {
  std::string body;
  body.reserve(kUsualBytes);
  body = "{";
  const auto row = [&](const char* label, const RowImage* image, bool all) {
    body += label;
    if (image == nullptr) {
      body += "null";
      return;
    }
    body += '{';
    Separator fields(&body);
    for (const BodyField& field : plan.body) {
      if (!all && !field.old) continue;
      fields.Next() += field.label;
      AppendValue(value(*image, field.slot), &body);
    }
    body += '}';
  };
  row("\"new\":", fresh, true);
  row(",\"old\":", old, fresh == nullptr);
  if (!findings.wanted.empty()) {
    body += ",\"wanted\":[";
    AppendWanted(findings, [&](uint32_t slot) { return value(fresh != nullptr ? *fresh : *old, slot); }, &body);
    body += ']';
  }
  if (findings.gone) body += ",\"gone\":true";
  if (findings.changed) body += ",\"changed\":true";
  if (findings.touched) body += ",\"touched\":true";
  if (!findings.was.empty()) {
    body += ",\"was\":";
    AppendQuoted(findings.was, &body);
  }
  if (!findings.match.empty()) {
    body += ",\"match\":[";
    Separator matches(&body);
    for (const std::string& match : findings.match) {
      matches.Next();
      AppendQuoted(match, &body);
    }
    body += ']';
  }
  body += '}';
  return body;
}

}  // namespace workflow::pg
