// The lines of a row (of an order): as data, and for how many days their products last.
#include <algorithm>

#include "core/binding/build.h"
#include "core/condition/sql.h"

namespace workflow::attaching {
namespace {

constexpr const char* kLines = "lines";
constexpr const char* kLongest = "longest_use_days";

// Where the days stand: in a column of the line, or of the product's row.
struct UseDays {
  std::string column;
  const RelationDescription* table = nullptr;  // nullptr: the line's own
  std::vector<std::string> key = {};           // of that table, part by part equal to the line's product
};

struct LinesOf {
  const RelationDescription* table = nullptr;
  Membership ties;                    // which rows are whose, and which count
  std::vector<std::string> product;   // columns of the line
  std::optional<UseDays> days;
};

std::string Relation(const RelationDescription& table) { return SqlName(table.schema) + "." + SqlName(table.name); }
std::string OfLine(const std::string& column) { return "\"?j\"." + SqlName(column); }

std::string Same(const std::string& a, const Type& of_a, const std::string& b, const Type& of_b) {
  return ComparesAsIs(of_a, of_b) ? a + " = " + b : a + "::text = " + b + "::text";
}

// What is no number that somebody might mean is cut, so that no row can make the query fail.
std::string DaysSql(const LinesOf& lines) {
  const std::string column = lines.days->table == nullptr ? OfLine(lines.days->column) : std::string("\"?p\".\"?days\"");
  return "CASE WHEN " + column + " IS NOT NULL THEN least(greatest(" + column + "::numeric, -1000000), 1000000)::integer END";
}

std::string FromSql(const LinesOf& lines, const Binding& binding) {
  std::string from = " FROM " + Relation(*lines.table) + " AS \"?j\"";
  if (lines.days && lines.days->table != nullptr) {
    const RelationDescription& products = *lines.days->table;
    std::string on;
    for (size_t i = 0; i < lines.product.size(); ++i) {
      on += (i > 0 ? " AND " : "") + Same("\"?q\"." + SqlName(lines.days->key[i]), FindColumn(products, lines.days->key[i])->type, OfLine(lines.product[i]),
                                          FindColumn(*lines.table, lines.product[i])->type);
    }
    from += " LEFT JOIN LATERAL (SELECT to_jsonb(\"?q\") AS \"?row\", \"?q\"." + SqlName(lines.days->column) + " AS \"?days\" FROM " + Relation(products) +
            " AS \"?q\" WHERE " + on + " LIMIT 1) AS \"?p\" ON true";
  }
  std::string where = " WHERE " + MembershipLive(lines.ties);
  for (size_t i = 0; i < binding.key.size(); ++i) {
    const std::string own = OfLine(lines.ties.owner[i]), key = "\"row\"." + SqlName(binding.key[i]);
    where += " AND " + (lines.ties.owner_as_text[i] ? own + "::text = " + key + "::text" : own + " = " + key);
  }
  return from + where;
}

std::string LinesSql(const LinesOf& lines, const Binding& binding) {
  std::string line = "to_jsonb(\"?j\")", order;
  if (lines.days) {
    line += " || jsonb_build_object('use_days', " + DaysSql(lines) + ", '_product', jsonb_build_array(";
    for (size_t i = 0; i < lines.product.size(); ++i) line += (i > 0 ? ", " : "") + OfLine(lines.product[i]) + "::text";
    line += ")";
    // The product's row, where the line has no column of that name.
    if (lines.days->table != nullptr && FindColumn(*lines.table, "product") == nullptr) line += ", 'product', \"?p\".\"?row\"";
    line += ")";
  }
  for (const std::string& column : lines.table->primary_key) order += (order.empty() ? " ORDER BY " : ", ") + OfLine(column);
  return "SELECT coalesce(jsonb_agg(" + line + order + "), '[]'::jsonb)" + FromSql(lines, binding);
}

void AddQuery(Build* build, const char* name, const Type& type, std::string sql) {
  Binding& binding = build->binding;
  BoundField field = {.name = name, .column = {}, .sql = std::move(sql), .type = type, .nullable = true, .generated = false, .zone = {}, .at = {}};
  Field named = {.scope = Scope::kRow, .entity = binding.entity, .name = name, .path = {}, .type = type, .nullable = true};
  const auto own = std::find_if(binding.fields.begin(), binding.fields.end(), [&](const BoundField& f) { return f.name == name; });
  if (own == binding.fields.end()) {
    binding.fields.push_back(std::move(field));
    binding.table.fields.push_back(std::move(named));
    return;
  }
  build->problems->Warning("/lines", "the name hides the column \"" + std::string(name) + "\"", "Give that column another name in \"fields\" to keep both.");
  binding.table.fields[static_cast<size_t>(own - binding.fields.begin())] = std::move(named);
  *own = std::move(field);
}

class LinesReader {
 public:
  LinesReader(Build* build, const Json& given) : build_(build), problems_(build->problems), given_(given) {}

