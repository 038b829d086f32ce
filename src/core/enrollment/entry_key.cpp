#include "core/enrollment/entry_key.h"

#include <vector>

#include "core/binding/binding.h"

namespace workflow {

char EntryByCode(EntryBy by) {
  switch (by) {
    case EntryBy::kContact: return 'c';
    case EntryBy::kRow: return 'r';
    case EntryBy::kFields: return 'f';
  }
  return 'c';
}

std::optional<EntryKey> EntryKeyOf(const Settings& settings, const Facts& facts, const Entrant& entrant) {
  if (!settings.entry_key.empty()) {
    std::vector<Value> parts;
    for (const uint32_t field : settings.entry_key) parts.push_back(facts[field] == nullptr ? Value() : *facts[field]);
    auto key = CanonicalKey(parts);
    if (!key) return std::nullopt;
    return EntryKey{EntryBy::kFields, std::move(*key)};
  }
  if (settings.entry_entity == "contact") return EntryKey{EntryBy::kContact, std::string(entrant.contact_key)};
  if (entrant.row_entity == settings.entry_entity) return EntryKey{EntryBy::kRow, std::string(entrant.row_key)};
  if (entrant.row_entity.empty()) return EntryKey{EntryBy::kContact, std::string(entrant.contact_key)};
  return std::nullopt;
}

EntryBy ParseEntryBy(std::string_view code) {
  for (const EntryBy by : {EntryBy::kRow, EntryBy::kFields}) {
    if (code.size() == 1 && code.front() == EntryByCode(by)) return by;
  }
  return EntryBy::kContact;
}

bool ConcernsEntry(const Program& program, const EntryKey& own, const Facts& facts, const Entrant& other) {
  const Settings& settings = program.settings;
  if (own.by == EntryBy::kContact || other.row_entity.empty()) return true;
  if (own.by == EntryBy::kRow) return other.row_entity != settings.entry_entity || other.row_key == own.key;
  for (const uint32_t index : settings.entry_key) {
    const Field& field = program.table.fields[index];
    const bool known = field.scope == Scope::kRow && (field.entity == "contact" || field.entity == other.row_entity);
    if (!known) return true;
  }
  const std::optional<EntryKey> key = EntryKeyOf(settings, facts, other);
  return !key || key->key == own.key;
}

}  // namespace workflow
