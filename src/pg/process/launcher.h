// One launcher a server, connected to shared catalogs only: it keeps one worker in each database that has the extension.
#pragma once

namespace workflow::pg {

void RegisterLauncher();  // in _PG_init, preloaded only

}  // namespace workflow::pg
