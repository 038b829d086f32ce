// Which field tells when an event happened.
#include <algorithm>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

// What a civil time leaves open is taken from the account, and the DBA is told.
void WarnOfOpenTime(Build* build, const BoundField& field, const std::string& path) {
  const char* hint = "Declare it in \"fields\" with a \"zone\" where that is wrong.";
  if (field.type.kind == TypeKind::kTimestamp) {
    build->problems->Warning(path, "\"" + field.name + "\" is a timestamp without time zone: the contact's zone is taken", hint);
  } else if (field.type.kind == TypeKind::kDate) {
    std::string at = FormatClockTime(field.at.value_or(ClockTime{}));
    build->problems->Warning(path, "\"" + field.name + "\" is a date: " + at + " in the contact's zone is taken", hint);
  }
}

}  // namespace

std::string ReadTimeField(Build* build, const Json& json, const std::string& path) {
  const std::string* name = RequireText(json, path, "a column's name", build->problems);
  if (name == nullptr) return {};
  if (std::find(build->broken.begin(), build->broken.end(), *name) != build->broken.end()) return {};
  const BoundField* field = FindRowField(build->binding, *name);
  if (field == nullptr) {
    build->problems->Error(path, "column \"" + *name + "\" does not exist", NearestHint(*name, FieldNames(build->binding)));
    return {};
  }
  if (!field->sql.empty()) {
    build->problems->Error(path, "\"" + field->name + "\" is a query: it is not known when the row is written",
                           "An event's time is a column of the row.");
    return {};
  }
  TypeKind kind = field->type.kind;
  if (kind != TypeKind::kDate && kind != TypeKind::kTimestamp && kind != TypeKind::kTimestamptz) {
    build->problems->Error(path, "\"" + field->name + "\" is " + TypeName(field->type) + ", not a date or a timestamp");
    return {};
  }
  // What is said once for all events is not said again for each.
  if (field->name != build->binding.at) WarnOfOpenTime(build, *field, path);
  return field->name;
}

void ReadAt(Build* build) {
  const Json* given = build->Given("at");
  if (given == nullptr) return;
  std::string field = ReadTimeField(build, *given, "/at");
  if (field.empty()) return;
  build->binding.at = field;
  build->completed.Set("at", Json::String(field));
}

}  // namespace workflow::attaching
