// Senders of settings and steps.
#include <array>

#include "core/definition/sections.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

constexpr std::array kSenderKeys = {"name", "email", "phone", "address", "reply_to"};

// `channels`: an object in place of a text is for the channel of that name.
void CheckSender(const Json& json, const std::string& path, bool channels, Problems* problems) {
  ObjectReader sender(json, path, "the sender", problems);
  if (!sender.is_object()) return;
  if (json.object().empty()) problems->Error(path, "the sender is empty", "It has \"name\", \"email\", \"phone\", \"address\" and \"reply_to\".");
  for (const auto& [key, value] : json.object()) {
    if (channels && value.is_object()) {
      sender.Allow(key);
      CheckSender(value, sender.At(key), false, problems);
    }
  }
  for (const char* key : kSenderKeys) {
    const Json* member = json.Find(key);
    if (member == nullptr || !(channels && member->is_object())) sender.Text(key);
  }
  sender.Finish();
}

}  // namespace

std::optional<Document> ReadSender(const Json& json, const std::string& path, Names* names, CompileContext* context) {
  const size_t before = context->problems->list().size();
  CheckSender(json, path, true, context->problems);
  if (context->problems->list().size() != before) return {};
  return CompileDocument(json, path, names, context);
}

}  // namespace workflow::definition
