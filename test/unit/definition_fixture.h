// A small CRM as definitions see it, and short ways to compile against it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/definition/compile.h"

namespace workflow::testing {

inline CatalogField Column(std::string name, TypeKind kind, bool nullable = true, bool writable = true) {
  return {.name = std::move(name), .type = {.kind = kind}, .nullable = nullable, .writable = writable};
}

inline CatalogEntity ContactEntity() {
  CatalogField tags = Column("tags", TypeKind::kList);
  tags.type.element = TypeKind::kText;
  CatalogField stage = Column("stage", TypeKind::kEnum);
  stage.type.labels = std::make_shared<const std::vector<std::string>>(std::vector<std::string>{"cold", "warm", "customer"});
  stage.type.sql_name = "lead_stage";
  return {
      .name = "contact",
      .fields = {Column("id", TypeKind::kInteger, false, false), Column("email", TypeKind::kText), tags, stage,
                 Column("first_name", TypeKind::kText), Column("note", TypeKind::kText, false),
                 Column("score", TypeKind::kInteger), Column("balance", TypeKind::kNumeric), Column("birthday", TypeKind::kDate),
                 Column("vip", TypeKind::kBoolean, false), Column("address", TypeKind::kJson), Column("fee", TypeKind::kOther),
                 Column("created_at", TypeKind::kTimestamptz)},
      .events = {{"contact.created"}, {"contact.updated"}, {"contact.deleted"}, {"contact.tag_added"}, {"contact.tag_removed"}},
      .has_tags = true};
}

inline CatalogEntity OrderEntity() {
  return {.name = "order",
          .fields = {Column("id", TypeKind::kInteger, false, false), Column("status", TypeKind::kText),
                     Column("total", TypeKind::kNumeric), Column("paid_at", TypeKind::kTimestamptz),
                     Column("eta", TypeKind::kDate), Column("email", TypeKind::kText)},
          .events = {{"order.created"}, {"order.updated"}, {"order.paid"}, {"order.delivery"}},
          .has_tags = false};
}

inline Catalog SmallCrm() {
  CatalogEntity opportunity = {.name = "opportunity",
                               .fields = {Column("id", TypeKind::kInteger, false, false), Column("stage", TypeKind::kText)},
                               .events = {{"opportunity.created"}, {"opportunity.stage_changed"}},
                               .has_tags = true};
  return {.entities = {ContactEntity(), OrderEntity(), opportunity},
          .templates = {{.name = "welcome", .channel = "email", .references = {"contact.first_name"}},
                        {.name = "receipt", .channel = "email", .references = {"order.total", "workflow.name"}},
                        {.name = "broken", .channel = "email", .references = {"contact.frist_name"}}}};
}

struct Compiled {
  std::optional<Program> program;
  Problems problems;

  // The one problem at `path` (an error unless asked otherwise), or nothing.
  const Problem* At(std::string_view path, Severity severity = Severity::kError) const {
    for (const Problem& problem : problems.list()) {
      if (problem.path == path && problem.severity == severity) return &problem;
    }
    return nullptr;
  }
  std::string MessageAt(std::string_view path, Severity severity = Severity::kError) const {
    const Problem* problem = At(path, severity);
    return problem == nullptr ? "" : problem->message;
  }
  std::string HintAt(std::string_view path, Severity severity = Severity::kError) const {
    const Problem* problem = At(path, severity);
    return problem == nullptr ? "" : problem->hint;
  }
  size_t Errors() const {
    auto error = [](const Problem& problem) { return problem.severity == Severity::kError; };
    return static_cast<size_t>(std::count_if(problems.list().begin(), problems.list().end(), error));
  }
  std::string Text() const {
    std::string text;
    for (const Problem& p : problems.list()) {
      text += (p.severity == Severity::kError ? "error " : "warning ") + p.path + ": " + p.message + " [" + p.hint + "]\n";
    }
    return text;
  }
  const Step& StepCalled(std::string_view id) const { return program->steps[static_cast<size_t>(program->StepIndex(id))]; }
};

inline Json ParseJson(std::string_view text) {
  std::string error;
  std::optional<Json> json = Json::Parse(text, &error);
  EXPECT_TRUE(json.has_value()) << error << " in " << text;
  return json.value_or(Json());
}

inline Compiled Compile(std::string_view text, bool publishing = false, const CompileLimits& limits = {},
                        const Catalog& catalog = SmallCrm()) {
  Compiled result;
  result.program = CompileDefinition(ParseJson(text), catalog, publishing, &result.problems, limits);
  // What the interface promises: a program exactly where there is no error.
  EXPECT_EQ(result.program.has_value(), !result.problems.HasErrors()) << result.Text();
  return result;
}

inline Compiled CompileTriggers(const std::string& triggers) {
  return Compile(R"({"triggers": )" + triggers + R"(, "settings": {"entry_key": "contact"}, "steps": [{"type": "stop"}]})");
}
inline Compiled CompileSettings(const std::string& settings, const std::string& on = "contact.created") {
  return Compile(R"({"triggers": [{"on": ")" + on + R"("}], "settings": )" + settings + R"(, "steps": [{"type": "stop"}]})");
}
inline Compiled CompileSteps(const std::string& steps, const std::string& on = "order.paid") {
  return Compile(R"({"triggers": [{"on": ")" + on + R"("}], "steps": )" + steps + "}");
}
inline Compiled CompileStep(const std::string& step, const std::string& on = "order.paid") {
  return CompileSteps("[" + step + "]", on);
}

}  // namespace workflow::testing
