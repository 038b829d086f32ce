// `call`: a function of the CRM. Which functions there are is the server's to say, when the workflow is published.
#include <algorithm>

#include "core/definition/steps.h"
#include "core/definition/texts.h"

namespace workflow::definition {
namespace {

constexpr size_t kArgumentsMax = 100;

// name or schema.name, each part as the catalog has it.
bool IsFunctionName(std::string_view name) {
  const size_t dot = name.find('.');
  if (name.empty() || dot == 0 || dot == name.size() - 1) return false;
  return dot == name.npos || name.find('.', dot + 1) == name.npos;
}

void ReadArguments(const Json& json, const std::string& at, Names* names, CompileContext* context, CallStep* step) {
  const size_t count = json.is_array() ? json.array().size() : json.is_object() ? json.object().size() : kArgumentsMax + 1;
  if (count > kArgumentsMax) {
    context->problems->Error(at, "\"args\" must be a list of at most " + std::to_string(kArgumentsMax) + " values, or an object of them by name");
    return;
  }
  const auto add = [&](const std::string& name, const Json& value, const std::string& path) {
    if (auto document = CompileDocument(value, path, names, context)) step->arguments.push_back({name, *std::move(document)});
  };
  if (json.is_array()) {
    for (size_t i = 0; i < count; ++i) add({}, json.array()[i], Pointer(at, i));
  } else {
    for (const auto& [name, value] : json.object()) add(name, value, Pointer(at, name));
  }
}

}  // namespace

CallStep ReadCall(ObjectReader* reader, Names* names, CompileContext* context) {
  CallStep step;
  Problems* problems = context->problems;
  const bool stated = reader->Has("function");
  const std::optional<std::string> function = reader->Text("function");
  if (!stated) reader->Missing("function", "Like \"public.lead_score\".");
  if (function && !IsFunctionName(*function)) {
    problems->Error(reader->At("function"), Quote(*function) + " is no name of a function", "Like \"lead_score\" or \"public.lead_score\".");
  }
  step.function = function.value_or(std::string());
  const Json* arguments = reader->Take("args");
  if (arguments != nullptr) ReadArguments(*arguments, reader->At("args"), names, context, &step);
  ServerCheck check = {.path = reader->At("function"), .sql = {}, .type = {}, .entities = {}, .function = step.function, .arguments = {}};
  for (const CallArgument& argument : step.arguments) check.arguments.push_back(argument.name);
  if (!step.function.empty()) context->program.table.checks.push_back(std::move(check));
  return step;
}

}  // namespace workflow::definition
