#include "core/message/choose.h"

namespace workflow {
namespace {

bool SameLocale(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const char left = a[i] == '_' ? '-' : a[i], right = b[i] == '_' ? '-' : b[i];
    if (left != right) return false;
  }
  return true;
}

}  // namespace

int TemplateRank(const TemplateKey& key, const TemplateWish& wish) {
  if (key.channel != wish.channel || (wish.version && key.version != *wish.version)) return 0;
  if (!key.account.empty() && key.account != wish.account) return 0;
  const int own = key.account.empty() ? 0 : 10;
  if (key.locale.empty()) return own + 1;
  if (wish.locale.empty()) return 0;
  if (SameLocale(key.locale, wish.locale)) return own + 3;
  return key.locale == wish.locale.substr(0, wish.locale.find_first_of("-_")) ? own + 2 : 0;
}

std::string_view AddressField(std::string_view channel) {
  if (channel == "email") return "email";
  if (channel == "sms" || channel == "whatsapp") return "phone";
  if (channel == "push") return "push_token";
  return {};
}

}  // namespace workflow
