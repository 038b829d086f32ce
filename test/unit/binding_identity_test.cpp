#include <gtest/gtest.h>

#include "binding_fixture.h"

namespace workflow::binding_test {
namespace {

TEST(BindingIdentity, Attach2_TheKeyIsThePrimaryKeyUnlessGiven) {
  EXPECT_EQ(Attach(OrderBinding())->key, std::vector<std::string>{"id"});
  Attached other = Attach(OrderBinding(R"("key": "email")"));
  EXPECT_EQ(other->key, std::vector<std::string>{"email"});
  EXPECT_EQ(other->document.Find("key")->Dump(), R"(["email"])");
}

TEST(BindingIdentity, Attach2_AKeyThatMayRepeatOrBeMissingIsWarnedOf) {
  Attached attached = Attach(OrderBinding(R"("key": ["org_id", "email"])"));
  ASSERT_TRUE(attached.binding);
  EXPECT_EQ(attached.problems.list().size(), 3u) << Print(attached.problems);
  EXPECT_EQ(attached.At("/key").message, "the key is not known to be unique");
  EXPECT_TRUE(Attach(OrderBinding(R"("key": ["id"])")).problems.list().empty());
}

TEST(BindingIdentity, Attach2_TypesWhoseTextIsNotTheirIdentityAreNoKeys) {
  for (const char* column : {"labels", "data", "place", "flags"}) {
    Attached attached = Attach(OrderBinding(std::string(R"("key": ")") + column + "\""));
    EXPECT_NE(attached.At("/key").message.find("cannot be part of a key"), std::string::npos) << column;
  }
}

TEST(BindingIdentity, Attach2_ATableWithoutPrimaryKeyNeedsOne) {
  RelationDescription orders = Orders();
  orders.primary_key.clear();
  EXPECT_EQ(Attach(OrderBinding(), orders).At("/key").message, "\"public.orders\" has no primary key");
  EXPECT_TRUE(Attach(OrderBinding(R"("key": "id")"), orders).binding);
}

TEST(BindingIdentity, Attach12_TheAccountIsAColumnOrOneText) {
  Attached column = Attach(OrderBinding(R"("account": "org_id")"));
  EXPECT_EQ(column->account, "org_id");
  Attached constant = Attach(OrderBinding(R"("account": {"value": "acme"})"));
  EXPECT_EQ(constant->account, "");
  EXPECT_EQ(constant->account_value, "acme");
  EXPECT_EQ(Attach(OrderBinding(R"("account": {"value": ""})")).At("/account/value").severity, Severity::kError);
  EXPECT_EQ(Attach(OrderBinding(R"("account": "orgid")")).At("/account").hint, "Did you mean \"org_id\"?");
}

TEST(BindingIdentity, Attach12_ForcedRowSecurityIsRefusedLoudly) {
  RelationDescription orders = Orders();
  orders.row_security_forced = true;
  Attached attached = Attach(OrderBinding(), orders);
  EXPECT_NE(attached.At("").message.find("forces row-level security"), std::string::npos);
  EXPECT_NE(attached.At("").hint.find("tenant_setting"), std::string::npos);
}

TEST(BindingIdentity, Attach11_AViewServesForLookUpOnly) {
  RelationDescription orders = Orders();
  for (RelationKind kind : {RelationKind::kView, RelationKind::kMaterializedView, RelationKind::kForeign}) {
    orders.kind = kind;
    Attached refused = Attach(OrderBinding(), orders);
    EXPECT_NE(refused.At("/lookup").message.find("it can serve for look-up only"), std::string::npos);
    EXPECT_NE(refused.At("/lookup").hint.find("\"lookup\": true"), std::string::npos);
    Attached taken = Attach(OrderBinding(R"("lookup": true)"), orders);
    ASSERT_TRUE(taken.binding);
    EXPECT_TRUE(taken->lookup);
    EXPECT_TRUE(taken->events.empty());
  }
}

TEST(BindingIdentity, Attach11_PartitionsAndParentsOfInheritanceAreRefusedWithTheReason) {
  RelationDescription leaf = Orders();
  leaf.is_partition = true;
  EXPECT_NE(Attach(OrderBinding(), leaf).At("").hint.find("Attach the partitioned table"), std::string::npos);
  RelationDescription parent = Orders();
  parent.has_inheritance_children = true;
  EXPECT_NE(Attach(OrderBinding(), parent).At("").message.find("a trigger is not inherited"), std::string::npos);
  RelationDescription partitioned = Orders();
  partitioned.kind = RelationKind::kPartitioned;
  EXPECT_TRUE(Attach(OrderBinding(), partitioned).binding);
}

TEST(BindingIdentity, Attach11_ReplicatedIsKept) {
  EXPECT_TRUE(Attach(OrderBinding(R"("replicated": true)"))->replicated);
  EXPECT_FALSE(Attach(OrderBinding())->replicated);
}

TEST(BindingIdentity, Attach1_EntitiesAreWordsWithoutAnotherMeaning) {
  for (const char* word : {"", "Order", "1st", "my order", "old", "event", "step"}) {
    Json document = OrderBinding();
    document.Set("entity", Json::String(word));
    EXPECT_EQ(Attach(document).At("/entity").severity, Severity::kError) << word;
  }
  Json document = OrderBinding();
  document.Set("entity", Json::String("account"));
  EXPECT_EQ(Attach(document).At("/entity").severity, Severity::kWarning);
}

TEST(BindingIdentity, Attach1_UnknownKeysGetTheNearestKnownOne) {
  EXPECT_EQ(Attach(OrderBinding(R"("evnets": {})")).At("/evnets").hint, "Did you mean \"events\"?");
}

TEST(BindingIdentity, Attach1_AnEmptyKeyIsLeftOut) {
  for (const char* key : {"replies", "tenant_setting"}) {
    Json document = OrderBinding();
    for (Json empty : {Json(), Json::MakeArray(), Json::MakeObject()}) {
      document.Set(key, empty);
      EXPECT_TRUE(Attach(document).binding.has_value()) << key;
    }
  }
}

}  // namespace
}  // namespace workflow::binding_test
