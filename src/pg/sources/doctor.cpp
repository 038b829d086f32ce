// workflow.doctor(): everything that could be wrong, each with what to do about it. Changes nothing and waits for nobody.
#include "pg/sources/doctor.h"

#include "pg/convert.h"
#include "pg/server/entry.h"
#include "pg/server/transaction.h"

namespace workflow::pg {

std::string Quoted(const std::string& text) {
  const char* plain = text.c_str();
  return CallBackend([=] { return quote_literal_cstr(plain); });
}

}  // namespace workflow::pg

WF_FUNCTION(wf_doctor) {
  using namespace workflow::pg;  // NOLINT
  CallBackend([=] { InitMaterializedSRF(fcinfo, 0); });
  Checks checks;
  Spi spi;
  AsExtension as_extension;
  CheckServer(&checks);
  const RegistryPin pin;  // queries of the bindings are tried below, and may load another registry
  try {
    const Registry& registry = CurrentRegistry();
    CheckSources(registry, &checks);
    CheckWorkflows(registry, &checks);
    CheckValues(registry, &checks);
  } catch (const SqlError& error) {
    checks.push_back({"definitions", "error", error.message, error.hint});
  }
  as_extension.Restore();
  spi.Finish();
  const auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const Check& check : checks) {
    Datum values[4] = {TextDatum(check.name), TextDatum(check.state), TextDatum(check.detail), check.repair.empty() ? 0 : TextDatum(check.repair)};
    bool nulls[4] = {false, false, false, check.repair.empty()};
    Datum* value = values;
    bool* null = nulls;
    CallBackend([=] { tuplestore_putvalues(result->setResult, result->setDesc, value, null); });
  }
  return static_cast<Datum>(0);
}
