// workflow.preview(): a stored template as a message to one contact would have it.
#include "core/base/problem.h"
#include "core/message/choose.h"
#include "core/message/partials.h"
#include "pg/convert.h"
#include "pg/functions/filters.h"
#include "pg/round/resolve.h"
#include "pg/round/templates.h"

namespace workflow::pg {
namespace {

inline constexpr int kUnknownTemplate = MAKE_SQLSTATE('W', 'F', '0', '0', '2');
inline constexpr int kUnknownContact = MAKE_SQLSTATE('W', 'F', '0', '0', '8');

struct Wish {
  TemplateName name;
  std::string contact;
  Json data;            // what there is besides the contact: {"order": {...}}
  std::string channel;  // empty: the only one
  std::string account;  // empty: the contact's
};

struct Shown {
  std::optional<std::string> subject, body;
};

// The one channel in which there is such a template, where none is named.
std::string ChannelOf(const TemplateStore& store, const Wish& wish, const std::string& account) {
  if (!wish.channel.empty()) return wish.channel;
  const std::vector<std::string> channels = store.ChannelsOf(account, wish.name.name);
  if (channels.size() == 1) return channels[0];
  if (channels.empty()) {
    const std::string hint = NearestHint(wish.name.name, store.Names());
    throw SqlError{kUnknownTemplate, "there is no template \"" + wish.name.name + '"', {}, hint.empty() ? "workflow.put_template() stores one." : hint};
  }
  std::string list;
  for (const std::string& channel : channels) list += (list.empty() ? "\"" : ", \"") + channel + '"';
  throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "template \"" + wish.name.name + "\" has texts for several channels", {},
                 "Name one of " + list + ": channel => …"};
}

const Source& ContactsFor(const Registry& registry, const std::string& account) {
  const Source* source = DefaultContactSource(registry, account);
  if (source != nullptr) return *source;
  throw SqlError{MAKE_SQLSTATE('W', 'F', '0', '0', '6'), "no table is attached as \"contact\"", {}, "Attach the table of contacts with workflow.attach first."};
}

// What a text sees: the contact and the account, and above them what the caller gives.
Json DataFor(const Wish& wish, const Source& source, const RowFacts& contact, const AccountSettings& account) {
  Json data = Json::MakeObject({{"contact", RowData(&source, contact)}, {"account", AccountData(account)}});
  for (const auto& [key, value] : wish.data.object()) data.Set(key, value);
  return data;
}

const Zone& ZoneFor(const RowFacts& contact, const AccountSettings& account) {
  static const UtcZone utc;
  const Zone* zone = Zones().Find(contact.zone);
  if (zone == nullptr) zone = Zones().Find(account.zone);
  return zone == nullptr ? utc : *zone;
}

Shown Preview(const Wish& wish) {
  const RegistryPin pin;
  const Registry& registry = CurrentRegistry();
  const TemplateStore& store = TemplateStore::Current(registry);
  const Source& source = ContactsFor(registry, wish.account);
  const Present present = ReadPresent();
  const NeededFields needed(registry, store.references());
  RowStore rows(registry, needed, present.now);
  const RowKey key{source.id, wish.contact};
  rows.Want(key, wish.account);
  rows.Fetch();
  const RowFacts& contact = rows.Get(key);
  const bool of_another = !wish.account.empty() && !contact.account.empty() && contact.account != wish.account;
  if (!contact.found || of_another) {
    throw SqlError{kUnknownContact, "there is no contact \"" + wish.contact + '"', {}, "A contact is named by the key of its row."};
  }
  const std::string account = wish.account.empty() ? contact.account : wish.account;
  const TextFor text{ChannelOf(store, wish, account), LocaleOf(&source, contact), false};
  const StoredTemplate* stored = store.Choose(account, wish.name.name, text.channel, text.locale, wish.name.version);
  if (stored == nullptr) {
    throw SqlError{kUnknownTemplate, "there is no template \"" + wish.name.name + "\" for channel \"" + text.channel + '"', {},
                   "Store one without a locale for contacts of every language."};
  }
  const AccountSettings& settings = store.Account(account);
  const Json data = DataFor(wish, source, contact, settings);
  const StoredPartials partials(store, account, text);
  RenderContext context{.data = &data, .now = present.now, .zone = &ZoneFor(contact, settings), .zones = &Zones(), .limits = {}};
  context.partials = &partials;
  Shown shown;
  if (stored->subject) shown.subject = RenderText(*stored->subject, context);
  if (!stored->body) return shown;
  context.escape_html = IsHtmlBody(text.channel, *stored->body, stored->data ? &*stored->data : nullptr);
  shown.body = RenderText(*stored->body, context);
  return shown;
}

}  // namespace
}  // namespace workflow::pg

// (template text, contact text, data jsonb, channel text, account text) -> (subject text, body text); channel and account may be null
WF_FUNCTION(workflow_preview) {
  using namespace workflow;
  using namespace workflow::pg;
  auto data = JsonOfJsonb(PG_GETARG_DATUM(2));
  if (!data || !data->is_object()) {
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "the data of a template must be an object", {}, "Write {\"order\": {\"total\": 10}}."};
  }
  const auto maybe = [&](int n) { return PG_ARGISNULL(n) ? std::string() : TextOf(PG_GETARG_DATUM(n)); };
  const Wish wish{SplitTemplateName(TextOf(PG_GETARG_DATUM(0))), TextOf(PG_GETARG_DATUM(1)), std::move(*data), maybe(3), maybe(4)};
  Spi spi;
  const Shown shown = Preview(wish);
  spi.Finish();
  Datum values[2] = {shown.subject ? TextDatum(*shown.subject) : Datum{0}, shown.body ? TextDatum(*shown.body) : Datum{0}};
  bool nulls[2] = {!shown.subject, !shown.body};
  return CallBackend([&] {
    TupleDesc columns = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "preview returns a row");
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
  });
}
