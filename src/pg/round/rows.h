// Facts about rows of the CRM: one query per source and round, by key, in key order, as the source's owner. Every field that any loaded
// program or stored template reads comes with the row, so that a decision never has to ask again.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/value.h"
#include "pg/server/guard.h"
#include "pg/server/spi.h"
#include "pg/sources/registry.h"

namespace workflow::pg {

struct RowKey {
  int32_t source = 0;
  std::string key;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

struct RowFacts {
  bool found = false;
  std::string key;                  // in its canonical form, however it was asked for
  bool live = false;
  std::string account;
  std::string zone;                 // the first zone that a rule of the binding gives; unchecked
  std::vector<Value> values;        // by index into the binding's fields; null where `known` is not set
  std::vector<bool> known;          // which fields were read
  std::vector<DeclaredConsent> consent = {};  // what the binding's rules say of it
  std::string reply_channel = {};   // of a row that may be a reply
  bool reply_is_automatic = false;
};

// A row as somebody imagines it (workflow.simulate): values in the place of its own, by index into the binding's fields.
struct ImaginedRow {
  bool exists = false;              // it is there though no table has it
  std::map<size_t, Value> values = {};
};
using ImaginedRows = std::map<RowKey, ImaginedRow>;

// Which fields of each source the loaded programs and templates read; kept until the registry changes.
class NeededFields {
 public:
  // `references` are the dotted names that stored templates read; `more`: programs beside those of the registry.
  NeededFields(const Registry& registry, const std::vector<std::string>& references, const std::vector<const Program*>& more = {});
  const std::vector<size_t>& Of(int32_t source) const;
  // Only what the bindings' rules of consent read.
  static NeededFields ForConsent(const Registry& registry);

 private:
  NeededFields() = default;
  std::map<int32_t, std::vector<size_t>> fields_;
};

class RowStore {
 public:
  RowStore(const Registry& registry, const NeededFields& needed, Instant now, const ImaginedRows* imagined = nullptr)
      : registry_(registry), needed_(needed), now_(now), imagined_(imagined) {}
  // `account`: whose the row is, for tables that are read for one tenant at a time.
  void Want(const RowKey& key, const std::string& account = {}) {
    if (!rows_.contains(key)) wanted_.insert(key);
    if (!account.empty()) tenants_[key] = account;
  }
  void Forget(const RowKey& key) { rows_.erase(key); }  // it was changed: the next Fetch reads it again
  void Fetch();                                         // all that is wanted
  const RowFacts& Get(const RowKey& key) const;         // must have been wanted and fetched

 private:
  void FetchSource(const Source& source, const std::vector<std::string>& keys, const Tenant& tenant);
  void Imagine(const Source& source, const ImaginedRow& imagined, RowFacts* row) const;
  const Registry& registry_;
  const NeededFields& needed_;
  Instant now_;
  const ImaginedRows* imagined_;
  std::set<RowKey> wanted_;
  std::map<RowKey, std::string> tenants_;
  std::map<RowKey, RowFacts> rows_;
};

// What to set before rows of `source` are read or written for `account`. SqlError where that is needed and no account is known.
Tenant TenantOf(const Source& source, const std::string& account);

// For statements that are tried on no rows: a policy reads the setting while they are planned, so it has to hold something that could be an account.
Tenant ProbeOf(const Binding& binding);
Tenant ProbeOf(const Registry& registry);  // of the first table that is read for one account at a time

// Building blocks of statements over a source's relation, always quoted.
std::string QuotedRelation(const Source& source);                    // "public"."orders"
std::string QuotedName(const std::string& name);
std::string ColumnType(const Source& source, const std::string& column);  // for casts of key texts
// `unnest($1::text[], …) WITH ORDINALITY AS k(k1, …, n) JOIN relation AS "row" ON "row".key = k.k1::type …`: parameters first..
std::string KeyJoin(const Source& source, int first_parameter);
// The parts of the keys, one vector a key column: the parameters of KeyJoin.
std::vector<std::vector<std::string>> KeyColumns(const Source& source, const std::vector<std::string>& keys);

}  // namespace workflow::pg
