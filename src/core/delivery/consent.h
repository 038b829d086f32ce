// Whether a message to a contact may go out: what the contact has said, what a provider has reported, what the CRM's own columns say (semantics 22).
// It is about messages, never about entering; and about those to the contact: notices to staff and requests are not asked about.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/definition/program.h"

namespace workflow {

// How far a withdrawal goes.
enum class ConsentScope : uint8_t {
  kAll,        // a bounce, a complaint, a block list: nothing goes out
  kChannel,    // neither marketing nor informational
  kMarketing,
};
const char* ConsentScopeName(ConsentScope scope);  // "all", "channel", "marketing"
std::optional<ConsentScope> ParseConsentScope(std::string_view name);

// A row of the suppression list that is about this contact: by its key, or by an address it has.
struct Suppression {
  ConsentScope scope = ConsentScope::kAll;
  std::string address = {};  // in lower case; empty: the contact's, at whatever address
  std::string channel = {};  // empty: every channel
  std::string reason = {};
};

// A rule of a binding, answered for a row.
struct DeclaredConsent {
  ConsentScope scope = ConsentScope::kChannel;
  std::string channel = {};  // empty: every channel
  bool allowed = true;
  std::string source = {};   // the table that says so
};

struct ConsentFacts {
  std::vector<Suppression> suppressions = {};
  std::vector<DeclaredConsent> declared = {};
  std::vector<std::pair<std::string, std::string>> addresses = {};  // of the contact: field ("email") and address, in lower case
};

struct ConsentCase {
  Category category = Category::kMarketing;
  std::string_view channel;
  std::optional<std::string_view> address = {};  // where it goes, in lower case; none: to the contact's own for the channel; empty: not known yet
};

struct ConsentVerdict {
  std::string reason = {};   // empty: it may go out
  bool withdrawn = false;    // by the contact's own will, not by an address that does not work: exit_on_unsubscribe asks for it
  bool allowed() const { return reason.empty(); }
};
// The first that stops it, in the order: suppressions that go furthest, then what is declared.
ConsentVerdict DecideConsent(const ConsentCase& message, const ConsentFacts& facts);

// "Ann@Example.test" -> "ann@example.test": addresses are compared so. ASCII only, as mail and phone numbers are.
std::string FoldAddress(std::string_view address);

// The scope of a suppression by what its caller gave as reason; none: what is usual for an address, or for a contact.
ConsentScope ScopeOfReason(bool by_address, const std::optional<std::string>& reason);

// What a receipt of a provider means.
struct ReceiptMeaning {
  std::string event = {};                // "message.opened"; empty: there is no such kind
  std::optional<ConsentScope> stops = {};  // what must not go out any more
  bool by_address = false;               // that is about the address, else about the contact
  bool machine = false;                  // no person did it: it satisfies only who asks for it (semantics 27)
};
ReceiptMeaning MeaningOfReceipt(std::string_view kind, const Json& data);

}  // namespace workflow
