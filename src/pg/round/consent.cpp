// What is known of contacts' consent, read for all whose next message depends on it by one query.
#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

bool Declares(const Source* source) { return source != nullptr && !source->binding.consent.empty(); }

std::string TextOfField(const Source& source, const RowFacts& row, const std::string& name) {
  const auto& fields = source.binding.fields;
  for (size_t i = 0; i < fields.size() && row.found; ++i) {
    if (fields[i].name == name && row.known[i] && !row.values[i].is_null()) return FormatValue(row.values[i]);
  }
  return {};
}

// Rows of the list about people: by their key or by an address they have; `who` says whose question each is.
struct ConsentAsked {
  std::vector<std::string> accounts, words;
  std::vector<int32_t> who;
};

}  // namespace

std::optional<const ConsentFacts*> Batch::ConsentOf(const Enrolled& enrolled) const {
  if (!round_.has_suppressions && !Declares(enrolled.contact_source) && !Declares(enrolled.entry_source)) return nullptr;
  const auto found = consent_.find(enrolled.id);
  return found == consent_.end() ? std::nullopt : std::optional(&found->second);
}

void Batch::LoadConsent(const std::vector<const Enrolled*>& all) {
  ConsentAsked contacts, addresses;
  std::vector<ConsentFacts*> facts;
  for (const Enrolled* enrolled : all) {
    ConsentFacts& own = consent_[enrolled->id];
    facts.push_back(&own);
    const auto number = static_cast<int32_t>(facts.size() - 1);
    contacts.accounts.push_back(enrolled->account);
    contacts.words.push_back(enrolled->contact_key);
    contacts.who.push_back(number);
    if (enrolled->entry_source != nullptr) own.declared = rows_.Get({enrolled->entry_source->id, enrolled->entry_row}).consent;
    if (enrolled->contact_source == nullptr) continue;
    const RowFacts& row = rows_.Get({enrolled->contact_source->id, enrolled->contact_key});
    if (enrolled->entry_source != enrolled->contact_source) own.declared.insert(own.declared.end(), row.consent.begin(), row.consent.end());
    for (const char* field : {"email", "phone", "push_token"}) {
      const std::string address = FoldAddress(TextOfField(*enrolled->contact_source, row, field));
      if (address.empty()) continue;
      own.addresses.emplace_back(field, address);
      addresses.accounts.push_back(enrolled->account);
      addresses.words.push_back(address);
      addresses.who.push_back(number);
    }
  }
  if (all.empty() || !round_.has_suppressions) return;
  Rows rows = Execute(
      "SELECT u.n, s.scope, s.address, s.channel, s.reason FROM unnest($1::text[], $2::text[], $3::int[]) AS u(account, contact, n)"
      " JOIN workflow.suppression s ON s.account IN (u.account, '') AND s.contact_key = u.contact AND s.address = ''"
      " UNION ALL SELECT u.n, 'channel', '', s.channel, 'unsubscribe' FROM unnest($1::text[], $2::text[], $3::int[]) AS u(account, contact, n)"
      " JOIN workflow.subscription s ON s.account = u.account AND s.contact_key = u.contact AND s.campaign = '' AND NOT s.subscribed"
      " UNION ALL SELECT u.n, s.scope, s.address, s.channel, s.reason FROM unnest($4::text[], $5::text[], $6::int[]) AS u(account, address, n)"
      " JOIN workflow.suppression s ON s.address = u.address AND s.address <> '' AND s.account IN (u.account, '')",
      Params().Texts(contacts.accounts).Texts(contacts.words).Int4s(contacts.who).Texts(addresses.accounts).Texts(addresses.words).Int4s(addresses.who));
  for (size_t i = 0; i < rows.size(); ++i) {
    facts[static_cast<size_t>(rows.Int4(i, 1))]->suppressions.push_back(
        {ParseConsentScope(rows.Text(i, 2)).value_or(ConsentScope::kAll), rows.Text(i, 3), rows.Text(i, 4), rows.Text(i, 5)});
  }
  rows.Free();
}

}  // namespace workflow::pg
