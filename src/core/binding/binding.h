// A binding describes one table of the CRM (attach.md): what its rows are, their key, account, events, the way to the contact, tags, liveness.
// CompleteBinding checks the document a DBA wrote against the relation, fills in what is left out, and returns it whole.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/problem.h"
#include "core/base/value.h"
#include "core/binding/membership.h"
#include "core/calendar/civil.h"
#include "core/condition/condition.h"
#include "core/condition/field.h"
#include "core/delivery/consent.h"

namespace workflow {

struct ColumnDescription {
  std::string name;
  Type type;
  bool not_null = false;
  bool generated = false;
  bool has_default = false;         // generated, an identity or with a default: a new row need not be given it
};

enum class RelationKind : uint8_t { kTable, kPartitioned, kView, kMaterializedView, kForeign, kOther };

struct RelationDescription {
  std::string schema, name;
  RelationKind kind = RelationKind::kTable;
  bool is_partition = false;
  bool has_inheritance_children = false;   // plain INHERITS, not partitions
  bool row_security_forced = false;
  std::vector<ColumnDescription> columns;
  std::vector<std::string> primary_key;
  // Tables that the binding names beside this one, by the names it writes; of a table that is not there, nothing.
  std::map<std::string, std::shared_ptr<const RelationDescription>> related = {};
  std::vector<std::string> neighbours = {};  // names that may have been meant instead; for hints only
};

// A name that filters and templates may use: a column, or one expression over the row.
struct BoundField {
  std::string name;
  std::string column;               // empty: by `sql`
  std::string sql;                  // one SELECT over row.<column>, run after commit
  Type type;                        // of the value the core sees
  bool nullable = true;
  bool generated = false;
  // A `timestamp` or `date` column that is declared to mean an instant: its zone, and for a date its clock time. `type` is then timestamptz.
  std::string zone;
  std::optional<ClockTime> at;      // also without zone: when on that day a wait means
};

struct ContactRoute {               // tried in order until one finds a contact
  enum class Kind : uint8_t { kColumn, kMatch, kSql };
  Kind kind = Kind::kColumn;
  std::vector<std::string> columns; // kColumn: the contact's key, part by part
  std::vector<std::pair<std::string, std::string>> match;  // kMatch: contact field (without "contact.") -> column here
  std::string sql;                  // kSql: one SELECT of the contact's key, part by part
};

struct BoundEvent {
  enum class Change : uint8_t { kInsert, kUpdate, kDelete, kCondition, kTagAdded, kTagRemoved, kSubscribed, kUnsubscribed, kReply, kScore };
  std::string name;                 // "order.paid"
  bool once = false;
  Change change = Change::kCondition;
  std::optional<Condition> when;    // of kCondition; over the binding's fields (indexes into Binding::table)
  std::string at;                   // field whose value is the event's time; empty: the transaction's start
};

// Of every table: a number of the row has grown to the value that a trigger or listener names. Not among a binding's events, for it is theirs to say when.
inline constexpr const char* kScoreEvent = "score.reached";
const BoundEvent& ScoreEvent();

struct ZoneRule {
  enum class Kind : uint8_t { kNone, kField, kSql, kAccount };
  Kind kind = Kind::kNone;
  std::string column;
  std::string sql;
  std::vector<std::pair<std::string, std::string>> map;  // value -> zone; empty: the value is the zone
};

// Whether messages to the contact may go out, told by a row: the contact's, or the one by which it entered. One of the two says so.
struct ConsentRule {
  ConsentScope scope = ConsentScope::kChannel;  // of what a no is
  std::string channel = {};                     // empty: every channel
  std::optional<Condition> allowed_when = {};   // over the binding's fields, queries among them; anything but true is a no
  std::string sql = {};                         // one SELECT of a boolean over row.<column>, run after commit
};

// A row that is a message of the contact's to us. Its event is kReplyEvent: it becomes one of a message, not of the row.
struct ReplyRule {
  std::vector<ContactRoute> contact = {};       // empty: the binding's own
  std::string channel = {};                     // of every reply; empty: by the field
  std::string channel_field = {};
  std::vector<std::pair<std::string, std::string>> channels = {};  // the field's value -> channel; a value that is not here is the channel
  std::optional<Condition> auto_reply = {};     // over the binding's fields, queries among them: nobody's response
};
inline constexpr const char* kReplyEvent = "message.replied";
inline constexpr const char* kCampaignEvent = "campaign.subscribed";  // beside the contact's own

struct Binding {
  std::string entity;
  std::vector<std::string> key;     // columns
  std::string account;              // column; empty: the account is `account_value`
  std::string account_value;        // one account for all rows, given as {"value": "text"}; empty: ""
  std::string at;                   // default time of its events
  std::vector<BoundField> fields;   // all columns under their own names, then the mapped names
  FieldTable table;                 // one Field (kRow, entity) per BoundField at the same index, then the kOld ones conditions need
  std::vector<ContactRoute> contact;  // empty where the entity is contact
  std::vector<BoundEvent> events;   // created, updated, deleted, the declared, the tag events
  std::vector<ZoneRule> zone;       // of a contact: the first that gives a known zone
  std::string tags;                 // a list field (text array, enum array, jsonb array, or what `tag_rows` give); empty: none
  std::shared_ptr<const Membership> tag_rows;  // where the tags are rows of another table
  std::shared_ptr<const Membership> campaign_rows;  // of a contact: which campaigns (lists) of the CRM it is in
  bool has_use_days = false;        // its lines tell a product and its days of use (field `longest_use_days`, beside `lines`)
  std::vector<ConsentRule> consent;
  std::optional<ReplyRule> replies;
  std::string tenant_setting;       // set to the account wherever rows are read or written; empty: nothing is
  std::optional<Condition> live;    // over the table; none: every row that exists is live
  bool lookup = false;              // read only: no trigger, no events
  bool replicated = false;          // ENABLE ALWAYS
  std::string backfill = "none";    // "none", "all" or a date
  Json document;                    // completed
};

// Nothing where there is an error. Warnings stay in `problems` beside a result.
std::optional<Binding> CompleteBinding(const Json& document, const RelationDescription& relation, Problems* problems);

// The rows of another table that a field of the binding is told by; nullptr where it is none of those.
const Membership* MembershipOfField(const Binding& binding, std::string_view field);

// By its bare name; nullptr where there is none.
const BoundField* FindBoundField(const Binding& binding, std::string_view name);

// A row's key in its one canonical form: the part's text, or for several parts each with \ and , escaped by \, joined by commas. No value
// where a part is null. Equal keys of different column types (smallint 5, text '5') have equal forms.
std::optional<std::string> CanonicalKey(const std::vector<Value>& parts);
// The inverse: the parts' texts. Nothing where `key` is no key of so many parts.
std::vector<std::string> SplitKey(std::string_view key, size_t parts);

// The tables that a document names beside the attached one, as it writes their names: attach finds and describes them (`related`).
std::vector<std::string> RelatedNames(const Json& document);

// The binding document's JSON Schema (draft 2020-12).
const char* BindingSchema();

}  // namespace workflow
