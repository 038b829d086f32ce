#include "pg/outbox/gate.h"

#include <algorithm>

#include "pg/convert.h"
#include "pg/server/table_writer.h"

namespace workflow::pg {
namespace {

// Columns, counted from 1, as sql/parts/10_tables.sql has them.
namespace installation_column {
enum : AttrNumber { kOne = 1, kSystemIdentifier, kDatabase, kHaltedAt };
}
constexpr AttrNumber kWorkflowId = 1;
constexpr AttrNumber kThrottleChannel = 1;  // of the index

}  // namespace

bool ClaimsAreHalted(Snapshot snapshot) {
  using namespace installation_column;
  OpenIndex installation("installation", "installation_pkey");
  IndexScan scan(installation.table(), installation.index(), snapshot);
  scan.Begin(nullptr, 0);
  bool halted = false;
  if (scan.Next()) {
    bool is_null;
    const int64_t system = scan.Int8(kSystemIdentifier);
    const Oid database = DatumGetObjectId(scan.Column(kDatabase, &is_null));
    (void)scan.Column(kHaltedAt, &is_null);
    halted = !is_null || database != MyDatabaseId || system != static_cast<int64_t>(GetSystemIdentifier());
  } else {
    // An event log without an installation is a restore under way: pg_dump loads the one before the other.
    halted = OidIsValid(TableNamed("event_0"));
  }
  scan.End();
  installation.Close();
  return halted;
}

Asleep PausedWorkflows(Snapshot snapshot) {
  Asleep asleep;
  OpenIndex workflows("workflow", "workflow_paused");
  IndexScan scan(workflows.table(), workflows.index(), snapshot);
  scan.Begin(nullptr, 0);
  bool is_null;
  while (scan.Next()) asleep.workflows.push_back(DatumGetInt32(scan.Column(kWorkflowId, &is_null)));
  scan.End();
  workflows.Close();
  uint64_t hash = 14695981039346656037u;
  for (const int32_t workflow : asleep.workflows) hash = (hash ^ static_cast<uint64_t>(workflow)) * 1099511628211u;
  if (!asleep.workflows.empty()) asleep.reason = hash | 1;
  return asleep;
}

bool IsThrottled(const std::string& channel, Snapshot snapshot) {
  const IndexScan::Key key = {kThrottleChannel, BTEqualStrategyNumber, F_TEXTEQ, TextDatum(channel)};
  return AnyRow("throttle", "throttle_channel_account_key", snapshot, &key);
}

}  // namespace workflow::pg
