// Filling a registry from our tables. Private to this room.
#pragma once

#include "pg/sources/registry.h"

namespace workflow::pg {

// Reads source, workflow and version with the latest snapshot into `registry`, which is empty. What cannot be used is marked broken. The
// caller holds AccessShareLock on the three, so that the snapshot sees whatever the invalidations seen so far have announced.
void LoadRegistry(Registry* registry);

}  // namespace workflow::pg
