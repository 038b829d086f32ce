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

}  // namespace workflow
