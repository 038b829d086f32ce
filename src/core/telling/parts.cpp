#include "core/telling/parts.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/telling/telling.h"
#include "core/telling/words.h"

namespace workflow {
namespace telling {
namespace {

// In the order of the compiler, which numbers steps without an id by it.
constexpr std::array kListKeys = {"then", "branches", "paths", "approved", "rejected", "timed_out", "on_timeout", "else"};
// Whose objects are the user's own, whatever they look like.
constexpr std::array kDataKeys = {"data", "body", "headers", "values", "args", "arguments", "if", "until", "filter", "row"};

template <size_t N>
bool OneOf(std::string_view key, const std::array<const char*, N>& keys) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

bool AllHave(const Json& list, std::string_view key, bool (Json::*kind)() const) {
  return !list.array().empty() && std::all_of(list.array().begin(), list.array().end(), [&](const Json& item) {
    const Json* member = item.Find(key);
    return member != nullptr && (member->*kind)();
  });
}

enum class Shape { kNone, kSteps, kHolders };

Shape ShapeOf(std::string_view key, const Json& value) {
  if (!value.is_array() || OneOf(key, kDataKeys)) return Shape::kNone;
  if (key == "branches" || key == "paths" || AllHave(value, "steps", &Json::is_array)) return Shape::kHolders;
  return OneOf(key, kListKeys) || AllHave(value, "type", &Json::is_string) ? Shape::kSteps : Shape::kNone;
}

void AddInner(const std::string& key, Json* value, std::vector<Inner>* lists) {
  const Shape shape = ShapeOf(key, *value);
  if (shape == Shape::kSteps) lists->push_back({key, nullptr, 0, value});
  if (shape != Shape::kHolders) return;
  for (size_t i = 0; i < value->array().size(); ++i) {
    Json& holder = value->array()[i];
    Json* const steps = FindMember(holder, "steps");
    if (steps != nullptr && steps->is_array()) lists->push_back({key, &holder, i, steps});
  }
}

// Gives numbers as the compiler does: all steps of a type are counted, with an id or without.
class Namer {
 public:
  void Collect(Json* steps) {
    for (Json& step : steps->array()) {
      if (!step.is_object()) continue;
      all_.push_back(&step);
      if (const std::string id = TextAt(step, "id"); !id.empty()) ids_.insert(id);
      for (const Inner& inner : InnerLists(step)) Collect(inner.steps);
    }
  }

  void Name() {
    // Setting a member moves those beside it, but neither the step nor what is below it in the order of the list: innermost steps come last.
    for (size_t i = 0; i < all_.size(); ++i) names_.push_back(NameOf(*all_[i]));
    for (size_t i = all_.size(); i-- > 0;) {
      if (!names_[i].empty()) all_[i]->Set("id", Json::String(names_[i]));
    }
  }

 private:
  std::string NameOf(const Json& step) {
    std::string type = TextAt(step, "type");
    if (type.empty()) type = "step";
    int number = ++counts_[type];
    if (!TextAt(step, "id").empty()) return {};
    while (!ids_.insert(type + '-' + std::to_string(number)).second) ++number;
    return type + '-' + std::to_string(number);
  }

  std::vector<Json*> all_;
  std::vector<std::string> names_;
  std::set<std::string> ids_;
  std::map<std::string, int> counts_;
};

}  // namespace

std::vector<Inner> InnerLists(Json& step) {
  std::vector<Inner> lists;
  if (!step.is_object()) return lists;
  for (const char* key : kListKeys) {
    if (Json* const value = FindMember(step, key)) AddInner(key, value, &lists);
  }
  for (auto& [key, value] : step.object()) {
    if (!OneOf(key, kListKeys)) AddInner(key, &value, &lists);
  }
  return lists;
}

bool IsInner(const Json& step, std::string_view key) {
  const Json* value = step.Find(key);
  return value != nullptr && ShapeOf(key, *value) != Shape::kNone;
}

Json* FindMember(Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  for (auto& [name, value] : object.object()) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string TextAt(const Json& json, std::string_view key) {
  const Json* member = json.Find(key);
  return member != nullptr && member->is_string() ? member->string() : std::string();
}

const Json* Members::Take(std::string_view key) {
  told_.emplace(key);
  return json_.Find(key);
}

std::string Members::TakeText(std::string_view key) {
  const Json* member = json_.Find(key);
  if (member == nullptr || !member->is_string()) return {};
  told_.emplace(key);
  return member->string();
}

std::string Members::Rest() const {
  std::string rest;
  if (!json_.is_object()) return rest;
  for (const auto& [key, value] : json_.object()) {
    if (!told_.contains(key)) rest += (rest.empty() ? " (" : "; ") + key + ": " + ValueWords(value);
  }
  return rest.empty() ? rest : rest + ')';
}

}  // namespace telling

Json NormalDefinition(const Json& definition) {
  Json normal = definition;
  Json* const steps = telling::FindMember(normal, "steps");
  if (steps == nullptr || !steps->is_array()) return normal;
  telling::Namer namer;
  namer.Collect(steps);
  namer.Name();
  return normal;
}

}  // namespace workflow
