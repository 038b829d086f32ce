// From events to candidates: whose contact each is, by which names, and which versions want it.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/round/hearing.h"
#include "pg/round/memberships.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

// Whether it is about a row that may let somebody in.
bool HasWanted(const LogEvent& event) {
  if (event.kind == 's') return true;
  const Json* wanted = event.body.Find("wanted");
  return event.kind == 'r' && wanted != nullptr && wanted->is_array() && !wanted->array().empty();
}

const BoundEvent* FindEvent(const Source& source, const std::string& name) {
  for (const BoundEvent& event : source.binding.events) if (event.name == name) return &event;
  return name == kScoreEvent ? &ScoreEvent() : nullptr;
}

// What the event's data call the word that came or went; empty: it has none.
std::string_view WordOf(const BoundEvent& event) {
  using Change = BoundEvent::Change;
  if (event.change == Change::kTagAdded || event.change == Change::kTagRemoved) return "tag";
  return event.change == Change::kSubscribed || event.change == Change::kUnsubscribed ? "campaign" : "";
}

// Only a key in a column names one contact.
bool MayLeadToSeveral(const Binding& binding) {
  return std::any_of(binding.contact.begin(), binding.contact.end(), [](const ContactRoute& r) { return r.kind != ContactRoute::Kind::kColumn; });
}

// The event of a row that ties another one to a word is that one's, which is read as it is now.
bool IsTie(const LogEvent& event) { return event.body.Find("tie") != nullptr; }

bool IsReply(const LogEvent& event) {
  const auto is_it = [](const Json& wanted) {
    const Json* on = wanted.Find("on");
    return on != nullptr && on->is_string() && on->string() == kReplyEvent;
  };
  if (event.kind == 's') return false;
  const auto& wanted = event.body.Find("wanted")->array();
  return std::any_of(wanted.begin(), wanted.end(), is_it);
}

std::string Text(const Json* json) { return json != nullptr && json->is_string() ? json->string() : std::string(); }

}  // namespace

// The version that an event was captured for. One that is retired by now gives way to the published one of its workflow.
const LoadedVersion* Batch::VersionFor(int32_t id) const {
  if (const LoadedVersion* version = round_.registry.VersionById(id); version != nullptr) return version;
  Rows rows = Execute("SELECT v.workflow FROM workflow.version v WHERE v.id = $1", Params().Int4(id));
  if (rows.empty()) return nullptr;
  const int32_t workflow = rows.Int4(0, 1);
  for (const auto& version : round_.registry.versions) if (version->current && version->workflow == workflow) return version.get();
  return nullptr;
}

std::vector<Batch::Candidate> Batch::Candidates(const std::vector<const LogEvent*>& events) {
  std::vector<ResolveRequest> requests;
  std::map<const LogEvent*, size_t> request_of, reply_of;
  for (const LogEvent* event : events) {
    if (!HasWanted(*event)) continue;
    const Source* source = event->source ? round_.registry.SourceById(*event->source) : nullptr;
    if (source == nullptr || !source->broken.empty()) { Park(*event, {}, "broken_source"); continue; }
    const Json* row = event->body.Find("new");
    if (row == nullptr || row->is_null()) row = event->body.Find("old");
    const bool replied = IsReply(*event);
    if (IsTie(*event) || replied) rows_.Want({source->id, event->row_key}, event->account);
    request_of[event] = requests.size();
    // What is offered was never recorded: the row is read as it is.
    requests.push_back({source, event->row_key, event->account, row, event->parked || IsTie(*event) || event->kind == 's'});
    if (replied && source->binding.replies && !source->binding.replies->contact.empty()) reply_of[event] = 0;
  }
  for (auto& [event, index] : reply_of) {  // who wrote it may be found another way than whose row it is
    ResolveRequest reply = requests[request_of.at(event)];
    reply.routes = &reply.source->binding.replies->contact;
    index = requests.size();
    requests.push_back(std::move(reply));
  }
  rows_.Fetch();
  for (const auto& [event, index] : request_of) {
    ResolveRequest& request = requests[index];
    if (IsTie(*event) && request.account.empty()) request.account = rows_.Get({request.source->id, request.row_key}).account;
  }
  ResolveContacts(round_.registry, &rows_, &requests);
  for (const auto& [event, index] : reply_of) requests[request_of.at(event)].reply = &requests[index];
  const EventWords words(round_.registry, events);

  std::vector<Candidate> candidates;
  for (const LogEvent* event : events) {
    if (event->kind == 'r' || event->kind == 's') {
      const auto found = request_of.find(event);
      if (found == request_of.end()) continue;
      if (event->kind == 'r') OfRow(*event, requests[found->second], words, &candidates);
      else OfOffer(*event, requests[found->second], &candidates);
    } else if (event->kind == 'e' || event->kind == 'n') {
      OfName(*event, &candidates);
    }
  }
  return candidates;
}

