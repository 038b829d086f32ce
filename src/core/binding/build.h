// What the parts of CompleteBinding share: the document, the relation, and the binding as far as it is read. Private to this
// room.
//
// Every part reads its own keys, reports what is wrong with them and goes on, so that a DBA sees all problems at once. What a
// part could not read stays at its default; a later part never reports the consequence of a mistake already reported.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/binding/binding.h"

namespace workflow::attaching {

struct Build {
  const Json& document;
  const RelationDescription& relation;
  Problems* problems;
  Binding binding = {};
  Json completed = Json::MakeObject();
  std::vector<std::string> broken = {};  // fields that were given and could not be read: naming them is no second mistake

  // The document's value of `key`; nullptr where it is absent or null, which mean the same everywhere but for `tags`.
  const Json* Given(std::string_view key) const;
};

// The parts, in the order they are called.
void ReadEntity(Build* build);      // identity.cpp
void ReadRelation(Build* build);    // identity.cpp: may this relation be attached at all, and `lookup`
void ReadFields(Build* build);      // fields.cpp
void ReadKey(Build* build);         // identity.cpp
void ReadAccount(Build* build);     // identity.cpp
void ReadTenant(Build* build);      // identity.cpp
void ReadAt(Build* build);          // times.cpp
void ReadContact(Build* build);     // routes.cpp
void ReadTags(Build* build);        // tags.cpp
void ReadCampaigns(Build* build);   // tags.cpp
void ReadLines(Build* build);       // lines.cpp
void ReadEvents(Build* build);      // events.cpp
void ReadLive(Build* build);        // events.cpp
void ReadZone(Build* build);        // routes.cpp
void ReadConsent(Build* build);     // consent.cpp
void ReadReplies(Build* build);     // replies.cpp
void ReadReplicated(Build* build);  // complete.cpp
void ReadBackfill(Build* build);    // complete.cpp

// columns.cpp
const ColumnDescription* FindColumn(const RelationDescription& relation, std::string_view name);
std::vector<std::string> ColumnNames(const RelationDescription& relation);
// The column that `name` (a string of the document) names; else a problem and nullptr.
const ColumnDescription* RequireColumn(Build* build, const Json& name, const std::string& path);
// Can values of this type be one part of a key? Those whose text, as the shell hands it over, is the same for equal values.
bool IsKeyType(const Type& type);
// RequireColumn, and its type can be part of a key. `role` is what the column is wanted for: "a key".
const ColumnDescription* RequireKeyColumn(Build* build, const Json& name, const std::string& path, const char* role);
// One name, or a list of at least one, each once.
std::vector<std::string> ReadKeyColumns(Build* build, const Json& names, const std::string& path, const char* role);
// The word for a column's type in a completed document; empty for types that only the server knows.
std::string TypeWord(const Type& type);
// May a column of `type` be declared as `word`? Yes for its word, its SQL name, and the words that lose nothing.
bool IsWordFor(const Type& type, std::string_view word);
// The type that a word means where there is no column: of a query's result.
std::optional<Type> TypeOfWord(std::string_view word);
std::vector<std::string> TypeWords();
// Problem for every member of `object` that is not in `known`.
void RefuseUnknownKeys(const Json& object, const std::string& path, const std::vector<std::string>& known, Problems* problems);
// A member's value; nullptr where it is absent or null.
const Json* Member(const Json& object, std::string_view key);
// The problem that `json`, at `path`, is not `what`.
void MustBe(const Json& json, const std::string& path, const std::string& what, Problems* problems, const std::string& hint = {});
// A string with something in it, else the problem that it is not `what`.
const std::string* RequireText(const Json& json, const std::string& path, const char* what, Problems* problems);
bool ReadFlag(Build* build, std::string_view key);
Json Strings(const std::vector<std::string>& list);

// related.cpp: a table that the document names, or a problem and nullptr. `role`: what it is for.
const RelationDescription* RequireRelated(Build* build, const std::string& written, const std::string& path);
// "tags.name", "public.tags.name", "\"Tag List\".\"the name\"": the table as it is written, and the column.
struct ColumnOfTable {
  std::string table, column;
};
ColumnOfTable SplitColumn(const std::string& written);

// membership.cpp: may values of the two be compared without a cast?
bool ComparesAsIs(const Type& a, const Type& b);
// Another table's columns are read by what is read of this one's.
Build Inside(const Build& build, const RelationDescription& table);
// Which columns hold the key of the attached row.
void ReadOwner(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Membership* membership);
// Which of its rows count: by "only" and "live" of `given`.
void ReadCounting(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Binding* rows);
// The table as if it were attached by itself.
std::shared_ptr<Binding> RowsOf(const Build& build, const RelationDescription& table, const Membership& membership);
// membership.cpp: a table that ties rows to words, given as {"through", "owner", `word`, …}; or problems and nullptr.
std::shared_ptr<const Membership> ReadMembership(Build* build, const Json& given, const std::string& path, const std::string& word);
// membership_write.cpp: what steps may write there, and how. `live`: the condition under "live", if one is given.
void ReadWriting(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Membership* membership);

// fields.cpp: columns' own and mapped names.
BoundField FieldOfColumn(const std::string& name, const ColumnDescription& column);
std::vector<std::string> FieldNames(const Binding& binding);
// The field that `name` means, with or without the entity in front; nullptr where there is none.
const BoundField* FindRowField(const Binding& binding, std::string_view name);

// routes.cpp: ways to a contact; how each is written goes to `written`, which may be nullptr.
std::vector<ContactRoute> ReadRoutes(Build* build, const Json& json, const std::string& path, Json::Array* written);

// times.cpp: `json` as the name of a field that can tell an event's time; else a problem and "".
std::string ReadTimeField(Build* build, const Json& json, const std::string& path);

}  // namespace workflow::attaching
