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

constexpr const char* kTags = "tags";

// Rows of another table. They are a field of this name, beside the columns: a query that rounds ask.
std::string ReadTagRows(Build* build, const Json& given) {
  Binding& binding = build->binding;
  binding.tag_rows = ReadMembership(build, given, "/tags", "tag");
  if (binding.tag_rows == nullptr) return {};
  BoundField field = {.name = kTags,
                      .column = {},
                      .sql = MembershipWords(*binding.tag_rows, binding, "\"row\""),
                      .type = {.kind = TypeKind::kList, .element = TypeKind::kText, .labels = {}, .sql_name = "text[]"},
                      .nullable = false,
                      .generated = false,
                      .zone = {},
                      .at = {}};
  Field named = {.scope = Scope::kRow, .entity = binding.entity, .name = kTags, .path = {}, .type = field.type, .nullable = false};
  const auto own = std::find_if(binding.fields.begin(), binding.fields.end(), [](const BoundField& f) { return f.name == kTags; });
  if (own == binding.fields.end()) {
    binding.fields.push_back(std::move(field));
    binding.table.fields.push_back(std::move(named));
    return kTags;
  }
  build->problems->Warning("/tags", "the name hides the column \"tags\"", "Give that column another name in \"fields\" to keep both.");
  binding.table.fields[static_cast<size_t>(own - binding.fields.begin())] = std::move(named);
  *own = std::move(field);
  return kTags;
}

std::string ReadTagField(Build* build, const Json& given) {
  if (given.is_object()) return ReadTagRows(build, given);
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
  if (build->binding.tag_rows != nullptr) build->completed.Set("tags", *given);
  else if (!build->binding.tags.empty()) build->completed.Set("tags", Json::String(build->binding.tags));
}

}  // namespace workflow::attaching
