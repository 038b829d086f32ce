// One query for the rows of a source, by key; and what of them becomes facts.
#include <unordered_map>

#include "core/binding/bound_value.h"
#include "core/condition/condition.h"
#include "pg/convert.h"
#include "pg/round/rows.h"
#include "pg/server/spi.h"
#include "pg/zones.h"

namespace workflow::pg {
namespace {

// Whether equal texts of this key column are equal values to the server, and the other way round.
bool IsPlain(const Source& source, const BoundField& field) {
  if (!field.zone.empty()) return false;
  if (field.type.kind == TypeKind::kInteger || field.type.kind == TypeKind::kUuid) return true;
  if (field.type.kind != TypeKind::kText) return false;
  const Oid relation = source.relation;
  const char* column = field.column.c_str();
  return CallBackend([=] {
    const HeapTuple tuple = SearchSysCacheAttName(relation, column);
    if (!HeapTupleIsValid(tuple)) return false;
    const auto* attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
    const bool plain = (attribute->atttypid == TEXTOID || attribute->atttypid == VARCHAROID) &&
                       (!OidIsValid(attribute->attcollation) || get_collation_isdeterministic(attribute->attcollation));
    ReleaseSysCache(tuple);
    return plain;
  });
}

// The field of a key that is one column whose values can be told apart by their texts; else nullptr.
const BoundField* PlainKey(const Source& source) {
  if (source.binding.key.size() != 1) return nullptr;
  for (const BoundField& field : source.binding.fields) {
    if (field.column == source.binding.key[0] && field.name == field.column) return IsPlain(source, field) ? &field : nullptr;
  }
  return nullptr;
}

// Reads rows of one source as facts.
class SourceReader {
 public:
  SourceReader(const Source& source, const std::vector<size_t>& fields, Instant now)
      : binding_(source.binding), fields_(fields), now_(now), name_(source.name) {
    for (const ZoneRule& rule : binding_.zone) zone_queries_ += rule.kind == ZoneRule::Kind::kSql ? 1 : 0;
    for (const ConsentRule& rule : binding_.consent) consent_queries_ += rule.sql.empty() ? 0 : 1;
  }

  // What is selected: fields, zones by sql, consent by sql, key.
  std::string List() const {
    std::string list;
    for (size_t index : fields_) {
      const BoundField& field = binding_.fields[index];
      list += field.sql.empty() ? "\"row\"." + QuotedName(field.column) + ", " : "(" + field.sql + "), ";
    }
    for (const ZoneRule& rule : binding_.zone) {
      if (rule.kind == ZoneRule::Kind::kSql) list += "(" + rule.sql + ")::text, ";
    }
    for (const ConsentRule& rule : binding_.consent) {
      if (!rule.sql.empty()) list += "(" + rule.sql + "), ";
    }
    for (const std::string& column : binding_.key) list += "\"row\"." + QuotedName(column) + ", ";
    list.resize(list.size() - 2);
    return list;
  }

  // `first`: the column where List begins.
  void Describe(const Rows& rows, int first) {
    first_ = first;
    const auto type = [&](size_t i) { return TupleDescAttr(rows.description(), static_cast<int>(i) + first - 1)->atttypid; };
    for (size_t i = 0; i < fields_.size(); ++i) {
      converters_.emplace_back(type(i));
      const std::string& zone = binding_.fields[fields_[i]].zone;
      zones_.push_back(zone.empty() ? nullptr : Zones().Find(zone));
    }
    for (size_t i = 0; i < binding_.key.size(); ++i) keys_.emplace_back(type(KeysAt() + i));
  }

  RowFacts Read(const Rows& rows, size_t row) const {
    RowFacts facts;
    facts.found = facts.live = true;
    std::vector<Value> key;
    for (size_t i = 0; i < keys_.size(); ++i) key.push_back(At(rows, row, KeysAt() + i, keys_[i]));
    facts.key = CanonicalKey(key).value_or(std::string());
    facts.values.assign(binding_.table.fields.size(), Value());
    facts.known.assign(binding_.table.fields.size(), false);
    for (size_t i = 0; i < fields_.size(); ++i) {
      facts.values[fields_[i]] = BoundValue(binding_.fields[fields_[i]], At(rows, row, i, converters_[i]), zones_[i]);
      facts.known[fields_[i]] = true;
    }
    if (binding_.account.empty()) {
      facts.account = binding_.account_value;
    } else if (const Value* account = ValueOf(facts, binding_.account)) {
      facts.account = account->is_null() ? "" : FormatValue(*account);
    }
    facts.zone = ZoneOf(rows, row, facts);
    if (!binding_.live && binding_.consent.empty() && !binding_.replies) return facts;
    DigPlaces(&facts);
    std::vector<const Value*> pointers;
    for (size_t i = 0; i < facts.values.size(); ++i) pointers.push_back(facts.known[i] ? &facts.values[i] : nullptr);
    if (binding_.live) facts.live = Evaluate(*binding_.live, pointers, now_, nullptr) == Outcome::kTrue;
    facts.consent = ConsentOf(rows, row, pointers);
    if (!binding_.replies) return facts;
    const ReplyRule& rule = *binding_.replies;
    facts.reply_channel = rule.channel;
    if (const Value* channel = rule.channel_field.empty() ? nullptr : ValueOf(facts, rule.channel_field); channel != nullptr && !channel->is_null()) {
      facts.reply_channel = FormatValue(*channel);
      for (const auto& [from, to] : rule.channels) {
        if (from != FormatValue(*channel)) continue;
        facts.reply_channel = to;
        break;
      }
    }
    facts.reply_is_automatic = rule.auto_reply && Evaluate(*rule.auto_reply, pointers, now_, nullptr) == Outcome::kTrue;
    return facts;
  }

