// Messages: who they go to, from whom, and their text.
#include <algorithm>

#include "core/delivery/delivery.h"
#include "core/delivery/sender.h"
#include "core/message/choose.h"
#include "core/message/partials.h"
#include "pg/convert.h"
#include "pg/round/candidate.h"
#include "pg/server/md5.h"
#include "pg/server/spi.h"
#include "pg/server/table_writer.h"
#include "pg/store/children.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

const char* CategoryName(Category category) {
  switch (category) {
    case Category::kTransactional: return "transactional";
    case Category::kInformational: return "informational";
    case Category::kMarketing: return "marketing";
  }
  return "marketing";
}

Md5Sum Md5(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? "\x1f" : "") + parts[i];
  const auto sum = Md5Of(text);
  if (!sum) throw SqlError{ERRCODE_INTERNAL_ERROR, "could not compute MD5", {}, "OpenSSL has to allow it, as md5() of SQL needs it too."};
  return *sum;
}

pg_uuid_t AsUuid(const Md5Sum& sum) {
  pg_uuid_t uuid;
  static_assert(sizeof(uuid.data) == std::tuple_size_v<Md5Sum>);
  std::copy(sum.begin(), sum.end(), uuid.data);
  return uuid;
}

std::string HexOf(const Md5Sum& sum) {
  std::string hex = UuidText(AsUuid(sum));
  hex.erase(std::remove(hex.begin(), hex.end(), '-'), hex.end());
  return hex;
}

}  // namespace

std::string NamedUuid(const std::vector<std::string>& parts) { return UuidText(AsUuid(Md5(parts))); }

std::string Batch::Render(const Enrolled& enrolled, const Template& text, const TextFor& purpose) {
  const StoredPartials partials(round_.templates, enrolled.account, purpose);
  const Json data = DataOf(enrolled, text.partials().empty() ? text.references() : ReadsOf(text, partials).references);
  RenderContext context;
  context.data = &data;
  context.now = round_.now;
  context.zone = &ZoneOf(enrolled);
  context.zones = &Zones();
  context.escape_html = purpose.is_html;
  context.partials = &partials;
  return RenderText(text, context);
}

// The step's, the workflow's, the account's: the first that says anything for the channel.
std::optional<std::string> Batch::SenderOf(const Enrolled& enrolled, const SendStep& send) {
  for (const std::optional<Document>* said : {&send.sender, &enrolled.version->program.settings.sender}) {
    if (!*said) continue;
    if (const auto sender = SenderFor(RenderDocument(enrolled, **said), send.channel)) return sender->Dump();
  }
  const AccountSettings& account = round_.templates.Account(enrolled.account);
  const auto sender = account.sender ? SenderFor(*account.sender, send.channel) : std::nullopt;
  return sender ? std::optional(sender->Dump()) : std::nullopt;
}

PendingMessage Batch::Write(const Enrolled& enrolled, const SendEffect& send) {
  const Program& program = enrolled.version->program;
  const ::workflow::Step& step = program.steps[static_cast<size_t>(send.step)];
  const auto* hook = std::get_if<WebhookStep>(&step.body);
  const auto* notify = std::get_if<NotifyStep>(&step.body);
  static const SendStep none;
  const SendStep& body = hook != nullptr ? none : notify != nullptr ? notify->message : std::get<SendStep>(step.body);
  static const RowFacts nobody;
  const RowFacts& contact =
      enrolled.contact_source == nullptr ? nobody : rows_.Get({enrolled.contact_source->id, enrolled.contact_key});
  PendingMessage message;
  message.enrolled = &enrolled;
  message.channel = body.channel;
  message.kind = body.kind;
  message.step = step.id;
  message.stopped = send.stopped;
  message.due_at = send.due_at;
  message.expires_at = send.expires_at;
  message.idempotency_key = HexOf(Md5({enrolled.account, std::to_string(enrolled.version->workflow), enrolled.contact_key, enrolled.entry_key,
                                 std::to_string(enrolled.entry_number), step.id, std::to_string(send.visit)}));
  if (hook != nullptr) {
    WriteRequest(enrolled, *hook, &message);
    return message;
  }
  if (body.locale) message.locale = Render(enrolled, *body.locale);
  if (message.locale.empty()) message.locale = LocaleOf(enrolled.contact_source, contact);
  const TextFor purpose{body.channel, message.locale, false};

  Json recipient = Json::MakeObject({{"contact", Json::String(enrolled.contact_key)}});
  const bool staff = body.receiver == Receiver::kOwner || body.receiver == Receiver::kUser || body.receiver == Receiver::kTeam;
  if (staff) {
    AddressStaff(enrolled, body, &message, &recipient);
  } else {
    const std::string field(AddressField(body.channel));
    const bool bound = enrolled.contact_source != nullptr && FindBoundField(enrolled.contact_source->binding, field) != nullptr;
    const std::string address = body.to ? Render(enrolled, *body.to, purpose) : FieldText(enrolled.contact_source, contact, field);
    message.no_address = address.empty() && (body.to || (!field.empty() && bound));
    if (!address.empty()) recipient.Set("address", Json::String(address));
    if (notify != nullptr) recipient.Set("staff", Json::Boolean(true));
  }
  message.recipient = recipient.Dump();

  if (!message.stopped.empty()) return message;  // nobody reads it: it needs no words

  message.sender = SenderOf(enrolled, body);

  // The step's own words, or the template's.
  const std::optional<Template>*subject = &body.subject, *text = &body.body;
  const std::optional<Json>* data = &body.data;
  const std::vector<Template>* strings = &body.data_texts;
  if (!body.template_name.empty()) {
    const StoredTemplate* stored =
        round_.templates.Choose(enrolled.account, body.template_name, body.channel, message.locale, body.template_version);
    if (stored == nullptr) {
      throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '2'), "there is no template \"" + body.template_name + "\" for channel \"" + body.channel + "\"",
                     {}, "Store it with workflow.put_template()."};
    }
    message.template_name = stored->name + "@" + std::to_string(stored->version);
    subject = &stored->subject;
    text = &stored->body;
    if (!*data) {
      data = &stored->data;
      strings = &stored->data_texts;
    }
  }
  if (*subject) message.subject = Render(enrolled, **subject, purpose);
  if (*text) {
    TextFor html = purpose;
    html.is_html = IsHtmlBody(body.channel, **text, *data ? &**data : nullptr);
    message.body = Render(enrolled, **text, html);
  }
  if (*data) {
    std::vector<std::string> rendered;
    for (const Template& string : *strings) rendered.push_back(Render(enrolled, string, purpose));
    message.data = WithStrings(**data, rendered).Dump();
  }
  const bool to_contact = hook == nullptr && notify == nullptr && (body.receiver == Receiver::kContact || body.receiver == Receiver::kAddress);
  message.counts = round_.has_caps && to_contact && program.settings.category != Category::kTransactional && !message.no_address && message.stopped.empty();
  const auto bytes = [](const std::optional<std::string>& part) { return part ? part->size() : 0; };
  CheckMessageBytes(bytes(message.subject) + bytes(message.body) + bytes(message.data));
  return message;
}

