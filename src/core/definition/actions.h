// What the steps that act on something outside of their enrollment carry: messages to staff, requests, events, rows, calls, people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/duration.h"
#include "core/base/json.h"
#include "core/base/value.h"
#include "core/calendar/civil.h"
#include "core/condition/condition.h"
#include "core/message/template.h"

namespace workflow {

// JSON whose strings are templates, in document order.
struct Document {
  Json json;
  std::vector<Template> texts;
};

enum class Receiver : uint8_t {
  kContact,  // its own address for the channel
  kAddress,  // the address that `to` gives
  kOwner,    // the user named by the field `owner` of `owner_entity`
  kUser,     // the user whose key `to` gives
  kTeam,     // the team whose name `to` gives
};

// A text that may hold Liquid. Literal texts are templates as well (they cost one copy).
struct SendStep {
  std::string channel;
  std::string template_name;            // of a stored template; empty: inline
  std::optional<int32_t> template_version;  // "welcome@3"
  std::optional<Template> subject, body;    // inline
  std::optional<Json> data;             // as written; strings in it are rendered
  std::vector<Template> data_texts;     // every string of `data`, in document order
  Receiver receiver = Receiver::kContact;
  std::optional<Template> to;           // of kAddress, kUser, kTeam
  std::string owner_entity;             // of kOwner
  std::string kind = "message";         // message, reminder, notification
  std::optional<Document> sender = {};  // none: the workflow's
  std::optional<Template> locale = {};  // none, or empty: the contact's
};
// To staff: no consent of the contact stops it, no send window holds it.
struct NotifyStep { SendStep message; };

struct WebhookStep {
  Template url;
  std::string method = "POST";
  std::vector<std::pair<std::string, Template>> headers;  // names in lower case
  std::optional<Document> body;         // none: the standard one
};

struct Assignment {
  std::string column;                   // the field's name as the catalog has it
  Type type;
  std::optional<Value> value;           // a literal (null included)
  std::optional<Template> text;         // rendered, then read as the column's type
  std::optional<Decimal> add;           // the column plus this
  std::string sql;                      // one expression, which may name the rows of `entities`
  std::vector<std::string> entities;
};

struct SetStep { std::string entity; std::vector<Assignment> assignments; };  // one entity a step

struct CreateStep {
  std::string entity;                   // of the new row
  std::vector<Assignment> values;
};
struct CopyStep {
  std::string from;                     // the entity whose row, at hand, is copied
  CreateStep row;                       // into which entity, and what differs
  std::vector<std::string> except;      // columns that are left to their defaults
};

// A task in the attached table "task", else in a table of ours.
struct TaskStep {
  enum class Part : uint8_t { kTitle, kBody, kAssignee, kRole, kDue };
  std::optional<Template> title, body, assignee, role;
  std::string owner_entity;             // the assignee is the owner; empty: `assignee`
  std::optional<Duration> due;          // from now
  std::optional<ClockTime> at;          // on the day so reached
  std::optional<CreateStep> row;        // in the attached table; its first values are those of `parts`
  std::vector<Part> parts;
};

struct Assignee {
  std::string user;
  int32_t weight = 1;
};
struct AssignStep {
  enum class By : uint8_t { kRoundRobin, kWeighted, kLeastBusy, kField };
  By by = By::kRoundRobin;
  std::vector<Assignee> users;
  uint32_t field = 0;                   // of kField
  std::vector<std::pair<std::string, std::string>> map;  // of kField: value -> user
  std::optional<std::string> otherwise; // of kField: the user where nothing of the map fits
  bool keep = false;                    // a row that has an owner keeps it
  SetStep row;                          // the entity changed, and its one column, without a value
  std::string count_entity, count_field;  // of kLeastBusy: what is counted
  std::vector<std::pair<std::string, std::vector<std::string>>> open;  // of kLeastBusy: only rows with one of these values
};

struct Answers { int32_t approved = -1, rejected = -1, timed_out = -1; };
struct ApproveStep {
  TaskStep task;                        // never in an attached table
  std::optional<Duration> timeout;
  std::optional<ClockTime> at;          // of the timeout
  Answers then;                         // indexes of steps
};

struct CallArgument {
  std::string name;                     // empty: by its place
  Document value;
};
struct CallStep {
  std::string function;                 // as written: name, or schema.name
  std::vector<CallArgument> arguments;
};

struct EmitStep {
  std::string event;
  std::optional<Document> data;
};
struct EnrollStep {
  std::string workflow;
  std::optional<Document> data;
};
struct UnenrollStep {
  std::string workflow;
  std::optional<Template> comment;
};
struct SubscribeStep {
  bool subscribed = true;
  std::string campaign;                 // empty: all mail
  std::string channel;                  // empty: every channel
};

}  // namespace workflow
