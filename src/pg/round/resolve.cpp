#include "pg/round/resolve.h"

#include <algorithm>
#include <deque>
#include <set>

#include "pg/convert.h"
#include "pg/server/spi.h"

namespace workflow::pg {
namespace {

using Pending = std::vector<ResolveRequest*>;

std::string SchemaOf(const Source& source) {
  const Oid oid = source.relation;
  const char* name = CallBackend([&] { return get_namespace_name(get_rel_namespace(oid)); });
  return name == nullptr ? std::string() : name;
}

std::optional<std::string> Recorded(const ResolveRequest& request, const std::string& column) {
  const Json* value = request.row == nullptr ? nullptr : request.row->Find(column);
  return value != nullptr && value->is_string() ? std::optional(value->string()) : std::nullopt;
}

// Where only one of the two says whose it is, nothing is known to the contrary.
bool SameTenant(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

// A key in a column. Where contacts are attached, one that is not there leads nowhere.
void ByColumns(const ContactRoute& route, const Source* contacts, RowStore* rows, const Pending& pending) {
  std::vector<std::pair<ResolveRequest*, std::string>> found;
  for (ResolveRequest* request : pending) {
    std::vector<Value> parts;
    for (const std::string& column : route.columns) {
      const auto text = Recorded(*request, column);
      if (!text) break;
      parts.push_back(Value(*text));
    }
    if (parts.size() != route.columns.size()) continue;
    if (const auto key = CanonicalKey(parts)) found.emplace_back(request, *key);
  }
  if (contacts != nullptr) {
    for (const auto& [request, key] : found) rows->Want({contacts->id, key}, request->account);
    rows->Fetch();
  }
  for (const auto& [request, key] : found) {
    if (contacts == nullptr) request->contacts.push_back(key);
    else if (const RowFacts& row = rows->Get({contacts->id, key}); row.found && SameTenant(row.account, request->account)) request->contacts.push_back(row.key);
  }
}

// Reads n, key part, key part, … of a statement into the requests.
void TakeKeys(const Rows& result, size_t parts, const Pending& asked) {
  std::vector<Converter> converters;
  for (size_t i = 0; i < parts; ++i) converters.emplace_back(TupleDescAttr(result.description(), static_cast<int>(i) + 1)->atttypid);
  for (size_t row = 0; row < result.size(); ++row) {
    std::vector<Value> values;
    for (size_t i = 0; i < parts; ++i) {
      bool is_null;
      const Datum datum = result.Raw(row, static_cast<int>(i) + 2, &is_null);
      values.push_back(converters[i].Convert(datum, is_null));
    }
    const auto key = CanonicalKey(values);
    if (!key) continue;
    auto& contacts = asked[static_cast<size_t>(result.Int8(row, 1)) - 1]->contacts;
    if (std::find(contacts.begin(), contacts.end(), *key) == contacts.end()) contacts.push_back(*key);
  }
}

void ByMatch(const ContactRoute& route, const Source* contacts, const Pending& pending, const Tenant& tenant) {
  Pending asked;
  std::vector<std::vector<std::string>> values(route.match.size());
  std::vector<std::optional<std::string>> accounts;
  for (ResolveRequest* request : pending) {
    std::vector<std::string> texts;
    for (const auto& [field, column] : route.match) {
      const auto text = Recorded(*request, column);
      if (!text || text->empty()) break;
      texts.push_back(*text);
      request->lookup.push_back(field + "=" + *text);
    }
    if (texts.size() != route.match.size()) continue;
    asked.push_back(request);
    accounts.push_back(request->account);
    for (size_t i = 0; i < texts.size(); ++i) values[i].push_back(texts[i]);
  }
  if (asked.empty() || contacts == nullptr) return;
  std::string arrays, names, on, keys;
  Params params;
  for (size_t i = 0; i < route.match.size(); ++i) {
    const BoundField* field = FindBoundField(contacts->binding, route.match[i].first);
    if (field == nullptr || field->column.empty()) return;
    const std::string n = std::to_string(i + 1);
    arrays += "$" + n + "::text[], ";
    names += "m" + n + ", ";
    // A text is compared as its column is; anything else by its text, for a wrong one must not fail the others.
    const bool text = field->type.kind == TypeKind::kText || field->type.kind == TypeKind::kCitext;
    on += (i > 0 ? " AND \"row\"." : "\"row\".") + QuotedName(field->column) +
        (text ? " = k.m" + n + "::" + ColumnType(*contacts, field->column) : "::text = k.m" + n);
    params.Texts(values[i]);
  }
  params.Texts(accounts);
  const std::string account = "$" + std::to_string(route.match.size() + 1) + "::text[]";
  if (!contacts->binding.account.empty()) {
    on += " AND (k.account = '' OR \"row\"." + QuotedName(FindBoundField(contacts->binding, contacts->binding.account)->column) +
        "::text = k.account)";
  }
  for (const std::string& column : contacts->binding.key) keys += ", \"row\"." + QuotedName(column);
  RunAs(contacts->owner, contacts->search_path, tenant, [&] {
    Rows result = Execute("SELECT k.n" + keys + " FROM unnest(" + arrays + account + ") WITH ORDINALITY AS k(" + names + "account, n) JOIN " +
                              QuotedRelation(*contacts) + " AS \"row\" ON " + on + " ORDER BY k.n" + keys,
                          params);
    TakeKeys(result, contacts->binding.key.size(), asked);
    result.Free();
  });
}

void BySql(const Source& source, const ContactRoute& route, const Pending& pending, const Tenant& tenant) {
  std::vector<std::string> keys;
  for (const ResolveRequest* request : pending) keys.push_back(request->row_key);
  Params params;
  for (const auto& column : KeyColumns(source, keys)) params.Texts(column);
  RunAs(source.owner, source.search_path, tenant, [&] {
    Rows result = Execute("SELECT k.n, q.* FROM " + KeyJoin(source, 1) + " CROSS JOIN LATERAL (" + route.sql + ") q ORDER BY k.n", params);
    TakeKeys(result, static_cast<size_t>(result.description()->natts) - 1, pending);
    result.Free();
  });
}

// The columns that lead to the contact, as they are now; what is gone keeps what was recorded.
void ReadAgain(const Source& source, const std::vector<ContactRoute>& routes, const Pending& pending, const Tenant& tenant, std::deque<Json>* rows_now) {
  std::set<std::string> names;
  for (const ContactRoute& route : routes) {
    names.insert(route.columns.begin(), route.columns.end());
    for (const auto& [field, column] : route.match) names.insert(column);
  }
  Pending asked;
  std::vector<std::string> keys;
  for (ResolveRequest* request : pending) {
    if (!request->read_again) continue;
    asked.push_back(request);
    keys.push_back(request->row_key);
  }
  if (asked.empty() || names.empty()) return;
  std::string list;
  for (const std::string& name : names) {
    const BoundField* field = FindBoundField(source.binding, name);
    list += ", \"row\"." + QuotedName(field == nullptr || field->column.empty() ? name : field->column);
  }
  Params params;
  for (const auto& column : KeyColumns(source, keys)) params.Texts(column);
  RunAs(source.owner, source.search_path, tenant, [&] {
    Rows result = Execute("SELECT k.n" + list + " FROM " + KeyJoin(source, 1), params);
    for (size_t row = 0; row < result.size(); ++row) {
      Json now = Json::MakeObject();
      int column = 1;
      for (const std::string& name : names) {
        bool is_null;
        const Datum datum = result.Raw(row, ++column, &is_null);
        const Value value = Converter(TupleDescAttr(result.description(), column - 1)->atttypid).Convert(datum, is_null);
        now.Set(name, value.is_null() ? Json() : Json::String(FormatValue(value)));
      }
      asked[static_cast<size_t>(result.Int8(row, 1)) - 1]->row = &rows_now->emplace_back(std::move(now));
    }
    result.Free();
  });
}

// Those of each account by themselves, where rows of `source` are read so.
template <typename Use>
void ForTenants(const Source* source, const Pending& pending, Use use) {
  if (source == nullptr || source->binding.tenant_setting.empty()) return use(pending, Tenant{});
  std::map<std::string, Pending> groups;
  for (ResolveRequest* request : pending) groups[request->account].push_back(request);
  for (const auto& [account, group] : groups) use(group, TenantOf(*source, account));
}

}  // namespace

const Source* DefaultContactSource(const Registry& registry, const std::string& account) {
  const Source* first = nullptr;
  for (const auto& source : registry.sources) {
    if (source->binding.entity != "contact") continue;
    if (!account.empty() && source->binding.account_value == account) return source.get();
    if (first == nullptr) first = source.get();
  }
  return first;
}

const Source* ContactSource(const Registry& registry, const Source& source) {
  if (source.binding.entity == "contact") return &source;
  const Source* any = nullptr;
  std::string schema;
  for (const auto& candidate : registry.sources) {
    if (candidate->binding.entity != "contact" || !candidate->broken.empty()) continue;
    if (any == nullptr) { any = candidate.get(); continue; }
    if (schema.empty()) schema = SchemaOf(source);
    if (SchemaOf(*candidate) == schema && SchemaOf(*any) != schema) any = candidate.get();
  }
  return any;
}

void ResolveContacts(const Registry& registry, RowStore* rows, std::vector<ResolveRequest>* requests) {
  std::map<std::pair<const Source*, const std::vector<ContactRoute>*>, Pending> by_source;
  std::deque<Json> rows_now;
  for (ResolveRequest& request : *requests) {
    if (request.source->binding.entity == "contact") request.contacts = {request.row_key};
    else by_source[{request.source, request.routes}].push_back(&request);
  }
  for (auto& [asked, pending] : by_source) {
    const Source* source = asked.first;
    const std::vector<ContactRoute>& routes = asked.second != nullptr ? *asked.second : source->binding.contact;
    const Source* contacts = ContactSource(registry, *source);
    ForTenants(source, pending, [&](const Pending& some, const Tenant& tenant) { ReadAgain(*source, routes, some, tenant, &rows_now); });
    for (const ContactRoute& route : routes) {
      std::erase_if(pending, [](const ResolveRequest* request) { return !request->contacts.empty(); });
      if (pending.empty()) break;
      switch (route.kind) {
        case ContactRoute::Kind::kColumn: ByColumns(route, contacts, rows, pending); break;
        case ContactRoute::Kind::kMatch:
          ForTenants(contacts, pending, [&](const Pending& some, const Tenant& tenant) { ByMatch(route, contacts, some, tenant); });
          break;
        case ContactRoute::Kind::kSql:
          ForTenants(source, pending, [&](const Pending& some, const Tenant& tenant) { BySql(*source, route, some, tenant); });
          break;
      }
    }
  }
  for (ResolveRequest& request : *requests) {
    if (request.read_again) request.row = nullptr;  // it may be one of those read here, which end here
  }
}

}  // namespace workflow::pg
