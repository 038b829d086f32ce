// The list of words a row carries.
#include <algorithm>

#include "core/binding/build.h"

namespace workflow::attaching {
namespace {

bool CanHoldTags(const BoundField& field) {
  if (field.column.empty()) return false;
  if (field.type.kind == TypeKind::kJson) return true;
  TypeKind element = field.type.element;
  return field.type.kind == TypeKind::kList &&
         (element == TypeKind::kText || element == TypeKind::kCitext || element == TypeKind::kEnum);
}

std::string ReadTagField(Build* build, const Json& given) {
  if (given.is_object()) {
    build->problems->Error("/tags", "tags in a table of their own are not supported by this version of pg_workflow",
                           "Name a column of the row that is an array or jsonb.");
    return {};
  }
  const std::string* name = RequireText(given, "/tags", "a column's name", build->problems);
  if (name == nullptr || std::find(build->broken.begin(), build->broken.end(), *name) != build->broken.end()) return {};
  const BoundField* field = FindRowField(build->binding, *name);
  if (field == nullptr) {
    build->problems->Error("/tags", "column \"" + *name + "\" does not exist", NearestHint(*name, FieldNames(build->binding)));
    return {};
  }
  if (CanHoldTags(*field)) return field->name;
  std::string is = field->column.empty() ? "a query" : TypeName(field->type);
  build->problems->Error("/tags",
                         "\"" + field->name + "\" is " + is + ", not a column with an array of text or of an enum, or jsonb");
  return {};
}

}  // namespace

// A contact's field of this name is its tag list where nothing else is said; an explicit null says that it has none.
void ReadTags(Build* build) {
  const Json* given = build->document.Find("tags");
  if (given != nullptr && !given->is_null()) {
    build->binding.tags = ReadTagField(build, *given);
  } else if (given == nullptr && build->binding.entity == "contact") {
    const BoundField* field = FindBoundField(build->binding, "tags");
    if (field != nullptr && CanHoldTags(*field)) build->binding.tags = field->name;
  }
  if (!build->binding.tags.empty()) build->completed.Set("tags", Json::String(build->binding.tags));
}

}  // namespace workflow::attaching
