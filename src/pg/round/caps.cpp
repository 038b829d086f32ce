// What a contact has been sent lately, read for all whose next message a cap may forbid by one query.
#include "core/delivery/cap.h"

#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/round/turn.h"
#include "pg/server/spi.h"
#include "pg/server/table_writer.h"
#include "pg/store/children.h"

namespace workflow::pg {

bool HasCaps(const Registry& registry, const TemplateStore& templates) {
  return templates.has_caps() || std::any_of(registry.versions.begin(), registry.versions.end(),
                                             [](const auto& version) { return version->broken.empty() && !version->program.settings.caps.empty(); });
}

Batch::ContactId Batch::ContactOf(const Enrolled& enrolled) {
  return {enrolled.contact_source == nullptr ? 0 : enrolled.contact_source->id, enrolled.account, enrolled.contact_key};
}

std::optional<const CapFacts*> Batch::CapsOf(const Enrolled& enrolled) const {
  if (!round_.has_caps) return nullptr;
  if (enrolled.version->program.settings.caps.empty() && round_.templates.CapsOf(enrolled.account).empty()) return nullptr;
  const auto found = caps_.find(enrolled.id);
  return found == caps_.end() ? std::nullopt : std::optional(&found->second);
}

void Batch::LoadCaps(const std::vector<const Enrolled*>& all) {
  if (all.empty()) return;
  std::vector<std::string> accounts, contacts, channels;
  std::vector<int32_t> sources, most;
  std::vector<std::optional<Instant>> since;
  std::vector<std::vector<Instant>*> sent;
  for (const Enrolled* enrolled : all) {
    CapFacts& facts = caps_[enrolled->id];
    facts.caps = enrolled->version->program.settings.caps;
    const std::vector<FrequencyCap>& of_account = round_.templates.CapsOf(enrolled->account);
    facts.caps.insert(facts.caps.end(), of_account.begin(), of_account.end());
    facts.sent.resize(facts.caps.size());
    for (size_t i = 0; i < facts.caps.size(); ++i) {
      const FrequencyCap& cap = facts.caps[i];
      accounts.push_back(enrolled->account);
      contacts.push_back(enrolled->contact_key);
      sources.push_back(std::get<0>(ContactOf(*enrolled)));
      channels.push_back(cap.channel);
      since.emplace_back(CountsSince(cap, round_.now));
      most.push_back(cap.max);
      sent.push_back(&facts.sent[i]);
    }
  }
  Rows rows = Execute(
      "SELECT u.n::int, c.at FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::timestamptz[], $6::int[]) WITH ORDINALITY"
      " AS u(account, contact, source, channel, since, most, n) CROSS JOIN LATERAL (SELECT d.at FROM workflow.contacted d WHERE d.account = u.account"
      " AND d.contact_key = u.contact AND d.contact_source = u.source AND d.at > u.since AND (u.channel = '' OR d.channel = u.channel)"
      " ORDER BY d.at DESC LIMIT u.most) c ORDER BY 1, 2 DESC",
      Params().Texts(accounts).Texts(contacts).Int4s(sources).Texts(channels).Times(since).Int4s(most));
  for (size_t i = 0; i < rows.size(); ++i) sent[static_cast<size_t>(rows.Int4(i, 1) - 1)]->push_back(rows.Time(i, 2));
  rows.Free();
}

// By other enrollments of the contact, and by turns of its own that count already.
std::vector<std::string> Batch::WrittenTo(const Enrolled& enrolled) const {
  std::vector<std::string> channels;
  const auto found = written_.find(ContactOf(enrolled));
  if (found == written_.end()) return channels;
  for (const Written& written : found->second) {
    if (written.settled || written.enrollment != enrolled.id) channels.push_back(written.channel);
  }
  return channels;
}

void Batch::NoteWritten(const Turn& turn) {
  const Enrolled& enrolled = *turn.enrolled;
  const Settings& settings = enrolled.version->program.settings;
  if (!round_.has_caps || settings.category == Category::kTransactional) return;
  std::vector<Written>& all = written_[ContactOf(enrolled)];
  std::erase_if(all, [&](const Written& written) { return !written.settled && written.enrollment == enrolled.id; });
  for (const Effect& effect : turn.decision.effects) {
    const auto* send = std::get_if<SendEffect>(&effect);
    if (send == nullptr || !send->stopped.empty()) continue;
    const auto* body = std::get_if<SendStep>(&enrolled.version->program.steps[static_cast<size_t>(send->step)].body);
    if (body == nullptr || (body->receiver != Receiver::kContact && body->receiver != Receiver::kAddress)) continue;
    all.push_back({enrolled.id, body->channel, false});
  }
}

// What the turn has really written counts; what it wanted to write, and was put off, does not.
void Batch::SettleWritten(const Turn& turn) {
  if (!round_.has_caps) return;
  std::vector<Written>& all = written_[ContactOf(*turn.enrolled)];
  std::erase_if(all, [&](const Written& written) { return !written.settled && written.enrollment == turn.enrolled->id; });
  for (const PendingMessage& message : turn.messages) if (message.counts) all.push_back({turn.enrolled->id, message.channel, true});
}

void Batch::SaveContacted() {
  if (std::none_of(messages_.begin(), messages_.end(), [](const PendingMessage& message) { return message.counts; })) return;
  TableWriter rows(EnsureMonth("contacted", "at", round_.now), TableWriter::Room::kAtEnd);
  for (const PendingMessage& message : messages_) {
    if (!message.counts) continue;
    const Enrolled& enrolled = *message.enrolled;
    rows.Text(enrolled.account).Text(enrolled.contact_key).Int4(std::get<0>(ContactOf(enrolled))).Time(round_.now).Text(message.channel);
    rows.EndRow();
  }
  rows.Finish();
}

}  // namespace workflow::pg
