// What happens when the server loads the module: settings, shared memory (preloaded only), callbacks. Nothing else runs at load.
#include <iterator>

#include "core/base/duration.h"
#include "pg/outbox/hints.h"
#include "pg/process/launcher.h"
#include "pg/process/warm_up.h"
#include "pg/server/pg.h"
#include "pg/settings.h"
#include "pg/sources/registry.h"
#include "pg/store/children.h"
#include "pg/wakeup.h"

extern "C" {
PG_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

namespace workflow::pg::settings {
constinit char* databases = nullptr;
constinit int batch_size = 1000;
constinit int nap_ms = 1000;
constinit char* capture = nullptr;
constinit int capture_memory_kb = 8192;
constinit bool virtual_clock = false;
constinit char* retention[7] = {};
constinit bool allow_superuser_code = false;
constinit bool compress_wal = true;
constinit bool trace = false;
constinit int max_definition_bytes = 1 << 20, max_steps = 500, max_depth = 16, max_triggers = 20, max_message_bytes = 1 << 20;
}  // namespace workflow::pg::settings

namespace {

constexpr size_t kTagBytesMax = 100;

bool CheckCapture(char** value, void**, GucSource) noexcept {
  if (strcmp(*value, "on") == 0 || strcmp(*value, "off") == 0) return true;
  const char* const name = strncmp(*value, "tag:", 4) == 0 ? *value + 4 : nullptr;
  const size_t length = name == nullptr ? 0 : strlen(name);
  if (length > 0 && length <= kTagBytesMax) return true;
  if (name != nullptr) GUC_check_errdetail("After \"tag:\" comes a name of at most %d bytes.", static_cast<int>(kTagBytesMax));
  else GUC_check_errdetail("The values are \"on\", \"off\" and \"tag:NAME\".");
  return false;
}

bool CheckRetention(char** value, void**, GucSource) noexcept {
  if (strcmp(*value, "forever") == 0) return true;
  const auto duration = workflow::ParseDuration(*value);
  if (duration && !duration->is_negative() && !duration->is_zero()) return true;
  GUC_check_errdetail("It is a duration like \"90 days\", or \"forever\".");
  return false;
}

struct Retention {
  const char *name, *what, *standard;
};
constexpr Retention kRetentions[] = {
    {"pg_workflow.retention_messages", "How long messages stay, with what became of them.", "90 days"},
    {"pg_workflow.retention_history", "How long the history of enrollments stays.", "400 days"},
    {"pg_workflow.retention_states", "How long the state of an ended enrollment stays; at most as long as its history.", "400 days"},
    {"pg_workflow.retention_refusals", "How long events that did not enroll stay.", "30 days"},
    {"pg_workflow.retention_errors", "How long errors stay.", "90 days"},
    {"pg_workflow.retention_imports", "How long it is remembered what was imported under a tag.", "30 days"},
    {"pg_workflow.retention_audit", "How long the audit stays.", "7 years"},
};

struct Limit {
  const char *name, *what;
  int* value;
  int standard, max, flags;
};
namespace s = workflow::pg::settings;
constexpr Limit kLimits[] = {
    {"pg_workflow.max_definition_bytes", "Bytes that a definition may have.", &s::max_definition_bytes, 1 << 20, 1 << 28, GUC_UNIT_BYTE},
    {"pg_workflow.max_steps", "Steps that a workflow may have.", &s::max_steps, 500, 100000, 0},
    // A level takes two of JSON's 64, or three in a branch.
    {"pg_workflow.max_depth", "Levels of steps within steps.", &s::max_depth, 16, 30, 0},
    {"pg_workflow.max_triggers", "Triggers that a workflow may have.", &s::max_triggers, 20, 1000, 0},
    {"pg_workflow.max_message_bytes", "Bytes that the texts of a message may have.", &s::max_message_bytes, 1 << 20, 1 << 28, GUC_UNIT_BYTE},
};

void DefineSettings() {
  DefineCustomStringVariable("pg_workflow.databases", "Databases in which a worker runs: * or a list of names.", nullptr, &s::databases, "*",
                             PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pg_workflow.batch_size", "Events, and timers, that one round takes at most.", nullptr, &s::batch_size, 1000, 1,
                          100000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("pg_workflow.nap", "The longest sleep of a worker.", nullptr, &s::nap_ms, 1000, 10, 3600 * 1000, PGC_SIGHUP,
                          GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("pg_workflow.capture", "Whether changes of attached tables are captured.", nullptr, &s::capture, "on",
                             PGC_USERSET, 0, CheckCapture, nullptr, nullptr);
  DefineCustomIntVariable("pg_workflow.capture_memory", "Memory for the changes of one transaction; above it they are evaluated early.",
                          nullptr, &s::capture_memory_kb, 8192, 64, 1 << 20, PGC_USERSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pg_workflow.virtual_clock", "tick() takes the time as an argument and the worker rests: tests, demonstrations.",
                           nullptr, &s::virtual_clock, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pg_workflow.allow_superuser_code", "Workflows of superusers may contain \"sql\".", nullptr, &s::allow_superuser_code,
                           false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("pg_workflow.compress_wal", "Images of pages that rounds write to the WAL are compressed by lz4.",
                           "Where the server has been built with lz4 and wal_compression is off.", &s::compress_wal, true, PGC_SUSET, 0, nullptr,
                           nullptr, nullptr);
  DefineCustomBoolVariable("pg_workflow.trace", "Events that a trigger's filter turns away are recorded as refusals too.", nullptr, &s::trace, false,
                           PGC_USERSET, 0, nullptr, nullptr, nullptr);
  for (size_t i = 0; i < std::size(kRetentions); ++i) {
    DefineCustomStringVariable(kRetentions[i].name, kRetentions[i].what, nullptr, &s::retention[i], kRetentions[i].standard, PGC_SUSET, 0,
                               CheckRetention, nullptr, nullptr);
  }
  for (const Limit& limit : kLimits) {
    DefineCustomIntVariable(limit.name, limit.what, nullptr, limit.value, limit.standard, 1, limit.max, PGC_SUSET, limit.flags, nullptr, nullptr,
                            nullptr);
  }
  MarkGUCPrefixReserved("pg_workflow");
}

}  // namespace

void _PG_init(void) {
  DefineSettings();
  workflow::pg::RegisterInvalidation();
  workflow::pg::RegisterTransactionCallback();
  workflow::pg::RegisterMessageDays();
  workflow::pg::RegisterHints();
  if (!process_shared_preload_libraries_in_progress) return;
  workflow::pg::RequestSharedMemory();
  workflow::pg::WarmUp();
  // pg_upgrade copies what nobody may change meanwhile.
  if (!IsBinaryUpgrade) workflow::pg::RegisterLauncher();
}
