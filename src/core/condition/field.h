// What a condition, a template or a step may name. A program (and a binding) has one table of the fields it names; compiled
// conditions refer to them by index, and whoever evaluates fills an array of the same length.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/base/value.h"

namespace workflow {

enum class Scope : uint8_t {
  kRow,         // a column or mapped name of an attached entity: contact.email, order.paid_at
  kOld,         // the same before the change that made the event; null on insert
  kEvent,       // event.name, event.at, event.data.<path>
  kEnrollment,  // enrollment.entered_at, enrollment.version, enrollment.data.<path>
  kMessage,     // message.<step>.opened_at: of the message that a step of this enrollment wrote last; `entity` is the step's id
  kLine,        // line.<path>: of the line by whose product the enrollment was entered; `entity` is the row's
  kStep,        // step.<id>.<path>: what a step of this enrollment has given; `name` is its id
  kWorkflow,    // workflow.<name>.active: does the contact have a live enrollment in it
  kAccount,     // account.timezone, account.sender.<path>, account.data.<path>
};

struct Field {
  Scope scope = Scope::kRow;
  std::string entity;             // of kRow and kOld
  std::string name;               // the column or mapped name; of kWorkflow the workflow's; else the word after the dot
  std::vector<std::string> path;  // into a json value; empty: the value itself
  Type type;                      // of the value itself; with a path the type is that of the json found
  bool nullable = true;
};

struct DeferredRule;

// What a step leaves to the server: the value of a column by an expression, or a function. The server says whether it can be.
struct ServerCheck {
  std::string path;
  std::string sql;                     // empty: `function`
  Type type;                           // of the column
  std::vector<std::string> entities;   // whose rows the expression may name
  std::string function;
  std::vector<std::string> arguments;  // their names; empty: by place
};

struct FieldTable {
  std::vector<Field> fields;
  std::vector<std::shared_ptr<const DeferredRule>> deferred;  // rules that only the server can decide
  std::vector<ServerCheck> checks;
  // The index of an equal field (scope, entity, name, path), added where there is none yet.
  uint32_t Intern(Field field);
};

// Finds the field that a name means at one place of a document. Reports its own problem where it means none.
class FieldScope {
 public:
  virtual ~FieldScope() = default;
  virtual std::optional<uint32_t> Resolve(std::string_view name, const std::string& path, Problems* problems) = 0;
  // The same field before the change; nothing where this place knows no change (a step), with its own problem reported.
  virtual std::optional<uint32_t> Old(uint32_t field, const std::string& path, Problems* problems) = 0;
  virtual const Field& At(uint32_t field) const = 0;
  // Takes a rule for the server and gives its index; nothing where nobody asks the server about this place's conditions.
  virtual std::optional<uint32_t> Defer(DeferredRule rule);
};

}  // namespace workflow
