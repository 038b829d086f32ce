#include "pg/server/entry.h"
#include "pg/wakeup.h"

// Called by the install script: the launcher looks at this database when the transaction commits.
WF_FUNCTION(workflow_wake_launcher) {
  workflow::pg::WakeLauncherAtCommit();
  PG_RETURN_VOID();
}
