#include "core/telling/telling.h"

#include <algorithm>
#include <array>

#include "core/definition/automated.h"
#include "core/telling/parts.h"
#include "core/telling/words.h"

namespace workflow {
namespace telling {
namespace {

constexpr std::array kSections = {"description", "triggers", "settings", "goals", "steps"};

void AddSection(const std::string& title, const std::vector<std::string>& lines, std::string* text) {
  if (lines.empty()) return;
  *text += (text->empty() ? "" : "\n") + title + '\n';
  for (const std::string& line : lines) *text += line + '\n';
}

void TellSteps(const Json& steps, const std::string& indent, std::vector<std::string>* lines) {
  if (!steps.is_array()) return lines->push_back(indent + ValueWords(steps));
  if (steps.array().empty()) lines->push_back(indent + "nothing");
  size_t number = 0;
  for (const Json& item : steps.array()) {
    Json step = item;
    const std::string head = indent + std::to_string(++number) + ". ";
    lines->push_back(head + TextAt(step, "id") + ": " + StepWords(step));
    const std::string inside = indent + "   ";
    for (const Inner& inner : InnerLists(step)) {
      lines->push_back(inside + InnerWords(inner) + ':');
      TellSteps(*inner.steps, inside + "   ", lines);
    }
  }
}

std::vector<std::string> Items(const Json* list, std::string (*tell)(const Json&)) {
  std::vector<std::string> lines;
  if (list == nullptr) return lines;
  if (!list->is_array()) return {"- " + ValueWords(*list)};
  for (const Json& item : list->array()) lines.push_back("- " + tell(item));
  return lines;
}

std::vector<std::string> SettingLines(const Json* settings) {
  std::vector<std::string> lines;
  if (settings == nullptr) return lines;
  if (!settings->is_object()) return {"- " + ValueWords(*settings)};
  for (const auto& [key, value] : settings->object()) {
    const std::string words = SettingWords(key, value, *settings);
    if (!words.empty()) lines.push_back("- " + words);
  }
  return lines;
}

// By what people call it; what it does is told as the long form.
std::string ActionWords(const Json& action) {
  const std::string task = TextAt(action, "task_name");
  return "Automated action " + Quoted(TextAt(action, "name")) + (task.empty() ? "" : ", task " + Quoted(task));
}

}  // namespace
}  // namespace telling

std::string DescribeDefinition(const Json& definition) {
  using telling::AddSection;
  const Json* action = AutomatedActionOf(definition);
  const bool is_short = action != nullptr && action->is_object();
  const Json normal = NormalDefinition(is_short ? LongFormOf(definition).definition : definition);
  std::string text;
  if (!normal.is_object()) return telling::ValueWords(normal) + '\n';
  if (const Json* description = normal.Find("description")) {
    text = (description->is_string() ? description->string() : telling::ValueWords(*description)) + '\n';
  }
  if (is_short) text += telling::ActionWords(*action) + '\n';
  AddSection("Enters", telling::Items(normal.Find("triggers"), telling::TriggerWords), &text);
  AddSection("Settings that are not the defaults", telling::SettingLines(normal.Find("settings")), &text);
  AddSection("Goals", telling::Items(normal.Find("goals"), telling::GoalWords), &text);
  std::vector<std::string> others;
  for (const auto& [key, value] : normal.object()) {
    const bool known = std::find(telling::kSections.begin(), telling::kSections.end(), key) != telling::kSections.end();
    if (!known) others.push_back("- " + key + ": " + telling::ValueWords(value));
  }
  AddSection("Besides", others, &text);
  if (const Json* steps = normal.Find("steps")) {
    std::vector<std::string> lines;
    telling::TellSteps(*steps, "", &lines);
    AddSection("Steps", lines, &text);
  }
  return text;
}

}  // namespace workflow