// A row's event: each of its names for each version that wants it and each contact that the row leads to.
void Batch::OfRow(const LogEvent& event, const ResolveRequest& request, const EventWords& words, std::vector<Candidate>* candidates) {
  // Whose row went with its ties has lost nothing.
  if (IsTie(event) && !rows_.Get({request.source->id, event.row_key}).found) return;
  for (const Json& wanted : event.body.Find("wanted")->array()) {
    const std::string on = Text(wanted.Find("on"));
    const BoundEvent* bound = FindEvent(*request.source, on);
    const Json* versions = wanted.Find("versions");
    if (bound == nullptr || versions == nullptr || !versions->is_array()) continue;
    if (bound->change == BoundEvent::Change::kReply) {
      const ResolveRequest& by = request.reply != nullptr ? *request.reply : request;
      if (by.contacts.empty()) return Park(event, by.lookup, "unresolved_contact");
      Replied(event, by, wanted, candidates);
      continue;
    }
    if (words.IsStill(event, wanted)) continue;
    if (request.contacts.empty()) { Park(event, request.lookup, "unresolved_contact"); return; }
    const std::string id = EventId(event, *request.source, *bound);
    for (const std::string& contact : request.contacts) {
      Candidate base;
      base.event = &event;
      base.wanted = &wanted;
      base.on = on;
      NameRow(event, request, contact, &base);
      base.event_uuid = id;
      if (!WordOf(*bound).empty()) base.data = Json::MakeObject({{std::string(WordOf(*bound)), words.Of(event, wanted)}});
      // The id if the row had led to another number of contacts: only a row that may lead to several has one.
      if (MayLeadToSeveral(request.source->binding)) base.twin_uuid = NamedUuid({id, contact});
      if (request.contacts.size() > 1) std::swap(base.event_uuid, base.twin_uuid);
      Listen(base, wanted.Find("heard"));
      Listen(base, wanted.Find("late"), /*late=*/true);
      for (const Json& number : versions->array()) {
        base.version = VersionFor(static_cast<int32_t>(number.AsInteger().value_or(0)));
        if (base.version != nullptr) Offer(base, candidates);
      }
    }
  }
}

void Batch::NameRow(const LogEvent& event, const ResolveRequest& request, const std::string& contact, Candidate* candidate) const {
  candidate->contact_source = ContactSource(round_.registry, *request.source);
  candidate->contact_key = contact;
  candidate->entry_source = request.source;
  candidate->entry_row = event.row_key;
  candidate->account = request.account;
}

// An event that comes once has the same id each time it is found; one that comes again has its transaction in it.
std::string Batch::EventId(const LogEvent& event, const Source& source, const BoundEvent& bound) const {
  std::string id = OnceId(source, event.row_key, bound.name);
  if (bound.once) return id;
  id = NamedUuid({id, event.xid});
  const Json* part = event.body.Find("part");
  return part == nullptr ? id : NamedUuid({id, part->Dump()});
}

// Of emit() and enroll(): each published version that a trigger, or the caller, names.
void Batch::OfName(const LogEvent& event, std::vector<Candidate>* candidates) {
  Candidate base;
  base.event = &event;
  base.on = event.kind == 'e' ? event.name : "manual";
  base.event_uuid = event.event;
  base.contact_source = DefaultContactSource(round_.registry, event.account);
  base.contact_key = event.row_key;
  base.account = event.account;
  const Json* workflow = event.body.Find("workflow");
  const Json* data = event.body.Find("data");
  if (data != nullptr) base.data = *data;
  if (const Source* source = event.source ? round_.registry.SourceById(*event.source) : nullptr) base.contact_source = source;
  if (event.kind == 'e') ListenByName(base);
  for (const auto& version : round_.registry.versions) {
    if (!version->current) continue;
    const auto& triggers = version->program.triggers;
    const bool named = event.kind == 'n' ? workflow != nullptr && version->workflow == workflow->AsInteger()
                                         : std::any_of(triggers.begin(), triggers.end(), [&](const Trigger& t) { return Fits(t, event.name, false); });
    if (!named) continue;
    base.version = version.get();
    Offer(base, candidates);
  }
}

void Batch::Offer(const Candidate& candidate, std::vector<Candidate>* candidates) {
  if (!candidate.version->broken.empty()) return Park(*candidate.event, {}, "broken_version");  // till somebody mends what it names
  Candidate offered = candidate;
  if (LeaveForLater(&offered)) candidates->push_back(std::move(offered));
}

std::string Batch::OnceId(const Source& source, const std::string& row_key, const std::string& event) const {
  const auto epoch = round_.epochs.find(source.id);
  return NamedUuid({source.name, std::to_string(epoch == round_.epochs.end() ? 0 : epoch->second), row_key, event});
}

void Batch::Park(const LogEvent& event, const std::vector<std::string>& lookup, const char* reason) {
  parked_.push_back({&event, lookup, reason});
}

}  // namespace workflow::pg
