#include "pg/people/withdrawn.h"

#include <algorithm>

#include "core/delivery/consent.h"
#include "pg/convert.h"
#include "pg/round/rows.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

struct Asked {
  const ToHandOut* message;
  std::string address;
  bool staff = false;
  ConsentFacts facts = {};
};

Asked Read(const ToHandOut& message) {
  Asked asked{&message, {}};
  asked.staff = message.channel == "webhook";  // a request to a system, not a message to the contact
  std::string error;
  const auto recipient = Json::Parse(message.recipient, &error);
  if (!recipient) return asked;
  if (const Json* address = recipient->Find("address"); address != nullptr && address->is_string()) asked.address = FoldAddress(address->string());
  const Json* staff = recipient->Find("staff");
  if (staff != nullptr && staff->is_boolean() && staff->boolean()) asked.staff = true;
  return asked;
}

void LoadSuppressions(std::vector<Asked>* all) {
  std::vector<std::string> accounts, contacts, addresses;
  std::vector<int32_t> numbers;
  std::vector<int64_t> enrollments;
  for (size_t i = 0; i < all->size(); ++i) {
    const Asked& asked = (*all)[i];
    if (asked.staff) continue;
    numbers.push_back(static_cast<int32_t>(i));
    accounts.push_back(asked.message->account);
    contacts.push_back(asked.message->contact_key);
    enrollments.push_back(asked.message->enrollment);
    addresses.push_back(asked.address);
  }
  // The contact may have another key by now, or be merged into another: what it has said since lies there.
  Rows rows = Execute(
      "WITH u AS MATERIALIZED (SELECT g.account, coalesce(e.contact_key, g.contact) AS contact, g.address, g.n"
      " FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::int8[]) AS g(account, contact, n, address, enrollment)"
      " LEFT JOIN workflow.enrollment e ON e.id = g.enrollment)"
      " SELECT u.n, s.scope, s.address, s.channel, s.reason FROM u"
      " JOIN workflow.suppression s ON s.account IN (u.account, '') AND s.contact_key = u.contact AND s.address = ''"
      " UNION ALL SELECT u.n, 'channel', '', s.channel, 'unsubscribe' FROM u"
      " JOIN workflow.subscription s ON s.account = u.account AND s.contact_key = u.contact AND s.campaign = '' AND NOT s.subscribed"
      " UNION ALL SELECT u.n, s.scope, s.address, s.channel, s.reason FROM u"
      " JOIN workflow.suppression s ON s.address = u.address AND s.address <> '' AND s.account IN (u.account, '')",
      Params().Texts(accounts).Texts(contacts).Int4s(numbers).Texts(addresses).Int8s(enrollments));
  for (size_t i = 0; i < rows.size(); ++i) {
    (*all)[static_cast<size_t>(rows.Int4(i, 1))].facts.suppressions.push_back(
        {ParseConsentScope(rows.Text(i, 2)).value_or(ConsentScope::kAll), rows.Text(i, 3), rows.Text(i, 4), rows.Text(i, 5)});
  }
  rows.Free();
}

void LoadDeclared(const Registry& registry, std::vector<Asked>* all) {
  if (std::none_of(registry.sources.begin(), registry.sources.end(), [](const auto& source) { return !source->binding.consent.empty(); })) return;
  std::vector<int64_t> enrollments;
  for (const Asked& asked : *all) if (!asked.staff) enrollments.push_back(asked.message->enrollment);
  std::map<int64_t, std::vector<RowKey>> keys;
  std::map<int64_t, std::string> accounts;
  for (const Asked& asked : *all) accounts[asked.message->enrollment] = asked.message->account;
  Rows rows = Execute("SELECT e.id, e.contact_source, e.contact_key, e.entry_source, e.entry_row FROM workflow.enrollment e WHERE e.id = ANY ($1)",
                      Params().Int8s(enrollments));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<RowKey>& own = keys[rows.Int8(i, 1)];
    const auto want = [&](const std::optional<int32_t>& source, const std::string& key) {
      const Source* found = source ? registry.SourceById(*source) : nullptr;
      const RowKey row{source.value_or(0), key};
      if (found != nullptr && !found->binding.consent.empty() && std::find(own.begin(), own.end(), row) == own.end()) own.push_back(row);
    };
    want(rows.MaybeInt4(i, 2), rows.Text(i, 3));
    want(rows.MaybeInt4(i, 4), rows.Text(i, 5));
  }
  rows.Free();
  const NeededFields needed = NeededFields::ForConsent(registry);
  RowStore store(registry, needed, ToInstant(GetCurrentTimestamp()));
  for (const auto& [enrollment, own] : keys) for (const RowKey& key : own) store.Want(key, accounts[enrollment]);
  store.Fetch();
  for (Asked& asked : *all) {
    const auto found = keys.find(asked.message->enrollment);
    if (asked.staff || found == keys.end()) continue;
    for (const RowKey& key : found->second) {
      const std::vector<DeclaredConsent>& consent = store.Get(key).consent;
      asked.facts.declared.insert(asked.facts.declared.end(), consent.begin(), consent.end());
    }
  }
}

}  // namespace

bool MayBeWithdrawn(Snapshot snapshot) {
  return AnyRow("suppression", "suppression_pkey", snapshot) || AnyRow("subscription", "subscription_withdrawn", snapshot) ||
         AnyRow("source", "source_consent", snapshot);
}

std::vector<std::string> Withdrawn(const std::vector<ToHandOut>& messages) {
  std::vector<std::string> reasons(messages.size());
  if (messages.empty()) return reasons;
  const RegistryPin pin;
  std::vector<Asked> all;
  for (const ToHandOut& message : messages) all.push_back(Read(message));
  LoadSuppressions(&all);
  LoadDeclared(CurrentRegistry(), &all);
  for (size_t i = 0; i < all.size(); ++i) {
    const ToHandOut& message = *all[i].message;
    if (!all[i].staff) reasons[i] = DecideConsent({message.category, message.channel, all[i].address}, all[i].facts).reason;
  }
  return reasons;
}

}  // namespace workflow::pg
