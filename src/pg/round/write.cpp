// Messages: who they go to, from whom, and their text.
#include "core/message/choose.h"
#include "core/message/partials.h"
#include "pg/round/candidate.h"
#include "pg/server/spi.h"
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

std::string Md5(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? "\x1f" : "") + parts[i];
  char hex[33];
  const char* error = nullptr;
  if (!CallBackend([&] { return pg_md5_hash(text.data(), text.size(), hex, &error); })) {
    throw SqlError{ERRCODE_INTERNAL_ERROR, std::string("could not compute MD5: ") + (error == nullptr ? "" : error)};
  }
  return hex;
}

}  // namespace

std::string NamedUuid(const std::vector<std::string>& parts) {
  const std::string hex = Md5(parts);
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" + hex.substr(20);
}

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
  message.due_at = send.due_at;
  message.expires_at = send.expires_at;
  message.idempotency_key = Md5({enrolled.account, std::to_string(enrolled.version->workflow), enrolled.contact_key, enrolled.entry_key,
                                 std::to_string(enrolled.entry_number), step.id, std::to_string(send.visit)});
  if (hook != nullptr) {
    WriteRequest(enrolled, *hook, &message);
    return message;
  }
  message.locale = LocaleOf(enrolled.contact_source, contact);
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

  const AccountSettings& account = round_.templates.Account(enrolled.account);
  if (program.settings.sender) message.sender = program.settings.sender->Dump();
  else if (account.sender) message.sender = account.sender->Dump();

  std::optional<Template> subject = body.subject, text = body.body;
  std::optional<Json> data = body.data;
  std::vector<Template> strings = body.data_texts;
  if (!body.template_name.empty()) {
    const StoredTemplate* stored =
        round_.templates.Choose(enrolled.account, body.template_name, body.channel, message.locale, body.template_version);
    if (stored == nullptr) {
      throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '2'), "there is no template \"" + body.template_name + "\" for channel \"" + body.channel + "\"",
                     {}, "Store it with workflow.put_template()."};
    }
    message.template_name = stored->name + "@" + std::to_string(stored->version);
    subject = stored->subject;
    text = stored->body;
    if (!data) {
      data = stored->data;
      strings = stored->data_texts;
    }
  }
  if (subject) message.subject = Render(enrolled, *subject, purpose);
  if (text) {
    TextFor html = purpose;
    html.is_html = IsHtmlBody(body.channel, *text, data ? &*data : nullptr);
    message.body = Render(enrolled, *text, html);
  }
  if (data) {
    std::vector<std::string> rendered;
    for (const Template& string : strings) rendered.push_back(Render(enrolled, string, purpose));
    message.data = WithStrings(*data, rendered).Dump();
  }
  const auto bytes = [](const std::optional<std::string>& part) { return part ? part->size() : 0; };
  CheckMessageBytes(bytes(message.subject) + bytes(message.body) + bytes(message.data));
  return message;
}

void Batch::SaveMessages() {
  if (messages_.empty()) return;
  std::vector<std::string> accounts, contacts, channels, kinds, categories, recipients, workflows, steps, keys, templates, locales;
  std::vector<std::optional<std::string>> senders, subjects, bodies, datas, headers;
  std::vector<bool> reads;
  std::vector<int32_t> workflow_ids, versions, ranks;
  std::vector<int64_t> enrollments;
  std::vector<std::optional<Instant>> dues, expiries;
  std::vector<bool> unreachable;
  for (const PendingMessage& message : messages_) {
    const Enrolled& enrolled = *message.enrolled;
    const Settings& settings = enrolled.version->program.settings;
    accounts.push_back(enrolled.account);
    contacts.push_back(enrolled.contact_key);
    channels.push_back(message.channel);
    kinds.push_back(message.kind);
    categories.push_back(CategoryName(settings.category));
    ranks.push_back(static_cast<int32_t>(settings.category));
    recipients.push_back(message.recipient);
    senders.push_back(message.sender);
    templates.push_back(message.template_name);
    locales.push_back(message.locale);
    subjects.push_back(message.subject);
    bodies.push_back(message.body);
    datas.push_back(message.data);
    headers.push_back(message.headers);
    reads.push_back(settings.mark_as_read);
    workflows.push_back(enrolled.version->workflow_name);
    workflow_ids.push_back(enrolled.version->workflow);
    versions.push_back(enrolled.version->number);
    steps.push_back(message.step);
    enrollments.push_back(enrolled.id);
    keys.push_back(message.idempotency_key);
    dues.push_back(message.due_at);
    expiries.push_back(message.expires_at);
    unreachable.push_back(message.no_address);
  }
  Params params;
  params.Texts(accounts).Texts(contacts).Texts(channels).Texts(kinds).Texts(categories).Texts(recipients).Texts(senders).Texts(templates)
      .Texts(locales).Texts(subjects).Texts(bodies).Texts(datas).Bools(reads).Texts(workflows).Int4s(workflow_ids).Int4s(versions).Texts(steps)
      .Int8s(enrollments).Texts(keys).Times(dues).Times(expiries).Int4s(ranks).Bools(unreachable).Time(round_.now).Texts(headers);
  Execute(
      "WITH u AS (SELECT nextval('workflow.message_id_seq') AS id, * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
      " $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::text[], $15::int[], $16::int[],"
      " $17::text[], $18::bigint[], $19::text[], $20::timestamptz[], $21::timestamptz[], $22::int[], $23::bool[], $25::text[])"
      " AS u(account, contact_key, channel, kind, category, recipient, sender, template, locale, subject, body, data, mark_as_read, workflow,"
      " workflow_id, version, step, enrollment, key, due_at, expires_at, rank, unreachable, headers)),"
      " written AS (INSERT INTO workflow.message (id, account, contact_key, channel, kind, category, recipient, sender, template, locale, subject,"
      " body, data, mark_as_read, workflow, workflow_id, version, step, enrollment, idempotency_key, due_at, expires_at, created_at, headers)"
      " SELECT id, account, contact_key, channel, kind, category, recipient::jsonb, sender::jsonb, nullif(template, ''), nullif(locale, ''), subject,"
      " body, data::jsonb, mark_as_read, workflow, workflow_id, version, step, enrollment, key, due_at, expires_at, $24, headers::jsonb FROM u)"
      " INSERT INTO workflow.delivery (message, channel, rank, due_at, state, visible_at, outcome_at, reason)"
      " SELECT id, channel, rank, due_at, CASE WHEN unreachable THEN 'no_address' ELSE 'ready' END, due_at,"
      " CASE WHEN unreachable THEN $24 END, CASE WHEN unreachable THEN CASE WHEN recipient::jsonb ? 'staff' THEN 'nobody is to be found who could receive it'"
      " ELSE 'the contact has no address for this channel' END END FROM u",
      params);
}

}  // namespace workflow::pg
