// Two definitions compared: steps by their ids, settings by their keys, triggers and goals as lists.
#include <algorithm>
#include <map>

#include "core/telling/parts.h"
#include "core/telling/telling.h"
#include "core/telling/words.h"

namespace workflow {
namespace telling {
namespace {

// A step apart from the steps inside it, and where it stands.
struct Place {
  std::string id;
  std::string list;     // the list it stands in, as words: `"bought", then`; empty for the outermost one
  std::string before;   // id of the step before it in its list, or ""
  Json own;
};

struct Steps {
  std::vector<Place> all;                    // in the order of the document
  std::map<std::string, size_t> by_id;
};

Json WithoutInner(const Json& step) {
  if (!step.is_object()) return step;
  Json own = Json::MakeObject();
  for (const auto& [key, value] : step.object()) {
    if (!IsInner(step, key)) {
      own.Set(key, value);
      continue;
    }
    Json holders = Json::MakeArray();
    for (const Json& holder : value.array()) {
      if (holder.Find("steps") == nullptr) continue;
      Json rest = Json::MakeObject();
      for (const auto& [name, member] : holder.object()) {
        if (name != "steps") rest.Set(name, member);
      }
      holders.array().push_back(std::move(rest));
    }
    if (!holders.array().empty()) own.Set(key, std::move(holders));  // what is in the lists is told step by step
  }
  return own;
}

void CollectSteps(const Json& list, const std::string& where, Steps* steps) {
  std::string before;
  for (const Json& item : list.array()) {
    Json step = item;
    const std::string id = TextAt(step, "id");
    steps->by_id.emplace(id, steps->all.size());
    steps->all.push_back({id, where, before, WithoutInner(step)});
    before = id;
    for (const Inner& inner : InnerLists(step)) {
      std::string part = inner.key;
      if (inner.holder != nullptr) {
        const std::string name = TextAt(*inner.holder, "name");
        part += ' ' + (name.empty() ? std::to_string(inner.number + 1) : Quoted(name));
      }
      CollectSteps(*inner.steps, Quoted(id) + ", " + part, steps);
    }
  }
}

Steps StepsOf(const Json& definition) {
  Steps steps;
  const Json* list = definition.Find("steps");
  if (list != nullptr && list->is_array()) CollectSteps(*list, "", &steps);
  return steps;
}

// Two values as words; as they are written where words make no difference.
std::pair<std::string, std::string> BothShown(const Json* from, const Json* to) {
  const auto exact = [](const Json* value) -> std::string {
    if (value == nullptr) return "nothing";
    return value->is_string() ? Quoted(value->string(), 2000) : value->Dump();
  };
  if (from != nullptr && to != nullptr && from->is_object() && to->is_object()) {
    const std::string old_words = ValueWords(*from), new_words = ValueWords(*to);
    if (old_words != new_words) return {old_words, new_words};
  }
  return {exact(from), exact(to)};
}

// Each member that differs, objects member by member unless they are conditions.
void AddChanges(const std::string& name, const Json* from, const Json* to, std::vector<std::string>* changes) {
  if (from != nullptr && to != nullptr && *from == *to) return;
  const auto plain = [](const Json* json) { return json != nullptr && json->is_object() && ValueWords(*json) == json->Dump(); };
  if (plain(from) && plain(to)) {
    for (const auto& [key, value] : from->object()) AddChanges(name + '/' + key, &value, to->Find(key), changes);
    for (const auto& [key, value] : to->object()) {
      if (from->Find(key) == nullptr) AddChanges(name + '/' + key, nullptr, &value, changes);
    }
    return;
  }
  const bool lists = from != nullptr && to != nullptr && from->is_array() && to->is_array() && from->array().size() == to->array().size() &&
                     std::all_of(from->array().begin(), from->array().end(), [](const Json& item) { return item.is_object(); });
  if (lists) {
    for (size_t i = 0; i < from->array().size(); ++i) {
      AddChanges(name + '/' + std::to_string(i), &from->array()[i], &to->array()[i], changes);
    }
    return;
  }
  const auto [before, after] = BothShown(from, to);
  changes->push_back(name + ": " + before + " -> " + after);
}

std::vector<std::string> ChangesOf(const Json& from, const Json& to) {
  std::vector<std::string> changes;
  if (!from.is_object() || !to.is_object()) {
    AddChanges("all", &from, &to, &changes);
    return changes;
  }
  for (const auto& [key, value] : from.object()) AddChanges(key, &value, to.Find(key), &changes);
  for (const auto& [key, value] : to.object()) {
    if (from.Find(key) == nullptr) AddChanges(key, nullptr, &value, &changes);
  }
  return changes;
}

std::string Where(const Place& place) {
  std::string words = place.before.empty() ? "at the beginning" : "after " + Quoted(place.before);
  if (!place.list.empty()) words += " in " + place.list;
  return words;
}

// The steps of one list that need not move: the longest run of them that has the same order in both.
std::vector<std::string> InOrder(const std::vector<std::string>& from, const std::vector<std::string>& to) {
  std::vector<size_t> positions;
  for (const std::string& id : to) positions.push_back(static_cast<size_t>(std::find(from.begin(), from.end(), id) - from.begin()));
  std::vector<size_t> length(to.size(), 1), previous(to.size(), to.size());
  size_t best = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (positions[j] < positions[i] && length[j] + 1 > length[i]) {
        length[i] = length[j] + 1;
        previous[i] = j;
      }
    }
    if (length[i] > length[best]) best = i;
  }
  std::vector<std::string> kept;
  for (size_t i = best; i < to.size(); i = previous[i]) kept.push_back(to[i]);
  return kept;
}

// Steps that both have, by the list they stand in.
std::map<std::string, std::vector<std::string>> Lists(const Steps& steps, const Steps& other) {
  std::map<std::string, std::vector<std::string>> lists;
  for (const Place& place : steps.all) {
    const auto found = other.by_id.find(place.id);
    if (found != other.by_id.end() && other.all[found->second].list == place.list) lists[place.list].push_back(place.id);
  }
  return lists;
}

void CompareSteps(const Steps& from, const Steps& to, std::vector<std::string>* lines) {
  for (const Place& place : from.all) {
    if (!to.by_id.contains(place.id)) lines->push_back("step " + Quoted(place.id) + " is removed: " + StepWords(place.own));
  }
  std::set<std::string> kept;
  const auto old_lists = Lists(from, to), new_lists = Lists(to, from);
  for (const auto& [list, ids] : new_lists) {
    const auto old_ids = old_lists.find(list);
    if (old_ids == old_lists.end()) continue;
    for (std::string& id : InOrder(old_ids->second, ids)) kept.insert(std::move(id));
  }
  for (const Place& place : to.all) {
    const auto found = from.by_id.find(place.id);
    if (found == from.by_id.end()) {
      lines->push_back("step " + Quoted(place.id) + " is added " + Where(place) + ": " + StepWords(place.own));
      continue;
    }
    if (!kept.contains(place.id)) lines->push_back("step " + Quoted(place.id) + " is moved: now " + Where(place));
    for (const std::string& change : ChangesOf(from.all[found->second].own, place.own)) {
      lines->push_back("step " + Quoted(place.id) + " is changed: " + change);
    }
  }
}

// Members of a list that have a name of their own kind: triggers by their event, goals by their id.
void CompareItems(const Json* from, const Json* to, const std::string& what, std::string_view key, std::string (*tell)(const Json&),
                  std::vector<std::string>* lines) {
  const Json::Array none;
  std::vector<const Json*> gone, come;
  const Json::Array& old_items = from != nullptr && from->is_array() ? from->array() : none;
  const Json::Array& new_items = to != nullptr && to->is_array() ? to->array() : none;
  for (const Json& item : old_items) gone.push_back(&item);
  for (const Json& item : new_items) {
    const auto same = std::find_if(gone.begin(), gone.end(), [&](const Json* other) { return *other == item; });
    if (same == gone.end()) come.push_back(&item);
    else gone.erase(same);
  }
  for (const Json* item : come) {
    const std::string name = TextAt(*item, key);
    const auto before = std::find_if(gone.begin(), gone.end(), [&](const Json* other) { return !name.empty() && TextAt(*other, key) == name; });
    if (before == gone.end()) {
      lines->push_back(what + " is added: " + tell(*item));
      continue;
    }
    for (const std::string& change : ChangesOf(**before, *item)) lines->push_back(what + ' ' + Quoted(name) + " is changed: " + change);
    gone.erase(before);
  }
  for (const Json* item : gone) lines->push_back(what + " is removed: " + tell(*item));
}

}  // namespace
}  // namespace telling

