// The corpus of bindings modelled on real CRMs: what holds for every one of them.
#include <gtest/gtest.h>

#include "binding_fixture.h"
#include "binding_schema_check.h"

namespace workflow::binding_test {
namespace {

class BindingAccepted : public testing::TestWithParam<Case> {};
class BindingRefused : public testing::TestWithParam<Case> {};
std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

TEST_P(BindingAccepted, Attach1_IsCompletedWithoutErrors) {
  Attached attached = Attach(GetParam().binding, GetParam().relation);
  EXPECT_TRUE(attached.binding.has_value()) << Print(attached.problems);
}

// A DBA edits what the report returned and attaches again.
TEST_P(BindingAccepted, Attach1_ACompletedDocumentIsAcceptedAndStaysAsItIs) {
  Attached once = Attach(GetParam().binding, GetParam().relation);
  ASSERT_TRUE(once.binding) << Print(once.problems);
  Attached twice = Attach(once->document, GetParam().relation);
  ASSERT_TRUE(twice.binding) << Print(twice.problems);
  EXPECT_EQ(once->document.Dump(), twice->document.Dump());
  EXPECT_EQ(EventNames(*once), EventNames(*twice));
  EXPECT_EQ(once->key, twice->key);
  EXPECT_EQ(once->tags, twice->tags);
  EXPECT_EQ(once->zone.size(), twice->zone.size());
}

TEST_P(BindingAccepted, Attach1_TheSchemaRefusesNothingThatIsAccepted) {
  Json schema = Parsed(BindingSchema());
  SchemaCheck check(schema);
  EXPECT_TRUE(check.Accepts(GetParam().binding));
  Attached attached = Attach(GetParam().binding, GetParam().relation);
  ASSERT_TRUE(attached.binding);
  EXPECT_TRUE(check.Accepts(attached->document)) << attached->document.Dump();
}

// jsonb does not keep the order of keys.
Json Sorted(const Json& json) {
  if (json.is_array()) {
    Json::Array items;
    for (const Json& item : json.array()) items.push_back(Sorted(item));
    return Json::MakeArray(std::move(items));
  }
  if (!json.is_object()) return json;
  Json::Object members;
  for (const auto& [key, value] : json.object()) members.emplace_back(key, Sorted(value));
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return Json::MakeObject(std::move(members));
}

TEST_P(BindingAccepted, Attach1_TheOrderOfKeysSaysNothing) {
  Attached as_written = Attach(GetParam().binding, GetParam().relation);
  Attached sorted = Attach(Sorted(GetParam().binding), GetParam().relation);
  ASSERT_TRUE(as_written.binding && sorted.binding);
  EXPECT_EQ(Sorted(as_written->document).Dump(), Sorted(sorted->document).Dump());
}

// Every event of a binding is found by indexes into its table; the first of them are the fields.
TEST_P(BindingAccepted, Attach5_TheTableBeginsWithTheFields) {
  Attached attached = Attach(GetParam().binding, GetParam().relation);
  ASSERT_TRUE(attached.binding);
  ASSERT_GE(attached->table.fields.size(), attached->fields.size());
  for (size_t i = 0; i < attached->fields.size(); ++i) {
    EXPECT_EQ(attached->table.fields[i].scope, Scope::kRow);
    EXPECT_EQ(attached->table.fields[i].name, attached->fields[i].name);
    EXPECT_TRUE(attached->table.fields[i].path.empty());
  }
  for (const BoundEvent& event : attached->events) {
    EXPECT_EQ(event.when.has_value(), (event.change == BoundEvent::Change::kCondition || event.change == BoundEvent::Change::kReply)) << event.name;
    if (!event.when) continue;
    for (uint32_t field : FieldsOf(*event.when)) EXPECT_LT(field, attached->table.fields.size());
  }
}

TEST_P(BindingRefused, Attach1_EveryProblemIsReportedAtItsPlaceAtOnce) {
  Attached attached = Attach(GetParam().binding, GetParam().relation);
  EXPECT_FALSE(attached.binding.has_value());
  std::vector<std::string> errors;
  for (const Problem& problem : attached.problems.list()) {
    if (problem.severity == Severity::kError) errors.push_back(problem.path);
    EXPECT_FALSE(problem.message.empty() || problem.message.back() == '.') << problem.message;
    EXPECT_TRUE(problem.hint.empty() || problem.hint.back() == '.' || problem.hint.back() == '?') << problem.hint;
  }
  EXPECT_EQ(errors, GetParam().problems) << Print(attached.problems);
}

INSTANTIATE_TEST_SUITE_P(Corpus, BindingAccepted, testing::ValuesIn(ReadCorpus("accepted")), NameOf);
INSTANTIATE_TEST_SUITE_P(Corpus, BindingRefused, testing::ValuesIn(ReadCorpus("refused")), NameOf);

}  // namespace
}  // namespace workflow::binding_test
