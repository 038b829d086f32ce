// workflow.contacts_at(): whose address it is, asked of the attached tables of contacts.
#include <algorithm>

#include "core/message/choose.h"
#include "pg/convert.h"
#include "pg/round/rows.h"
#include "pg/server/entry.h"
#include "pg/server/spi.h"
#include "pg/server/transaction.h"

namespace workflow::pg {
namespace {

constexpr size_t kContactsMost = 20;

struct Addressee { std::string account, contact; };

// One look at one table: `where` compares the column with the address $1. A row without an account may be anybody's.
void Look(const Source& source, const std::string& where, const std::string& address, const std::optional<std::string>& account,
          std::vector<Addressee>* found) {
  const Binding& binding = source.binding;
  std::string list = binding.account.empty() ? "NULL::text" : "\"row\"." + QuotedName(binding.account) + "::text";
  for (const std::string& column : binding.key) list += ", \"row\"." + QuotedName(column);
  std::string of_account;
  Params params;
  params.Text(address);
  if (account && !binding.account.empty()) {
    of_account = " AND coalesce(\"row\"." + QuotedName(binding.account) + "::text, '') IN ('', $2)";
    params.Text(*account);
  }
  RunAs(source.owner, source.search_path, TenantOf(source, account.value_or(std::string())), [&] {
    Rows rows = ExecuteOnce("SELECT " + list + " FROM " + QuotedRelation(source) + " AS \"row\" WHERE " + where + of_account + " LIMIT " + std::to_string(kContactsMost), params);
    std::vector<Converter> converters;
    for (size_t i = 0; i < binding.key.size(); ++i) converters.emplace_back(TupleDescAttr(rows.description(), static_cast<int>(i) + 1)->atttypid);
    for (size_t i = 0; i < rows.size(); ++i) {
      std::vector<Value> parts;
      for (size_t j = 0; j < converters.size(); ++j) {
        bool is_null;
        const Datum datum = rows.Raw(i, static_cast<int>(j) + 2, &is_null);
        parts.push_back(converters[j].Convert(datum, is_null));
      }
      const auto key = CanonicalKey(parts);
      if (key) found->push_back({binding.account.empty() ? binding.account_value : rows.Text(i, 1), *key});
    }
    rows.Free();
  });
}

std::vector<Addressee> ContactsAt(const std::string& channel, const std::string& address, const std::optional<std::string>& account) {
  const std::string name(AddressField(channel));
  std::vector<Addressee> found;
  const RegistryPin pin;
  for (const auto& source : CurrentRegistry().sources) {
    if (name.empty() || source->binding.entity != "contact" || !source->broken.empty()) continue;
    const std::string& fixed = source->binding.account_value;
    if (account && !fixed.empty() && fixed != *account) continue;
    const BoundField* field = FindBoundField(source->binding, name);
    if (field == nullptr || field->column.empty()) continue;
    std::vector<Addressee> here;
    const std::string column = "\"row\"." + QuotedName(field->column);
    Look(*source, column + " = $1::" + ColumnType(*source, field->column), address, account, &here);  // an index of the CRM may serve
    if (here.empty()) Look(*source, "pg_catalog.lower(" + column + "::text) = pg_catalog.lower($1)", address, account, &here);
    found.insert(found.end(), here.begin(), here.end());
  }
  if (found.size() > kContactsMost) found.resize(kContactsMost);
  return found;
}

}  // namespace
}  // namespace workflow::pg

// (channel text, address text, account text) -> jsonb
WF_FUNCTION(workflow_contacts_at) {
  using namespace workflow::pg;  // NOLINT: the body of one function
  using workflow::Json;
  Json::Array list;
  if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1)) {
    const std::string channel = TextOf(PG_GETARG_DATUM(0)), address = TextOf(PG_GETARG_DATUM(1));
    std::optional<std::string> account;
    if (!PG_ARGISNULL(2)) account = TextOf(PG_GETARG_DATUM(2));
    Spi spi;
    for (const Addressee& one : ContactsAt(channel, address, account)) {
      list.push_back(Json::MakeObject({{"account", Json::String(one.account.empty() ? account.value_or("") : one.account)},
                                       {"contact", Json::String(one.contact)}}));
    }
    spi.Finish();
  }
  return JsonbOf(Json::MakeArray(std::move(list)));
}
