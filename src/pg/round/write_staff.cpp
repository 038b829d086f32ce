// Messages that are not for the contact: to the CRM's own people, and requests to other systems.
#include "core/message/choose.h"
#include "pg/round/candidate.h"
#include "pg/round/changes.h"

namespace workflow::pg {

// {"contact", "staff": true, "user" | "team", "address"}: a user's address comes from the attached entity "user", where there is one.
void Batch::AddressStaff(const Enrolled& enrolled, const SendStep& body, PendingMessage* message, Json* recipient) {
  recipient->Set("staff", Json::Boolean(true));
  if (body.receiver == Receiver::kTeam) {
    const std::string team = body.to ? Render(enrolled, *body.to) : std::string();
    recipient->Set("team", Json::String(team));
    message->no_address = team.empty();
    return;
  }
  const std::string user = body.receiver == Receiver::kOwner ? OwnerOf(enrolled, body.owner_entity) : body.to ? Render(enrolled, *body.to) : std::string();
  if (user.empty()) {
    message->no_address = true;
    return;
  }
  recipient->Set("user", Json::String(user));
  const std::string field(AddressField(body.channel));
  const Source* users = SourceOfEntity(round_.registry, "user", enrolled.contact_source);
  if (users == nullptr || field.empty() || FindBoundField(users->binding, field) == nullptr) return;
  rows_.Want({users->id, user}, enrolled.account);
  rows_.Fetch();
  const std::string address = FieldText(users, rows_.Get({users->id, user}), field);
  message->no_address = address.empty();
  if (!address.empty()) recipient->Set("address", Json::String(address));
}

// The standard body says what happened, when, and to whom; the step's own replaces it.
void Batch::WriteRequest(const Enrolled& enrolled, const WebhookStep& hook, PendingMessage* message) {
  message->channel = "webhook";
  message->kind = "notification";
  message->recipient = Json::MakeObject({{"contact", Json::String(enrolled.contact_key)},
                                         {"url", Json::String(Render(enrolled, hook.url))},
                                         {"method", Json::String(hook.method)}}).Dump();
  Json headers = Json::MakeObject({{"webhook-id", Json::String("msg_" + message->idempotency_key)}});
  if (hook.method != "GET") headers.Set("content-type", Json::String("application/json"));
  Json body = Json::MakeObject({{"type", Json::String(enrolled.version->workflow_name + "." + message->step)},
                                {"timestamp", Json::String(FormatIso(round_.now))},
                                {"data", Json::MakeObject({{"contact", Json::String(enrolled.contact_key)}, {"account", Json::String(enrolled.account)},
                                                           {"workflow", Json::String(enrolled.version->workflow_name)},
                                                           {"step", Json::String(message->step)}, {"event", Json::String(enrolled.event_name)}})}});
  if (hook.body) body = RenderDocument(enrolled, *hook.body);
  if (body.is_string()) headers.Set("content-type", Json::String("text/plain; charset=utf-8"));
  for (const auto& [name, value] : hook.headers) headers.Set(name, Json::String(Render(enrolled, value)));
  message->headers = headers.Dump();
  if (hook.method == "GET") return;
  message->body = body.is_string() ? body.string() : body.Dump();
  CheckMessageBytes(message->body->size());
  if (!body.is_string()) message->data = *message->body;
}

// Time and signature as of now. A claim gives them anew: a receiver refuses a signature that is minutes old.
void Batch::SignRequests() {
  std::vector<PendingMessage*> requests;
  std::vector<std::string> headers, accounts;
  std::vector<std::optional<std::string>> bodies;
  std::vector<int32_t> workflows;
  for (PendingMessage& message : messages_) {
    if (!message.headers) continue;
    requests.push_back(&message);
    headers.push_back(*message.headers);
    bodies.push_back(message.body);
    accounts.push_back(message.enrolled->account);
    workflows.push_back(message.enrolled->version->workflow);
  }
  if (requests.empty()) return;
  Rows rows = Execute("SELECT workflow.signed_headers(u.headers::jsonb, u.body, u.account, u.workflow, $5)::text"
                      " FROM unnest($1::text[], $2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS u(headers, body, account, workflow, n) ORDER BY u.n",
                      Params().Texts(headers).Texts(bodies).Texts(accounts).Int4s(workflows).Time(round_.now));
  for (size_t i = 0; i < rows.size(); ++i) requests[i]->headers = rows.Text(i, 1);
  rows.Free();
}

}  // namespace workflow::pg
