// What an enrollment is entered by: one live enrollment per account, workflow and entry key (semantics 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/condition/condition.h"
#include "core/definition/program.h"

namespace workflow {

enum class EntryBy : uint8_t {
  kContact,  // the contact's key
  kRow,      // the key of the row that made the event
  kFields,   // values of fields
  kLine,     // the row's key and the product of one of its lines
};
char EntryByCode(EntryBy by);  // 'c', 'r', 'f', 'l': as it is stored
EntryBy ParseEntryBy(std::string_view code);  // kContact for any other word

struct EntryKey {
  EntryBy by = EntryBy::kContact;
  std::string key;
};

// Who comes, by what.
struct Entrant {
  std::string_view contact_key;
  std::string_view row_entity;  // of the row that made the event; empty: no row did
  std::string_view row_key;
  std::string_view line = {};   // the product of one of its lines
};

// The lines of a row, as its field `lines` has them.
// The products that enter: those that say for how many days they last, each once, in the order of the lines.
std::vector<std::string> ProductsOf(const Json& lines);
// The line of a product (of several the one that lasts longest); nullptr where it is not there any more.
const Json* LineOf(const Json& lines, std::string_view product);
// The row's key and the product of a key that was entered by a line.
struct LineKey { std::string row, product; };
LineKey SplitLineKey(std::string_view entry_key);

// Nothing where a field of the key is null, or where the event brings no row of the entity that the key is of. An event that no row made
// (enroll, emit) enters by the contact where the key is a row's.
std::optional<EntryKey> EntryKeyOf(const Settings& settings, const Facts& facts, const Entrant& entrant);

// Whether an event of `other` concerns an enrollment that was entered by `own`: one of the entity that the key is of must have the same key, any
// other event of the contact does.
bool ConcernsEntry(const Program& program, const EntryKey& own, const Facts& facts, const Entrant& other);

}  // namespace workflow
