#include <gtest/gtest.h>

#include "binding_fixture.h"

namespace workflow::binding_test {
namespace {

using Change = BoundEvent::Change;
using Names = std::vector<std::string>;

TEST(BindingEvents, Attach5_EveryTableHasCreatedUpdatedDeleted) {
  Attached attached = Attach(OrderBinding());
  EXPECT_EQ(EventNames(*attached), (Names{"order.created", "order.updated", "order.deleted"}));
  EXPECT_TRUE(Event(*attached, "order.created")->once);
  EXPECT_EQ(Event(*attached, "order.created")->change, Change::kInsert);
  EXPECT_FALSE(Event(*attached, "order.updated")->once);
  EXPECT_EQ(Event(*attached, "order.updated")->change, Change::kUpdate);
  EXPECT_EQ(Event(*attached, "order.deleted")->change, Change::kDelete);
  EXPECT_EQ(attached->document.Find("events")->Find("order.created")->Dump(), R"({"once":true,"at":null})");
}

TEST(BindingEvents, Attach8_TagsAddTheirEvents) {
  Attached attached = Attach(
      OrderBinding(R"("tags": "labels", "events": {"paid": {"when": {"field": "paid_at", "operator": "becameNotNull"}}})"));
  EXPECT_EQ(EventNames(*attached),
            (Names{"order.created", "order.updated", "order.deleted", "order.paid", "order.tag_added", "order.tag_removed"}));
  EXPECT_EQ(Event(*attached, "order.tag_added")->change, Change::kTagAdded);
  EXPECT_EQ(Event(*attached, "order.tag_removed")->change, Change::kTagRemoved);
}

TEST(BindingEvents, Attach5_ADeclaredEventIsOfEachTransactionUnlessOnce) {
  Attached attached = Attach(OrderBinding(R"("events": {"moved": {"when": {"field": "status", "operator": "changed"}},
    "order.paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}, "at": "paid_at"}})"));
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  EXPECT_TRUE(attached.problems.list().empty()) << Print(attached.problems);
  EXPECT_FALSE(Event(*attached, "order.moved")->once);
  EXPECT_EQ(Event(*attached, "order.moved")->at, "");
  EXPECT_TRUE(Event(*attached, "order.paid")->once);
  EXPECT_EQ(Event(*attached, "order.paid")->at, "paid_at");
}

// Fields by their table's indexes: the row's own are the bound fields, those before the change come after them.
TEST(BindingEvents, Attach5_ConditionsReadTheRowAndTheRowBefore) {
  Attached attached =
      Attach(OrderBinding(R"("events": {"won": {"when": [{"field": "status", "operator": "changedTo", "value": "won"},
    {"field": "old.total", "operator": "<", "value": 5}, {"field": "order.data.kind", "operator": "=", "value": "a"}]}})"));
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  Names read;
  for (uint32_t index : FieldsOf(*Event(*attached, "order.won")->when)) {
    const Field& field = attached->table.fields[index];
    std::string name = (field.scope == Scope::kOld ? "old." : "") + field.name;
    for (const std::string& part : field.path) name += "/" + part;
    EXPECT_EQ(field.entity, "order");
    EXPECT_EQ(index < attached->fields.size(), field.scope == Scope::kRow && field.path.empty()) << name;
    read.push_back(name);
  }
  EXPECT_EQ(read, (Names{"status", "old.status", "old.total", "data/kind"}));
}

// On insert all of the row before is null, so that a row inserted complete gives its events.
TEST(BindingEvents, Attach5_BecameHoldsForARowInsertedComplete) {
  Attached attached =
      Attach(OrderBinding(R"("events": {"paid": {"once": true, "when": {"field": "paid_at", "operator": "becameNotNull"}}})"));
  ASSERT_TRUE(attached.binding);
  Value null, paid = Value(Instant{1});
  auto outcome = [&](const Value& now, const Value& before) {
    std::vector<const Value*> facts;
    for (const Field& field : attached->table.fields) {
      facts.push_back(field.name != "paid_at" ? nullptr : field.scope == Scope::kOld ? &before : &now);
    }
    return Evaluate(*Event(*attached, "order.paid")->when, facts, Instant{}, nullptr);
  };
  EXPECT_EQ(outcome(paid, null), Outcome::kTrue);
  EXPECT_EQ(outcome(paid, paid), Outcome::kFalse);
  EXPECT_EQ(outcome(null, null), Outcome::kFalse);
}

TEST(BindingEvents, Attach5_TheTimeOfCreatedIsTheBindings) {
  Attached attached =
      Attach(OrderBinding(R"("at": "paid_at", "events": {"moved": {"when": {"field": "status", "operator": "changed"}}})"));
  EXPECT_EQ(attached->at, "paid_at");
  EXPECT_EQ(Event(*attached, "order.created")->at, "paid_at");
  EXPECT_EQ(Event(*attached, "order.updated")->at, "");
  EXPECT_EQ(Event(*attached, "order.moved")->at, "");
}

