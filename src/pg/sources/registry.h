// What this backend knows of the database's sources, workflows and templates: bindings and programs, compiled once and kept until one of the
// tables source, version, workflow, template or account changes (their triggers send a relation-cache invalidation).
// Capture and the round share it. Loading reads with the latest snapshot and never through SPI, so it works inside any host transaction.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/snapshot.h"
#include "core/binding/binding.h"
#include "core/definition/catalog.h"
#include "core/definition/program.h"
#include "core/enrollment/enrollment.h"
#include "pg/server/guard.h"

namespace workflow::pg {

struct Source {
  int32_t id;
  std::string name;       // the trigger's argument
  Oid relation;
  std::string owner;      // role name
  std::string search_path;
  Binding binding;
  std::string broken;     // why it cannot be used; empty: it can
};

struct LoadedVersion {
  int32_t id;             // workflow.version.id
  int32_t number;
  int32_t workflow;       // workflow.workflow.id
  std::string workflow_name;
  std::string account;    // '' serves every account
  std::string owner;
  std::string search_path;  // in force when it was published
  WorkflowStatus status;  // of the workflow
  bool current;           // the published version; others only have live enrollments
  std::string broken;     // why it does not compile; empty: `program` is there
  Program program;
};

struct Registry {
  uint64_t generation;    // changes with every load
  std::vector<std::unique_ptr<const Source>> sources;
  std::vector<std::unique_ptr<const LoadedVersion>> versions;  // the listened ones
  std::optional<SeenTransactions> seen;  // whose changes are in it; not those of the transaction that loaded it
  const Source* FindSource(std::string_view name) const;
  const Source* SourceById(int32_t id) const;
  const LoadedVersion* VersionById(int32_t id) const;
};

// The registry as of now: reloaded where it is stale. Raises SqlError or BackendError where our tables cannot be read at all (the
// extension's version is another one, a table is missing). The reference holds until the next call.
const Registry& CurrentRegistry();
// The same, where nothing has to be loaded for it; else nullptr.
const Registry* RegistryAtHand();

// Keeps what CurrentRegistry() has returned alive for a scope: a round goes on with the registry it began with, though what it writes may
// make capture load another.
class RegistryPin {
 public:
  RegistryPin();
  ~RegistryPin();
  RegistryPin(const RegistryPin&) = delete;
  RegistryPin& operator=(const RegistryPin&) = delete;
};

// What definitions of a workflow of `account` may name, from the sources (and the templates and workflows where `with_templates`).
Catalog CatalogOf(const Registry& registry, bool with_templates, const std::string& account = {});

// The relation as the core wants it described. Takes no lock beyond the one the caller holds on `relation`.
RelationDescription Describe(Relation relation);

void RegisterInvalidation();  // once per backend, at load

}  // namespace workflow::pg
