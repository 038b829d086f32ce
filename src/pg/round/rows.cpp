#include "pg/round/rows.h"

#include <algorithm>

#include "core/condition/condition.h"
#include "pg/server/spi.h"

namespace workflow::pg {

std::string QuotedName(const std::string& name) {
  const char* text = name.c_str();
  return CallBackend([&] { return quote_identifier(text); });
}

Tenant TenantOf(const Source& source, const std::string& account) {
  const Binding& binding = source.binding;
  if (binding.tenant_setting.empty()) return {};
  const std::string& whose = account.empty() ? binding.account_value : account;
  if (whose.empty()) {
    throw SqlError{ERRCODE_INVALID_PARAMETER_VALUE, "rows of \"" + source.name + "\" are read for one account at a time, and no account is known", {},
                   "Name the account."};
  }
  return {.setting = binding.tenant_setting, .account = whose};
}

Tenant ProbeOf(const Binding& binding) {
  if (binding.tenant_setting.empty()) return {};
  std::string account = binding.account_value;
  for (const BoundField& field : binding.fields) {
    if (field.column != binding.account || !account.empty()) continue;
    if (field.type.kind == TypeKind::kInteger || field.type.kind == TypeKind::kNumeric) account = "0";
    if (field.type.kind == TypeKind::kUuid) account = "00000000-0000-0000-0000-000000000000";
  }
  return {.setting = binding.tenant_setting, .account = account};
}

Tenant ProbeOf(const Registry& registry) {
  for (const auto& source : registry.sources) if (!source->binding.tenant_setting.empty()) return ProbeOf(source->binding);
  return {};
}

std::string QuotedRelation(const Source& source) {
  const Oid oid = source.relation;
  const char* name = CallBackend([&] {
    const char* relation = get_rel_name(oid);
    return relation == nullptr ? nullptr : quote_qualified_identifier(get_namespace_name(get_rel_namespace(oid)), relation);
  });
  if (name == nullptr) throw SqlError{ERRCODE_UNDEFINED_TABLE, "the table of source \"" + source.name + "\" does not exist"};
  return name;
}

std::string ColumnType(const Source& source, const std::string& column) {
  const Oid oid = source.relation;
  const char* name = column.c_str();
  const char* type = CallBackend([&]() -> const char* {
    const AttrNumber number = get_attnum(oid, name);
    if (number == InvalidAttrNumber) return nullptr;
    // As without a length: plain "character" would mean one of a single character. And without the checks of a domain: a text that does not
    // satisfy them is no row's, and no error.
    return format_type_extended(getBaseType(get_atttype(oid, number)), -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
  });
  if (type == nullptr) {
    throw SqlError{ERRCODE_UNDEFINED_COLUMN, "column \"" + column + "\" of source \"" + source.name + "\" does not exist"};
  }
  return type;
}

std::string KeyJoin(const Source& source, int first_parameter) {
  std::string arrays, names, on;
  for (size_t i = 0; i < source.binding.key.size(); ++i) {
    const std::string n = std::to_string(i + 1);
    arrays += (i > 0 ? ", $" : "$") + std::to_string(first_parameter + static_cast<int>(i)) + "::text[]";
    names += (i > 0 ? ", k" : "k") + n;
    on += (i > 0 ? " AND \"row\"." : "\"row\".") + QuotedName(source.binding.key[i]) + " = k.k" + n + "::" +
        ColumnType(source, source.binding.key[i]);
  }
  return "unnest(" + arrays + ") WITH ORDINALITY AS k(" + names + ", n) JOIN " + QuotedRelation(source) + " AS \"row\" ON " + on;
}

std::vector<std::vector<std::string>> KeyColumns(const Source& source, const std::vector<std::string>& keys) {
  std::vector<std::vector<std::string>> columns(source.binding.key.size());
  for (const std::string& key : keys) {
    std::vector<std::string> parts = SplitKey(key, columns.size());
    for (size_t i = 0; i < columns.size(); ++i) columns[i].push_back(i < parts.size() ? parts[i] : std::string());
  }
  return columns;
}

NeededFields::NeededFields(const Registry& registry, const std::vector<std::string>& references, const std::vector<const Program*>& more) {
  std::map<std::string, std::set<std::string>> names;  // by entity; "" among them means all
  const auto refer = [&](const std::string& reference) {
    const size_t dot = reference.find('.');
    if (dot == std::string::npos) names[reference].insert("");
    else names[reference.substr(0, dot)].insert(reference.substr(dot + 1, reference.find('.', dot + 1) - dot - 1));
  };
  for (const std::string& reference : references) refer(reference);
  std::vector<const Program*> programs = more;
  for (const auto& version : registry.versions) programs.push_back(&version->program);
  for (const Program* program : programs) {
    for (const Field& field : program->table.fields) {
      if (field.scope == Scope::kRow) names[field.entity].insert(field.name);
    }
    for (const std::string& reference : program->references) refer(reference);
  }
  // What a message to a contact needs whatever its template says.
  for (const char* name : {"email", "phone", "locale", "language", "push_token"}) names["contact"].insert(name);
  for (const auto& source : registry.sources) {
    const Binding& binding = source->binding;
    const std::set<std::string>& wanted = names[binding.entity];
    const bool all = wanted.contains("");
    std::set<std::string> columns;
    if (!binding.account.empty()) columns.insert(binding.account);
    for (const ZoneRule& rule : binding.zone) if (!rule.column.empty()) columns.insert(rule.column);
    if (!binding.tags.empty() && binding.tag_rows == nullptr) columns.insert(binding.tags);
    std::set<size_t> indexes;
    for (size_t i = 0; i < binding.fields.size(); ++i) {
      const BoundField& field = binding.fields[i];
      if (columns.contains(field.name) || wanted.contains(field.name) || (all && field.sql.empty())) indexes.insert(i);
    }
    if (binding.replies && !binding.replies->channel_field.empty()) {
      for (size_t i = 0; i < binding.fields.size(); ++i) if (binding.fields[i].name == binding.replies->channel_field) indexes.insert(i);
    }
    const auto read = [&](const Condition& condition) {
      for (uint32_t index : FieldsOf(condition)) {
        for (size_t i = 0; i < binding.fields.size(); ++i) if (binding.fields[i].name == binding.table.fields[index].name) indexes.insert(i);
      }
    };
    if (binding.live) read(*binding.live);
    if (binding.replies && binding.replies->auto_reply) read(*binding.replies->auto_reply);
    for (const ConsentRule& rule : binding.consent) if (rule.allowed_when) read(*rule.allowed_when);
    fields_[source->id].assign(indexes.begin(), indexes.end());
  }
}

NeededFields NeededFields::ForConsent(const Registry& registry) {
  NeededFields needed;
  for (const auto& source : registry.sources) {
    const Binding& binding = source->binding;
    std::set<size_t> indexes;
    for (const ConsentRule& rule : binding.consent) {
      if (!rule.allowed_when) continue;
      for (const uint32_t index : FieldsOf(*rule.allowed_when)) {
        for (size_t i = 0; i < binding.fields.size(); ++i) if (binding.fields[i].name == binding.table.fields[index].name) indexes.insert(i);
      }
    }
    needed.fields_[source->id].assign(indexes.begin(), indexes.end());
  }
  return needed;
}

const std::vector<size_t>& NeededFields::Of(int32_t source) const {
  static const auto* none = new std::vector<size_t>();
  const auto found = fields_.find(source);
  return found == fields_.end() ? *none : found->second;
}

const RowFacts& RowStore::Get(const RowKey& key) const {
  static const auto* absent = new RowFacts();
  const auto found = rows_.find(key);
  return found == rows_.end() ? *absent : found->second;
}

namespace {

// Whether the server would take these texts for values of the key's columns. Keys come from columns of other types and from callers, and one that is
// none must not fail the others.
bool CanBeKey(const Source& source, const std::string& key) {
  const std::vector<std::string> parts = SplitKey(key, source.binding.key.size());
  if (parts.size() != source.binding.key.size()) return false;
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const BoundField& field : source.binding.fields) {
      if (field.column != source.binding.key[i] || !field.zone.empty()) continue;
      const auto value = ParseValue(field.type, parts[i]);
      if (!value) return false;
      const auto* number = value->As<int64_t>();
      const int64_t most = field.type.sql_name == "smallint" ? INT16_MAX : field.type.sql_name == "integer" ? INT32_MAX : INT64_MAX;
      if (number != nullptr && (*number > most || *number < -most - 1)) return false;
    }
  }
  return true;
}

}  // namespace

