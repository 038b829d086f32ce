#include "core/definition/recipe.h"

#include <string>
#include <vector>

namespace workflow {
namespace {

class RecipeFiller {
 public:
  RecipeFiller(const Json& values, Problems* problems) : values_(values), problems_(problems) {}

  Json Fill(const Json& json, const std::string& path) {
    if (json.is_string()) return FillText(json.string(), path);
    if (json.is_array()) {
      Json::Array items;
      for (size_t i = 0; i < json.array().size(); ++i) items.push_back(Fill(json.array()[i], Pointer(path, i)));
      return Json::MakeArray(std::move(items));
    }
    if (!json.is_object()) return json;
    Json::Object members;
    for (const auto& [key, value] : json.object()) members.emplace_back(TextIn(key, path), Fill(value, Pointer(path, key)));
    return Json::MakeObject(std::move(members));
  }

 private:
  Json FillText(const std::string& text, const std::string& path) {
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      const Json* value = ValueOf(text.substr(2, text.size() - 3), path);
      return value == nullptr ? Json() : *value;
    }
    return Json::String(TextIn(text, path));
  }

  std::string TextIn(const std::string& text, const std::string& path) {
    std::string filled;
    size_t from = 0;
    while (true) {
      const size_t begin = text.find("${", from), end = begin == text.npos ? begin : text.find('}', begin);
      if (end == text.npos) return filled + text.substr(from);
      filled += text.substr(from, begin - from);
      const std::string name = text.substr(begin + 2, end - begin - 2);
      if (const Json* value = ValueOf(name, path)) {
        if (value->is_array() || value->is_object() || value->is_null()) {
          problems_->Error(path, "the parameter \"" + name + "\" must be a text or a number, not " + value->KindName());
        } else {
          filled += value->is_string() ? value->string() : value->Dump();
        }
      }
      from = end + 1;
    }
  }

  const Json* ValueOf(const std::string& name, const std::string& path) {
    const Json* value = values_.Find(name);
    if (value == nullptr) problems_->Error(path, "the recipe has no parameter \"" + name + '"');
    return value;
  }

  const Json& values_;
  Problems* problems_;
};

}  // namespace

std::optional<Json> FillRecipe(const Json& recipe, const Json& params, Problems* problems) {
  const Json* definition = recipe.Find("definition");
  const Json* known = recipe.Find("params");
  if (definition == nullptr || !params.is_object()) {
    problems->Error("", definition == nullptr ? "the recipe has no definition" : std::string("parameters must be an object, not ") + params.KindName(),
                    "Write {\"offer\": \"our guide\"}.");
    return {};
  }
  Json values = Json::MakeObject();
  std::vector<std::string> names;
  for (const auto& [name, about] : known != nullptr && known->is_object() ? known->object() : Json::Object()) {
    names.push_back(name);
    const Json* given = params.Find(name);
    const Json* standard = about.Find("default");
    if (given != nullptr) values.Set(name, *given);
    else if (standard != nullptr) values.Set(name, *standard);
    else problems->Error("/" + name, "the parameter \"" + name + "\" must be given");
  }
  for (const auto& [name, value] : params.object()) {
    if (values.Find(name) == nullptr) problems->Error("/" + name, "the recipe has no parameter \"" + name + '"', NearestHint(name, names));
  }
  if (problems->HasErrors()) return {};
  Json filled = RecipeFiller(values, problems).Fill(*definition, "");
  if (problems->HasErrors()) return {};
  return filled;
}

}  // namespace workflow