 private:
  size_t KeysAt() const { return fields_.size() + zone_queries_ + consent_queries_; }

  Value At(const Rows& rows, size_t row, size_t place, const Converter& converter) const {
    bool is_null;
    const Datum datum = rows.Raw(row, static_cast<int>(place) + first_, &is_null);
    return converter.Convert(datum, is_null);
  }

  const Value* ValueOf(const RowFacts& facts, const std::string& name) const {
    for (size_t index : fields_) if (binding_.fields[index].name == name) return &facts.values[index];
    return nullptr;
  }

  // The first zone that a rule gives and the server knows.
  std::string ZoneOf(const Rows& rows, size_t row, const RowFacts& facts) const {
    int query = static_cast<int>(fields_.size()) + first_;
    for (const ZoneRule& rule : binding_.zone) {
      std::string zone;
      if (rule.kind == ZoneRule::Kind::kSql) {
        zone = rows.Text(row, query++);
      } else if (const Value* value = ValueOf(facts, rule.column); value != nullptr && !value->is_null()) {
        zone = FormatValue(*value);
      }
      for (const auto& [from, to] : rule.map) {
        if (from == zone) { zone = to; break; }
      }
      if (!zone.empty() && Zones().Find(zone) != nullptr) return zone;
    }
    return {};
  }

  // Places inside of json columns.
  void DigPlaces(RowFacts* facts) const {
    for (size_t i = binding_.fields.size(); i < facts->values.size(); ++i) {
      const Field& place = binding_.table.fields[i];
      const Value* whole = place.scope == Scope::kRow ? ValueOf(*facts, place.name) : nullptr;
      if (whole == nullptr) continue;
      const Json* json = whole->AsJson();
      facts->values[i] = json == nullptr ? Value() : Dig(*json, place.path);
      facts->known[i] = true;
    }
  }

  // Anything but a clear yes is a no.
  std::vector<DeclaredConsent> ConsentOf(const Rows& rows, size_t row, const std::vector<const Value*>& values) const {
    std::vector<DeclaredConsent> consent;
    int query = static_cast<int>(fields_.size() + zone_queries_) + first_;
    for (const ConsentRule& rule : binding_.consent) {
      const bool asked = !rule.sql.empty();
      const bool allowed = asked ? !rows.IsNull(row, query) && rows.Bool(row, query)
                                 : Evaluate(*rule.allowed_when, values, now_, nullptr) == Outcome::kTrue;
      if (asked) ++query;
      consent.push_back({rule.scope, rule.channel, allowed, name_});
    }
    return consent;
  }

  const Binding& binding_;
  const std::vector<size_t>& fields_;
  const Instant now_;
  const std::string& name_;
  size_t zone_queries_ = 0, consent_queries_ = 0;
  int first_ = 1;
  std::vector<Converter> converters_, keys_;
  std::vector<const Zone*> zones_;
};

}  // namespace

void RowStore::FetchSource(const Source& source, const std::vector<std::string>& keys, const Tenant& tenant) {
  SourceReader reader(source, needed_.Of(source.id), now_);
  if (const BoundField* key = PlainKey(source)) {
    // An array is answered by the index alone, without a join and a sort.
    std::unordered_map<std::string, std::vector<const std::string*>> asked;  // by the canonical form of what was asked for
    std::vector<std::string> texts;
    for (const std::string& text : keys) {
      const auto value = ParseValue(key->type, text);
      auto canonical = value ? CanonicalKey({*value}) : std::nullopt;
      if (!canonical) continue;
      auto& same = asked[*canonical];
      if (same.empty()) texts.push_back(*canonical);
      same.push_back(&text);
    }
    Params params;
    params.Texts(texts);
    const std::string column = "\"row\"." + QuotedName(key->column);
    RunAs(source.owner, source.search_path, tenant, [&] {
      Rows rows = Execute("SELECT " + reader.List() + " FROM " + QuotedRelation(source) + " AS \"row\" WHERE " + column + " = ANY ($1::text[]::" +
                              ColumnType(source, key->column) + "[])",
                          params);
      reader.Describe(rows, 1);
      for (size_t i = 0; i < rows.size(); ++i) {
        RowFacts facts = reader.Read(rows, i);
        const auto found = asked.find(facts.key);
        if (found == asked.end()) continue;
        for (size_t j = 1; j < found->second.size(); ++j) rows_[RowKey{source.id, *found->second[j]}] = facts;
        rows_[RowKey{source.id, *found->second[0]}] = std::move(facts);
      }
      rows.Free();
    });
    return;
  }
  Params params;
  for (const auto& column : KeyColumns(source, keys)) params.Texts(column);
  RunAs(source.owner, source.search_path, tenant, [&] {
    Rows rows = Execute("SELECT k.n, " + reader.List() + " FROM " + KeyJoin(source, 1) + " ORDER BY k.n", params);
    reader.Describe(rows, 2);
    for (size_t i = 0; i < rows.size(); ++i) rows_[RowKey{source.id, keys[static_cast<size_t>(rows.Int8(i, 1)) - 1]}] = reader.Read(rows, i);
    rows.Free();
  });
}

}  // namespace workflow::pg
