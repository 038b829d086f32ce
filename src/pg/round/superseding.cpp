// Who has to leave because somebody enters: the one before under the same key, where the workflow restarts, and what the contact has live in the
// other workflows of an exclusive group.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

bool Excludes(const Enrolled& entering, const Enrolled& other) {
  const std::string& group = entering.version->program.settings.exclusive_group;
  return !group.empty() && other.version->program.settings.exclusive_group == group && other.version->workflow != entering.version->workflow;
}

bool Replaces(const Enrolled& entering, const Enrolled& other) {
  return entering.restarts && other.version->workflow == entering.version->workflow && other.entry_key == entering.entry_key;
}

bool IsSameContact(const Enrolled& a, const Enrolled& b) {
  return a.account == b.account && a.contact_key == b.contact_key && (a.contact_source == b.contact_source || b.contact_source == nullptr);
}

}  // namespace

// Of those who are let in together, later ones count as having come later.
void Batch::Supersede() {
  std::vector<std::string> accounts, contacts;
  for (const Enrolled* entering : admitted_) {
    if (!entering->restarts && entering->version->program.settings.exclusive_group.empty()) continue;
    accounts.push_back(entering->account);
    contacts.push_back(entering->contact_key);
  }
  if (accounts.empty()) return;
  Load("(e.account, e.contact_key) IN (SELECT * FROM unnest($1::text[], $2::text[]))", Params().Texts(accounts).Texts(contacts));
  std::map<Enrolled*, std::string> leaving;
  for (const Enrolled* entering : admitted_) {
    for (const auto& other : enrolled_) {
      if (other.get() == entering || other->id == 0 || other->state.phase == Phase::kEnded || !IsSameContact(*entering, *other)) continue;
      if (other->is_new && other->id > entering->id) continue;
      if (Replaces(*entering, *other)) leaving.emplace(other.get(), "restarted");
      else if (Excludes(*entering, *other)) leaving.emplace(other.get(), entering->version->workflow_name);
    }
  }
  std::vector<std::pair<Enrolled*, Input>> work;
  for (const auto& [enrolled, why] : leaving) {
    WantRows(*enrolled);
    work.emplace_back(enrolled, Input{.kind = InputKind::kSuperseded, .detail = why});
  }
  rows_.Fetch();
  Run(std::move(work));
  // Who is in by a later entry is in, whatever has ended under its key.
  for (const Enrolled* entering : admitted_) {
    if (entering->state.phase != Phase::kEnded) known_[KeyOf(*entering, entering->entry_key)].live = true;
  }
}

}  // namespace workflow::pg