TEST(BindingEvents, Attach6_AnOpenTimeIsTakenInTheAccountsZoneWithAWarning) {
  Attached date = Attach(OrderBinding(R"("at": "eta")"));
  ASSERT_TRUE(date.binding);
  EXPECT_EQ(date.At("/at").message, "\"eta\" is a date: 00:00 in the contact's zone is taken");
  Attached clock = Attach(OrderBinding(R"("at": "due", "fields": {"due": {"column": "eta", "at": "09:00"}})"));
  EXPECT_EQ(clock.At("/at").message, "\"due\" is a date: 09:00 in the contact's zone is taken");
  EXPECT_EQ(Attach(OrderBinding(R"("at": "shipped")")).At("/at").severity, Severity::kWarning);
  Attached declared = Attach(OrderBinding(R"("at": "sent", "fields": {"sent": {"column": "shipped", "zone": "UTC"}})"));
  EXPECT_TRUE(declared.problems.list().empty()) << Print(declared.problems);
}

TEST(BindingEvents, Attach6_OnlyATimeOfTheRowCanBeAnEventsTime) {
  EXPECT_EQ(Attach(OrderBinding(R"("at": "status")")).At("/at").message, "\"status\" is text, not a date or a timestamp");
  Attached query = Attach(OrderBinding(R"("at": "q", "fields": {"q": {"sql": "SELECT 1", "type": "timestamptz"}})"));
  EXPECT_EQ(query.At("/at").severity, Severity::kError);
  EXPECT_FALSE(query.binding);
}

TEST(BindingEvents, Attach5_DerivedEventsAreTakenBackButNotBent) {
  EXPECT_TRUE(
      Attach(OrderBinding(R"("events": {"created": {"once": true}, "order.updated": {"at": "paid_at"}, "deleted": null})"))
          .binding);
  Attached bent = Attach(
      OrderBinding(R"("events": {"created": {"once": false}, "updated": {"when": {"field": "status", "operator": "changed"}}})"));
  EXPECT_EQ(bent.At("/events/created/once").message, "\"order.created\" comes once for a row");
  EXPECT_FALSE(bent.At("/events/updated/when").message.empty());
}

TEST(BindingEvents, Attach5_ALastingConditionWithoutOnceIsWarnedOf) {
  Attached attached = Attach(OrderBinding(R"("events": {"big": {"when": {"field": "total", "operator": ">", "value": 100}}})"));
  ASSERT_TRUE(attached.binding);
  EXPECT_EQ(attached.At("/events/big/when").severity, Severity::kWarning);
}

TEST(BindingEvents, Attach10_LivenessIsAStateOfTheRow) {
  Attached attached = Attach(OrderBinding(R"("live": {"field": "order.data.deleted", "operator": "null"})"));
  ASSERT_TRUE(attached.binding) << Print(attached.problems);
  ASSERT_TRUE(attached->live.has_value());
  EXPECT_EQ(attached->document.Find("live")->Dump(), R"({"field":"order.data.deleted","operator":"null"})");
  EXPECT_FALSE(Attach(OrderBinding())->live.has_value());
  EXPECT_FALSE(Attach(OrderBinding(R"("live": {"field": "status", "operator": "changed"})")).binding);
  EXPECT_FALSE(Attach(OrderBinding(R"("live": {"field": "old.status", "operator": "null"})")).binding);
}

TEST(BindingEvents, Attach5_QueriesAreNotKnownWhenTheRowIsWritten) {
  Attached attached = Attach(OrderBinding(R"("fields": {"q": {"sql": "SELECT 1", "type": "integer"}},
    "events": {"x": {"when": {"field": "q", "operator": "changed"}}}, "live": {"field": "q", "operator": "null"})"));
  EXPECT_NE(attached.At("/live/field").message.find("is a query"), std::string::npos) << Print(attached.problems);
  EXPECT_NE(attached.At("/events/x/when/field").message.find("is a query"), std::string::npos);
}

TEST(BindingEvents, Attach5_BackfillIsNoneAllOrFromADate) {
  EXPECT_EQ(Attach(OrderBinding())->backfill, "none");
  EXPECT_EQ(Attach(OrderBinding(R"("backfill": "all")"))->backfill, "all");
  EXPECT_EQ(Attach(OrderBinding(R"("backfill": "2026-01-31", "at": "paid_at")"))->backfill, "2026-01-31");
  EXPECT_FALSE(Attach(OrderBinding(R"("backfill": "2026-01-31")")).binding);
  EXPECT_FALSE(Attach(OrderBinding(R"("backfill": "2026-02-30", "at": "paid_at")")).binding);
}

}  // namespace
}  // namespace workflow::binding_test
