#include "core/definition/texts.h"

#include <algorithm>

#include "core/definition/reader.h"
#include "core/message/choose.h"
#include "core/message/partials.h"

namespace workflow::definition {
namespace {

constexpr int kDataDepthMax = 32;

// What a round must fetch is a column or a whole json: two parts of "order.address.city".
std::string FirstTwoParts(const std::string& name) {
  size_t dot = name.find('.');
  return dot == name.npos ? name : name.substr(0, name.find('.', dot + 1));
}

void CollectTexts(const Json& json, const std::string& path, int depth, Names* names, CompileContext* context, std::string_view channel,
                  std::vector<Template>* texts) {
  if (depth > kDataDepthMax) {
    context->problems->Error(path, "data is nested more than " + std::to_string(kDataDepthMax) + " levels deep");
  } else if (json.is_string()) {
    std::optional<Template> text = CompileText(json, path, names, context, channel);
    if (text) texts->push_back(*std::move(text));
  } else if (json.is_array()) {
    for (size_t i = 0; i < json.array().size(); ++i)
      CollectTexts(json.array()[i], Pointer(path, i), depth + 1, names, context, channel, texts);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.object()) CollectTexts(value, Pointer(path, key), depth + 1, names, context, channel, texts);
  }
}

// What is missing may still be stored before publishing, and only then it is an error.
void ReportTemplate(const std::string& path, std::string message, std::string hint, CompileContext* context) {
  auto report = context->require_templates ? &Problems::Error : &Problems::Warning;
  (context->problems->*report)(path, std::move(message), std::move(hint));
}

bool IsPartialChannel(const CatalogTemplate& stored, std::string_view channel) {
  return stored.channel == kPartialChannel || (!channel.empty() && stored.channel == channel);
}

const CatalogTemplate* FindTemplate(const Catalog& catalog, const std::string& name, std::string_view channel, bool as_partial) {
  const CatalogTemplate* found = nullptr;
  for (const CatalogTemplate& stored : catalog.templates) {
    if (stored.name != name || !(as_partial ? IsPartialChannel(stored, channel) : stored.channel == channel)) continue;
    if (found == nullptr || stored.channel == channel) found = &stored;  // the message's own channel goes first
  }
  return found;
}

std::string HintOfMissing(const Catalog& catalog, const std::string& name, std::string_view channel, bool as_partial) {
  std::vector<std::string> known;
  for (const CatalogTemplate& stored : catalog.templates) {
    if (stored.name != name && (as_partial ? IsPartialChannel(stored, channel) : channel.empty() || stored.channel == channel)) {
      known.push_back(stored.name);
    }
  }
  const std::string hint = NearestHint(name, known);
  return hint.empty() ? "Store it with workflow.put_template before publishing." : hint;
}

// The version that is named: what it reads. nullptr and a problem where it is not stored.
const std::vector<std::string>* ReferencesOf(const CatalogTemplate& stored, std::optional<int32_t> version, const std::string& path,
                                             CompileContext* context) {
  if (!version || stored.versions.empty()) return &stored.references;
  const auto found = stored.versions.find(*version);
  if (found != stored.versions.end()) return &found->second;
  ReportTemplate(path, "template " + Quote(stored.name) + " has no version " + std::to_string(*version),
                 "Its newest version is " + std::to_string(stored.versions.rbegin()->first) + '.', context);
  return nullptr;
}

void ReportGaps(const CatalogTemplate& stored, const std::string& path, CompileContext* context) {
  for (const std::string& name : stored.missing) {
    ReportTemplate(path, "template " + Quote(stored.name) + " renders " + Quote(name) + ", which does not exist",
                   HintOfMissing(context->catalog, name, stored.channel, true), context);
  }
  if (!stored.for_everybody) {
    context->problems->Warning(path, "only some accounts have a template " + Quote(stored.name),
                               "In the others its messages fail; store one without an account for them.");
  }
  if (!stored.has_default) {
    context->problems->Warning(path, "template " + Quote(stored.name) + " has no text without a locale",
                               "Messages to contacts of other languages fail; store one without a locale for them.");
  }
}

// Adds what the partials of `text` read; false where one that is not known may bind names of the text itself.
bool AddPartials(const Template& text, const std::string& path, std::string_view channel, CompileContext* context, std::set<std::string>* names) {
  bool sure = true;
  for (const PartialUse& use : text.partials()) {
    const TemplateName name = SplitTemplateName(use.name);
    const CatalogTemplate* partial = FindTemplate(context->catalog, name.name, channel, /*as_partial=*/true);
    if (partial == nullptr) {
      ReportTemplate(path, "there is no template " + Quote(name.name) + " to render", HintOfMissing(context->catalog, name.name, channel, true), context);
      sure = sure && use.isolated;
      continue;
    }
    ReportGaps(*partial, path, context);
    if (const auto* references = ReferencesOf(*partial, name.version, path, context)) {
      AddReadsOfPartial(use, {*references, partial->binds}, names);
    }
  }
  return sure;
}

}  // namespace

