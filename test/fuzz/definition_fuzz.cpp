// Any JSON gives a program or problems, never a crash; a program's indexes stay inside it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/definition/compile.h"

namespace {

using namespace workflow;

Catalog SmallCatalog() {
  auto field = [](const char* name, TypeKind kind, TypeKind element = TypeKind::kOther) {
    return CatalogField{.name = name, .type = {.kind = kind, .element = element}, .nullable = true, .writable = true};
  };
  CatalogEntity contact = {
      .name = "contact",
      .fields = {field("email", TypeKind::kText), field("tags", TypeKind::kList, TypeKind::kText),
                 field("score", TypeKind::kInteger), field("data", TypeKind::kJson), field("fee", TypeKind::kOther)},
      .events = {{"contact.created"}, {"contact.updated"}},
      .has_tags = true};
  CatalogEntity order = {
      .name = "order",
      .fields = {field("eta", TypeKind::kDate), field("total", TypeKind::kNumeric), field("status", TypeKind::kEnum)},
      .events = {{"order.paid"}}};
  return {.entities = {contact, order}, .templates = {{.name = "welcome", .channel = "email", .references = {"contact.email"}}}};
}

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckProgram(const Program& program) {
  auto count = static_cast<int32_t>(program.steps.size());
  auto inside = [&](int32_t index) { return index == kEndOfSteps || (index > 0 && index < count); };
  auto known = [&](const std::optional<Condition>& condition) {
    if (!condition) return;
    for (uint32_t field : FieldsOf(*condition)) Require(field < program.table.fields.size());
  };
  Require(count > 0 && !program.triggers.empty());
  for (const Trigger& trigger : program.triggers) known(trigger.filter);
  for (uint32_t field : program.settings.entry_key) Require(field < program.table.fields.size());
  for (int32_t i = 0; i < count; ++i) {
    const Step& step = program.steps[static_cast<size_t>(i)];
    Require(program.StepIndex(step.id) == i && inside(step.next));
    known(step.filter);
    const auto* branch = std::get_if<BranchStep>(&step.body);
    if (branch == nullptr) continue;
    Require(inside(branch->otherwise));
    for (const Branch& way : branch->branches) {
      Require(inside(way.target));
      known(way.condition);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Catalog catalog = SmallCatalog();
  std::optional<Json> json = Json::Parse({reinterpret_cast<const char*>(data), size}, nullptr);
  if (!json) return 0;
  Problems problems;
  std::optional<Program> program = CompileDefinition(*json, catalog, false, &problems);
  Require(program.has_value() == !problems.HasErrors());
  if (program) CheckProgram(*program);
  return 0;
}
