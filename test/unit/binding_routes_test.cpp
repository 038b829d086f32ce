#include <gtest/gtest.h>

#include "binding_fixture.h"

namespace workflow::binding_test {
namespace {

Attached WithContact(const std::string& contact) { return Attach(Parsed(R"({"entity": "order", "contact": )" + contact + "}")); }
Attached WithZone(const std::string& zone) { return Attach(Parsed(R"({"entity": "contact", "zone": )" + zone + "}")); }

TEST(BindingRoutes, Attach3_RoutesAreTriedInTheirOrder) {
  Attached attached =
      WithContact(R"([{"column": "customer_id"}, {"match": {"contact.email": "email", "org": "org_id"}}, {"sql": "SELECT 1"}])");
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  ASSERT_EQ(attached->contact.size(), 3u);
  EXPECT_EQ(attached->contact[0].columns, std::vector<std::string>{"customer_id"});
  EXPECT_EQ(attached->contact[1].kind, ContactRoute::Kind::kMatch);
  EXPECT_EQ(attached->contact[1].match[0], (std::pair<std::string, std::string>("email", "email")));
  EXPECT_EQ(attached->contact[1].match[1], (std::pair<std::string, std::string>("org", "org_id")));
  EXPECT_EQ(attached->contact[2].sql, "SELECT 1");
}

TEST(BindingRoutes, Attach3_OneRouteIsAListOfOne) {
  EXPECT_EQ(WithContact("\"customer_id\"")->document.Find("contact")->Dump(), R"([{"column":"customer_id"}])");
  EXPECT_EQ(WithContact(R"({"column": ["org_id", "customer_id"]})")->contact[0].columns,
            (std::vector<std::string>{"org_id", "customer_id"}));
  EXPECT_EQ(WithContact(R"({"match": {"email": "email"}})")->document.Find("contact")->Dump(),
            R"([{"match":{"contact.email":"email"}}])");
}

TEST(BindingRoutes, Attach3_WithoutAWayToTheContactAnEventIsNobodys) {
  EXPECT_EQ(Attach(Parsed(R"({"entity": "order"})")).At("/contact").severity, Severity::kError);
  EXPECT_FALSE(WithContact("[]").binding);
  EXPECT_TRUE(Attach(Parsed(R"({"entity": "order", "lookup": true})")).binding);
  EXPECT_TRUE(Attach(Parsed(R"({"entity": "contact"})"))->contact.empty());
  EXPECT_FALSE(Attach(Parsed(R"({"entity": "contact", "contact": "customer_id"})")).binding);
}

TEST(BindingRoutes, Attach3_MatchesThatSayNothingOrTwoThingsAreRefused) {
  EXPECT_FALSE(WithContact(R"({"match": {}})").binding);
  EXPECT_FALSE(WithContact(R"({"match": {"contact.": "email"}})").binding);
  EXPECT_FALSE(WithContact(R"({"match": {"contact.email": "email", "email": "status"}})").binding);
  EXPECT_FALSE(WithContact(R"({"match": {"contact.email": "labels"}})").binding);
}

TEST(BindingRoutes, Attach6_AContactsZoneEndsWithTheAccounts) {
  EXPECT_EQ(Attach(Parsed(R"({"entity": "contact"})"))->document.Find("zone")->Dump(), R"(["account"])");
  Attached attached =
      WithZone(R"(["status", {"column": "email", "map": {"Germany": "Europe/Berlin"}}, {"sql": "SELECT 'UTC'"}])");
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  ASSERT_EQ(attached->zone.size(), 4u);
  EXPECT_EQ(attached->zone[0].kind, ZoneRule::Kind::kField);
  EXPECT_EQ(attached->zone[0].column, "status");
  EXPECT_EQ(attached->zone[1].map[0], (std::pair<std::string, std::string>("Germany", "Europe/Berlin")));
  EXPECT_EQ(attached->zone[2].kind, ZoneRule::Kind::kSql);
  EXPECT_EQ(attached->zone[3].kind, ZoneRule::Kind::kAccount);
  EXPECT_EQ(WithZone("\"status\"")->document.Find("zone")->Dump(), R"(["status","account"])");
}

TEST(BindingRoutes, Attach6_WhatComesAfterTheAccountIsNeverAsked) {
  EXPECT_EQ(WithZone(R"(["account", "status"])").At("/zone/1").severity, Severity::kWarning);
  EXPECT_EQ(WithZone(R"(["statsu"])").At("/zone/0").hint, "Did you mean \"status\"?");
}

TEST(BindingRoutes, Attach6_OnlyContactsHaveAZone) {
  EXPECT_FALSE(Attach(OrderBinding(R"("zone": "status")")).binding);
  EXPECT_TRUE(Attach(OrderBinding(R"("zone": [])")).binding);
}

}  // namespace
}  // namespace workflow::binding_test
