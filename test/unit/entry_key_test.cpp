#include "core/enrollment/entry_key.h"

#include <gtest/gtest.h>

namespace workflow {
namespace {

std::string KeyOf(const Settings& settings, const std::vector<Value>& values, const Entrant& entrant) {
  std::vector<const Value*> facts;
  for (const Value& value : values) facts.push_back(&value);
  const auto key = EntryKeyOf(settings, facts, entrant);
  return key ? std::string(1, EntryByCode(key->by)) + " " + key->key : "none";
}

// semantics 4: one live enrollment per entry key.
TEST(EntryKey, OfTheContact) {
  Settings settings;
  EXPECT_EQ(KeyOf(settings, {}, {"17", "order", "900"}), "c 17");
  EXPECT_EQ(KeyOf(settings, {}, {"17", "", ""}), "c 17");
}

TEST(EntryKey, OfTheRow) {
  Settings settings;
  settings.entry_entity = "order";
  EXPECT_EQ(KeyOf(settings, {}, {"17", "order", "900"}), "r 900");
  EXPECT_EQ(KeyOf(settings, {}, {"17", "", ""}), "c 17") << "enroll() and emit() bring no row: the contact stands for it";
  EXPECT_EQ(KeyOf(settings, {}, {"17", "ticket", "5"}), "none") << "a row of another entity is no key";
}

TEST(EntryKey, OfFields) {
  Settings settings;
  settings.entry_entity = "order";
  settings.entry_key = {1, 0};
  EXPECT_EQ(KeyOf(settings, {Value(int64_t{7}), Value(std::string("a,b"))}, {"17", "order", "900"}), "f a\\,b,7");
  EXPECT_EQ(KeyOf(settings, {Value(), Value(std::string("a"))}, {"17", "order", "900"}), "none") << "semantics 5: no_entry_key";
}

// definition: an event of the entity that the key is of concerns the enrollment of that row, any other event of the contact all of them.
TEST(EntryKey, WhichEventsConcernAnEnrollment) {
  Program program;
  program.settings.entry_entity = "order";
  const EntryKey own{EntryBy::kRow, "900"};
  EXPECT_TRUE(ConcernsEntry(program, own, {}, {"17", "order", "900"}));
  EXPECT_FALSE(ConcernsEntry(program, own, {}, {"17", "order", "901"}));
  EXPECT_TRUE(ConcernsEntry(program, own, {}, {"17", "ticket", "5"}));
  EXPECT_TRUE(ConcernsEntry(program, own, {}, {"17", "", ""}));
  EXPECT_TRUE(ConcernsEntry(program, {EntryBy::kContact, "17"}, {}, {"17", "order", "901"}));
  program.settings.entry_key = {0};
  program.table.fields = {{.scope = Scope::kRow, .entity = "order", .name = "product", .path = {}, .type = {.kind = TypeKind::kInteger}}};
  const Value product(int64_t{3});
  const Value* facts[] = {&product};
  EXPECT_TRUE(ConcernsEntry(program, {EntryBy::kFields, "3"}, facts, {"17", "order", "901"}));
  EXPECT_FALSE(ConcernsEntry(program, {EntryBy::kFields, "4"}, facts, {"17", "order", "901"}));
  EXPECT_TRUE(ConcernsEntry(program, {EntryBy::kFields, "4"}, facts, {"17", "ticket", "5"})) << "its fields are not there to be compared";
}

// G5: one enrollment for each product of the order's lines.
TEST(EntryKey, G5_OfALine) {
  std::string error;
  const Json lines = *Json::Parse(R"([{"_product": ["7"], "use_days": 10, "n": 1}, {"_product": ["a,b", "S"], "use_days": 3}, {"_product": ["8"], "use_days": null},
    {"_product": ["7"], "use_days": 30, "n": 2}, {"_product": [null], "use_days": 5}, {"use_days": 5}, 4])", &error);
  EXPECT_EQ(ProductsOf(lines), (std::vector<std::string>{"7", "a\\,b,S"}));
  EXPECT_EQ(ProductsOf(Json()), std::vector<std::string>());
  ASSERT_NE(LineOf(lines, "7"), nullptr);
  EXPECT_EQ(LineOf(lines, "7")->Find("n")->AsInteger(), 2) << "of two the one that lasts longer";
  EXPECT_NE(LineOf(lines, "8"), nullptr);
  EXPECT_EQ(LineOf(lines, "9"), nullptr);
  Settings settings;
  settings.entry_entity = "order";
  settings.by_line = true;
  EXPECT_EQ(KeyOf(settings, {}, {"17", "order", "900", "a\\,b,S"}), "l 900,a\\\\\\,b\\,S");
  EXPECT_EQ(KeyOf(settings, {}, {"17", "order", "900"}), "none");
  EXPECT_EQ(KeyOf(settings, {}, {"17", "", "", "7"}), "none");
  const LineKey key = SplitLineKey("x\\,y,7");
  EXPECT_EQ(key.row, "x,y");
  EXPECT_EQ(key.product, "7");
  Program program;
  program.settings = settings;
  EXPECT_TRUE(ConcernsEntry(program, {EntryBy::kLine, "900,7"}, {}, {"17", "order", "900"}));
  EXPECT_FALSE(ConcernsEntry(program, {EntryBy::kLine, "900,7"}, {}, {"17", "order", "901"}));
  EXPECT_EQ(ParseEntryBy("l"), EntryBy::kLine);
}

}  // namespace
}  // namespace workflow
