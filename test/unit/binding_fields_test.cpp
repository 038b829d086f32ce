#include <gtest/gtest.h>

#include "binding_fixture.h"

namespace workflow::binding_test {
namespace {

TEST(BindingFields, Attach1_ColumnsComeFirstUnderTheirOwnNames) {
  Attached attached = Attach(OrderBinding(R"("fields": {"mail": "email", "n": {"sql": "SELECT 1", "type": "integer"}})"));
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  size_t columns = Orders().columns.size();
  ASSERT_EQ(attached->fields.size(), columns + 2);
  for (size_t i = 0; i < columns; ++i) EXPECT_EQ(attached->fields[i].name, Orders().columns[i].name);
  EXPECT_EQ(attached->fields[columns].column, "email");
  EXPECT_EQ(attached->fields[columns + 1].sql, "SELECT 1");
  EXPECT_EQ(attached->fields[columns + 1].type.kind, TypeKind::kInteger);
  EXPECT_TRUE(FindBoundField(*attached, "total")->generated);
  EXPECT_FALSE(FindBoundField(*attached, "total")->nullable);
  EXPECT_EQ(FindBoundField(*attached, "order.total"), nullptr);
}

TEST(BindingFields, Attach1_AMappedNameMayHideAColumnAndSaysSo) {
  Attached attached = Attach(OrderBinding(R"("fields": {"email": "status"})"));
  ASSERT_TRUE(attached.binding);
  EXPECT_EQ(FindBoundField(*attached, "email")->column, "status");
  EXPECT_EQ(attached->fields.size(), Orders().columns.size());
  EXPECT_EQ(attached.At("/fields/email").severity, Severity::kWarning);
}

TEST(BindingFields, Attach6_ADateAtAClockTimeInAZoneIsAnInstant) {
  Attached attached = Attach(OrderBinding(
      R"("fields": {"due": {"column": "eta", "type": "date", "at": "09:00", "zone": "America/Sao_Paulo"},
                    "day": {"column": "eta", "at": "10:30"}, "start": {"column": "eta", "zone": "UTC"},
                    "sent": {"column": "shipped", "type": "timestamp", "zone": "Asia/Jakarta"}})"));
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  const BoundField& due = *FindBoundField(*attached, "due");
  EXPECT_EQ(due.type.kind, TypeKind::kTimestamptz);
  EXPECT_EQ(due.zone, "America/Sao_Paulo");
  EXPECT_EQ(due.at, ClockTime{540});
  const BoundField& day = *FindBoundField(*attached, "day");
  EXPECT_EQ(day.type.kind, TypeKind::kDate);
  EXPECT_EQ(day.at, ClockTime{630});
  EXPECT_EQ(FindBoundField(*attached, "start")->at, ClockTime{0});
  EXPECT_EQ(FindBoundField(*attached, "sent")->type.kind, TypeKind::kTimestamptz);
  EXPECT_EQ(FindBoundField(*attached, "shipped")->type.kind, TypeKind::kTimestamp);
  EXPECT_EQ(attached->document.Find("fields")->Find("due")->Dump(),
            R"({"column":"eta","type":"date","at":"09:00","zone":"America/Sao_Paulo"})");
}

TEST(BindingFields, Attach6_TypesMustBeTheColumns) {
  Attached attached = Attach(OrderBinding(R"("fields": {"a": {"column": "eta", "type": "timestamptz"}})"));
  EXPECT_EQ(attached.At("/fields/a/type").message, "column \"eta\" is date, not timestamptz");
  EXPECT_EQ(attached.At("/fields/a/type").hint, "Leave \"type\" out, or write \"date\".");
}

TEST(BindingFields, Attach6_WordsThatLoseNothingAreTaken) {
  for (const char* spec : {R"({"column": "total", "type": "numeric"})", R"j({"column": "total", "type": "numeric(10,2)"})j",
                           R"({"column": "id", "type": "numeric"})", R"({"column": "labels", "type": "text[]"})",
                           R"({"column": "flags", "type": "integer[]"})", R"({"column": "data", "type": "json"})"}) {
    EXPECT_TRUE(Attach(OrderBinding(std::string(R"("fields": {"a": )") + spec + "}")).binding) << spec;
  }
  // What a column is does not change by the word: an integer stays one.
  Attached attached = Attach(OrderBinding(R"("fields": {"a": {"column": "id", "type": "numeric"}})"));
  EXPECT_EQ(FindBoundField(*attached, "a")->type.kind, TypeKind::kInteger);
}

TEST(BindingFields, Attach1_AMistakeIsReportedOnceNotAgainWhereTheNameIsUsed) {
  Attached attached = Attach(OrderBinding(
      R"("fields": {"due": "etaa"}, "at": "due", "events": {"late": {"when": {"field": "order.due", "operator": "changed"}}})"));
  ASSERT_EQ(attached.problems.list().size(), 1u) << Print(attached.problems);
  EXPECT_EQ(attached.At("/fields/due").hint, "Did you mean \"eta\"?");
}

TEST(BindingFields, Attach8_TagsAreAColumnThatIsAList) {
  EXPECT_EQ(Attach(OrderBinding(R"("tags": "labels")"))->tags, "labels");
  EXPECT_EQ(Attach(OrderBinding(R"("tags": "data")"))->tags, "data");
  EXPECT_EQ(Attach(OrderBinding())->tags, "");
  for (const char* column : {"\"status\"", "\"flags\"", "\"label\"", "{\"through\": \"order_tags\"}", "5"}) {
    EXPECT_EQ(Attach(OrderBinding(std::string(R"("tags": )") + column)).At("/tags").severity, Severity::kError) << column;
    EXPECT_FALSE(Attach(OrderBinding(std::string(R"("tags": )") + column)).binding) << column;
  }
}

TEST(BindingFields, Attach8_AContactsFieldTagsIsItsTagListUnlessSaidOtherwise) {
  auto contact = [](const char* more) { return Attach(Parsed(std::string(R"({"entity": "contact", )") + more + "}")); };
  EXPECT_EQ(contact(R"("fields": {"tags": "labels"})")->tags, "tags");
  EXPECT_EQ(contact(R"("fields": {"tags": "data"})")->tags, "tags");
  EXPECT_EQ(contact(R"("fields": {"tags": "status"})")->tags, "");
  EXPECT_EQ(contact(R"("fields": {"tags": "labels"}, "tags": null)")->tags, "");
  EXPECT_EQ(Attach(OrderBinding(R"("fields": {"tags": "labels"})"))->tags, "");
}

}  // namespace
}  // namespace workflow::binding_test
