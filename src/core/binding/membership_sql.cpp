// A membership as SQL: rounds read it by this, and filters say it by this.
#include "core/binding/binding.h"
#include "core/condition/sql.h"

namespace workflow {
namespace {

std::string Qualified(const TableName& table) { return SqlName(table.schema) + "." + SqlName(table.name); }

std::string Alias(size_t hop) { return "\"?" + std::to_string(hop + 1) + "\""; }

std::string Equal(const std::string& a, const std::string& b, bool as_text) {
  return as_text ? a + "::text = " + b + "::text" : a + " = " + b;
}

class RowNames final : public SqlNames {
 public:
  explicit RowNames(const Binding& rows) : rows_(rows) {}
  std::string Of(uint32_t index, const std::string& path, Problems* problems) const override {
    const Field& field = rows_.table.fields[index];
    const std::string column = "\"?j\"." + SqlName(field.name);
    if (field.type.kind != TypeKind::kJson) return column;
    const std::string json = field.type.sql_name == "jsonb" ? column : "(" + column + "::jsonb)";
    if (field.path.empty()) return json;
    if (const auto place = SqlPath(json, field.path)) return *place;
    problems->Error(Pointer(path, "field"), "SQL would take a part of this name for a place in an array");
    return "NULL";
  }
  std::string Expression(const std::string&, const std::string&, Problems*) const override { return "NULL"; }

 private:
  const Binding& rows_;
};

}  // namespace

const Membership* MembershipOfField(const Binding& binding, std::string_view field) {
  if (binding.tag_rows != nullptr && field == binding.tags) return binding.tag_rows.get();
  return field == "campaigns" ? binding.campaign_rows.get() : nullptr;
}

std::string MembershipFrom(const Membership& membership) {
  std::string from = Qualified(membership.table) + " AS \"?j\"", held = "\"?j\"." + SqlName(membership.member);
  for (size_t i = 0; i < membership.hops.size(); ++i) {
    const Membership::Hop& hop = membership.hops[i];
    from += " JOIN " + Qualified(hop.table) + " AS " + Alias(i) + " ON " + Equal(Alias(i) + "." + SqlName(hop.key), held, hop.as_text);
    held = Alias(i) + "." + SqlName(hop.gives);
  }
  return from;
}

std::string MembershipWord(const Membership& membership) {
  if (membership.hops.empty()) return "\"?j\"." + SqlName(membership.member) + "::text";
  return HopWord(membership.hops.back(), Alias(membership.hops.size() - 1));
}

std::string HopWord(const Membership::Hop& hop, const std::string& row) {
  std::string word = row + "." + SqlName(hop.gives);
  if (hop.path.empty()) return word + "::text";
  word = "(" + word + "::jsonb";
  for (size_t i = 0; i < hop.path.size(); ++i) word += (i + 1 < hop.path.size() ? " -> " : " ->> ") + SqlText(hop.path[i]);
  return word + ")";
}

std::string MembershipLive(const Membership& membership) {
  if (!membership.rows->live) return "true";
  Problems problems;  // what cannot be said is refused when the table is attached
  return ToSql(*membership.rows->live, membership.rows->table, RowNames(*membership.rows), &problems);
}

std::string MembershipWords(const Membership& membership, const Binding& owner, const std::string& row) {
  std::string where = MembershipLive(membership);
  for (size_t i = 0; i < owner.key.size() && i < membership.owner.size(); ++i) {
    where += " AND " + Equal("\"?j\"." + SqlName(membership.owner[i]), row + "." + SqlName(owner.key[i]), membership.owner_as_text[i]);
  }
  const std::string word = MembershipWord(membership) + " COLLATE \"C\"";
  return "SELECT coalesce(array_agg(DISTINCT " + word + " ORDER BY " + word + ") FILTER (WHERE " + MembershipWord(membership) +
         " IS NOT NULL), '{}'::text[]) FROM " + MembershipFrom(membership) + " WHERE " + where;
}

}  // namespace workflow
