// `webhook`: a request to another system, which a sender makes. Its id, time and signature are Standard Webhooks'; a step adds
// headers, never these.
#include <algorithm>
#include <array>
#include <cctype>

#include "core/definition/steps.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

constexpr std::array kMethods = {Choice{"POST", 0}, Choice{"PUT", 1}, Choice{"PATCH", 2}, Choice{"DELETE", 3}, Choice{"GET", 4}};
constexpr std::array kOwnHeaders = {"webhook-id", "webhook-timestamp", "webhook-signature", "content-length", "host"};
constexpr size_t kHeadersMax = 50;

bool IsHeaderName(std::string_view name) {
  return !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Header names mean the same in every case.
std::string LowerCase(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

class WebhookReader {
 public:
  WebhookReader(ObjectReader* reader, Names* names, CompileContext* context)
      : reader_(*reader), names_(names), context_(context), problems_(context->problems) {}

  WebhookStep Read() {
    ReadUrl();
    if (auto method = reader_.Choose("method", kMethods)) step_.method = kMethods[static_cast<size_t>(*method)].name;
    if (const Json* headers = reader_.Take("headers")) ReadHeaders(*headers);
    if (const Json* body = reader_.Take("body")) {
      if (step_.method == "GET") problems_->Error(reader_.At("body"), "a GET request has no body", "Put it into the \"url\", or use POST.");
      step_.body = CompileDocument(*body, reader_.At("body"), names_, context_);
    }
    return std::move(step_);
  }

 private:
  void ReadUrl() {
    const Json* url = reader_.Take("url");
    if (url == nullptr) return reader_.Missing("url", "Like \"https://example.com/hook\".");
    const std::string path = reader_.At("url");
    const std::string text = url->is_string() ? url->string() : std::string();
    if (!text.starts_with("https://") && !text.starts_with("http://") && !text.starts_with("{{")) {
      problems_->Error(path, "\"url\" must begin with https:// or http://");
      return;
    }
    if (auto compiled = CompileText(*url, path, names_, context_)) step_.url = *std::move(compiled);
  }

  void ReadHeaders(const Json& json) {
    const std::string at = reader_.At("headers");
    if (!json.is_object() || json.object().size() > kHeadersMax) {
      problems_->Error(at, "\"headers\" must be an object of at most " + std::to_string(kHeadersMax) + " texts");
      return;
    }
    for (const auto& [name, value] : json.object()) {
      const std::string path = Pointer(at, name);
      const std::string lower = LowerCase(name);
      if (!IsHeaderName(name)) {
        problems_->Error(path, Quote(name) + " is no name of a header");
      } else if (Among(lower, kOwnHeaders)) {
        problems_->Error(path, "header " + Quote(name) + " is written by the extension or its sender", "Remove it.");
      } else if (std::any_of(step_.headers.begin(), step_.headers.end(), [&](const auto& other) { return other.first == lower; })) {
        problems_->Error(path, "header " + Quote(name) + " is given twice");
      } else if (auto text = CompileText(value, path, names_, context_)) {
        step_.headers.emplace_back(lower, *std::move(text));
      }
    }
  }

  ObjectReader& reader_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  WebhookStep step_;
};

}  // namespace

WebhookStep ReadWebhook(ObjectReader* reader, Names* names, CompileContext* context) {
  return WebhookReader(reader, names, context).Read();
}

}  // namespace workflow::definition
