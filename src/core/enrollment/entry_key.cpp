#include "core/enrollment/entry_key.h"

#include <algorithm>
#include <vector>

#include "core/binding/binding.h"

namespace workflow {
namespace {

// As a key, from the texts of the line's columns; empty where one of them is null.
std::string ProductOf(const Json& line) {
  const Json* product = line.Find("_product");
  if (product == nullptr || !product->is_array()) return {};
  std::vector<Value> parts;
  for (const Json& part : product->array()) parts.push_back(part.is_string() ? Value(part.string()) : Value());
  return CanonicalKey(parts).value_or(std::string());
}

std::optional<int64_t> UseDaysOf(const Json& line) {
  const Json* days = line.Find("use_days");
  return days == nullptr ? std::nullopt : days->AsInteger();
}

}  // namespace

std::vector<std::string> ProductsOf(const Json& lines) {
  std::vector<std::string> products;
  if (!lines.is_array()) return products;
  for (const Json& line : lines.array()) {
    std::string product = UseDaysOf(line) ? ProductOf(line) : std::string();
    if (!product.empty() && std::find(products.begin(), products.end(), product) == products.end()) products.push_back(std::move(product));
  }
  return products;
}

const Json* LineOf(const Json& lines, std::string_view product) {
  const Json* found = nullptr;
  if (!lines.is_array()) return found;
  for (const Json& line : lines.array()) {
    if (ProductOf(line) != product) continue;
    if (found == nullptr || UseDaysOf(*found).value_or(-1) < UseDaysOf(line).value_or(-1)) found = &line;
  }
  return found;
}

LineKey SplitLineKey(std::string_view entry_key) {
  std::vector<std::string> parts = SplitKey(entry_key, 2);
  if (parts.size() != 2) return {};
  return {std::move(parts[0]), std::move(parts[1])};
}

char EntryByCode(EntryBy by) {
  switch (by) {
    case EntryBy::kContact: return 'c';
    case EntryBy::kRow: return 'r';
    case EntryBy::kFields: return 'f';
    case EntryBy::kLine: return 'l';
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
  if (settings.by_line) {
    if (entrant.row_entity != settings.entry_entity || entrant.line.empty()) return std::nullopt;
    return EntryKey{EntryBy::kLine, *CanonicalKey({Value(std::string(entrant.row_key)), Value(std::string(entrant.line))})};
  }
  if (settings.entry_entity == "contact") return EntryKey{EntryBy::kContact, std::string(entrant.contact_key)};
  if (entrant.row_entity == settings.entry_entity) return EntryKey{EntryBy::kRow, std::string(entrant.row_key)};
  if (entrant.row_entity.empty()) return EntryKey{EntryBy::kContact, std::string(entrant.contact_key)};
  return std::nullopt;
}

EntryBy ParseEntryBy(std::string_view code) {
  for (const EntryBy by : {EntryBy::kRow, EntryBy::kFields, EntryBy::kLine}) {
    if (code.size() == 1 && code.front() == EntryByCode(by)) return by;
  }
  return EntryBy::kContact;
}

bool ConcernsEntry(const Program& program, const EntryKey& own, const Facts& facts, const Entrant& other) {
  const Settings& settings = program.settings;
  if (own.by == EntryBy::kContact || other.row_entity.empty()) return true;
  if (own.by == EntryBy::kRow) return other.row_entity != settings.entry_entity || other.row_key == own.key;
  if (own.by == EntryBy::kLine) return other.row_entity != settings.entry_entity || other.row_key == SplitLineKey(own.key).row;
  for (const uint32_t index : settings.entry_key) {
    const Field& field = program.table.fields[index];
    const bool known = field.scope == Scope::kRow && (field.entity == "contact" || field.entity == other.row_entity);
    if (!known) return true;
  }
  const std::optional<EntryKey> key = EntryKeyOf(settings, facts, other);
  return !key || key->key == own.key;
}

}  // namespace workflow
