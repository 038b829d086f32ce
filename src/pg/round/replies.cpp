// Rows of the CRM that are replies: each becomes the event of the message it answers, as if workflow.reply() had told of it.
#include <algorithm>

#include "pg/round/candidate.h"
#include "pg/server/spi.h"

namespace workflow::pg {

void Batch::Replied(const LogEvent& event, const ResolveRequest& request, const Json& wanted, std::vector<Candidate>* candidates) {
  const Source& source = *request.source;
  const RowFacts& row = rows_.Get({source.id, event.row_key});
  const bool live = row.found && row.live;
  if (!live || row.reply_channel.empty()) return;
  const std::string id = OnceId(source, event.row_key, kReplyEvent);
  const Source* contacts = ContactSource(round_.registry, source);
  for (const std::string& contact : request.contacts) {
    std::string account = event.account.empty() ? row.account : event.account, zone;
    if (contacts != nullptr) {
      const RowKey key = {contacts->id, contact};
      rows_.Want(key, account);
      rows_.Fetch();
      const RowFacts& found = rows_.Get(key);
      if (account.empty()) account = found.account;
      zone = found.zone;
    }
    LogEvent told = event;
    told.kind = 'e';
    told.name = kReplyEvent;
    told.row_key = contact;
    told.account = account;
    told.event = request.contacts.size() > 1 ? NamedUuid({id, contact}) : id;
    told.at = TimeOf(event, &wanted, &source, zone);
    told.timed = true;
    if (contacts != nullptr) told.source = contacts->id;
    const Json data = Json::MakeObject({{"channel", Json::String(row.reply_channel)}, {"automatic", Json::Boolean(row.reply_is_automatic)},
                                        {"source", Json::String(source.name)}, {"row", Json::String(event.row_key)}});
    Rows taken = Execute("SELECT workflow.take_reply($1, $2, $3, $4, $5::jsonb, $6::uuid)::text",
                         Params().Text(account).Text(contact).Text(row.reply_channel).Time(told.at).Text(data.Dump()).Text(told.event));
    const auto text = taken.MaybeText(0, 1);
    taken.Free();
    if (!text) continue;  // it was told before
    std::string error;
    told.body = Json::MakeObject({{"data", Json::Parse(*text, &error).value_or(Json())}});
    const LogEvent& kept = replies_.emplace_back(std::move(told));
    order_.emplace(&kept, order_.at(&event));
    OfName(kept, candidates);
  }
}

}  // namespace workflow::pg
