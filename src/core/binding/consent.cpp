// Consent that the CRM's own columns tell: who must not be written to, on which channel, with what.
#include <algorithm>

#include "core/binding/build.h"
#include "core/binding/scope.h"

namespace workflow::attaching {
namespace {

struct Governs {
  const char* category;
  ConsentScope scope;
};
// A rule for one category also speaks for those that need consent more.
constexpr Governs kCategories[] = {{"marketing", ConsentScope::kMarketing},
                                   {"informational", ConsentScope::kChannel},
                                   {"transactional", ConsentScope::kAll}};

std::optional<ConsentScope> ReadCategory(Build* build, const Json* category, const std::string& path) {
  if (category == nullptr) return ConsentScope::kChannel;
  for (const Governs& governs : kCategories) {
    if (category->is_string() && category->string() == governs.category) return governs.scope;
  }
  MustBe(*category, path, "\"marketing\", \"informational\" or \"transactional\"", build->problems,
         category->is_string() ? NearestHint(category->string(), {"marketing", "informational", "transactional"}) : std::string());
  return std::nullopt;
}

bool IsQuery(const Json& json) { return json.is_object() && json.object().size() == 1 && Member(json, "sql") != nullptr; }

std::optional<ConsentRule> ReadRule(Build* build, const Json& json, const std::string& path) {
  if (!json.is_object()) {
    MustBe(json, path, "an object with \"allowed_when\"", build->problems,
           "Write {\"channel\": \"email\", \"allowed_when\": {\"field\": \"opted_out\", \"operator\": \"=\", \"value\": false}}.");
    return std::nullopt;
  }
  const size_t before = build->problems->list().size();
  RefuseUnknownKeys(json, path, {"channel", "category", "allowed_when"}, build->problems);
  ConsentRule rule;
  if (const Json* channel = Member(json, "channel")) {
    if (const std::string* text = RequireText(*channel, Pointer(path, "channel"), "the name of a channel", build->problems)) rule.channel = *text;
  }
  if (const auto scope = ReadCategory(build, Member(json, "category"), Pointer(path, "category"))) rule.scope = *scope;
  const Json* allowed = Member(json, "allowed_when");
  const std::string place = Pointer(path, "allowed_when");
  if (allowed == nullptr) {
    build->problems->Error(place, "a rule of consent needs \"allowed_when\"", "Say when messages may go out, by a condition on the row.");
  } else if (IsQuery(*allowed)) {
    const std::string* sql = RequireText(*Member(*allowed, "sql"), Pointer(place, "sql"), "one SELECT", build->problems);
    if (sql != nullptr) rule.sql = *sql;
  } else {
    BindingScope scope(&build->binding, BindingScope::Place::kConsent, build->broken);
    rule.allowed_when = CompileCondition(*allowed, place, scope, build->problems);
  }
  const auto& found = build->problems->list();
  const bool wrong = std::any_of(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
                                 [](const Problem& problem) { return problem.severity == Severity::kError; });
  if (wrong) return std::nullopt;
  return rule;
}

}  // namespace

void ReadConsent(Build* build) {
  const Json* given = build->Given("consent");
  if (given == nullptr) return;
  std::vector<std::pair<const Json*, std::string>> rules;
  if (!given->is_array()) {
    rules.emplace_back(given, "/consent");
  } else {
    for (size_t i = 0; i < given->array().size(); ++i) rules.emplace_back(&given->array()[i], Pointer("/consent", i));
  }
  Json::Array written;
  for (const auto& [json, path] : rules) {
    std::optional<ConsentRule> rule = ReadRule(build, *json, path);
    if (!rule) continue;
    written.push_back(*json);
    build->binding.consent.push_back(*std::move(rule));
  }
  build->completed.Set("consent", Json::MakeArray(std::move(written)));
}

}  // namespace workflow::attaching