namespace {

// The columns of workflow.message.
void PutMessage(int64_t id, const PendingMessage& message, Instant now, TableWriter* rows) {
  const Enrolled& enrolled = *message.enrolled;
  const Settings& settings = enrolled.version->program.settings;
  rows->Int8(id).Int8(enrolled.id).Time(message.due_at).MaybeTime(message.expires_at).Time(now).Int4(enrolled.version->workflow)
      .Int4(enrolled.version->number).Int2(static_cast<int16_t>(settings.category)).Bool(settings.mark_as_read).Text(enrolled.account)
      .Text(enrolled.contact_key).Text(message.channel).Text(message.kind).Text(CategoryName(settings.category)).Jsonb(message.recipient)
      .MaybeJsonb(message.sender).TextOrNull(message.template_name).TextOrNull(message.locale).MaybeText(message.subject).MaybeText(message.body)
      .MaybeJsonb(message.data).MaybeJsonb(message.headers).Text(enrolled.version->workflow_name).Text(message.step).Text(message.idempotency_key);
  rows->EndRow();
}

bool IsForStaff(const PendingMessage& message) {
  std::string error;
  const auto recipient = Json::Parse(message.recipient, &error);
  return recipient && recipient->Find("staff") != nullptr;
}

}  // namespace

// In the order in which they were due, which is the order in which claims hand them out. What is stopped or has no address has its outcome at once; what is due
// later is in the queue from then on.
void Batch::SaveMessages() {
  if (messages_.empty()) return;
  const auto earlier = [](const PendingMessage& a, const PendingMessage& b) { return a.due_at < b.due_at; };
  if (!std::is_sorted(messages_.begin(), messages_.end(), earlier)) std::stable_sort(messages_.begin(), messages_.end(), earlier);
  const MessageDay today = EnsureMessageDay();
  const std::vector<int64_t> ids = NextMessageIds(today, messages_.size());
  constexpr auto kAtEnd = TableWriter::Room::kAtEnd;
  TableWriter rows(today.message, kAtEnd), outcomes(today.outcome, kAtEnd), leases(today.lease, kAtEnd);
  for (size_t i = 0; i < messages_.size(); ++i) {
    const PendingMessage& message = messages_[i];
    PutMessage(ids[i], message, round_.now, &rows);
    if (!message.stopped.empty()) {
      outcomes.Int8(ids[i]).Time(round_.now).Int4(0).Text(MessageStateName(MessageState::kSuppressed)).Null().Text(message.stopped).EndRow();
    } else if (message.no_address) {
      outcomes.Int8(ids[i]).Time(round_.now).Int4(0).Text(MessageStateName(MessageState::kNoAddress)).Null();
      outcomes.Text(IsForStaff(message) ? "nobody is to be found who could receive it" : "the contact has no address for this channel").EndRow();
    } else if (message.due_at > round_.now) {
      const auto rank = static_cast<int16_t>(message.enrolled->version->program.settings.category);
      leases.Int8(ids[i]).Time(message.due_at).Time(round_.now).Int4(1).Int2(0).Int2(rank).Null().Text(message.channel).Null().Bool(false).Null();
      leases.EndRow();
    }
  }
  rows.Finish();
  outcomes.Finish();
  leases.Finish();
}

}  // namespace workflow::pg
