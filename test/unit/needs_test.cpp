// What capture has to know (P3, the first row of a connection): the same from its bytes as from bindings and definitions, and filters that answer as
// the definition's do.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "binding_corpus.h"
#include "core/binding/catalog_of.h"
#include "core/needs/needs.h"
#include "definition_fixture.h"

namespace workflow::testing {
namespace {

BoundEvent::Change ChangeOf(const std::string& event) {
  if (event.ends_with(".created")) return BoundEvent::Change::kInsert;
  if (event.ends_with(".updated")) return BoundEvent::Change::kUpdate;
  if (event.ends_with(".deleted")) return BoundEvent::Change::kDelete;
  if (event.ends_with(".tag_added")) return BoundEvent::Change::kTagAdded;
  return event.ends_with(".tag_removed") ? BoundEvent::Change::kTagRemoved : BoundEvent::Change::kInsert;
}

Binding BindingOf(const CatalogEntity& entity) {
  Binding binding;
  binding.entity = entity.name;
  binding.key = {"id"};
  for (const CatalogField& field : entity.fields) {
    binding.fields.push_back({.name = field.name, .column = field.name, .sql = {}, .type = field.type, .nullable = true, .generated = false, .zone = {}, .at = {}});
    binding.table.fields.push_back({.scope = Scope::kRow, .entity = entity.name, .name = field.name, .path = {}, .type = field.type});
  }
  for (const CatalogEvent& event : entity.events) binding.events.push_back({.name = event.name, .once = false, .change = ChangeOf(event.name), .when = {}, .at = {}});
  if (entity.has_tags) binding.tags = "tags";
  return binding;
}

std::vector<std::string> AcceptedDefinitions() {
  std::vector<std::string> texts;
  const std::filesystem::path root = std::filesystem::path(__FILE__).parent_path().parent_path() / "corpus" / "definition" / "accepted";
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    std::ifstream stream(entry.path());
    std::ostringstream text;
    text << stream.rdbuf();
    texts.push_back(text.str());
  }
  return texts;
}

// A value that a field holds in every table that names it.
Value Sample(const std::string& name, const std::vector<std::string>& path, int choice) {
  const size_t hash = std::hash<std::string>()(name + '/' + (path.empty() ? "" : path.back())) + static_cast<size_t>(choice) * 7;
  switch (hash % 5) {
    case 0: return {};
    case 1: return Value(static_cast<int64_t>(hash % 200));
    case 2: return Value(std::string(hash % 2 == 0 ? "customer" : "paid"));
    case 3: return Value(Instant{static_cast<int64_t>(hash % 1000) * kDay});
    default: return Value(hash % 2 == 0);
  }
}

// Fields of other rows are not known where capture asks.
bool IsAsked(const Field& field, const std::string& entity) {
  return ((field.scope == Scope::kRow || field.scope == Scope::kOld) && field.entity == entity) || field.scope == Scope::kEvent;
}

Outcome Ask(const Condition& condition, const std::vector<Value>& values, const std::vector<bool>& known) {
  std::vector<const Value*> facts;
  for (size_t i = 0; i < values.size(); ++i) facts.push_back(known[i] ? &values[i] : nullptr);
  return Evaluate(condition, facts, Instant{500 * kDay}, nullptr);
}

Outcome AskDefinition(const Condition& condition, const std::vector<Field>& fields, const std::string& entity, int choice) {
  std::vector<Value> values;
  std::vector<bool> known;
  for (const Field& field : fields) {
    values.push_back(Sample(std::to_string(static_cast<int>(field.scope)) + field.name, field.path, choice));
    known.push_back(IsAsked(field, entity));
  }
  return Ask(condition, values, known);
}

Outcome AskNeeds(const Condition& condition, const SourceNeeds& needs, int choice) {
  std::vector<Value> values;
  std::vector<bool> known;
  for (const NeededField& field : needs.fields) {
    values.push_back(Sample(std::to_string(static_cast<int>(field.scope)) + field.name, field.path, choice));
    known.push_back(field.own || field.scope == Scope::kEvent);
  }
  return Ask(condition, values, known);
}

void ExpectSameAnswers(const SourceNeeds& needs, const Program& program, const std::string& entity) {
  for (const NeededEvent& event : needs.events) {
    size_t wish = 0;
    for (const Trigger& trigger : program.triggers) {
      if (trigger.on != event.name || (event.change == BoundEvent::Change::kScore && trigger.entity != entity)) continue;
      ASSERT_LT(wish, event.enter.size());
      const Wish& entering = event.enter[wish++];
      EXPECT_EQ(entering.filter.has_value(), trigger.filter.has_value() && trigger.settle_us == 0);
      if (!entering.filter) continue;
      for (int choice = 0; choice < 20; ++choice) {
        EXPECT_EQ(AskNeeds(*entering.filter, needs, choice), AskDefinition(*trigger.filter, program.table.fields, entity, choice));
      }
    }
    EXPECT_EQ(wish, event.enter.size());
  }
}

void ExpectReadAsWritten(const SourceNeeds& needs) {
  const std::string bytes = WriteNeeds(needs);
  const auto read = ReadNeeds(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(*read == needs);
  EXPECT_EQ(WriteNeeds(*read), bytes);
  for (size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 50) EXPECT_FALSE(ReadNeeds(bytes.substr(0, length)).has_value());
  EXPECT_FALSE(ReadNeeds(bytes + '\0').has_value());
}

TEST(Needs, P3_OfEveryAcceptedDefinitionTheBytesSayAsMuchAsTheDefinition) {
  const Catalog catalog = SmallCrm();
  std::vector<Binding> bindings;
  for (const CatalogEntity& entity : catalog.entities) bindings.push_back(BindingOf(entity));
  std::vector<const Binding*> all;
  for (const Binding& binding : bindings) all.push_back(&binding);
  size_t wishes = 0;
  for (const std::string& text : AcceptedDefinitions()) {
    const Compiled c = Compile(text, true);
    ASSERT_TRUE(c.program) << text;
    for (const Binding& binding : bindings) {
      const SourceNeeds needs = NeedsOf({7, "crm.table", &binding}, all, {{12, "", true, &*c.program}});
      ExpectReadAsWritten(needs);
      ExpectSameAnswers(needs, *c.program, binding.entity);
      for (const NeededEvent& event : needs.events) wishes += event.enter.size() + event.hear.size();
    }
  }
  EXPECT_GT(wishes, 20U);
}

TEST(Needs, P3_OfEveryAcceptedBindingTheBytesSayAsMuchAsTheBinding) {
  size_t parts = 0, lives = 0;
  for (const auto& item : binding_test::ReadCorpus("accepted")) {
    Problems problems;
    const auto binding = CompleteBinding(item.binding, item.relation, &problems);
    ASSERT_TRUE(binding) << item.name;
    Catalog catalog;
    catalog.entities = EntitiesOf({&*binding});
    std::string triggers;
    for (const BoundEvent& event : binding->events) {
      if (event.name.starts_with(binding->entity + ".")) triggers += (triggers.empty() ? "{\"on\": \"" : ", {\"on\": \"") + event.name + "\"}";
    }
    if (triggers.empty()) continue;
    Problems found;
    const auto program = CompileDefinition(ParseJson("{\"triggers\": [" + triggers + "], \"steps\": [{\"type\": \"stop\"}]}"), catalog, false, &found);
    if (!program) continue;  // of an entity without a contact
    const NeedingSource source = {3, item.name, &*binding};
    const SourceNeeds needs = NeedsOf(source, {&*binding}, {{1, "acme", true, &*program}, {2, "", false, nullptr}});
    ExpectReadAsWritten(needs);
    lives += needs.live ? 1 : 0;
    for (const char* part : {"tags", "campaigns"}) {
      const auto of_part = NeedsOfPart(source, part, {{1, "acme", true, &*program}});
      if (!of_part) continue;
      ++parts;
      ExpectReadAsWritten(*of_part);
    }
  }
  EXPECT_GT(parts, 0U);
  EXPECT_GT(lives, 0U);
}

TEST(Needs, P3_OnlyWhatTheSourceNeedsIsThere) {
  const Catalog catalog = SmallCrm();
  const Binding contacts = BindingOf(catalog.entities[0]), orders = BindingOf(catalog.entities[1]);
  const Compiled c = CompileTriggers(R"([{"on": "contact.created", "filter": {"field": "contact.score", "operator": ">", "value": 5}}])");
  const Compiled again = CompileTriggers(R"([{"on": "contact.created", "filter": {"field": "contact.score", "operator": "<", "value": 1}}])");
  ASSERT_TRUE(c.program && again.program);
  const std::vector<NeedingVersion> versions = {{1, "", true, &*c.program}, {2, "x", true, &*again.program}, {3, "", false, &*c.program}};
  const SourceNeeds of_contacts = NeedsOf({1, "contacts", &contacts}, {&contacts, &orders}, versions);
  ASSERT_EQ(of_contacts.events.size(), 1U);
  ASSERT_EQ(of_contacts.events[0].enter.size(), 2U);
  EXPECT_EQ(of_contacts.events[0].enter[1].account, "x");
  EXPECT_EQ(of_contacts.fields.size(), 1U);  // the two filters read the same one
  EXPECT_EQ(of_contacts.columns.size(), 2U);  // and the key
  EXPECT_TRUE(of_contacts.gone);
  const SourceNeeds of_orders = NeedsOf({2, "orders", &orders}, {&contacts, &orders}, versions);
  EXPECT_FALSE(of_orders.Any());
  EXPECT_TRUE(of_orders.events.empty());
}

TEST(Needs, P3_BytesThatNameAFieldThatIsNotThereAreNone) {
  SourceNeeds needs;
  needs.live.emplace();
  needs.live->root.op = Operator::kNotNull;
  EXPECT_FALSE(ReadNeeds(WriteNeeds(needs)).has_value());
  needs.fields.push_back({.scope = Scope::kRow, .own = true, .name = "status", .path = {}});
  EXPECT_TRUE(ReadNeeds(WriteNeeds(needs)).has_value());
  needs.live->root.op = Operator::kEqual;  // and has nothing to compare with
  EXPECT_FALSE(ReadNeeds(WriteNeeds(needs)).has_value());
}

}  // namespace
}  // namespace workflow::testing
