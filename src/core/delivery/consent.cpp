#include "core/delivery/consent.h"

#include <algorithm>
#include <array>

#include "core/message/choose.h"

namespace workflow {
namespace {

constexpr std::array kScopeNames = {"all", "channel", "marketing"};
static_assert(kScopeNames.size() == static_cast<size_t>(ConsentScope::kMarketing) + 1);

bool Stops(ConsentScope scope, Category category) {
  switch (scope) {
    case ConsentScope::kAll: return true;
    case ConsentScope::kChannel: return category != Category::kTransactional;
    case ConsentScope::kMarketing: return category == Category::kMarketing;
  }
  return true;
}

bool IsOn(const std::string& channel, std::string_view of_message) { return channel.empty() || channel == of_message; }

// What nobody chose: the address does not work, or an operator has blocked it.
bool IsWill(const Suppression& suppression) { return suppression.scope != ConsentScope::kAll || suppression.reason == "complaint"; }

std::string Say(const Suppression& suppression) {
  const std::string whom = suppression.address.empty() ? "the contact" : "the address";
  switch (suppression.scope) {
    case ConsentScope::kAll: return whom + " is suppressed: " + suppression.reason;
    case ConsentScope::kChannel: return whom + " has opted out: " + suppression.reason;
    case ConsentScope::kMarketing: return whom + " has opted out of marketing: " + suppression.reason;
  }
  return whom + " is suppressed";
}

std::string_view AddressOf(const ConsentCase& message, const ConsentFacts& facts) {
  if (message.address) return *message.address;
  const std::string_view field = AddressField(message.channel);
  for (const auto& [name, address] : facts.addresses) if (name == field) return address;
  return {};
}

bool IsSet(const Json& data, const char* key) {
  const Json* value = data.Find(key);
  return value != nullptr && value->is_boolean() && value->boolean();
}

}  // namespace

const char* ConsentScopeName(ConsentScope scope) { return kScopeNames[static_cast<size_t>(scope)]; }

std::optional<ConsentScope> ParseConsentScope(std::string_view name) {
  for (size_t i = 0; i < kScopeNames.size(); ++i) if (name == kScopeNames[i]) return static_cast<ConsentScope>(i);
  return std::nullopt;
}

std::string FoldAddress(std::string_view address) {
  std::string folded(address);
  for (char& c : folded) if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return folded;
}

ConsentVerdict DecideConsent(const ConsentCase& message, const ConsentFacts& facts) {
  const std::string_view address = AddressOf(message, facts);
  const Suppression* found = nullptr;
  for (const Suppression& suppression : facts.suppressions) {
    const bool its = suppression.address.empty() || suppression.address == address;
    if (!its || !IsOn(suppression.channel, message.channel) || !Stops(suppression.scope, message.category)) continue;
    if (found == nullptr || suppression.scope < found->scope) found = &suppression;
  }
  if (found != nullptr) return {Say(*found), IsWill(*found)};
  for (const DeclaredConsent& declared : facts.declared) {
    if (declared.allowed || !IsOn(declared.channel, message.channel) || !Stops(declared.scope, message.category)) continue;
    return {"no consent in " + declared.source, true};
  }
  return {};
}

ConsentScope ScopeOfReason(bool by_address, const std::optional<std::string>& reason) {
  if (reason == "marketing") return ConsentScope::kMarketing;
  if (reason == "unsubscribe") return ConsentScope::kChannel;
  if (reason == "bounce" || reason == "complaint" || reason == "block") return ConsentScope::kAll;
  return by_address ? ConsentScope::kAll : ConsentScope::kChannel;
}

ReceiptMeaning MeaningOfReceipt(std::string_view kind, const Json& data) {
  constexpr std::array kKinds = {"delivered", "opened", "clicked", "replied", "bounced", "complained", "unsubscribed"};
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) return {};
  ReceiptMeaning meaning = {.event = "message." + std::string(kind)};
  meaning.machine = kind == "replied" ? IsSet(data, "auto") : (kind == "opened" || kind == "clicked") && IsSet(data, "machine");
  if (kind == "bounced" && !IsSet(data, "soft")) {
    meaning.stops = ConsentScope::kAll;
    meaning.by_address = true;
  } else if (kind == "complained") {
    meaning.stops = ConsentScope::kAll;
    meaning.by_address = true;
  } else if (kind == "unsubscribed") {
    meaning.stops = IsSet(data, "marketing") ? ConsentScope::kMarketing : ConsentScope::kChannel;
  }
  return meaning;
}

}  // namespace workflow
