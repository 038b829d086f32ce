#include <gtest/gtest.h>

#include "binding_fixture.h"
#include "binding_schema_check.h"

namespace workflow::binding_test {
namespace {

TEST(BindingSchema, Attach1_EveryKeyOfACompletedDocumentIsDescribed) {
  Json schema = Parsed(BindingSchema());
  Attached attached = Attach(OrderBinding());
  for (const auto& [key, value] : attached->document.object()) {
    const Json* described = schema.Find("properties")->Find(key);
    ASSERT_NE(described, nullptr) << key;
    EXPECT_NE(described->Find("description"), nullptr) << key;
  }
}

// The shapes that an editor can warn of before the table is looked at are refused by both.
TEST(BindingSchema, Attach1_RefusesWrongShapes) {
  Json schema = Parsed(BindingSchema());
  SchemaCheck check(schema);
  EXPECT_TRUE(check.Accepts(OrderBinding()));
  for (const char* wrong : {R"("colour": 1)",
                            R"("key": [])",
                            R"("key": ["id", "id"])",
                            R"("account": {"value": ""})",
                            R"("account": 5)",
                            R"("at": [])",
                            R"("contact": [{"columns": ["id"]}])",
                            R"("fields": [])",
                            R"("fields": {"a": {}})",
                            R"("fields": {"a": {"sql": "SELECT 1"}})",
                            R"("fields": {"a": {"sql": "SELECT 1", "type": "int"}})",
                            R"("fields": {"a": {"column": "eta", "at": "24:00"}})",
                            R"("tags": {"through": "t"})",
                            R"("events": [])",
                            R"("events": {"Paid": {}})",
                            R"("events": {"paid": {"once": 1}})",
                            R"("live": 5)",
                            R"("zone": [{"map": 1}])",
                            R"("lookup": "yes")",
                            R"("replicated": 0)",
                            R"("backfill": "some")",
                            R"("consent": [{}])",
                            R"("lines": {"table": "t"})",
                            R"("replies": "x")",
                            R"("tenant_setting": "x")"}) {
    Json document = OrderBinding(wrong);
    EXPECT_FALSE(check.Accepts(document)) << wrong;
    EXPECT_FALSE(Attach(document).binding) << wrong;
  }
  EXPECT_FALSE(check.Accepts(Parsed(R"({"contact": "customer_id"})")));
  EXPECT_FALSE(check.Accepts(Parsed(R"({"entity": "Order", "contact": "customer_id"})")));
}

}  // namespace
}  // namespace workflow::binding_test