std::string DiffDefinitions(const Json& old_definition, const Json& new_definition) {
  const Json from = NormalDefinition(old_definition), to = NormalDefinition(new_definition);
  std::vector<std::string> lines;
  telling::CompareItems(from.Find("triggers"), to.Find("triggers"), "trigger", "on", telling::TriggerWords, &lines);
  telling::CompareItems(from.Find("goals"), to.Find("goals"), "goal", "id", telling::GoalWords, &lines);
  const Json nothing = Json::MakeObject();
  const auto part = [&](const Json& of, const char* key) { return of.Find(key) == nullptr ? nothing : *of.Find(key); };
  for (const std::string& change : telling::ChangesOf(part(from, "settings"), part(to, "settings"))) lines.push_back("setting " + change);
  for (const std::string& change : telling::ChangesOf(part(from, "automated_action"), part(to, "automated_action"))) lines.push_back("automated action: " + change);
  const auto rest = [](const Json& of) {
    Json others = Json::MakeObject();
    for (const auto& [key, value] : of.is_object() ? of.object() : Json::Object()) {
      if (key != "triggers" && key != "goals" && key != "settings" && key != "steps" && key != "automated_action") others.Set(key, value);
    }
    return others;
  };
  for (const std::string& change : telling::ChangesOf(rest(from), rest(to))) lines.push_back(change);
  telling::CompareSteps(telling::StepsOf(from), telling::StepsOf(to), &lines);
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

}  // namespace workflow
