// The lists of words a row carries: its tags, and a contact's campaigns.
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
constexpr const char* kCampaigns = "campaigns";

// What rows of another table say is a field of this name, beside the columns: a query that rounds ask.
void PlaceWords(Build* build, const Membership& membership, const char* name, const std::string& path) {
  Binding& binding = build->binding;
  BoundField field = {.name = name,
                      .column = {},
                      .sql = MembershipWords(membership, binding, "\"row\""),
                      .type = {.kind = TypeKind::kList, .element = TypeKind::kText, .labels = {}, .sql_name = "text[]"},
                      .nullable = false,
                      .generated = false,
                      .zone = {},
                      .at = {}};
  Field named = {.scope = Scope::kRow, .entity = binding.entity, .name = name, .path = {}, .type = field.type, .nullable = false};
  const auto own = std::find_if(binding.fields.begin(), binding.fields.end(), [&](const BoundField& f) { return f.name == name; });
  if (own == binding.fields.end()) {
    binding.fields.push_back(std::move(field));
    binding.table.fields.push_back(std::move(named));
    return;
  }
  build->problems->Warning(path, "the name hides the column \"" + std::string(name) + "\"", "Give that column another name in \"fields\" to keep both.");
  binding.table.fields[static_cast<size_t>(own - binding.fields.begin())] = std::move(named);
  *own = std::move(field);
}

std::string ReadTagRows(Build* build, const Json& given) {
  build->binding.tag_rows = ReadMembership(build, given, "/tags", "tag");
  if (build->binding.tag_rows == nullptr) return {};
  PlaceWords(build, *build->binding.tag_rows, kTags, "/tags");
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

// Which campaigns a contact is in, by rows of another table. They are a field as tags are, for filters and texts.
void ReadCampaigns(Build* build) {
  Binding& binding = build->binding;
  const Json* given = build->Given("campaigns");
  if (given == nullptr) return;
  if (!given->is_object()) return MustBe(*given, "/campaigns", "an object with \"through\", \"owner\" and \"campaign\"", build->problems);
  if (!binding.entity.empty() && binding.entity != "contact") {
    build->problems->Error("/campaigns", "campaigns are the contact's, and a row here is of the entity \"" + binding.entity + "\"",
                           "Declare them where the contacts are attached; what a row has besides are its \"tags\".");
    return;
  }
  binding.campaign_rows = ReadMembership(build, *given, "/campaigns", "campaign");
  if (binding.campaign_rows == nullptr) return;
  PlaceWords(build, *binding.campaign_rows, kCampaigns, "/campaigns");
  build->completed.Set("campaigns", *given);
}

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
