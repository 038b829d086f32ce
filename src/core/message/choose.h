// Which stored template a message takes, and which of the contact's fields its channel goes to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace workflow {

struct TemplateKey {
  std::string channel;
  std::string locale;   // empty: the default one
  std::string account;  // empty: for every account
  int32_t version = 0;
};

struct TemplateWish {
  std::string channel;
  std::string account;
  std::string locale;                // of the contact, "pt-BR" or "pt_BR"; empty: unknown
  std::optional<int32_t> version;    // pinned
};

// How well a template serves: 0 not at all, else the higher the better. The account's own beats one for every account; then the contact's locale
// beats its language, which beats the default. Of equals the newest version is to be taken.
int TemplateRank(const TemplateKey& key, const TemplateWish& wish);

// The name of the contact's field that holds its address: email for "email", phone for "sms" and "whatsapp", push_token for "push". Empty: the
// channel has no address of its own, and its sender goes by the contact's key.
std::string_view AddressField(std::string_view channel);

}  // namespace workflow
