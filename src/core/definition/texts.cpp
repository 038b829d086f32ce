#include "core/definition/texts.h"

#include <algorithm>

#include "core/definition/reader.h"

namespace workflow::definition {
namespace {

constexpr int kDataDepthMax = 32;

// What a round must fetch is a column or a whole json: two parts of "order.address.city".
std::string FirstTwoParts(const std::string& name) {
  size_t dot = name.find('.');
  return dot == name.npos ? name : name.substr(0, name.find('.', dot + 1));
}

void CollectTexts(const Json& json, const std::string& path, int depth, Names* names, CompileContext* context,
                  std::vector<Template>* texts) {
  if (depth > kDataDepthMax) {
    context->problems->Error(path, "data is nested more than " + std::to_string(kDataDepthMax) + " levels deep");
  } else if (json.is_string()) {
    std::optional<Template> text = CompileText(json, path, names, context);
    if (text) texts->push_back(*std::move(text));
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.array().size(); ++i)
      CollectTexts(json.array()[i], Pointer(path, i), depth + 1, names, context, texts);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.object()) CollectTexts(value, Pointer(path, key), depth + 1, names, context, texts);
  }
}

}  // namespace

std::optional<Template> CompileText(const Json& json, const std::string& path, Names* names, CompileContext* context) {
  if (!json.is_string()) {
    context->problems->Error(path, std::string("a text is expected here, not ") + json.KindName());
    return {};
  }
  Problems found;
  Result<Template> text = Template::Parse(json.string(), &found);
  for (const Problem& problem : found.list()) {
    if (problem.severity == Severity::kError) {
      context->problems->Error(path, problem.message, problem.hint);
    } else {
      context->problems->Warning(path, problem.message, problem.hint);
    }
  }
  if (!text.ok()) {
    if (!found.HasErrors()) context->problems->Error(path, text.failure().message, text.failure().hint);
    return {};
  }
  bool known = true;
  for (const std::string& name : text->references()) {
    if (names->CheckReference(name, path, context->problems)) {
      context->references.insert(FirstTwoParts(name));
    } else {
      known = false;
    }
  }
  if (!known) return {};
  return *std::move(text);
}

std::vector<Template> CompileDataTexts(const Json& json, const std::string& path, Names* names, CompileContext* context) {
  std::vector<Template> texts;
  CollectTexts(json, path, 1, names, context, &texts);
  return texts;
}

void CheckStoredTemplate(const std::string& name, const std::string& channel, const std::string& path, Names* names,
                         CompileContext* context) {
  std::vector<std::string> known;
  std::set<std::string> references;
  bool found = false;
  bool other_channel = false;
  for (const CatalogTemplate& stored : context->catalog.templates) {
    known.push_back(stored.name);
    if (stored.name != name) continue;
    // Without a channel (its step is wrong anyway) any text of that name will do.
    bool same = channel.empty() || stored.channel == channel;
    (same ? found : other_channel) = true;
    if (same) references.insert(stored.references.begin(), stored.references.end());
  }
  for (const std::string& reference : references) names->CheckReference(reference, path, context->problems);
  if (found) return;
  std::string message =
      "template " + Quote(name) + (other_channel ? " has no text for channel " + Quote(channel) : " does not exist");
  std::string hint = other_channel ? std::string() : NearestHint(name, known);
  if (hint.empty()) hint = "Store it with workflow.put_template before publishing.";
  if (context->require_templates) {
    context->problems->Error(path, message, hint);
  } else {
    context->problems->Warning(path, message, hint);
  }
}

}  // namespace workflow::definition
