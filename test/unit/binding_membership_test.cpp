// attach.md 8: tags that are rows of another table.
#include "binding_fixture.h"

namespace workflow::binding_test {
namespace {

using By = WrittenColumn::By;

RelationDescription People() {
  return RelationOf(Parsed(R"j({"name": "people", "primary_key": ["org", "id"], "columns": [
    {"name": "org", "type": "smallint", "not_null": true}, {"name": "id", "type": "text", "not_null": true}], "related": {
    "labels": {"name": "labels", "columns": [{"name": "org", "type": "bigint"}, {"name": "person", "type": "character varying"},
      {"name": "kind_id", "type": "integer"}, {"name": "deleted_at", "type": "timestamptz"}, {"name": "on", "type": "boolean"},
      {"name": "made", "type": "timestamp", "not_null": true}, {"name": "weight", "type": "integer", "not_null": true}]},
    "kinds": {"name": "kinds", "primary_key": ["id"], "columns": [{"name": "id", "type": "uuid", "not_null": true},
      {"name": "na\"me", "type": "text"}, {"name": "org", "type": "smallint", "not_null": true}]}}})j"));
}

Json Document(const std::string& more) {
  return Parsed(R"j({"entity": "contact", "account": "org", "tags": {"through": "labels", "owner": ["org", "person"],
    "tag": ["kind_id", "kinds.id", "kinds.\"na\"\"me\""])j" + (more.empty() ? "" : ", " + more) + "}}");
}

TEST(BindingMembership, Attach8TagsBecomeAFieldThatIsAQuery) {
  const Attached attached = Attach(Document(""), People());
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  EXPECT_EQ(attached->tags, "tags");
  const BoundField* field = FindBoundField(*attached.binding, "tags");
  ASSERT_NE(field, nullptr);
  EXPECT_TRUE(field->column.empty());
  EXPECT_FALSE(field->nullable);
  // A link between different types is by text; integers of different widths are compared as they are.
  EXPECT_NE(field->sql.find(R"("?1"."id"::text = "?j"."kind_id"::text)"), std::string::npos) << field->sql;
  EXPECT_NE(field->sql.find(R"("?j"."org" = "row"."org" AND "?j"."person" = "row"."id")"), std::string::npos) << field->sql;
  EXPECT_NE(field->sql.find(R"("?1"."na""me")"), std::string::npos) << field->sql;
}

// attach 10: what "live" asks for is what a new row gets, and the other way round what one gets that is removed.
TEST(BindingMembership, Attach10WritingFollowsWhatCounts) {
  const Attached soft = Attach(Document(R"("live": {"field": "deleted_at", "operator": "null"}, "add": {"weight": 2})"), People());
  ASSERT_TRUE(soft.binding) << Print(soft.problems);
  const Membership& rows = *soft->tag_rows;
  EXPECT_EQ(rows.unwritable, "");
  ASSERT_TRUE(rows.remove.has_value());
  EXPECT_EQ(rows.remove->at(0).column, "deleted_at");
  EXPECT_EQ(rows.remove->at(0).by, By::kNow);
  const Attached flag = Attach(Document(R"("live": {"field": "on", "operator": "=", "value": true})"), People());
  ASSERT_TRUE(flag.binding) << Print(flag.problems);
  EXPECT_EQ(flag->tag_rows->remove->at(0).text, "false");
  EXPECT_EQ(flag->tag_rows->unwritable, "column \"weight\" of \"public.labels\" has no default; give it in \"add\"");
  const Attached plain = Attach(Document(R"("add": {"weight": 1}, "live": {"field": "weight", "operator": ">", "value": 0})"), People());
  ASSERT_TRUE(plain.binding) << Print(plain.problems);
  EXPECT_FALSE(plain->tag_rows->remove.has_value());
}

// Times are the present one, uuids are made; the account of a word is the row's.
TEST(BindingMembership, AWordCanBeMadeWhereItsColumnsCanBeFilled) {
  const Attached attached = Attach(Document(R"("add": {"weight": 1})"), People());
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  EXPECT_TRUE(attached->tag_rows->creates);
  EXPECT_EQ(attached->tag_rows->word_account, "org");
  ASSERT_EQ(attached->tag_rows->create.size(), 1u);
  EXPECT_EQ(attached->tag_rows->create[0].by, By::kUuid);
  const Attached without = Attach(Document(R"("create": false)"), People());
  EXPECT_FALSE(without->tag_rows->creates);
}

TEST(BindingMembership, TheCompletedDocumentCompletesToItself) {
  const Attached once = Attach(Document(R"("only": {"weight": [1, 2]}, "live": {"field": "on", "operator": "=", "value": true})"), People());
  ASSERT_TRUE(once.binding) << Print(once.problems);
  const Attached twice = Attach(once->document, People());
  ASSERT_TRUE(twice.binding) << Print(twice.problems);
  EXPECT_EQ(once->document.Dump(), twice->document.Dump());
  EXPECT_EQ(RelatedNames(once->document), (std::vector<std::string>{"kinds", "labels"}));
}

}  // namespace
}  // namespace workflow::binding_test
