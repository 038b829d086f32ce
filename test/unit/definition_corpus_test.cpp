// Whole documents, kept as files because other tests read them too: the JSON Schema must accept what the compiler accepts.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "definition_fixture.h"

namespace workflow::testing {
namespace {

std::vector<std::filesystem::path> Documents(const char* folder) {
  std::filesystem::path root = std::filesystem::path(__FILE__).parent_path().parent_path() / "corpus" / "definition" / folder;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(root)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

std::string Content(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(DefinitionCorpus, AcceptedDocumentsCompileWithoutAnyProblem) {
  std::vector<std::filesystem::path> files = Documents("accepted");
  ASSERT_GE(files.size(), 12U);
  for (const auto& file : files) {
    Compiled c = Compile(Content(file), true);
    EXPECT_TRUE(c.program.has_value()) << file << "\n" << c.Text();
    EXPECT_TRUE(c.problems.list().empty()) << file << "\n" << c.Text();
  }
}

TEST(DefinitionCorpus, RefusedDocumentsSayWhy) {
  std::vector<std::filesystem::path> files = Documents("refused");
  ASSERT_GE(files.size(), 12U);
  for (const auto& file : files) {
    Compiled c = Compile(Content(file), true);
    EXPECT_FALSE(c.program.has_value()) << file;
  }
}

TEST(DefinitionCorpus, TheSchemaIsJson) {
  Json schema = ParseJson(DefinitionSchema());
  ASSERT_TRUE(schema.is_object());
  EXPECT_EQ(schema.Find("$schema")->string(), "https://json-schema.org/draft/2020-12/schema");
}

}  // namespace
}  // namespace workflow::testing