  std::optional<LinesOf> Read() {
    const size_t before = problems_->list().size();
    if (!given_.is_object()) {
      MustBe(given_, "/lines", "an object with \"table\", \"order\", \"product\" and \"use_days\"", problems_);
      return std::nullopt;
    }
    RefuseUnknownKeys(given_, "/lines", {"table", "order", "product", "use_days", "only", "live"}, problems_);
    if (build_->binding.entity == "contact") problems_->Error("/lines", "lines are those of an order, and a row here is a contact");
    const std::string* name = RequireText(Required("table"), "/lines/table", "the name of a table", problems_);
    lines_.table = name == nullptr ? nullptr : RequireRelated(build_, *name, "/lines/table");
    if (lines_.table == nullptr) return std::nullopt;
    lines_.ties.table = {lines_.table->schema, lines_.table->name};
    ReadOwner(build_, Required("order"), "/lines/order", *lines_.table, &lines_.ties);
    if (const Json* product = Member(given_, "product")) {
      Build there = Inside(*build_, *lines_.table);
      lines_.product = ReadKeyColumns(&there, *product, "/lines/product", "the product");
    }
    if (const Json* days = Member(given_, "use_days")) ReadDays(*days);
    if (problems_->list().size() != before) return std::nullopt;
    lines_.ties.member = lines_.product.empty() ? lines_.ties.owner.front() : lines_.product.front();
    const std::shared_ptr<Binding> rows = RowsOf(*build_, *lines_.table, lines_.ties);
    ReadCounting(build_, given_, "/lines", *lines_.table, rows.get());
    lines_.ties.rows = rows;
    const auto& list = problems_->list();
    const bool wrong = std::any_of(list.begin() + static_cast<std::ptrdiff_t>(before), list.end(), [](const Problem& p) { return p.severity == Severity::kError; });
    return wrong ? std::nullopt : std::optional(std::move(lines_));
  }

 private:
  const Json& Required(const char* key) const {
    static const Json nothing;
    const Json* value = Member(given_, key);
    return value == nullptr ? nothing : *value;
  }

  // "use_days", "products.use_days", or {"table": …, "key": …, "column": …}.
  void ReadDays(const Json& days) {
    if (lines_.product.empty() && Member(given_, "product") == nullptr) {
      problems_->Error("/lines", "\"product\" is missing: a product has one message, however many lines it is on", "Name the column that tells the product.");
    }
    UseDays use;
    std::string path = "/lines/use_days";
    const Json* column = &days;
    if (days.is_object()) {
      RefuseUnknownKeys(days, path, {"table", "key", "column"}, problems_);
      const Json *table = Member(days, "table"), *named = Member(days, "column");
      static const Json nothing;
      const std::string* name = RequireText(table == nullptr ? nothing : *table, path + "/table", "the name of a table", problems_);
      use.table = name == nullptr ? nullptr : RequireRelated(build_, *name, path + "/table");
      if (use.table == nullptr) return;
      column = named == nullptr ? &nothing : named;
      path += "/column";
    } else if (days.is_string() && FindColumn(*lines_.table, days.string()) == nullptr) {
      const ColumnOfTable written = SplitColumn(days.string());
      if (!written.table.empty()) use.table = RequireRelated(build_, written.table, path);
      if (!written.table.empty() && use.table == nullptr) return;
      own_name_ = Json::String(written.column);
      column = &own_name_;
    }
    Build there = Inside(*build_, use.table == nullptr ? *lines_.table : *use.table);
    const ColumnDescription* found = RequireColumn(&there, *column, path);
    if (found == nullptr) return;
    if (found->type.kind != TypeKind::kInteger && found->type.kind != TypeKind::kNumeric) {
      problems_->Error(path, "\"" + found->name + "\" is " + TypeName(found->type) + ", and days are a number");
      return;
    }
    use.column = found->name;
    if (use.table != nullptr && !ReadProductKey(days.is_object() ? Member(days, "key") : nullptr, &use)) return;
    lines_.days = std::move(use);
  }

  // Without a key of its own in the document it is the primary one.
  bool ReadProductKey(const Json* given, UseDays* use) {
    Build there = Inside(*build_, *use->table);
    const size_t before = problems_->list().size();
    use->key = given == nullptr ? use->table->primary_key : ReadKeyColumns(&there, *given, "/lines/use_days/key", "a product's key");
    if (problems_->list().size() != before) return false;
    if (use->key.size() == lines_.product.size()) return true;
    problems_->Error("/lines/use_days", "the key of \"" + use->table->schema + "." + use->table->name + "\" has " + std::to_string(use->key.size()) +
                                            " columns, and the product of a line has " + std::to_string(lines_.product.size()),
                     "Name its columns in {\"table\": …, \"key\": …, \"column\": …}.");
    return false;
  }

  Build* build_;
  Problems* problems_;
  const Json& given_;
  LinesOf lines_;
  Json own_name_;
};

}  // namespace

// Fields of the row, which rounds read by a query: `lines`, and where their products' use is told `longest_use_days`.
void ReadLines(Build* build) {
  const Json* given = build->Given("lines");
  if (given == nullptr) return;
  const std::optional<LinesOf> lines = LinesReader(build, *given).Read();
  if (!lines) return;
  Binding& binding = build->binding;
  const Type json = {.kind = TypeKind::kJson, .element = TypeKind::kOther, .labels = {}, .sql_name = "jsonb"};
  const Type number = {.kind = TypeKind::kInteger, .element = TypeKind::kOther, .labels = {}, .sql_name = "integer"};
  AddQuery(build, kLines, json, LinesSql(*lines, binding));
  binding.has_use_days = lines->days.has_value();
  if (binding.has_use_days) AddQuery(build, kLongest, number, "SELECT max(" + DaysSql(*lines) + ")" + FromSql(*lines, binding));
  build->completed.Set(kLines, *given);
}

}  // namespace workflow::attaching
