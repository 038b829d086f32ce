#include <algorithm>
#include <array>
#include <charconv>

#include "core/definition/sections.h"
#include "core/definition/steps.h"
#include "core/definition/texts.h"
#include "core/message/partials.h"

namespace workflow::definition {
namespace {

constexpr size_t kChannelBytesMax = 63;
constexpr std::array kKinds = {Choice{"message", 0}, Choice{"reminder", 1}, Choice{"notification", 2}};

bool IsChannel(std::string_view name) {
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return name.size() <= kChannelBytesMax && std::all_of(name.begin(), name.end(), allowed);
}

// `send` and `notify` differ in whom they are for: the contact, or the CRM's own people.
class SendReader {
 public:
  SendReader(ObjectReader* reader, bool notify, Names* names, CompileContext* context)
      : reader_(*reader), notify_(notify), what_(notify ? "a notify step" : "a send step"), names_(names), context_(context),
        problems_(context->problems) {}

  SendStep Read() {
    ReadChannel();
    const Json* stored = reader_.Take("template");
    const Json* subject = reader_.Take("subject");
    const Json* body = reader_.Take("body");
    const Json* data = reader_.Take("data");
    bool written = subject != nullptr || body != nullptr || data != nullptr;
    if (stored != nullptr && written) {
      problems_->Error(reader_.path(), what_ + " has either a stored template or a text of its own, not both",
                       "Leave out \"template\", or \"subject\", \"body\" and \"data\".");
    } else if (stored == nullptr && !written) {
      problems_->Error(reader_.path(), what_ + " says nothing",
                       "It needs \"template\", or a \"subject\", \"body\" or \"data\" of its own.");
    }
    if (stored != nullptr) ReadStored(*stored);
    if (subject != nullptr) step_.subject = CompileText(*subject, reader_.At("subject"), names_, context_, step_.channel);
    if (body != nullptr) step_.body = CompileText(*body, reader_.At("body"), names_, context_, step_.channel);
    if (data != nullptr) ReadData(*data);
    const Json* to = reader_.Take("to");
    if (notify_) step_.kind = "notification";
    if (to != nullptr) ReadTo(*to);
    if (to == nullptr && notify_) ToOwner(reader_.path());
    if (auto kind = reader_.Choose("kind", kKinds)) step_.kind = kKinds[static_cast<size_t>(*kind)].name;
    if (const Json* sender = reader_.Take("sender")) step_.sender = ReadSender(*sender, reader_.At("sender"), names_, context_);
    if (reader_.Take("locale") != nullptr) {
      const auto locale = reader_.Text("locale");
      if (locale) step_.locale = CompileText(Json::String(*locale), reader_.At("locale"), names_, context_);
    }
    return std::move(step_);
  }

 private:
  void ReadChannel() {
    const Json* member = reader_.Take("channel");
    std::optional<std::string> channel = reader_.Text("channel");
    if (member == nullptr && notify_) step_.channel = "in_app";
    if (member == nullptr && !notify_) reader_.Missing("channel", "A channel is a word, like \"email\" or \"sms\".");
    if (!channel) return;
    if (*channel == kPartialChannel) {
      problems_->Error(reader_.At("channel"), "\"partial\" is the channel of templates that are part of others", "Write \"email\" or another channel.");
    } else if (IsChannel(*channel)) {
      step_.channel = *std::move(channel);
    } else {
      problems_->Error(reader_.At("channel"), Quote(*channel) + " is no name of a channel",
                       "A channel is a word of letters, digits, _ and -.");
    }
  }

  // "welcome", or "welcome@3" for one version of it.
  void ReadStored(const Json& json) {
    std::string path = reader_.At("template");
    if (!json.is_string() || json.string().empty() || json.string().front() == '@') {
      problems_->Error(path, "\"template\" must be the name of a stored template");
      return;
    }
    std::string_view text = json.string();
    size_t at = text.rfind('@');
    step_.template_name = text.substr(0, at);
    if (at != text.npos) {
      int32_t version = 0;
      auto [end, error] = std::from_chars(text.data() + at + 1, text.data() + text.size(), version);
      if (error != std::errc() || end != text.data() + text.size() || version < 1) {
        problems_->Error(path, "the version in " + Quote(text) + " is no number", "One version is named like \"welcome@3\".");
        return;
      }
      step_.template_version = version;
    }
    CheckStoredTemplate(step_.template_name, step_.channel, path, names_, context_, step_.template_version);
  }

  void ReadData(const Json& json) {
    if (!json.is_object()) {
      problems_->Error(reader_.At("data"), std::string("\"data\" must be an object, not ") + json.KindName());
      return;
    }
    step_.data = json;
    step_.data_texts = CompileDataTexts(json, reader_.At("data"), names_, context_, step_.channel);
  }

  void ReadTo(const Json& json) {
    std::string path = reader_.At("to");
    if (!json.is_string() || json.string().empty()) {
      problems_->Error(path, "\"to\" must be an address, \"owner\", \"user:<key>\" or \"team:<name>\"",
                       notify_ ? "Leave it out for the owner." : "Leave it out for the contact's own address.");
      return;
    }
    const std::string& to = json.string();
    if (to == "owner") return ToOwner(path);
    if (to == kContact && notify_) {
      problems_->Error(path, "a notify step is for staff, not for the contact", "Use a send step.");
    } else if (to.starts_with("user:")) {
      ToStaff(Receiver::kUser, to.substr(5), path);
    } else if (to.starts_with("team:")) {
      ToStaff(Receiver::kTeam, to.substr(5), path);
    } else if (to != kContact) {
      step_.receiver = Receiver::kAddress;
      step_.to = CompileText(json, path, names_, context_);
    }
  }

  void ToOwner(const std::string& path) {
    step_.receiver = Receiver::kOwner;
    step_.owner_entity = FindOwner(path, context_);
    WantUser(step_.channel, context_);
  }

  void ToStaff(Receiver receiver, const std::string& name, const std::string& path) {
    step_.receiver = receiver;
    if (name.empty()) problems_->Error(path, "nobody is named after the colon", "Write \"user:7\" or \"team:sales\".");
    step_.to = CompileText(Json::String(name), path, names_, context_);
    if (receiver == Receiver::kUser) WantUser(step_.channel, context_);
  }

  ObjectReader& reader_;
  const bool notify_;
  const std::string what_;
  Names* names_;
  CompileContext* context_;
  Problems* problems_;
  SendStep step_;
};

}  // namespace

SendStep ReadSend(ObjectReader* reader, Names* names, CompileContext* context) {
  return SendReader(reader, /*notify=*/false, names, context).Read();
}

NotifyStep ReadNotify(ObjectReader* reader, Names* names, CompileContext* context) {
  return {SendReader(reader, /*notify=*/true, names, context).Read()};
}

}  // namespace workflow::definition
