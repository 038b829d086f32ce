// A relation's description kept as JSON, and what definitions may name given what is attached.
#include <gtest/gtest.h>

#include "binding_fixture.h"
#include "core/binding/bound_value.h"
#include "core/binding/catalog_of.h"
#include "core/binding/description.h"
#include "iana_zone.h"

namespace workflow::binding_test {
namespace {

TEST(Description, SurvivesBeingStored) {
  RelationDescription orders = Orders();
  orders.schema = "tenant \"one\"";
  orders.kind = RelationKind::kPartitioned;
  orders.is_partition = orders.has_inheritance_children = orders.row_security_forced = true;
  orders.columns.push_back({.name = "tone",
                            .type = {.kind = TypeKind::kEnum,
                                     .labels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"warm", "cold"}),
                                     .sql_name = "public.tone"}});
  const auto read = ParseRelation(ToJson(orders));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(ToJson(*read), ToJson(orders));
  EXPECT_EQ(read->schema, orders.schema);
  EXPECT_EQ(read->kind, RelationKind::kPartitioned);
  EXPECT_TRUE(read->is_partition && read->has_inheritance_children && read->row_security_forced);
  EXPECT_EQ(read->primary_key, orders.primary_key);
  ASSERT_EQ(read->columns.size(), orders.columns.size());
  for (size_t i = 0; i < orders.columns.size(); ++i) {
    EXPECT_EQ(read->columns[i].name, orders.columns[i].name);
    EXPECT_EQ(read->columns[i].type.kind, orders.columns[i].type.kind);
    EXPECT_EQ(read->columns[i].type.element, orders.columns[i].type.element);
    EXPECT_EQ(read->columns[i].type.sql_name, orders.columns[i].type.sql_name);
    EXPECT_EQ(read->columns[i].not_null, orders.columns[i].not_null);
    EXPECT_EQ(read->columns[i].generated, orders.columns[i].generated);
  }
  EXPECT_EQ(*read->columns.back().type.labels, *orders.columns.back().type.labels);
}

TEST(Description, IsRefusedWhereItIsNone) {
  for (const char* text : {"null", "{}", R"({"schema": "s", "name": "t", "kind": "planet", "columns": [], "primary_key": []})",
                           R"({"schema": "s", "name": "t", "kind": "table", "columns": [{"name": "a"}], "primary_key": []})",
                           R"({"schema": "s", "name": "t", "kind": "table", "columns": [], "primary_key": [1]})"}) {
    EXPECT_FALSE(ParseRelation(Parsed(text)).has_value()) << text;
  }
}

// A stored binding is completed; read back it must mean the same.
TEST(Description, CompletedBindingCompletesToItself) {
  const Attached first = Attach(OrderBinding(R"("fields": {"due": {"column": "eta", "at": "09:00", "zone": "America/Sao_Paulo"}},
    "events": {"paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"}})"));
  const auto description = ParseRelation(ToJson(Orders()));
  ASSERT_TRUE(description.has_value());
  const Attached second = Attach(first->document, *description);
  ASSERT_TRUE(second.binding.has_value());
  EXPECT_EQ(second->document, first->document);
}

TEST(Entities, TellWhatMayBeNamedAndWritten) {
  const Attached orders = Attach(OrderBinding(R"("fields": {"due": {"column": "eta", "zone": "Asia/Jakarta"}, "big": {"sql": "SELECT true", "type": "boolean"}},
    "events": {"paid": {"when": {"field": "paid_at", "operator": "becameNotNull"}}})"));
  const auto entities = EntitiesOf({&*orders});
  ASSERT_EQ(entities.size(), 1u);
  const CatalogEntity& order = entities[0];
  EXPECT_EQ(order.name, "order");
  const auto writable = [&](const char* name) { return FindField(order, name)->writable; };
  EXPECT_TRUE(writable("status"));
  EXPECT_FALSE(writable("id")) << "a key";
  EXPECT_FALSE(writable("total")) << "generated";
  EXPECT_FALSE(writable("due")) << "stored otherwise than it is read";
  EXPECT_FALSE(writable("big")) << "a query";
  EXPECT_EQ(FindField(order, "due")->type.kind, TypeKind::kTimestamptz);
  const auto has = [&](const char* name) {
    return std::any_of(order.events.begin(), order.events.end(), [&](const CatalogEvent& e) { return e.name == name; });
  };
  EXPECT_TRUE(has("order.created") && has("order.updated") && has("order.deleted") && has("order.paid"));
}

TEST(Entities, OfSeveralTablesHaveWhatAllHave) {
  RelationDescription archive = Orders();
  std::erase_if(archive.columns, [](const ColumnDescription& c) { return c.name == "email"; });
  for (ColumnDescription& column : archive.columns) {
    if (column.name == "status") column.type = {.kind = TypeKind::kInteger, .sql_name = "integer"};
  }
  const Attached one = Attach(OrderBinding());
  const Attached two = Attach(OrderBinding(R"("events": {"filed": {"when": {"field": "labels", "operator": "changed"}}})"), archive);
  const auto entities = EntitiesOf({&*one, &*two});
  ASSERT_EQ(entities.size(), 1u);
  EXPECT_NE(FindField(entities[0], "paid_at"), nullptr);
  EXPECT_EQ(FindField(entities[0], "email"), nullptr) << "one table lacks it";
  EXPECT_EQ(FindField(entities[0], "status"), nullptr) << "of two types";
  EXPECT_EQ(std::count_if(entities[0].events.begin(), entities[0].events.end(), [](const auto& e) { return e.name == "order.filed"; }), 1);
  EXPECT_EQ(std::count_if(entities[0].events.begin(), entities[0].events.end(), [](const auto& e) { return e.name == "order.created"; }), 1);
}

// attach 6: a date at a clock time, and a timestamp, in a named zone.
TEST(BoundValue, IsAnInstantWhereDeclared) {
  const IanaZone zone("America/Sao_Paulo");
  BoundField field = {.name = "due", .column = "eta", .sql = {}, .type = {}, .zone = "America/Sao_Paulo", .at = ClockTime{9 * 60}};
  const auto text = [](const Value& value) { return FormatValue(value); };
  EXPECT_EQ(text(BoundValue(field, Value(*ParseDate("2026-05-01")), &zone)), "2026-05-01T12:00:00Z");
  EXPECT_EQ(text(BoundValue(field, Value(*ParseLocalTime("2026-05-01T09:00:00")), &zone)), "2026-05-01T12:00:00Z");
  EXPECT_TRUE(BoundValue(field, Value(*ParseDate("2026-05-01")), nullptr).is_null()) << "the zone is not known";
  EXPECT_TRUE(BoundValue(field, Value(), &zone).is_null());
  field.zone.clear();
  EXPECT_EQ(text(BoundValue(field, Value(*ParseDate("2026-05-01")), nullptr)), "2026-05-01");
}

}  // namespace
}  // namespace workflow::binding_test
