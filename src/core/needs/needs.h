// What capture has to know of a source, and nothing else of bindings and definitions: what of a row is read, and who wants which event under
// which condition. Made from the bindings and programs; it has a form of bytes, so that the first row of a connection compiles nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/binding/binding.h"
#include "core/condition/condition.h"
#include "core/definition/program.h"

namespace workflow {

// A field that a condition reads; conditions of one source share a list of them.
struct NeededField {
  Scope scope = Scope::kRow;
  bool own = false;                  // of the source's own entity
  std::string name;
  std::vector<std::string> path;
  friend bool operator==(const NeededField&, const NeededField&) = default;
};

struct NeededType {
  TypeKind kind = TypeKind::kOther, element = TypeKind::kOther;
  std::string sql_name;              // of a kOther
  std::vector<std::string> labels;   // of an enum, where its text is read
  friend bool operator==(const NeededType&, const NeededType&) = default;
};

// A column of the binding under a name of the binding's.
struct NeededColumn {
  std::string name, column, zone;
  std::optional<ClockTime> at;
  NeededType type;
  friend bool operator==(const NeededColumn&, const NeededColumn&) = default;
};

// A version that an event may let in, or whose live enrollments listen for it.
struct Wish {
  int32_t version = 0;               // workflow.version.id
  std::string account;               // '' serves every account
  std::optional<Condition> filter;   // its places are left out
  friend bool operator==(const Wish&, const Wish&) = default;
};

struct NeededEvent {
  std::string name;
  bool once = false;
  BoundEvent::Change change = BoundEvent::Change::kCondition;
  std::optional<Condition> when;
  std::string at;                    // name of a column; empty: the transaction's start
  std::vector<Wish> enter, hear;
  friend bool operator==(const NeededEvent&, const NeededEvent&) = default;
};

// Of a part of the source, a table whose rows tie those of the source to words.
struct NeededTies {
  std::vector<std::string> owner;    // columns
  std::vector<NeededType> owner_types;
  std::string member;                // column
  bool by_key = false;
  std::string word;
  bool awaited = false;
  friend bool operator==(const NeededTies&, const NeededTies&) = default;
};

struct SourceNeeds {
  int32_t source = 0;
  std::string name;
  std::vector<std::string> key;      // columns
  std::string account, account_value;
  std::vector<NeededColumn> columns;
  std::vector<NeededField> fields;   // of all conditions
  std::optional<Condition> live;
  std::vector<NeededEvent> events;   // those that somebody wants
  std::string tags;                  // name of a column
  std::vector<std::pair<std::string, bool>> body;  // names of columns that go with the event; also as they were before
  std::vector<std::string> waits;    // columns that a live enrollment may wait for
  std::vector<std::string> match;    // names of columns that routes of other tables match by
  bool gone = false;                 // a deleted row ends enrollments
  bool settles = false;              // a trigger waits for quiet
  std::optional<NeededTies> ties;

  // Whether anybody wants anything; if not, no row needs to be looked at.
  bool Any() const { return !events.empty() || !waits.empty() || !match.empty() || gone || (ties && ties->awaited); }
  const NeededColumn* Find(std::string_view column) const;  // by its name in the binding
  friend bool operator==(const SourceNeeds&, const SourceNeeds&) = default;
};

// A listened version.
struct NeedingVersion {
  int32_t id = 0;
  std::string account;
  bool enters = false;               // it is the current one of a workflow that lets in
  const Program* program = nullptr;  // none: it does not compile, and is not heard
};

struct NeedingSource {
  int32_t id = 0;
  std::string name;
  const Binding* binding = nullptr;
};

// `all`: the bindings of every source; some of their rows find theirs by columns of this one.
SourceNeeds NeedsOf(const NeedingSource& source, const std::vector<const Binding*>& all, const std::vector<NeedingVersion>& versions);
// The same for a part of the source: "tags", "campaigns"; nothing where the binding has no such part.
std::optional<SourceNeeds> NeedsOfPart(const NeedingSource& source, std::string_view part, const std::vector<NeedingVersion>& versions);

// The form of the bytes. Another number is written down beside them when what they say, or what is left out of them, becomes another.
inline constexpr int32_t kNeedsFormat = 1;
std::string WriteNeeds(const SourceNeeds& needs);
std::optional<SourceNeeds> ReadNeeds(std::string_view bytes);  // nothing where they are none

}  // namespace workflow