// Whether it is live is decided by what is imagined as well.
void RowStore::Imagine(const Source& source, const ImaginedRow& imagined, RowFacts* row) const {
  const size_t fields = source.binding.fields.size();
  if (!row->found && imagined.exists) {
    row->found = row->live = true;
    row->values.assign(fields, Value());
    row->known.assign(fields, true);
  }
  if (!row->found) return;
  for (const auto& [index, value] : imagined.values) {
    row->values[index] = value;
    row->known[index] = true;
  }
  if (!source.binding.live) return;
  static const Value null;
  std::vector<const Value*> facts(source.binding.table.fields.size(), &null);
  for (size_t i = 0; i < fields && i < facts.size(); ++i) if (row->known[i]) facts[i] = &row->values[i];
  row->live = Evaluate(*source.binding.live, facts, now_, nullptr) == Outcome::kTrue;
}

void RowStore::Fetch() {
  std::map<std::pair<int32_t, std::string>, std::vector<std::string>> keys;  // by source, and tenant where rows are read for one at a time
  std::vector<RowKey> imagined;
  for (const RowKey& key : wanted_) {
    const Source* source = registry_.SourceById(key.source);
    rows_[key] = RowFacts();  // not found unless the query brings it
    if (source == nullptr) continue;
    if (imagined_ != nullptr && imagined_->contains(key)) imagined.push_back(key);
    if (!source->broken.empty()) {
      throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "source \"" + source->name + "\" cannot be read", source->broken,
                     "See workflow.doctor()."};
    }
    if (!CanBeKey(*source, key.key)) continue;
    const auto tenant = source->binding.tenant_setting.empty() ? tenants_.end() : tenants_.find(key);
    keys[{key.source, tenant == tenants_.end() ? std::string() : tenant->second}].push_back(key.key);
  }
  wanted_.clear();
  for (const auto& [of, list] : keys) {
    const Source* source = registry_.SourceById(of.first);
    try {
      FetchSource(*source, list, TenantOf(*source, of.second));
    } catch (const BackendError& error) {
      // A column or function that is not there any more is the source's fault, not that of whose turn it is.
      if (ERRCODE_TO_CATEGORY(error.sqlstate()) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION) throw;
      throw SqlError{ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "source \"" + source->name + "\" cannot be read", error.data()->message,
                     "See workflow.doctor()."};
    }
  }
  for (const RowKey& key : imagined) Imagine(*registry_.SourceById(key.source), imagined_->at(key), &rows_[key]);
}

}  // namespace workflow::pg
