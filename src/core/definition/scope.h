// What the names of a definition mean. A trigger's filter knows the row of its event before and after the change; settings and
// steps know the contact, the rows that triggers bring, the entering event and the enrollment.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/problem.h"
#include "core/condition/field.h"
#include "core/definition/catalog.h"
#include "core/definition/compile.h"
#include "core/definition/program.h"

namespace workflow::definition {

inline constexpr const char* kContact = "contact";
inline constexpr const char* kLine = "line";

// Rows that are there already, by a filter of a caller's: as one trigger more.
struct ExistingRows {
  const Json& filter;
  std::string entity;
};

// What the readers of one definition share.
struct CompileContext {
  const Catalog& catalog;
  const CompileLimits& limits;
  bool require_templates;
  Problems* problems;
  Program program = {};
  std::set<std::string> references = {};
  std::vector<std::string> entities = {kContact};  // whose rows are there: the contact, then what the triggers bring
  std::set<std::string> partial = {};              // those of `entities` that not every trigger brings
  std::vector<std::pair<std::string, std::string>> message_steps = {};  // steps named by message.<id>, with the place
  // Where step.<id> is read, and which id; steps are known only when all of them have been read.
  std::vector<std::pair<std::string, std::string>> step_references = {};
  // A trigger could not be read, so what it would bring is not known: then every attached entity passes, lest one mistake be
  // reported as many.
  bool open = false;
  const ExistingRows* existing = nullptr;
};

class Names final : public FieldScope {
 public:
  // For the filter of a trigger on an event of `entity`, which is empty where no row makes the event.
  static Names OfTrigger(CompileContext* context, const std::string& entity);
  // For a trigger that looks at rows of `entity` as they are: they have no change.
  static Names OfLook(CompileContext* context, const std::string& entity);
  // For the entry key, which is reckoned before there is an enrollment.
  static Names OfEntry(CompileContext* context);
  static Names OfSteps(CompileContext* context);

  std::optional<uint32_t> Resolve(std::string_view name, const std::string& path, Problems* problems) override;
  std::optional<uint32_t> Old(uint32_t field, const std::string& path, Problems* problems) override;
  const Field& At(uint32_t field) const override { return context_->program.table.fields[field]; }
  std::optional<uint32_t> Defer(DeferredRule rule) override;

  // The entity called `name` if its row is there, else nullptr and a problem; a warning where only some triggers bring it.
  const CatalogEntity* Entity(std::string_view name, const std::string& path, Problems* problems);
  // Whether no event tells of its changes: what a query of the binding gives.
  bool IsSilent(const Field& field) const;
  // The field called `name`, else nullptr and a problem.
  const CatalogField* FieldOf(const CatalogEntity& entity, std::string_view name, const std::string& path, Problems* problems);
  // A name in a message's text; true where it means something that is known when the message is rendered.
  bool CheckReference(std::string_view name, const std::string& path, Problems* problems);

 private:
  enum class Place : uint8_t { kTrigger, kEntry, kStep };

  Names(CompileContext* context, Place place, std::vector<std::string> entities)
      : context_(context), place_(place), entities_(std::move(entities)) {}

  std::optional<Field> Find(std::string_view name, const std::string& path, Problems* problems);
  std::optional<Field> FindResult(std::string_view name, const std::string& path, Problems* problems);
  std::optional<Field> FindOld(std::string_view name, const std::string& path, Problems* problems);
  std::optional<Field> FindOfRow(std::string_view root, std::string_view rest, const std::string& path, Problems* problems);
  std::optional<Field> FindMessage(std::string_view name, const std::string& path, Problems* problems);
  std::optional<Field> FindWorkflow(std::string_view name, const std::string& path, Problems* problems) const;
  std::optional<Field> FindLine(std::string_view name, const std::string& path, Problems* problems) const;
  bool KnowsRoot(std::string_view root) const;
  std::string Available() const;
  std::string HintOfBareName(std::string_view name) const;
  void ReportRoot(std::string_view root, const std::string& path, Problems* problems) const;

  CompileContext* context_;
  Place place_;
  std::vector<std::string> entities_;
  std::string trigger_entity_;
};

}  // namespace workflow::definition
