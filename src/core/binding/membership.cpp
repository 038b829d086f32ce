// {"through": table, "owner": columns, "tag": the way to the word, "only": …, "live": …}: a table that ties rows to words.
#include "core/binding/membership.h"

#include <algorithm>

#include "core/binding/build.h"
#include "core/binding/scope.h"

namespace workflow::attaching {

bool ComparesAsIs(const Type& a, const Type& b) {
  if (a.sql_name == b.sql_name) return true;
  return a.kind == b.kind && (a.kind == TypeKind::kInteger || a.kind == TypeKind::kText);
}

Build Inside(const Build& build, const RelationDescription& table) {
  return Build{.document = build.document, .relation = table, .problems = build.problems};
}

namespace {

void RefuseKind(const Build& build, const RelationDescription& table, const std::string& path) {
  const std::string name = "\"" + table.schema + "." + table.name + "\"";
  if (table.kind != RelationKind::kTable && table.kind != RelationKind::kPartitioned) {
    build.problems->Error(path, name + " is no table: what is written there cannot be followed", "Name the table behind it.");
  } else if (table.is_partition) {
    build.problems->Error(path, name + " is a partition", "Name the partitioned table it belongs to.");
  } else if (table.has_inheritance_children) {
    build.problems->Error(path, name + " has tables that inherit from it, which would not be seen");
  }
}

// "tags.name.en": a place inside of a jsonb column of the link's table.
void FindPlace(const Build& build, const std::string& table, ColumnOfTable* named, std::vector<std::string>* path) {
  const auto relation = build.relation.related.find(table);
  if (named->table == table || relation == build.relation.related.end() || relation->second == nullptr) return;
  ColumnOfTable inner = *named;
  std::vector<std::string> inside;
  while (!inner.table.empty() && inner.table != table) {
    inside.insert(inside.begin(), inner.column);
    inner = SplitColumn(inner.table);
  }
  const ColumnDescription* column = inner.table == table ? FindColumn(*relation->second, inner.column) : nullptr;
  if (column == nullptr || column->type.kind != TypeKind::kJson) return;
  *named = inner;
  *path = std::move(inside);
}

// One link of the way to the word: ["tag_id", "tags.id", "tags.name"].
bool ReadHop(Build* build, const Json::Array& way, size_t at, const std::string& path, Type* held, Membership* membership) {
  std::string table;
  std::vector<std::string> path_in;
  const ColumnDescription* columns[2] = {nullptr, nullptr};
  for (size_t i = 0; i < 2; ++i) {
    const std::string place = Pointer(path, at + i);
    const std::string* written = RequireText(way[at + i], place, "a table and its column", build->problems);
    if (written == nullptr) return false;
    ColumnOfTable named = SplitColumn(*written);
    if (i == 1 && at + 2 == way.size()) FindPlace(*build, table, &named, &path_in);
    if (named.table.empty()) {
      build->problems->Error(place, "\"" + *written + "\" names no table", "Write it like \"tags.name\".");
      return false;
    }
    if (i == 1 && named.table != table) {
      build->problems->Error(place, "\"" + *written + "\" is of another table than \"" + way[at].string() + "\"",
                             "The way goes on by two columns of one table: the one that is equal, and the one that is taken.");
      return false;
    }
    table = named.table;
    const RelationDescription* relation = RequireRelated(build, table, place);
    if (relation == nullptr) return false;
    Build there = Inside(*build, *relation);
    columns[i] = path_in.empty() ? RequireKeyColumn(&there, Json::String(named.column), place, "on the way to a word")
                                 : RequireColumn(&there, Json::String(named.column), place);
    if (columns[i] == nullptr) return false;
    membership->hops.resize((at + 1) / 2);
    membership->hops.back().table = {relation->schema, relation->name};
  }
  membership->hops.back().key = columns[0]->name;
  membership->hops.back().gives = columns[1]->name;
  membership->hops.back().path = path_in;
  membership->hops.back().as_text = !ComparesAsIs(*held, columns[0]->type);
  *held = columns[1]->type;
  return true;
}

// The word's column, or the way to it.
bool ReadWay(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Membership* membership) {
  const bool is_way = given.is_array();
  if (is_way && (given.array().size() < 3 || given.array().size() % 2 == 0)) {
    MustBe(given, path, "a column, or a way such as [\"tag_id\", \"tags.id\", \"tags.name\"]", build->problems);
    return false;
  }
  Build there = Inside(*build, table);
  const Json& first = is_way ? given.array()[0] : given;
  const ColumnDescription* member = RequireKeyColumn(&there, first, is_way ? Pointer(path, size_t{0}) : path, "what a row is tied to");
  if (member == nullptr) return false;
  membership->member = member->name;
  Type held = member->type;
  for (size_t at = 1; is_way && at + 1 < given.array().size(); at += 2) {
    if (!ReadHop(build, given.array(), at, path, &held, membership)) return false;
  }
  return true;
}

}  // namespace

void ReadOwner(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Membership* membership) {
  Build there = Inside(*build, table);
  const size_t before = build->problems->list().size();
  membership->owner = ReadKeyColumns(&there, given, path, "the owner");
  const std::vector<std::string>& key = build->binding.key;
  if (build->problems->list().size() != before || key.empty()) return;
  if (membership->owner.size() != key.size()) {
    build->problems->Error(path, "the key of a row has " + std::to_string(key.size()) + " columns, not " +
                                     std::to_string(membership->owner.size()));
    return;
  }
  for (size_t i = 0; i < key.size(); ++i) {
    membership->owner_as_text.push_back(
        !ComparesAsIs(FindColumn(table, membership->owner[i])->type, FindColumn(build->relation, key[i])->type));
  }
}

namespace {

// "only": one rule for each column, which must all hold.
Json RulesOf(Build* build, const Json* only, const std::string& path, const RelationDescription& table) {
  Json::Array rules;
  if (only == nullptr) return Json::MakeArray({});
  if (!only->is_object()) {
    MustBe(*only, path, "an object of columns and their values", build->problems);
    return Json::MakeArray({});
  }
  Build there = Inside(*build, table);
  for (const auto& [column, value] : only->object()) {
    if (RequireColumn(&there, Json::String(column), Pointer(path, column)) == nullptr) continue;
    Json rule = Json::MakeObject();
    rule.Set("field", Json::String(column));
    rule.Set("operator", Json::String(value.is_null() ? "null" : value.is_array() ? "in" : "="));
    if (!value.is_null()) rule.Set("value", value);
    rules.push_back(std::move(rule));
  }
  return Json::MakeArray(std::move(rules));
}

}  // namespace

// Which rows count: what "only" and "live" ask for, each told at its place, and then as one condition.
void ReadCounting(Build* build, const Json& given, const std::string& path, const RelationDescription& table, Binding* rows) {
  const Json* live = Member(given, "live");
  const std::vector<std::string> none;
  BindingScope scope(rows, BindingScope::Place::kLive, none);
  const size_t before = build->problems->list().size();
  Json rules = RulesOf(build, Member(given, "only"), Pointer(path, "only"), table);
  for (const Json& rule : rules.array()) {
    const std::string& column = rule.Find("field")->string();
    Problems found;
    CompileCondition(rule, "", scope, &found);
    for (const Problem& problem : found.list()) {
      if (problem.severity == Severity::kError) build->problems->Error(Pointer(Pointer(path, "only"), column), problem.message, problem.hint);
    }
  }
  if (live != nullptr) CompileCondition(*live, Pointer(path, "live"), scope, build->problems);
  const auto& list = build->problems->list();
  const bool wrong = std::any_of(list.begin() + static_cast<std::ptrdiff_t>(before), list.end(),
                                 [](const Problem& problem) { return problem.severity == Severity::kError; });
  if (wrong || (rules.array().empty() && live == nullptr)) return;
  Json all = rules;
  if (live != nullptr) all.array().push_back(live->is_array() ? Json::MakeObject({{"combinator", Json::String("and")}, {"rules", *live}}) : *live);
  Problems told;
  rows->live = CompileCondition(all, "", scope, &told);
}

// The table as if it were attached by itself: so capture keeps its columns.
std::shared_ptr<Binding> RowsOf(const Build& build, const RelationDescription& table, const Membership& membership) {
  auto rows = std::make_shared<Binding>();
  for (const ColumnDescription& column : table.columns) {
    rows->fields.push_back(FieldOfColumn(column.name, column));
    rows->table.fields.push_back(
        {.scope = Scope::kRow, .entity = {}, .name = column.name, .path = {}, .type = column.type, .nullable = !column.not_null});
  }
  // Without a key of its own a row is what it ties.
  rows->key = table.primary_key;
  for (const std::string& name : rows->key) {
    if (!IsKeyType(FindColumn(table, name)->type)) rows->key.clear();
    if (rows->key.empty()) break;
  }
  if (rows->key.empty()) {
    rows->key = membership.owner;
    rows->key.push_back(membership.member);
  }
  const ColumnDescription* account = FindColumn(table, build.binding.account);
  if (account != nullptr && IsKeyType(account->type)) rows->account = account->name;
  return rows;
}

std::shared_ptr<const Membership> ReadMembership(Build* build, const Json& given, const std::string& path, const std::string& word) {
  const size_t before = build->problems->list().size();
  RefuseUnknownKeys(given, path, {"through", "owner", word, "only", "live", "add", "remove", "create"}, build->problems);
  const Json nothing;
  const auto required = [&](const std::string& key) -> const Json& {
    const Json* value = Member(given, key);
    return value == nullptr ? nothing : *value;
  };
  const std::string* through = RequireText(required("through"), Pointer(path, "through"), "the name of a table", build->problems);
  const RelationDescription* table = through == nullptr ? nullptr : RequireRelated(build, *through, Pointer(path, "through"));
  if (table == nullptr) return nullptr;
  RefuseKind(*build, *table, Pointer(path, "through"));
  auto membership = std::make_shared<Membership>();
  membership->word = word;
  membership->table = {table->schema, table->name};
  ReadOwner(build, required("owner"), Pointer(path, "owner"), *table, membership.get());
  const bool good = ReadWay(build, required(word), Pointer(path, word), *table, membership.get());
  if (!good || build->problems->list().size() != before) return nullptr;
  const std::shared_ptr<Binding> rows = RowsOf(*build, *table, *membership);
  ReadCounting(build, given, path, *table, rows.get());
  if (!build->binding.tenant_setting.empty() && rows->account.empty()) {
    build->problems->Error(Pointer(path, "through"), "\"" + table->schema + "." + table->name + "\" has no column \"" + build->binding.account +
                                                         "\": whose its rows are must be known to set the tenant");
  } else if (table->row_security_forced && build->binding.tenant_setting.empty()) {
    build->problems->Error(Pointer(path, "through"), "\"" + table->schema + "." + table->name + "\" forces row-level security",
                           "Add \"tenant_setting\" with the setting that its policies read.");
  }
  membership->rows = rows;
  ReadWriting(build, given, path, *table, membership.get());
  const auto& list = build->problems->list();
  const bool wrong = std::any_of(list.begin() + static_cast<std::ptrdiff_t>(before), list.end(),
                                 [](const Problem& problem) { return problem.severity == Severity::kError; });
  return wrong ? nullptr : membership;
}

}  // namespace workflow::attaching
