#include "pg/capture/append.h"
#include "pg/capture/capture.h"
#include "pg/convert.h"

namespace workflow::pg {
namespace {

constexpr size_t kWarnedMax = 1000;  // causes that a backend remembers

constexpr ExpectedColumn kFaultColumns[] = {{"source", TEXTOID}, {"at", TIMESTAMPTZOID}, {"reason", TEXTOID}, {"detail", TEXTOID}};

struct Faults {
  std::set<std::string> warned;                  // by this backend: source and reason
  std::map<std::string, std::string> of_transaction;  // source -> reason
};
constinit Faults* faults = nullptr;

void Warn(const std::string& source, const std::string& reason) {
  const char* name = source.c_str();
  const char* why = reason.c_str();
  CallBackend([=] {
    ereport(WARNING, (errcode(ERRCODE_WARNING), errmsg("pg_workflow does not capture changes of %s: %s", name, why),
                      errhint("See workflow.doctor(). What is missed is found by workflow.reconcile().")));
  });
}

}  // namespace

void ReportFault(const std::string& source, const std::string& reason) {
  if (faults == nullptr) faults = new Faults();
  if (!faults->of_transaction.emplace(source, reason).second) return;
  if (faults->warned.size() >= kWarnedMax) faults->warned.clear();
  if (faults->warned.insert(source + '\n' + reason).second) Warn(source, reason);
}

void AppendFaults() {
  if (faults == nullptr || faults->of_transaction.empty()) return;
  const int count = static_cast<int>(std::size(kFaultColumns));
  const Relation relation = OpenForInsert("fault", kFaultColumns, count);
  if (relation == nullptr) return;
  Inserter inserter(relation, 1);
  for (const auto& [source, reason] : faults->of_transaction) {
    const TimestampTz at = GetCurrentTransactionStartTimestamp();
    inserter.Insert({TextDatum(source), TimestampTzGetDatum(at), TextDatum(reason), TextDatum("")}, {0, 0, 0, 0});
  }
  inserter.Finish();
  CallBackend([=] { table_close(relation, NoLock); });
}

void ForgetFaults() noexcept {
  if (faults != nullptr) faults->of_transaction.clear();
}

}  // namespace workflow::pg
