// Events that steps append to the log, for the next round: emitted ones, entries and exits of other workflows, consent.
#include "pg/round/candidate.h"
#include "pg/round/changes.h"

namespace workflow::pg {
namespace {

// What is said by this step at this visit has the same id at every try.
EventRow MadeEvent(const Enrolled& enrolled, const std::string& step, int32_t visit, char kind, const std::string& name, Instant now, Json body) {
  EventRow row;
  row.kind = kind;
  row.name = name;
  row.depth = static_cast<int16_t>(DepthBelow(enrolled));
  if (const int64_t link = ChainLink(enrolled); link != 0) body.Set("chains", Json::MakeArray({Json::Integer(link)}));
  row.timed = true;
  row.at = now;
  row.event = NamedUuid({enrolled.account, enrolled.contact_key, std::to_string(enrolled.version->workflow), enrolled.entry_key,
                         std::to_string(enrolled.entry_number), step, std::to_string(visit), name});
  if (enrolled.contact_source != nullptr) row.source = enrolled.contact_source->id;
  row.row_key = enrolled.contact_key;
  row.account = enrolled.account;
  row.body = body.Dump();
  return row;
}

// The workflow of this name that the contact's account may use: its own before everybody's.
const LoadedVersion& TargetOf(const Registry& registry, const Enrolled& enrolled, const std::string& name) {
  const LoadedVersion* found = nullptr;
  for (const auto& version : registry.versions) {
    if (!version->current || version->workflow_name != name) continue;
    if (version->account == enrolled.account) return *version;
    if (version->account.empty()) found = version.get();
  }
  if (found == nullptr) {
    throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '2'), "there is no published workflow \"" + name + "\"", {}, "Publish it, or change the step."};
  }
  return *found;
}

}  // namespace

void Batch::Say(Turn* turn, const ::workflow::Step& step, int32_t visit) {
  const Enrolled& enrolled = *turn->enrolled;
  const auto data_of = [&](const std::optional<Document>& data) { return data ? RenderDocument(enrolled, *data) : Json::MakeObject(); };
  const auto put = [&](char kind, const std::string& name, Json body) {
    turn->events.push_back(MadeEvent(enrolled, step.id, visit, kind, name, round_.now, std::move(body)));
  };
  if (const auto* emit = std::get_if<EmitStep>(&step.body)) {
    put('e', emit->event, Json::MakeObject({{"data", data_of(emit->data)}}));
  } else if (const auto* enroll = std::get_if<EnrollStep>(&step.body)) {
    const LoadedVersion& target = TargetOf(round_.registry, enrolled, enroll->workflow);
    put('n', target.workflow_name, Json::MakeObject({{"workflow", Json::Integer(target.workflow)}, {"data", data_of(enroll->data)}}));
  } else if (const auto* unenroll = std::get_if<UnenrollStep>(&step.body)) {
    const LoadedVersion& target = TargetOf(round_.registry, enrolled, unenroll->workflow);
    const std::string comment = unenroll->comment ? Render(enrolled, *unenroll->comment) : "by workflow " + enrolled.version->workflow_name;
    put('u', target.workflow_name, Json::MakeObject({{"workflow", Json::Integer(target.workflow)}, {"comment", Json::String(comment)}}));
  } else if (const auto* subscribe = std::get_if<SubscribeStep>(&step.body)) {
    // A campaign of the CRM: its row is the fact, and the events come of that.
    if (enrolled.contact_source != nullptr && enrolled.contact_source->binding.campaign_rows != nullptr && !subscribe->campaign.empty()) {
      HostChange change{.source = enrolled.contact_source, .key = enrolled.contact_key, .values = {}};
      change.subscribe = subscribe;
      change.step = step.id;
      change.enrolled = &enrolled;
      turn->changes.push_back(std::move(change));
      return;
    }
    const Json data = Json::MakeObject({{"campaign", subscribe->campaign.empty() ? Json() : Json::String(subscribe->campaign)},
                                        {"channel", subscribe->channel.empty() ? Json() : Json::String(subscribe->channel)}});
    PendingSubscription said{&enrolled, subscribe->campaign, subscribe->channel, subscribe->subscribed, {}};
    said.events.push_back(MadeEvent(enrolled, step.id, visit, 'e', subscribe->subscribed ? "contact.subscribed" : "contact.unsubscribed", round_.now,
                                    Json::MakeObject({{"data", data}})));
    if (!subscribe->campaign.empty()) {
      said.events.push_back(MadeEvent(enrolled, step.id, visit, 'e', subscribe->subscribed ? "campaign.subscribed" : "campaign.exited", round_.now, Json::MakeObject({{"data", data}})));
    }
    turn->subscriptions.push_back(std::move(said));
  }
}

// What changes nothing makes no event. Of several for one contact the last counts.
void Batch::SaveSubscriptions() {
  if (subscriptions_.empty()) return;
  std::map<std::tuple<std::string, std::string, int32_t, std::string, std::string>, const PendingSubscription*> last;
  for (const PendingSubscription& said : subscriptions_) {
    const Enrolled& enrolled = *said.enrolled;
    const int32_t source = enrolled.contact_source == nullptr ? 0 : enrolled.contact_source->id;
    last[{enrolled.account, enrolled.contact_key, source, said.campaign, said.channel}] = &said;
  }
  std::vector<std::string> accounts, contacts, campaigns, channels;
  std::vector<int32_t> sources, workflows;
  std::vector<bool> said;
  for (const auto& [key, subscription] : last) {
    accounts.push_back(std::get<0>(key));
    contacts.push_back(std::get<1>(key));
    sources.push_back(std::get<2>(key));
    campaigns.push_back(std::get<3>(key));
    channels.push_back(std::get<4>(key));
    workflows.push_back(subscription->enrolled->version->workflow);
    said.push_back(subscription->subscribed);
  }
  Rows changed = Execute(
      "INSERT INTO workflow.subscription AS s (account, contact_key, contact_source, campaign, channel, subscribed, at, workflow)"
      " SELECT account, contact_key, source, campaign, channel, subscribed, $8, workflow"
      " FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bool[], $7::int[])"
      " AS u(account, contact_key, source, campaign, channel, subscribed, workflow)"
      " ON CONFLICT (account, contact_key, contact_source, campaign, channel) DO UPDATE SET subscribed = excluded.subscribed, at = excluded.at,"
      " workflow = excluded.workflow WHERE s.subscribed <> excluded.subscribed"
      " RETURNING s.account, s.contact_key, s.contact_source, s.campaign, s.channel",
      Params().Texts(accounts).Texts(contacts).Int4s(sources).Texts(campaigns).Texts(channels).Bools(said).Int4s(workflows).Time(round_.now));
  for (size_t i = 0; i < changed.size(); ++i) {
    const auto found = last.find({changed.Text(i, 1), changed.Text(i, 2), changed.Int4(i, 3), changed.Text(i, 4), changed.Text(i, 5)});
    if (found == last.end()) continue;
    events_.insert(events_.end(), found->second->events.begin(), found->second->events.end());
  }
  changed.Free();
}

void Batch::SaveEvents() {
  if (events_.empty()) return;
  if (AppendEvents(events_) != AppendResult::kDone) {
    throw SqlError{ERRCODE_OBJECT_IN_USE, "no table of the event log can be written to", "They are locked by another transaction, or changed.",
                   "See workflow.doctor()."};
  }
}

}  // namespace workflow::pg
