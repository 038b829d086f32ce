// The checks of workflow.doctor(). Private to this room.
#pragma once

#include <string>
#include <vector>

#include "pg/sources/attaching.h"

namespace workflow::pg {

struct Check {
  std::string name;
  std::string state;   // ok, warning, error
  std::string detail;
  std::string repair;  // what to do, a statement where one does it; empty where nothing is wrong
};
using Checks = std::vector<Check>;

// SPI is connected, and the extension's owner acts.
void CheckServer(Checks* checks);                                  // library, worker, version, event log, installation
void CheckSources(const Registry& registry, Checks* checks);       // each source, its table and its triggers
void CheckWorkflows(const Registry& registry, Checks* checks);     // versions, templates, faults, parked events
void CheckValues(const Registry& registry, Checks* checks);        // values inside of json that filters cannot compare, in a sample of rows

std::string Quoted(const std::string& text);                       // as an SQL literal

}  // namespace workflow::pg