std::optional<Template> CompileText(const Json& json, const std::string& path, Names* names, CompileContext* context, std::string_view channel) {
  if (!json.is_string()) {
    context->problems->Error(path, std::string("a text is expected here, not ") + json.KindName());
    return {};
  }
  Problems found;
  Result<Template> text = Template::Parse(json.string(), &found);
  for (const Problem& problem : found.list()) {
    auto report = problem.severity == Severity::kError ? &Problems::Error : &Problems::Warning;
    (context->problems->*report)(path, problem.message, problem.hint);
  }
  if (!text.ok()) {
    if (!found.HasErrors()) context->problems->Error(path, text.failure().message, text.failure().hint);
    return {};
  }
  const std::set<std::string> own(text->references().begin(), text->references().end());
  std::set<std::string> all = own;
  Problems ignored;
  const bool sure = AddPartials(*text, path, channel, context, &all);
  bool known = true;
  for (const std::string& name : all) {
    const bool is_known = names->CheckReference(name, path, sure ? context->problems : &ignored);
    if (is_known && own.contains(name)) context->references.insert(FirstTwoParts(name));
    known = known && is_known;
  }
  if (!known && sure) return {};
  return *std::move(text);
}

std::vector<Template> CompileDataTexts(const Json& json, const std::string& path, Names* names, CompileContext* context, std::string_view channel) {
  std::vector<Template> texts;
  CollectTexts(json, path, 1, names, context, channel, &texts);
  return texts;
}

std::optional<Document> CompileDocument(const Json& json, const std::string& path, Names* names, CompileContext* context) {
  const size_t before = context->problems->list().size();
  Document document = {.json = json, .texts = CompileDataTexts(json, path, names, context)};
  const auto& found = context->problems->list();
  const bool wrong = std::any_of(found.begin() + static_cast<std::ptrdiff_t>(before), found.end(),
                                 [](const Problem& problem) { return problem.severity == Severity::kError; });
  if (wrong) return {};
  return document;
}

std::optional<Document> CompileData(const Json& json, const std::string& path, Names* names, CompileContext* context) {
  if (json.is_object()) return CompileDocument(json, path, names, context);
  context->problems->Error(path, std::string("\"data\" must be an object, not ") + json.KindName());
  return {};
}

std::string FindOwner(const std::string& path, CompileContext* context) {
  for (auto name = context->entities.rbegin(); name != context->entities.rend(); ++name) {
    const CatalogEntity* entity = FindEntity(context->catalog, *name);
    if (entity == nullptr || FindField(*entity, "owner") == nullptr) continue;
    context->references.insert(*name + ".owner");
    return *name;
  }
  if (!context->open) {
    context->problems->Error(path, "nobody knows the owner: no row of this workflow has a field \"owner\"",
                             "Name its column in the binding: {\"fields\": {\"owner\": \"assigned_to\"}}.");
  }
  return {};
}

void WantUser(const std::string& channel, CompileContext* context) {
  const CatalogEntity* user = FindEntity(context->catalog, "user");
  const std::string field(AddressField(channel));
  if (user != nullptr && FindField(*user, field) != nullptr) context->references.insert("user." + field);
}

void CheckStoredTemplate(const std::string& name, const std::string& channel, const std::string& path, Names* names,
                         CompileContext* context, std::optional<int32_t> version) {
  std::set<std::string> references;
  bool found = false;
  bool other_channel = false;
  for (const CatalogTemplate& stored : context->catalog.templates) {
    if (stored.name != name) continue;
    // Without a channel (its step is wrong anyway) any text of that name will do.
    const bool same = channel.empty() || stored.channel == channel;
    (same ? found : other_channel) = true;
    if (!same) continue;
    ReportGaps(stored, path, context);
    if (const auto* own = ReferencesOf(stored, version, path, context)) references.insert(own->begin(), own->end());
  }
  for (const std::string& reference : references) names->CheckReference(reference, path, context->problems);
  if (found) return;
  const std::string what = other_channel ? " has no text for channel " + Quote(channel) : std::string(" does not exist");
  ReportTemplate(path, "template " + Quote(name) + what,
                 other_channel ? "Store it with workflow.put_template before publishing." : HintOfMissing(context->catalog, name, {}, false), context);
}

}  // namespace workflow::definition
